"""The prediction log: written off the request path, at most a second behind, bounded in size.

Each worker appends to a journal of its own, an Arrow stream; a full one becomes a Parquet file.
What a killed worker left is turned into Parquet by the next that starts.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from salespipe.predictions import KEY_FILE, prediction_schema, pseudonym
from serving.journal import Journal, bound_size, recover

if TYPE_CHECKING:
    import pyarrow as pa

    from serving.answers import Scored
    from serving.champions import CustomerChampion

logger = logging.getLogger("salespipe.serving")

FLUSH_SECONDS = 0.5
MAX_WAITING = 500_000
"""Rows that may wait to be written; beyond, new ones are dropped and counted."""


@dataclass(frozen=True)
class Entry:
    """What was answered to one request, in one way."""

    at: datetime
    request_id: str
    model: str
    version: int
    feature_schema: str
    categories: tuple[tuple[int, tuple[str, ...]], ...]
    """Places of the categorical features, and their levels."""
    scored: Scored


class PredictionLog:
    """Appends what is answered to the log of a business.

    Args:
        folder: the log.
        key: of the hash that stands for an id; made, and kept in the folder, if not given.
        plain_ids: log ids as they are.
        max_mb: size that the whole log is kept under.
        dropped: told how many rows could not be logged.
    """

    def __init__(
        self,
        folder: Path,
        *,
        key: str | None = None,
        plain_ids: bool = False,
        max_mb: int = 2048,
        dropped: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_mb * 2**20
        self._dropped = dropped
        folder.mkdir(parents=True, exist_ok=True)
        self._key = None if plain_ids else (key.encode() if key else _kept_key(folder / KEY_FILE))
        self._waiting: deque[Entry] = deque()
        self._rows = 0
        self._stop = threading.Event()
        self._journal: Journal | None = None
        recover(folder)
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def write(self, entry: Entry) -> None:
        """Hand over what was answered; returns at once."""
        count = len(entry.scored.places)
        if self._rows + count > MAX_WAITING:
            self._dropped(count)
            return
        self._rows += count
        self._waiting.append(entry)

    def close(self) -> None:
        """Write what waits, and finish the journal."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self._safely(self._flush)
        self._safely(self._flush)
        self._safely(self._finish)

    def _safely(self, work: Callable[[], None]) -> None:
        """A full disk costs the log, never an answer."""
        try:
            work()
        except Exception:
            logger.exception("prediction log: could not write")

    def _flush(self) -> None:
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if entries:
            batch = to_batch(entries, self._key)
            self._rows -= sum(len(one.scored.places) for one in entries)
            self._open().write(batch)
        if self._journal is not None and self._journal.is_full:
            self._finish()
            bound_size(self._folder, self._max_bytes)

    def _open(self) -> Journal:
        day = self._folder / f"day={datetime.now(UTC).date()}"
        if self._journal is not None and self._journal.file.parent != day:
            self._finish()
        if self._journal is None:
            self._journal = Journal(day)
        return self._journal

    def _finish(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def to_batch(entries: list[Entry], key: bytes | None) -> pa.RecordBatch:
    """Entries as rows of the log; entities without a prediction are left out.

    Entries that are alike become one table: a table for each would cost a busy server more time
    than its answers do.
    """
    import pyarrow as pa

    alike: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries:
        scored = entry.scored
        kind = (entry.model, entry.version, entry.feature_schema, scored.way, scored.matrix is None)
        alike.setdefault(kind, []).append(entry)
    tables = [_to_table(some, key) for some in alike.values()]
    batches = pa.concat_tables(tables).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], prediction_schema())


def _to_table(entries: list[Entry], key: bytes | None) -> pa.Table:
    import pyarrow as pa

    kept = [
        (entry, n)
        for entry in entries
        for n in range(len(entry.scored.places))
        if n not in entry.scored.errors
    ]
    first = entries[0]
    numbers, texts = _brought(entries, kept)
    columns = {
        "at": [entry.at for entry, _ in kept],
        "request_id": [entry.request_id for entry, _ in kept],
        "model": [first.model] * len(kept),
        "version": [first.version] * len(kept),
        "asked_by": [first.scored.way] * len(kept),
        "entity": [pseudonym(entry.scored.ids[n], key) for entry, n in kept],
        "item_group": [
            entry.scored.groups[n] if entry.scored.groups else None for entry, n in kept
        ],
        "as_of": [entry.scored.as_of[n] for entry, n in kept],
        "prediction": [float(entry.scored.predictions[n]) for entry, n in kept],
        "decile": [entry.scored.deciles[n] for entry, n in kept],
        "contact": [
            entry.scored.contacts[n] if entry.scored.contacts else None for entry, n in kept
        ],
        "feature_schema": [first.feature_schema] * len(kept),
        "numbers": numbers,
        "texts": texts,
    }
    return pa.Table.from_pydict(columns, prediction_schema())


def _brought(entries: list[Entry], kept: list[tuple[Entry, int]]) -> tuple[Any, Any]:
    """The features that requests brought, as two columns of lists."""
    import pyarrow as pa

    if entries[0].scored.matrix is None or not kept:
        return [None] * len(kept), [None] * len(kept)
    categories = entries[0].categories
    rows = np.stack(
        [entry.scored.matrix[n] for entry, n in kept if entry.scored.matrix is not None]
    )
    numbers = np.delete(rows, [place for place, _ in categories], axis=1)
    offsets = np.arange(len(kept) + 1, dtype=np.int32) * numbers.shape[1]
    levels = [
        [None if np.isnan(code) else names[int(code)] for code in rows[:, place].tolist()]
        for place, names in categories
    ]
    texts = [list(row) for row in zip(*levels, strict=True)] if levels else [[] for _ in kept]
    return pa.ListArray.from_arrays(offsets, numbers.ravel()), texts


def entry_of(champion: CustomerChampion, request_id: str, scored: Scored) -> Entry:
    """What is logged of an answer."""
    categories = tuple(
        (place, feature.categories)
        for place, feature in enumerate(champion.model.schema.features)
        if feature.kind == "category"
    )
    return Entry(
        datetime.now(UTC), request_id, champion.name, champion.version,
        champion.facts["schema_hash"], categories, scored,
    )  # fmt: skip


def _kept_key(file: Path) -> bytes:
    """The key of a log, made by whichever worker comes first."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        while not (key := file.read_bytes()):
            time.sleep(0.01)
        return key
    with os.fdopen(handle, "wb") as out:
        out.write(key := secrets.token_hex(32).encode())
    return key
