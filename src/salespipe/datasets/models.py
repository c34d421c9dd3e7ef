"""A fitted model as a folder of plain files, and the one in office."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from salespipe.datasets.atomic import replacing
from salespipe.errors import SalespipeError

if TYPE_CHECKING:
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
        from salespipe.modelling.evidence import InOffice
        from salespipe.registry import open_registry
        from salespipe.store import store_exists, tracking_uri

        if not store_exists(tracking_uri(self._configured, Path.cwd())):
            return None
        registry = open_registry(Path.cwd(), self._configured, self._name)
        version = registry.champion()
        if version is None:
            return None
        try:
            return InOffice(version, registry.load(version))
        except SalespipeError as error:
            return InOffice(version, None, str(error))

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's own signature
        raise DatasetError(f"{self._name}: the registry moves champions, no dataset does")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}
