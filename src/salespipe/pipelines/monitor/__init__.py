"""Monitor: every champion looked at from every side, and what follows."""

from salespipe.pipelines.monitor.pipeline import create_pipeline

__all__ = ["create_pipeline"]
