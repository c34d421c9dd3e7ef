"""A fitted model as a folder of plain files, and the one in office."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from salespipe.datasets.previews import json_preview
from salespipe.errors import SalespipeError
from salespipe.files import replacing
from salespipe.store import store_exists, tracking_uri

if TYPE_CHECKING:
    from kedro_datasets._typing import JSONPreview

    from salespipe.modelling.evidence import InOffice
    from salespipe.modelling.forecast.saved import ForecastModel
    from salespipe.modelling.predict import Model

    SavedModel = Model | ForecastModel


class ModelFolder(AbstractDataset["SavedModel", "SavedModel"]):
    """Saves a model of any kind as plain files, and loads it without pickle.

    Args:
        folder: where the files are.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> SavedModel:
        from salespipe.modelling.predict import load_model

        model: SavedModel = load_model(self._folder)
        return model

    def save(self, data: SavedModel) -> None:
        with replacing(self._folder) as beside:
            data.save(beside)

    def preview(self) -> JSONPreview:
        return json_preview(self._folder / "meta.json")

    def _exists(self) -> bool:
        return (self._folder / "meta.json").exists()

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}


class RegisteredChampion(AbstractDataset["None", "InOffice | None"]):
    """The champion of a registered model, read from MLflow; None where there is none yet.

    One that can't be read is handed over as such: whoever asked has to decide what that means.

    Args:
        name: the registered model, `<env>-<model>`.
        tracking_uri: as `mlflow.yml` has it.
    """

    def __init__(
        self, *, name: str, tracking_uri: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._name = name
        self._configured = tracking_uri
        self.metadata = metadata

    def load(self) -> InOffice | None:
        return champions_in(self._configured, [self._name]).get(self._name)

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's own signature
        raise DatasetError(f"{self._name}: the registry moves champions, no dataset does")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}


class Champions(AbstractDataset["None", "dict[str, InOffice]"]):
    """Every champion of a business by model, read from MLflow.

    Args:
        business: what registered names begin with.
        tracking_uri: as `mlflow.yml` has it.
    """

    def __init__(
        self, *, business: str, tracking_uri: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._prefix = f"{business}-"
        self._configured = tracking_uri
        self.metadata = metadata

    def load(self) -> dict[str, InOffice]:
        import mlflow

        uri = tracking_uri(self._configured, Path.cwd())
        if not store_exists(uri):
            return {}
        known = mlflow.MlflowClient(uri).search_registered_models(f"name LIKE '{self._prefix}%'")
        found = champions_in(self._configured, [one.name for one in known])
        return {name.removeprefix(self._prefix): one for name, one in found.items()}

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's own signature
        raise DatasetError("the registry moves champions, no dataset does")

    def _describe(self) -> dict[str, Any]:
        return {"business": self._prefix.removesuffix("-")}


def champions_in(configured: str, names: Iterable[str]) -> dict[str, InOffice]:
    """The champions of some registered models, by name; those that have none are left out."""
    from salespipe.modelling.evidence import InOffice
    from salespipe.registry import open_registry

    if not store_exists(tracking_uri(configured, Path.cwd())):
        return {}
    found = {}
    for name in names:
        registry = open_registry(Path.cwd(), configured, name)
        if (version := registry.champion()) is None:
            continue
        try:
            found[name] = InOffice(version, registry.load(version))
        except SalespipeError as error:
            found[name] = InOffice(version, None, str(error))
    return found
