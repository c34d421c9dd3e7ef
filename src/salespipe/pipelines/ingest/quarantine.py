"""Sort mapped rows into kept and quarantined, each refused row with every reason."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis

from salespipe.datasets.engine import run_sql
from salespipe.params_source import TableSource
from salespipe.pipelines.ingest.mapping import GIVEN, LINE, ROW
from salespipe.schemas import CONTRACTS, Field

if TYPE_CHECKING:
    import ibis.expr.types as ir

REASON = "reason"
_KIND = {"timestamp": "a time", "decimal": "a number", "float64": "a number", "int64": "0 or 1"}


def with_reasons(name: str, raw: ir.Table, mapped: ir.Table, source: TableSource) -> ir.Table:
    """Add `reason`: everything that is wrong with a row, or null for a good one.

    Args:
        name: canonical table.
        raw: the source rows with `_row`.
        mapped: `map_table`'s result for them.
        source: the mapping, for what conf refuses and what makes a duplicate.
    """
    refused = _refused(raw, source)
    judged = mapped.join(refused, ROW) if refused is not None else mapped
    faults = _faults(name, mapped, source)
    if refused is not None:
        faults |= {reason: judged[_flag(i)] for i, reason in enumerate(source.refuse)}
    parts = [condition.ifelse(f"{reason}; ", "") for reason, condition in faults.items()]
    text = reduce(lambda left, right: left + right, parts)
    judged = judged.mutate(**{REASON: text.re_replace("; $", "").nullif("")})
    judged = _mark_broken(raw, judged.select(*mapped.columns, REASON))
    return _mark_duplicates(name, raw, judged, source)


def _refused(raw: ir.Table, source: TableSource) -> ir.Table | None:
    if not source.refuse:
        return None
    flags = [
        f"coalesce(try({condition}), false) as {_flag(i)}"
        for i, condition in enumerate(source.refuse.values())
    ]
    return run_sql(raw, f"select {ROW}, {', '.join(flags)} from raw")


def _flag(index: int) -> str:
    return f"_refused_{index}"


def _faults(name: str, mapped: ir.Table, source: TableSource) -> dict[str, ir.BooleanValue]:
    contract = CONTRACTS[name]
    attributes = dict.fromkeys(source.numbers, Field("float64"))
    faults: dict[str, ir.BooleanValue] = {}
    for column, field in {**contract.fields, **attributes}.items():
        given = mapped[GIVEN + column] if GIVEN + column in mapped.columns else ibis.literal(False)
        kind = _KIND.get(field.dtype.split("(")[0])
        if field.required:
            faults[f"{column} is missing"] = ~given
        if kind is not None and GIVEN + column in mapped.columns:
            faults[f"{column} is not {kind}"] = given & mapped[column].isnull()
    for reason, rule in contract.rules.items():
        faults[reason] = ~rule(mapped).fill_null(True)
    return faults


def _mark_broken(raw: ir.Table, judged: ir.Table) -> ir.Table:
    """A line that could not be split has no values that anything could be said of."""
    if LINE not in raw.columns:
        return judged
    joined = judged.join(raw.select(ROW, LINE), ROW)
    broken = joined[LINE].notnull()
    reason = broken.ifelse("line can't be split into the columns", joined[REASON])
    return joined.mutate(**{REASON: reason}).drop(LINE)


def _mark_duplicates(name: str, raw: ir.Table, judged: ir.Table, source: TableSource) -> ir.Table:
    """The first good row of each key stays; without a key of its own, a line is its whole row."""
    key = CONTRACTS[name].key
    if not key:
        return judged
    own_key = all(column in source.columns for column in key)
    if own_key:
        keyed = judged.mutate(_key=ibis.struct({c: judged[c] for c in key}))
    else:
        columns = [column for column in raw.columns if column not in (ROW, LINE)]
        rows = raw.select(ROW, _key=ibis.struct({c: raw[c] for c in columns}))
        keyed = judged.join(rows, ROW)
    window = ibis.window(group_by=[keyed["_key"], keyed[REASON].isnull()], order_by=keyed[ROW])
    again = (ibis.row_number().over(window) > 0) & keyed[REASON].isnull()
    what = " and ".join(key) if own_key else "line"
    numbered = keyed.mutate(_again=again)
    reason = numbered["_again"].ifelse(f"duplicate {what}", numbered[REASON])
    return numbered.mutate(**{REASON: reason}).drop("_key", "_again")


def kept_rows(judged: ir.Table) -> ir.Table:
    """Good rows in source order, in the canonical columns and attributes alone."""
    good = judged.filter(judged[REASON].isnull())
    columns = [c for c in judged.columns if not c.startswith(GIVEN) and c != REASON]
    return good.select(columns).order_by(ROW)


def quarantined_rows(raw: ir.Table, judged: ir.Table) -> ir.Table:
    """Refused rows as the source had them, as text, with `row` (1 is the first) and `reason`."""
    bad = judged.filter(judged[REASON].notnull()).select(ROW, REASON)
    columns = {c: raw[c].cast("string") for c in raw.columns if c not in (ROW, REASON)}
    source = raw.select(ROW, **columns)
    joined = bad.join(source, ROW).order_by(ROW)
    return joined.select(row=joined[ROW], reason=joined[REASON], **{c: joined[c] for c in columns})
