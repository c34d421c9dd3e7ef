"""How a bundle lies on disk: what a server serves from.

    champions.json                  which part of each model is in office
    <model>/v<version>-<data>/      one champion: model/, facts.json, golden.json, scores.arrow
    frames/<data>.arrow             the features that explanations are made from

A part is written whole, then the pointer is renamed over the old one: a server that follows the
pointer sees the old champion or the new one, never half of either.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.files import replacing

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
POINTER = "champions.json"
FRAMES = "frames"


def read_pointer(folder: Path) -> dict[str, Any]:
    """What the pointer says; empty where there is none."""
    file = folder / POINTER
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def save_frame(rows: pd.DataFrame, file: Path) -> None:
    """Write rows by entity as an Arrow file that workers map into memory and share."""
    import pyarrow as pa

    from salespipe.modelling.frame import row_keys

    ordered = rows.sort_values([k for k in row_keys(rows) if k != "as_of"], kind="stable")
    table = pa.Table.from_pandas(ordered, preserve_index=False)
    with (
        replacing(file) as beside,
        pa.OSFile(str(beside), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)


def read_frame(file: Path) -> Any:
    """The Arrow table of a file, mapped into memory."""
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()
