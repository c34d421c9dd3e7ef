"""Canonical tables and champions in, reports and decisions out."""

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.pipelines.monitor.nodes import (
    drill_champions,
    refresh_reviews,
    watch_champions,
)


def create_pipeline() -> Pipeline:
    """Watch every champion; `--tags drill` tries the alarms instead."""
    needs = ["tables", "champions", "champion_runs", "params:monitor", "parameters"]
    made = ["monitor_reports", "monitor_workspace", "monitor_metrics", "monitor_report"]
    return pipeline([
        node(
            watch_champions, [*needs, "prediction_log"], made, name="watch_champions",
            tags="monitor",
        ),
        node(refresh_reviews, ["versions", "monitor_report"], "review_pages",
             name="refresh_reviews", tags="monitor"),
        node(drill_champions, needs, "drill_report", name="drill_champions", tags="drill"),
    ])  # fmt: skip
