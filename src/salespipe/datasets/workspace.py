"""Evidently's workspace: a project a model, its reports over time, and panels that draw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from evidently.sdk.models import DashboardPanelPlot, PanelMetric

OURS = "salespipe:"
COLUMNS = 8
"""Columns drawn over time: those that the champion leans on most."""
QUALITY = ("roc_auc", "lift_at_10pct", "ece", "brier")
SCORES = {"mean": ("MeanValue", {}), **{
    f"{round(100 * q)}%": ("QuantileValue", {"quantile": str(q)}) for q in (0.1, 0.5, 0.9)
}}  # fmt: skip


class EvidentlyWorkspace(AbstractDataset["dict[str, dict[str, Any]]", "list[str]"]):
    """Adds reports to the projects of a business's models; loaded are the projects' names.

    A report of the same kind and day is replaced, so that looking twice draws one point.

    Args:
        folder: where the workspace is.
        business: what project names begin with.
    """

    def __init__(
        self, *, folder: str, business: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(folder)
        self._business = business
        self.metadata = metadata

    def _workspace(self) -> Any:
        from evidently.ui.workspace import Workspace

        return Workspace.create(self._folder.as_posix())

    def load(self) -> list[str]:
        if not self._exists():
            raise DatasetError(f"there is no workspace at {self._folder}")
        return sorted(project.name for project in self._workspace().list_projects())

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        workspace = self._workspace()
        for model, parts in data.items():
            reports = [one for one in parts.values() if hasattr(one, "dump_dict")]
            project = self._project(workspace, model, parts["record"])
            add_reports(workspace, project, reports)

    def _project(self, workspace: Any, model: str, record: dict[str, Any]) -> Any:
        """The project of a model, with its panels as of today's champion."""
        name = f"{self._business}-{model}"
        found = [one for one in workspace.search_project(name) if one.name == name]
        project = found[0] if found else workspace.create_project(name)
        project.dashboard.clear_dashboard()
        for panel in panels_of(record):
            project.dashboard.add_panel(panel)
        return project

    def _exists(self) -> bool:
        return self._folder.exists()

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix(), "business": self._business}


def add_reports(workspace: Any, project: Any, reports: Iterable[Any]) -> None:
    """Adds reports; those of the same kind and day that were there are taken out first."""
    before = {run: workspace.get_run(project.id, run) for run in workspace.list_runs(project.id)}
    for report in reports:
        model = report.to_snapshot_model()
        for run, old in before.items():
            if (old.timestamp, old.tags) == (model.timestamp, model.tags):
                workspace.delete_run(project.id, run)
        workspace.add_run(project.id, report, include_data=False)


def panels_of(record: dict[str, Any]) -> list[DashboardPanelPlot]:
    """Drift by column, the scores, quality as outcomes ripen, and gaps, over time."""
    from evidently.sdk.panels import line_plot_panel

    importance: dict[str, float] = record["importance"]
    first = sorted(importance, key=lambda name: -importance[name])[:COLUMNS]
    gaps = [
        f"{one['figure']} by {one['attribute']}"
        for one in record["bias"]["gaps"]
        if "&" not in one["attribute"] and one["figure"] != "precision"
    ]
    lines = {
        "Decision: 0 ok, 1 watch, 2 retrain": [_metric("Told", {}, "decision", ["drift"])],
        "How far each column moved, the most important ones": _labelled("Movements", first),
        "Scores": [
            _metric(kind, {"column": "prediction", **labels}, legend, ["quality"], ours=False)
            for legend, (kind, labels) in SCORES.items()
        ],
        "Quality, of the latest scores whose outcomes are known": _labelled(
            "Figures", QUALITY, {"name": "latest"}
        ),
        "Gaps between groups": _labelled("Gaps", gaps),
    }
    return [line_plot_panel(title=title, values=values) for title, values in lines.items()]


def _labelled(
    kind: str, labels: Sequence[str], more: dict[str, str] | None = None
) -> list[PanelMetric]:
    return [_metric(kind, {"label": label, **(more or {})}, label, []) for label in labels]


def _metric(
    kind: str, labels: dict[str, str], legend: str, tags: list[str], *, ours: bool = True
) -> PanelMetric:
    from evidently.sdk.models import PanelMetric

    name = f"{OURS}{kind}" if ours else kind
    return PanelMetric(legend=legend, metric=name, metric_labels=labels, tags=tags)
