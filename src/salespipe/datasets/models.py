"""A fitted model as a folder of plain files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.atomic import replacing

if TYPE_CHECKING:
    from salespipe.modelling.predict import Model


class ModelFolder(AbstractDataset["Model", "Model"]):
    """Saves a model as `model.ubj` and JSON, and loads it without pickle.

    Args:
        folder: where the files are.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> Model:
        from salespipe.modelling.predict import load_model

        return load_model(self._folder)

    def save(self, data: Model) -> None:
        from salespipe.modelling.predict import save_model

        with replacing(self._folder) as beside:
            save_model(data, beside)

    def _exists(self) -> bool:
        return (self._folder / "meta.json").exists()

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}
