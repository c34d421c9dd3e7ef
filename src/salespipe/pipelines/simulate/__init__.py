"""The demo's source: a simulated shop."""

from salespipe.pipelines.simulate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
