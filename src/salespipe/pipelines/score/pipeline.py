"""Canonical tables and champions in, lists out."""

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.pipelines.score.nodes import score_customers


def create_pipeline() -> Pipeline:
    """Score everyone with every champion."""
    return pipeline(
        [
            node(
                score_customers,
                ["tables", "champions", "params:score", "parameters"],
                ["scores", "score_report"],
                name="score_customers",
            )
        ],
        tags="score",
    )
