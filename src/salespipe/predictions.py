"""The prediction log: what services answered, one schema, written by them and read by monitoring.

Files lie under `day=<date>/` as Parquet; what a running worker answered of late is in its
journal, an Arrow stream beside them (`*.arrows`), which is read up to its last whole batch.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

JOURNAL = ".arrows"
KEY_FILE = "log.key"
"""Beside the log: the key of the hash that ids are replaced by."""


def pseudonym(entity: str | None, key: bytes | None) -> str | None:
    """A keyed hash (HMAC-SHA-256, 128 bits of it): the same id, the same name, and no way back."""
    if entity is None or key is None:
        return entity
    return hmac.new(key, entity.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Answers:
    """What was answered with one model, and how to find known customers in it.

    Attributes:
        table: of `prediction_schema`.
        key: of the ids' hash; None where there is none.
    """

    table: pa.Table
    key: bytes | None = None

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """What the log calls customers, to their ids: a log may hold plain ids too."""
        known = list(ids)
        return {one: one for one in known} | {str(pseudonym(one, self.key)): one for one in known}


def prediction_schema() -> pa.Schema:
    """The columns of the log.

    Returns:
        `at` (UTC), `request_id`, `model`, `version` (registered), `asked_by` (`customer_id`,
        `features` or `history`), `entity` (a keyed hash of the id by default, null where
        none was given), `item_group`, `as_of`, `prediction` (probability, amount or forecast),
        `decile`, `contact`, `feature_schema` (hash of the names in order), and what the request
        itself brought: `numbers` and `texts`, the numeric and the categorical features in the
        order of the model's schema; null where features were looked up.
    """
    import pyarrow as pa

    return pa.schema([
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("asked_by", pa.string(), nullable=False),
        pa.field("entity", pa.string()),
        pa.field("item_group", pa.string()),
        pa.field("as_of", pa.date32()),
        pa.field("prediction", pa.float64(), nullable=False),
        pa.field("decile", pa.int8()),
        pa.field("contact", pa.bool_()),
        pa.field("feature_schema", pa.string()),
        pa.field("numbers", pa.list_(pa.float64())),
        pa.field("texts", pa.list_(pa.string())),
    ])  # fmt: skip


def read_predictions(
    folder: Path, model: str, since: date | None = None, until: date | None = None
) -> pa.Table:
    """What was answered with one model, oldest first.

    Args:
        folder: the log of a business.
        model: such as `churn`.
        since: first day, by UTC; all by default.
        until: last day.

    Returns:
        A table of `prediction_schema`, empty where there is no log.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    schema = prediction_schema()
    parts = [schema.empty_table()]
    for day in sorted(folder.glob("day=*")):
        stamp = date.fromisoformat(day.name.removeprefix("day="))
        if (since and stamp < since) or (until and stamp > until):
            continue
        parts += [pq.read_table(file, schema=schema) for file in sorted(day.glob("*.parquet"))]
        journals = [file for file in sorted(day.glob(f"*{JOURNAL}"))
                    if not file.with_suffix(".parquet").exists()]  # fmt: skip
        parts += [read_journal(file) for file in journals]
    table = pa.concat_tables(parts)
    return table.filter(pc.equal(table["model"], model)).sort_by("at")


def read_journal(file: Path) -> pa.Table:
    """The whole batches of a journal as one table."""
    import pyarrow as pa

    return pa.Table.from_batches(journal_batches(file), prediction_schema())


def journal_batches(file: Path) -> Iterator[pa.RecordBatch]:
    """The whole batches of a journal, one by one; what a crash cut short is left out."""
    import pyarrow as pa

    with (
        suppress(pa.ArrowInvalid, OSError, EOFError),
        pa.OSFile(str(file)) as source,
        pa.ipc.open_stream(source) as reader,
    ):
        yield from reader
