"""Nothing half-written stays: write beside, then rename."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

_BESIDE = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; rename it over `path` only if all went well.

    Works for files and for folders. What a killed run left beside is cleared first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}{_BESIDE}")
    remove(beside)
    try:
        yield beside
        if path.is_dir():
            remove(path)
        beside.replace(path)
    finally:
        remove(beside)


def remove(path: Path) -> None:
    """Delete a file or folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
