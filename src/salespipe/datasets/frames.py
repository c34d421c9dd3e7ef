"""Pandas frames that people open: Parquet for programs, CSV for spreadsheets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.previews import parquet_preview
from salespipe.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    from kedro_datasets._typing import TablePreview

SUFFIX = "_scores"


class ScoreLists(AbstractDataset["dict[str, pd.DataFrame]", "dict[str, pd.DataFrame]"]):
    """A list a model as `<model>_scores.parquet` and, the same rows, `<model>_scores.csv`.

    Lists of models that are not saved this time stay as they are.

    Args:
        folder: where they are.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> dict[str, pd.DataFrame]:
        import pandas as pd

        files = sorted(self._folder.glob(f"*{SUFFIX}.parquet"))
        return {file.stem.removesuffix(SUFFIX): pd.read_parquet(file) for file in files}

    def save(self, data: dict[str, pd.DataFrame]) -> None:
        for name, rows in data.items():
            with replacing(self._folder / f"{name}{SUFFIX}.parquet") as beside:
                rows.to_parquet(beside, index=False)
            with replacing(self._folder / f"{name}{SUFFIX}.csv") as beside:
                rows.to_csv(beside, index=False, float_format="%.6g")

    def preview(self, nrows: int = 5) -> TablePreview:
        files = sorted(self._folder.glob(f"*{SUFFIX}.parquet"))
        return parquet_preview(files[0] if files else None, nrows)

    def _exists(self) -> bool:
        return any(self._folder.glob(f"*{SUFFIX}.parquet"))

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}
