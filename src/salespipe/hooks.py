"""What happens around a run: progress a person can follow, and tracking in MLflow."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from salespipe.environment import set_environment
from salespipe.errors import SalespipeError
from salespipe.params_engine import EngineParams

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

    from salespipe.tracking import Tracker

logger = logging.getLogger("salespipe")


class EngineHooks:
    """Tells the datasets which engine conf names; it starts when the first table is asked for."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Choose the engine for this process."""
        from salespipe.datasets.engine import use

        use(getattr(context.config_loader, "engine", EngineParams()))


class ProgressHooks:
    """A line for each finished node, and one clear line instead of a traceback for the user."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Start the clock."""
        self._started[node.name] = time.perf_counter()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Say what is done; results are written by then, so the time is the whole time."""
        if dataset_name == node.outputs[-1]:
            seconds = time.perf_counter() - self._started[node.name]
            logger.info("  %-44s %6.1f s", node.name, seconds)

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Print what the user can mend, and stop with exit code 1.

        Raises:
            SystemExit: the error, or its cause, is one a user can mend.
        """
        if (cause := _mendable(error)) is not None:
            logger.error("salespipe: %s", cause)
            raise SystemExit(1)


def _mendable(error: BaseException | None) -> SalespipeError | None:
    while error is not None and not isinstance(error, SalespipeError):
        error = error.__cause__ or error.__context__
    return error


class MlflowHooks:
    """One parent run a Kedro run and one nested run a model, driven by the catalog's metadata.

    A dataset with `metadata: {mlflow: metrics|artifact|model|decision}` is tracked when it is
    saved. A run that saves none never imports MLflow.
    """

    def __init__(self) -> None:
        self._tracker: Tracker | None = None
        self._kinds: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        self._context: KedroContext | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set what libraries read as they are imported, and keep the context for its conf."""
        set_environment()
        self._context = context

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Open the parent run if anything tracked will be saved."""
        self._tracker = None
        names = {name: _mlflow_kind(catalog, name) for name in pipeline.all_outputs()}
        self._kinds = {name: kind for name, kind in names.items() if kind is not None}
        if self._kinds and self._context is not None:
            from salespipe.tracking import Tracker

            self._paths = {name: filepath_of(catalog, name) for name in self._kinds}
            models = sorted({name.split(".", 1)[0] for name in self._kinds})
            self._tracker = Tracker(self._context, models)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Track what the catalog marks."""
        if self._tracker is not None and dataset_name in self._kinds:
            model = dataset_name.split(".", 1)[0]
            kind, path = self._kinds[dataset_name], self._paths[dataset_name]
            self._tracker.track(model, kind, path, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the runs as finished."""
        self._close("FINISHED")

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Close the runs as failed."""
        self._close("FAILED")

    def _close(self, status: str) -> None:
        if self._tracker is not None:
            self._tracker.close(status)
            self._tracker = None


def _mlflow_kind(catalog: CatalogProtocol[Any, Any], name: str) -> str | None:
    dataset = catalog.get(name)
    metadata = getattr(dataset, "metadata", None) or {}
    kind: str | None = metadata.get("mlflow")
    return kind


def filepath_of(catalog: CatalogProtocol[Any, Any], name: str) -> Path:
    """Where a tracked dataset lies on disk."""
    described: dict[str, str] = getattr(catalog.get(name), "_describe", dict)()
    return Path(described.get("filepath") or described["folder"])
