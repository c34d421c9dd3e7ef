"""Forecast: how much will be sold?"""

from salespipe.pipelines.forecast.pipeline import create_pipeline

__all__ = ["create_pipeline"]
