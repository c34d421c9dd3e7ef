"""Files of the prediction log: a journal for each worker, turned into Parquet when it is full."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from salespipe.files import replacing
from salespipe.predictions import JOURNAL, journal_batches, prediction_schema

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger("salespipe.serving")

ROTATE_SECONDS = 600
ROTATE_ROWS = 100_000
PART_ROWS = 10_000


class Journal:
    """An Arrow stream that one worker appends to and holds a lock on.

    Args:
        day: the folder of the day; it is made.
    """

    def __init__(self, day: Path) -> None:
        import pyarrow as pa

        day.mkdir(parents=True, exist_ok=True)
        self.file = day / f"{os.getpid()}-{time.time_ns()}{JOURNAL}"
        self._handle = self.file.open("wb")
        fcntl.flock(self._handle, fcntl.LOCK_EX)  # tells others that its writer lives
        self._stream = pa.ipc.new_stream(self._handle, prediction_schema())
        self._rows, self._since = 0, time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether it is time for a Parquet file."""
        return self._rows >= ROTATE_ROWS or time.monotonic() - self._since >= ROTATE_SECONDS

    def write(self, batch: pa.RecordBatch) -> None:
        """Append, and see it on disk."""
        self._stream.write_batch(batch)
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self._rows += batch.num_rows

    def close(self) -> None:
        """Turn it into a Parquet file."""
        self._stream.close()
        self._handle.flush()
        to_parquet(self.file)
        self._handle.close()


def to_parquet(journal: Path) -> None:
    """Turn a journal into a Parquet file of the same name, part by part to hold little of it."""
    import pyarrow.parquet as pq

    parts = regrouped(journal_batches(journal), PART_ROWS)
    if (first := next(parts, None)) is not None:
        with (
            replacing(journal.with_suffix(".parquet")) as beside,
            pq.ParquetWriter(beside, first.schema, compression="zstd") as out,
        ):
            for part in chain([first], parts):
                out.write_table(part)
    journal.unlink(missing_ok=True)


def regrouped(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Batches put together until they have so many rows; none without any."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= rows:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if count:
        yield pa.Table.from_batches(held)


def recover(folder: Path) -> int:
    """Turn journals whose writer is gone into Parquet.

    Returns:
        How many.
    """
    found = 0
    for journal in sorted(folder.glob(f"day=*/*{JOURNAL}")):
        try:
            with journal.open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                to_parquet(journal)
                found += 1
        except OSError:
            continue  # its writer lives, or another worker was first
    return found


def bound_size(folder: Path, most: int) -> None:
    """Delete the oldest files of the log until it is small enough."""
    files = sorted(folder.glob("day=*/*.parquet"), key=lambda f: (f.parent.name, f.name))
    sizes = {file: file.stat().st_size for file in files if file.exists()}
    total = sum(sizes.values())
    for file, size in sizes.items():
        if total <= most:
            break
        file.unlink(missing_ok=True)
        total -= size
        logger.warning("prediction log: over its size, %s deleted", file.parent.name)
