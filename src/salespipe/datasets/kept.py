"""Rows of cutoffs, kept from run to run under a name that says what they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.engine import read_parquet, write_parquet
from salespipe.files import remove, replacing

if TYPE_CHECKING:
    import ibis.expr.types as ir


class KeptRows(AbstractDataset["dict[str, ir.Table]", "dict[str, ir.Table]"]):
    """Tables by name, each a Parquet file; what is there already is not written again.

    What is saved is the whole set: other files are removed.

    Args:
        folder: where the files are.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> dict[str, ir.Table]:
        files = sorted(self._folder.glob("*.parquet"))
        return {file.stem: read_parquet(file) for file in files}

    def save(self, data: dict[str, ir.Table]) -> None:
        for name, table in data.items():
            if not (file := self._folder / f"{name}.parquet").exists():
                with replacing(file) as beside:
                    write_parquet(table.order_by("entity_id"), beside)
        for file in self._folder.glob("*.parquet"):
            if file.stem not in data:
                remove(file)

    def _exists(self) -> bool:
        return True  # nothing kept is a set too

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}
