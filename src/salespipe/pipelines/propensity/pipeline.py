"""Propensity is the shared path with `conf/base/parameters_propensity.yml`."""

from kedro.pipeline import Pipeline

from salespipe.pipelines.model import model_pipeline


def create_pipeline() -> Pipeline:
    """The propensity model's pipeline."""
    return model_pipeline("propensity")
