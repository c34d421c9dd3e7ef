"""Canonical tables and champions in, reports and decisions out."""

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.pipelines.monitor.nodes import watch_champions


def create_pipeline() -> Pipeline:
    """Watch every champion."""
    return pipeline(
        [
            node(
                watch_champions,
                ["tables", "champions", "champion_runs", "params:monitor", "parameters"],
                ["monitor_reports", "monitor_metrics", "monitor_report"],
                name="watch_champions",
            )
        ],
        tags="monitor",
    )
