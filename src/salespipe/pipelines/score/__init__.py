"""Score: every customer as of now, with every champion."""

from salespipe.pipelines.score.pipeline import create_pipeline

__all__ = ["create_pipeline"]
