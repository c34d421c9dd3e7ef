"""What monitoring leaves: reports to open, a record to read, and metrics on the champion."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from salespipe.files import replacing
from salespipe.predictions import KEY_FILE, Answers, read_predictions
from salespipe.store import store_exists, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

RECORD = "record"
"""Of what is saved for a model, what goes to `monitor.json`; the rest are reports."""


class MonitorReports(AbstractDataset["dict[str, dict[str, Any]]", "dict[str, dict[str, Any]]"]):
    """`<model>/monitor.json` and `<model>/<report>.html`, from Evidently snapshots.

    Files of models that are not saved this time stay as they are.

    Args:
        folder: with a folder a model.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, Any]]:
        files = sorted(self._folder.glob("*/monitor.json"))
        return {file.parent.name: json.loads(file.read_text("utf-8")) for file in files}

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        for model, parts in data.items():
            folder = self._folder / model
            for name, report in parts.items():
                if name == RECORD:
                    write_json(folder / "monitor.json", report)
                    continue
                with replacing(folder / f"{name}.html") as beside:
                    report.save_html(beside.as_posix())

    def _exists(self) -> bool:
        return any(self._folder.glob("*/monitor.json"))

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}


def write_json(file: Path, content: Any) -> None:
    """JSON as people read it; a number that is none becomes null."""
    text = json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(file) as beside:
        beside.write_text(text + "\n", "utf-8")


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and content - content != 0:
        return None
    return str(content) if isinstance(content, date) else content


class ChampionRuns(AbstractDataset["dict[str, dict[str, float]]", "dict[str, dict[str, Any]]"]):
    """The MLflow runs that made the champions of a business.

    Loaded are the figures that each was promoted with, its run's `metrics.json`; saved are figures
    of today, as metrics of that run and its model, and the decision as tags of the version.

    Args:
        business: what registered names begin with.
        tracking_uri: as `mlflow.yml` has it.
    """

    def __init__(
        self, *, business: str, tracking_uri: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._business = business
        self._configured = tracking_uri
        self.metadata = metadata

    def _client(self) -> MlflowClient | None:
        import mlflow

        uri = tracking_uri(self._configured, Path.cwd())
        return mlflow.MlflowClient(uri) if store_exists(uri) else None

    def load(self) -> dict[str, dict[str, Any]]:
        if (client := self._client()) is None:
            return {}
        prefix = f"{self._business}-"
        known = client.search_registered_models(f"name LIKE '{prefix}%'")
        named = {one.name.removeprefix(prefix): one for one in known}
        return {
            model: _figures(client, one.name, one.aliases["champion"])
            for model, one in named.items()
            if "champion" in one.aliases
        }

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        """Write figures and tags of some models: `version`, `as_of`, `metrics` and `tags`."""
        if (client := self._client()) is None:
            raise DatasetError("there is no MLflow store to write to")
        for model, told in data.items():
            _write(client, f"{self._business}-{model}", told)

    def _describe(self) -> dict[str, Any]:
        return {"business": self._business}


class PredictionLog(AbstractDataset["None", "Callable[[str], Answers]"]):
    """What services answered: loaded is a function from a model's name to its part of the log.

    The key of the ids' hash is what services have: `SALESPIPE_LOG_KEY`, else the file beside the
    log. Without either, only answers of plain ids can be told by customer.

    Args:
        folder: the log of a business.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> Callable[[str], Answers]:
        file, given = self._folder / KEY_FILE, os.environ.get("SALESPIPE_LOG_KEY")
        key = given.encode() if given else file.read_bytes() if file.is_file() else None
        return lambda model: Answers(read_predictions(self._folder, model), key or None)

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's own signature
        raise DatasetError("services write the prediction log, no dataset does")

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}


def _figures(client: MlflowClient, name: str, version: str) -> dict[str, Any]:
    """`metrics.json` of the run that made a version; empty where it is lost."""
    from mlflow.exceptions import MlflowException

    run_id = client.get_model_version(name, version).run_id
    try:
        file = client.download_artifacts(str(run_id), "metrics.json")
        found: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    except (MlflowException, OSError, ValueError):
        return {}
    return found


def _write(client: MlflowClient, name: str, told: Mapping[str, Any]) -> None:
    made = client.get_model_version(name, str(told["version"]))
    day = date.fromisoformat(told["as_of"]) if told["as_of"] else None
    moment = datetime.now(UTC) if day is None else datetime(*day.timetuple()[:3], tzinfo=UTC)
    for key, value in told["metrics"].items():
        client.log_metric(
            str(made.run_id), key, value, int(moment.timestamp() * 1000),
            step=0 if day is None else day.toordinal(), model_id=made.model_id,
        )  # fmt: skip
    for key, value in told["tags"].items():
        client.set_model_version_tag(name, str(told["version"]), key, value)
