"""A file looked at, and a mapping tried on it: the readers and the ingest that `make run` uses."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.datasets.formats import FORMATS, is_source_file
from salespipe.datasets.sources import read_source
from salespipe.errors import SalespipeError
from salespipe.init.content import ColumnFacts, describe
from salespipe.init.words import quoted
from salespipe.params_source import ReadParams, SourceParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LINE, _ROW = "_line", "_row"
_SAMPLE = 5_000
_TRIED = 100_000
"""Rows that a mapping is tried on: the file's first and last half of it."""


@dataclass(frozen=True)
class Trial:
    """What became of a sample of rows.

    Attributes:
        rows: how many were tried.
        kept: how many would be kept.
        reasons: why the others would be quarantined, the most frequent first.
        first: day of the first order kept, where there are times.
        last: day of the last.
    """

    rows: int
    kept: int
    reasons: dict[str, int]
    first: date | None
    last: date | None


def read(file: Path) -> ir.Table:
    """The rows of a file.

    Raises:
        SalespipeError: it is no file that salespipe reads, or has no rows.
    """
    if not is_source_file(file):
        raise SalespipeError(f"{file} is no file that salespipe reads: {', '.join(FORMATS)}.")
    table = read_source("data", file.parent, ReadParams(file=glob.escape(file.name)))
    if not table.count().execute():
        raise SalespipeError(f"{file} has no rows: its header alone can't be looked at.")
    return table


def look(table: ir.Table) -> list[ColumnFacts]:
    """What a sample spread over the whole table shows of each column."""
    step = max(int(table.count().execute()) // _SAMPLE, 1)
    columns = [column for column in table.columns if column not in (_LINE, _ROW)]
    texts = {column: table[column].cast("string") for column in columns}
    sample = table.filter(table[_ROW] % step == 0).select(**texts).to_pyarrow()
    return [describe(column, sample.column(column).to_pylist()) for column in columns]


def filled_once(table: ir.Table, order: str, columns: Sequence[str]) -> frozenset[str]:
    """Columns of which only one line of an order has a value, where an order has several.

    Args:
        table: the rows.
        order: the column of the order's number.
        columns: those to look at.
    """
    if not columns:
        return frozenset()
    counts = ", ".join(
        f"count(nullif(trim(cast({quoted(c)} as varchar)), '')) as n{i}"
        for i, c in enumerate(columns)
    )
    query = (
        f"select count(*) as lines, {counts} from raw group by {quoted(order)} having count(*) > 1"  # noqa: S608
    )
    orders = table.alias("raw").sql(query).to_pyarrow().to_pydict()
    return frozenset(
        column
        for i, column in enumerate(columns)
        if orders["lines"] and _mostly(n == 1 for n in orders[f"n{i}"])
    )


def _mostly(flags: Iterable[bool]) -> bool:
    known = list(flags)
    return 2 * sum(known) > len(known)


def try_mapping(table: ir.Table, source: dict[str, Any]) -> Trial:
    """Run ingest's mapping on a sample of rows, as `make run` would on all.

    Args:
        table: the rows.
        source: the content of `source.yml`.
    """
    from salespipe.pipelines.ingest.nodes import map_sources

    (name,) = source
    rows = int(table.count().execute())
    half = _TRIED // 2
    tried = table.filter((table[_ROW] <= half) | (table[_ROW] > rows - half)).cache()
    kept, quarantine = map_sources({name: tried}, SourceParams.model_validate(source))
    refused = quarantine[name].group_by("reason").agg(rows=quarantine[name].count()).to_pyarrow()
    counts = dict(zip(*(refused.column(c).to_pylist() for c in ("reason", "rows")), strict=True))
    first, last = _days(kept[name], "ordered_at" if name == "orders" else "as_of")
    return Trial(
        int(tried.count().execute()),
        int(kept[name].count().execute()),
        dict(sorted(counts.items(), key=lambda item: -item[1])),
        first,
        last,
    )


def _days(kept: ir.Table, column: str) -> tuple[date | None, date | None]:
    """First and last day: the sample holds both ends of a file in order of time."""
    ends = kept.agg(first=kept[column].min(), last=kept[column].max()).to_pyarrow().to_pylist()[0]
    first, last = (end.date() if end else None for end in (ends["first"], ends["last"]))
    return first, last
