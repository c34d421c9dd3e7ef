"""Any dataset of a library, saved so that nothing half-written stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.previews import image_preview
from salespipe.files import replacing

if TYPE_CHECKING:
    from kedro_datasets._typing import ImagePreview


class Atomic(AbstractDataset[Any, Any]):
    """Any one-file dataset of a library, saved atomically.

    Args:
        filepath: the file.
        dataset: the library's dataset config, without its filepath.
        optional: load gives None where the file is missing.
    """

    def __init__(
        self,
        *,
        filepath: str,
        dataset: dict[str, Any],
        optional: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = Path(filepath)
        self._config = dataset
        self._optional = optional
        self.metadata = metadata

    def _at(self, path: Path) -> AbstractDataset[Any, Any]:
        config = {**self._config, "filepath": path.as_posix()}
        return AbstractDataset.from_config(self._filepath.stem, config)

    def load(self) -> Any:
        if self._optional and not self._exists():
            return None
        return self._at(self._filepath).load()

    def save(self, data: Any) -> None:
        with replacing(self._filepath) as beside:
            self._at(beside).save(data)

    @property
    def preview(self) -> Any:
        """The library's own preview, where its dataset has one."""
        return getattr(self._at(self._filepath), "preview")  # noqa: B009 - not every dataset has it

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix(), "dataset": self._config["type"]}


class Plots(Atomic):
    """A folder of pictures; one of them stands for all in Kedro-Viz."""

    def preview(self, picture: str) -> ImagePreview:
        files = sorted(self._filepath.glob("*.png"), key=lambda file: (file.stem != picture, file))
        return image_preview(files[0])
