"""What Kedro-Viz shows of a dataset: a few rows, one picture, the words of a JSON file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pandas as pd
    from kedro_datasets._typing import ImagePreview, JSONPreview, TablePreview

FIRST = "orders"
"""Of several tables this one is shown, where there is one."""


def first_of(names: Iterable[str]) -> str | None:
    """The table of a set that stands for it."""
    ordered = sorted(names, key=lambda name: (name != FIRST, name))
    return ordered[0] if ordered else None


def rows_preview(frame: pd.DataFrame) -> TablePreview:
    """Rows as Kedro-Viz draws them; times and decimals as text."""
    text = frame.to_json(orient="split", date_format="iso", default_handler=str)
    return cast("TablePreview", json.loads(text))


def parquet_preview(file: Path | None, nrows: int) -> TablePreview:
    """The first rows of a Parquet file, read without the others; none where there is no file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file is None or not file.exists():
        return rows_preview(pa.table({}).to_pandas())
    with pq.ParquetFile(file) as opened:
        batches = opened.iter_batches(batch_size=nrows)
        first = next(batches, None)
        rows = opened.schema_arrow.empty_table() if first is None else pa.table(first)
    return rows_preview(rows.to_pandas())


def image_preview(file: Path) -> ImagePreview:
    """A picture as Kedro-Viz draws it."""
    return cast("ImagePreview", base64.b64encode(file.read_bytes()).decode())


def json_preview(file: Path) -> JSONPreview:
    """A JSON file's words."""
    return cast("JSONPreview", file.read_text("utf-8"))
