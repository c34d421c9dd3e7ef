"""Any dataset of a library, saved so that nothing half-written stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from salespipe.files import replacing


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

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix(), "dataset": self._config["type"]}
