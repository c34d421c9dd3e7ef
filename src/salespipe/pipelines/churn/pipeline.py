"""Churn is the shared path with `conf/base/parameters_churn.yml`."""

from kedro.pipeline import Pipeline

from salespipe.pipelines.model import model_pipeline


def create_pipeline() -> Pipeline:
    """The churn model's pipeline."""
    return model_pipeline("churn")
