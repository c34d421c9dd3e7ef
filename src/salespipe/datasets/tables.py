"""Ibis tables as Parquet files."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.engine import read_parquet, write_parquet
from salespipe.datasets.previews import first_of, parquet_preview
from salespipe.files import remove, replacing

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa
    from kedro_datasets._typing import TablePreview


class ParquetTables(AbstractDataset["dict[str, ir.Table]", "dict[str, ir.Table]"]):
    """A set of named tables, each a file `<prefix><name>.parquet` in one folder.

    What is saved replaces the whole set: a table that is no longer there leaves no old file.

    Args:
        folder: where the files are.
        prefix: what the file names begin with.
    """

    def __init__(
        self, *, folder: str, prefix: str = "", metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(folder)
        self._prefix = prefix
        self.metadata = metadata

    def _files(self) -> dict[str, Path]:
        files = sorted(self._folder.glob(f"{self._prefix}*.parquet"))
        return {file.stem.removeprefix(self._prefix): file for file in files}

    def load(self) -> dict[str, ir.Table]:
        return {name: read_parquet(file) for name, file in self._files().items()}

    def save(self, data: dict[str, ir.Table]) -> None:
        for name, table in data.items():
            with replacing(self._folder / f"{self._prefix}{name}.parquet") as beside:
                write_parquet(table, beside)
        for name, file in self._files().items():
            if name not in data:
                remove(file)

    def preview(self, nrows: int = 5) -> TablePreview:
        files = self._files()
        name = first_of(files)
        return parquet_preview(files[name] if name else None, nrows)

    def _exists(self) -> bool:
        return bool(self._files())

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix(), "prefix": self._prefix}


class ParquetBatches(AbstractDataset["Iterable[dict[str, pa.Table]]", "dict[str, ir.Table]"]):
    """Tables that come in batches, each table written to its own file in the memory of one batch.

    Args:
        files: table name to path.
    """

    def __init__(self, *, files: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._files = {name: Path(path) for name, path in files.items()}
        self.metadata = metadata

    def load(self) -> dict[str, ir.Table]:
        return {name: read_parquet(file) for name, file in self._files.items()}

    def save(self, data: Iterable[dict[str, pa.Table]]) -> None:
        with ExitStack() as stack:
            beside = {n: stack.enter_context(replacing(f)) for n, f in self._files.items()}
            write_batches(data, beside)

    def preview(self, nrows: int = 5) -> TablePreview:
        name = first_of(self._files)
        return parquet_preview(self._files[name] if name else None, nrows)

    def _exists(self) -> bool:
        return all(file.exists() for file in self._files.values())

    def _describe(self) -> dict[str, Any]:
        return {"files": {name: file.as_posix() for name, file in self._files.items()}}


def write_batches(batches: Iterable[dict[str, pa.Table]], files: dict[str, Path]) -> None:
    """Append each batch's tables to their files; the first batch gives the columns."""
    import pyarrow.parquet as pq

    writers: dict[str, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for batch in batches:
            for name, table in batch.items():
                if name not in writers:
                    writer = pq.ParquetWriter(files[name], table.schema, compression="zstd")
                    writers[name] = stack.enter_context(writer)
                writers[name].write_table(table)


class ParquetFrame(AbstractDataset["ir.Table", "pd.DataFrame"]):
    """One table: saved from Ibis without passing through Python, loaded as a pandas frame.

    Args:
        filepath: the file.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        import pandas as pd

        return pd.read_parquet(self._filepath)

    def save(self, data: ir.Table) -> None:
        with replacing(self._filepath) as beside:
            write_parquet(data, beside)

    def preview(self, nrows: int = 5) -> TablePreview:
        return parquet_preview(self._filepath, nrows)

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
