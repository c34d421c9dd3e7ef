"""From a business's own columns to a canonical table, by conf alone.

Every source value is read into its canonical type or into null; beside each stands whether the
source had something there, so that "missing" and "not a number" can be told apart later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from salespipe.datasets.engine import run_sql
from salespipe.errors import SalespipeError
from salespipe.params_source import ColumnSource, TableSource
from salespipe.schemas import CONTRACTS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlglot.expressions import Expr

ROW = "_row"
LINE = "_line"
GIVEN = "_given_"
TEXT = "_text_"
"""Before the name of a column: what the source has there, as trimmed text."""

_OFFSET = r"(\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(?:([+-]\d\d):?(\d\d)|Z)$"
_THOUSANDS = {".": r"^-?\d{1,3}(,\d{3})+(\.\d+)?$", ",": r"^-?\d{1,3}(\.\d{3})+(,\d+)?$"}
_GROUP_MARK = {".": ",", ",": "."}

_DEFAULTS = {
    "orders": {
        "line_id": ColumnSource(expression=ROW),
        "status": ColumnSource(constant="completed"),
    },
    "snapshots": {
        "entity_id": ColumnSource(expression=ROW),
        "position": ColumnSource(expression=ROW),
    },
}


def map_table(name: str, raw: ir.Table, source: TableSource) -> ir.Table:
    """Give a source table its canonical columns and types.

    Args:
        name: canonical table, one of `salespipe.schemas.CONTRACTS`.
        raw: the source rows with their number in `_row`.
        source: the mapping from `conf/<env>/source.yml`.

    Returns:
        `_row`, the canonical columns, attributes, and for each of them `_given_<column>`:
        whether the source had a value there.

    Raises:
        SalespipeError: a column the mapping names is not in the source, is no column of the
            canonical table, or is named as leakage.
    """
    sources = {**_DEFAULTS.get(name, {}), **source.columns}
    _check_targets(name, sources)
    _check_leakage(name, source)
    _check_source_columns(name, raw.columns, source)
    attributes = dict.fromkeys(source.numbers, "float64") | dict.fromkeys(
        source.categories, "category"
    )
    sources |= {column: ColumnSource(column=column) for column in attributes}
    texts = [f"{_source_text(how)} as {_quote(TEXT + name)}" for name, how in sources.items()]
    selects = [_quote(ROW)]
    for column, field in CONTRACTS[name].fields.items():
        selects += _select(column, field.dtype, sources.get(column))
    for column, dtype in attributes.items():
        selects += _select(column, dtype, sources[column])
    read = f"select {_quote(ROW)}, {', '.join(texts)} from raw"
    return run_sql(raw, f"select {', '.join(selects)} from ({read}) as texts")


def _select(column: str, dtype: str, mapping: ColumnSource | None) -> list[str]:
    text = _quote(TEXT + column)
    if mapping is None:
        sql_type = "varchar" if dtype in ("string", "category") else _sql_type(dtype)
        return [f"cast(null as {sql_type}) as {_quote(column)}"]
    value = _typed(column, dtype, text, mapping)
    return [
        f"{value} as {_quote(column)}",
        f"{text} is not null as {_quote(GIVEN + column)}",
    ]


def _source_text(mapping: ColumnSource) -> str:
    """The source value as trimmed text, null where there is nothing."""
    if mapping.constant is not None:
        constant = str(mapping.constant).replace("'", "''")
        return f"'{constant}'"
    if mapping.column is not None:
        return _text(_quote(mapping.column))
    return _text(_tolerant(mapping.expression or ""))


def _tolerant(expression: str) -> str:
    """Null where an expression fails on a row; a window, which DuckDB can't try, fails as one."""
    from sqlglot import exp

    windowed = _parsed("a table", expression).find(exp.Window) is not None
    return f"({expression})" if windowed else f"try({expression})"


def _text(expression: str) -> str:
    return f"nullif(trim(cast({expression} as varchar)), '')"


def _typed(column: str, dtype: str, text: str, mapping: ColumnSource) -> str:
    if dtype.startswith("timestamp"):
        return _timestamp(text, mapping)
    if dtype.startswith("decimal"):
        return f"try_cast({_number(text, mapping)} as {_sql_type(dtype)})"
    if dtype == "float64":
        value = f"try_cast({_number(text, mapping)} as double)"
        return f"case when isfinite({value}) then {value} end"
    if dtype == "int64":
        # a condition gives true or false, a file 1, 1.0 or "true"
        return f"coalesce(try_cast({text} as bigint), cast(try_cast({text} as boolean) as bigint))"
    if column.endswith("_id"):
        # spreadsheets turn the id 17850 into 17850.0
        return rf"regexp_replace({text}, '^(-?\d+)\.0+$', '\1')"
    return text


def _timestamp(text: str, mapping: ColumnSource) -> str:
    """UTC: an offset in the text wins; else the text is read in the column's own zone."""
    # DuckDB reads an offset only behind seconds and with its colon
    whole, short = (
        rf"try_cast(regexp_replace({text}, '{_OFFSET}', '{parts}') as timestamptz)"
        for parts in (r"\1\2\3:\4", r"\1:00\3:\4")
    )
    with_offset = f"coalesce({whole}, {short}) at time zone 'UTC'"
    zulu = rf"try_cast(regexp_replace({text}, 'Z$', '') as timestamp)"
    formats = ", ".join(f"'{f}'" for f in mapping.formats)
    parsed = f"try_cast({text} as timestamp)"
    if formats:
        parsed = f"coalesce(try_strptime({text}, [{formats}]), {parsed})"
    if mapping.timezone != "UTC":
        parsed = f"({parsed} at time zone '{mapping.timezone}') at time zone 'UTC'"
    return (
        f"case when regexp_matches({text}, '{_OFFSET}') then "
        f"case when ends_with({text}, 'Z') then {zulu} else {with_offset} end else {parsed} end"
    )


def _number(text: str, mapping: ColumnSource) -> str:
    """Text with its group marks gone and a decimal point; a lone group mark stays and fails."""
    mark = _GROUP_MARK[mapping.decimal]
    grouped = f"regexp_matches({text}, '{_THOUSANDS[mapping.decimal]}')"
    plain = f"case when {grouped} then replace({text}, '{mark}', '') else {text} end"
    if mapping.decimal == ",":
        # a point that is no group mark must not turn into another number
        plain = f"case when {grouped} or not contains({text}, '.') then {plain} end"
        return f"replace({plain}, ',', '.')"
    return plain


def _check_targets(name: str, sources: dict[str, ColumnSource]) -> None:
    contract = CONTRACTS[name]
    if unknown := sorted(set(sources) - set(contract.fields)):
        raise SalespipeError(
            f"source.yml: {name} has no column {_listed(unknown)}; "
            f"it has {_listed(list(contract.fields))}."
        )
    if missing := [column for column in contract.required if column not in sources]:
        raise SalespipeError(
            f"source.yml: {name} needs {_listed(missing)}; say under columns where they come from."
        )


def _check_leakage(name: str, source: TableSource) -> None:
    for column in (*source.numbers, *source.categories):
        if reason := source.leakage.get(column):
            raise SalespipeError(
                f"source.yml: {name} may not use {column!r} as a feature: {reason}. "
                "Take it out of numbers and categories."
            )


def _check_source_columns(name: str, present: tuple[str, ...], source: TableSource) -> None:
    needed = {m.column for m in source.columns.values() if m.column}
    needed |= {*source.numbers, *source.categories}
    for expression in [m.expression for m in source.columns.values() if m.expression]:
        needed |= _columns_in(name, expression)
    for condition in source.refuse.values():
        needed |= _columns_in(name, condition)
    lower = {column.lower() for column in present}
    if missing := sorted(c for c in needed if c.lower() not in lower):
        has = _listed([c for c in present if c not in (ROW, LINE)])
        raise SalespipeError(
            f"The {name} file has no column {_listed(missing)}; it has {has}. "
            "Mend the file, or its mapping in source.yml."
        )


def _columns_in(name: str, expression: str) -> set[str]:
    from sqlglot import exp

    return {c.name for c in _parsed(name, expression).find_all(exp.Column)} - {ROW}


def _parsed(name: str, expression: str) -> Expr:
    import sqlglot

    try:
        return sqlglot.parse_one(expression, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        first_line = re.sub(r"\x1b\[\d*m", "", str(error)).splitlines()[0]
        raise SalespipeError(
            f"source.yml: {name} has an expression that is no SQL: {expression!r}: {first_line}"
        ) from error


def _sql_type(dtype: str) -> str:
    return {"float64": "double", "int64": "bigint", "timestamp(6)": "timestamp"}.get(dtype, dtype)


def _quote(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
