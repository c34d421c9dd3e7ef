"""Churn: will a customer who bought lately stop buying?"""

from salespipe.pipelines.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]
