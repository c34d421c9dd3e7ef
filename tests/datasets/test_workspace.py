"""Evidently's workspace: one project a model, one point a day."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
from kedro.io import DatasetError

from salespipe.datasets.workspace import EvidentlyWorkspace, panels_of

RECORD = {
    "importance": {"spend_90d": 0.7, "country": 0.3},
    "bias": {"gaps": [
        {"attribute": "gender", "figure": "selection_rate"},
        {"attribute": "gender & age", "figure": "selection_rate"},
    ]},
}  # fmt: skip


def a_report(day, level=0.0):
    from evidently import Report

    from salespipe.monitoring.cards import Movements, Told

    told = Told(title="churn", level=level, text="nothing")
    moved = Movements(name="movement", title="moved", figures={"spend_90d": 0.1 * day},
                      columns=["column"], rows=[["spend_90d"]])  # fmt: skip
    return Report([told, moved]).run(
        pd.DataFrame({"x": [1.0]}), None, timestamp=datetime(2024, 1, day), tags=["drift"]
    )


@pytest.fixture
def workspace(tmp_path):
    return EvidentlyWorkspace(folder=(tmp_path / "evidently").as_posix(), business="demo")


def test_a_day_looked_at_twice_is_one_point(workspace):
    with pytest.raises(DatasetError, match="no workspace"):
        workspace.load()
    for day, level in ((1, 0.0), (2, 0.0), (2, 1.0)):
        workspace.save({"churn": {"record": RECORD, "drift": a_report(day, level)}})
    assert workspace.load() == ["demo-churn"]
    made = workspace._workspace()
    (project,) = made.list_projects()
    runs = [made.get_run(project.id, run) for run in made.list_runs(project.id)]
    assert sorted(run.timestamp.day for run in runs) == [1, 2]


def test_what_was_found_is_no_part_of_a_lines_name(workspace):
    """Else every day would draw a line of its own."""
    params = [
        [one.metric_value_location.metric.params for one in
         next(iter(list(a_report(day).metric_results.values())[1:])).values.values()]
        for day in (1, 2)
    ]  # fmt: skip
    assert params[0] == params[1]
    assert params[0][0]["name"] == "movement"


def test_panels_draw_columns_scores_quality_and_gaps():
    titles = {panel.title: panel for panel in panels_of(RECORD)}
    assert len(titles) == 5
    gaps = titles["Gaps between groups"].values
    assert [one.metric_labels for one in gaps] == [{"label": "selection_rate by gender"}]
    moved = next(panel for title, panel in titles.items() if "moved" in title)
    assert [one.legend for one in moved.values] == ["spend_90d", "country"]
    assert moved.values[0].metric == "evidently:metric_v2:salespipe:Movements"
