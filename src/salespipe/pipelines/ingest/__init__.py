"""Ingest: a business's own tables become the canonical ones; what is refused is kept aside."""

from salespipe.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
