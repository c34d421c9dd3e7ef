"""What a run tells MLflow: one parent run, one nested run a model, and the registered version."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.champions import write_champion
from salespipe.config import BusinessConfigLoader
from salespipe.flat import flatten
from salespipe.registry import Registry, open_registry
from salespipe.store import create_store, tracking_uri

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext


class Tracker:
    """Writes one Kedro run to MLflow.

    Each model has its nested run in the experiment `<env>-<model>`, which is the registered
    model's name too; the parent run lies in the experiment of the first model.
    """

    def __init__(self, context: KedroContext, models: list[str]) -> None:
        """Start the parent run.

        Args:
            context: Kedro's, for conf and the project's folder.
            models: the models that this run tracks.
        """
        import mlflow

        self._root = Path(context.project_path)
        self._env = business_of(context)
        self._params: dict[str, Any] = context.config_loader["parameters"]
        self._runs: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._configured: str = context.config_loader["mlflow"]["tracking_uri"]
        uri = tracking_uri(self._configured, self._root)
        create_store(uri)
        mlflow.set_tracking_uri(uri)
        self._tags = run_tags(self._root, self._env)
        mlflow.start_run(
            experiment_id=self._experiment(models[0]),
            run_name=f"{self._env}: {', '.join(models)}",
            tags=self._tags,
        )
        mlflow.log_artifact((self._root / "requirements.lock").as_posix())

    def track(self, model: str, kind: str, path: Path, data: Any) -> None:
        """Write one saved dataset to its model's nested run.

        Args:
            model: the model's namespace.
            kind: what it is: metrics, artifact, model or decision.
            path: where it was saved.
            data: what was saved.
        """
        import mlflow

        write = getattr(self, f"_track_{kind}")
        with mlflow.start_run(run_id=self._nested_run(model), nested=True):
            write(model, path, data)

    def close(self, status: str) -> None:
        """End all runs with a status: FINISHED or FAILED."""
        import mlflow

        for run_id in self._runs.values():
            mlflow.MlflowClient().set_terminated(run_id, status)
        mlflow.end_run(status)

    def _experiment(self, model: str) -> str:
        import mlflow

        name = self._registered_name(model)
        experiment = mlflow.get_experiment_by_name(name)
        return experiment.experiment_id if experiment else mlflow.create_experiment(name)

    def _registered_name(self, model: str) -> str:
        return f"{self._env}-{model}"

    def _model_input(self, model: str) -> Path:
        return self._root / "data/05_model_input" / self._env / model / "rows.parquet"

    def _nested_run(self, model: str) -> str:
        import mlflow

        if model not in self._runs:
            experiment = self._experiment(model)
            tags = self._tags | {"data_hash": file_hash(self._model_input(model))}
            with mlflow.start_run(
                experiment_id=experiment, run_name=model, nested=True, tags=tags
            ) as run:
                mlflow.log_params(flatten(self._params.get(model, {})))
            self._runs[model] = run.info.run_id
        return self._runs[model]

    def _track_metrics(self, model: str, path: Path, data: dict[str, Any]) -> None:
        import mlflow

        del model
        mlflow.log_metrics(numbers(data.get("candidates", {})))
        mlflow.set_tags({"as_of": data["as_of"] or "undated", "chosen": data["chosen"]})
        mlflow.log_artifact(path.as_posix())

    def _track_artifact(self, model: str, path: Path, data: Any) -> None:
        import mlflow

        del model, data
        if path.is_dir():
            mlflow.log_artifacts(path.as_posix(), path.name)
        else:
            mlflow.log_artifact(path.as_posix())

    def _track_model(self, model: str, path: Path, data: Any) -> None:
        """Log the folder as a model from code, and register it as a challenger."""
        import mlflow
        import pyarrow.parquet as pq

        from salespipe.modelling.packaging import EXAMPLE_ROWS, log_arguments

        batches = pq.ParquetFile(self._model_input(model)).iter_batches(EXAMPLE_ROWS)
        arguments = log_arguments(path, data, next(batches).to_pandas())
        logged = mlflow.pyfunc.log_model(**arguments, name=model)
        self._versions[model] = self._registry(model).register(
            logged.model_uri, self._runs[model], logged.model_id
        )

    def _track_decision(self, model: str, path: Path, data: dict[str, Any]) -> None:
        """Hand the version's verdict to the registry, which moves the alias or does not."""
        import mlflow

        tags = mlflow.MlflowClient().get_run(self._runs[model]).data.tags
        facts = {key: tags[key] for key in ("git_commit", "data_hash", "as_of")}
        registry = self._registry(model)
        registry.settle(self._versions[model], data, facts)
        mlflow.log_artifact(path.as_posix())
        mlflow.set_tag("verdict", data["verdict"])
        write_champion(registry, path.parent)

    def _registry(self, model: str) -> Registry:
        return open_registry(self._root, self._configured, self._registered_name(model))


def business_of(context: KedroContext) -> str:
    """The environment's name; Kedro's own `context.env` is None for the default one."""
    loader = context.config_loader
    assert isinstance(loader, BusinessConfigLoader)  # noqa: S101 - settings.py says so
    return loader.business


def run_tags(root: Path, env: str) -> dict[str, str]:
    """Business, git commit (with `-dirty` if the tree differs) and hash of the environment lock."""
    return {
        "business": env,
        "git_commit": git_commit(root),
        "lock_hash": file_hash(root / "requirements.lock"),
    }


def git_commit(root: Path) -> str:
    """The commit that runs, or `unknown` outside of git."""
    command = ["git", "-C", root.as_posix(), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def file_hash(path: Path) -> str:
    """MD5 of a file: the hash DVC knows it by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def numbers(figures: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among nested figures for MLflow; an interval's value loses its `.value`."""
    flat = flatten(figures)
    return {
        key.removesuffix(".value"): float(value)
        for key, value in flat.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
