"""Features of customers that come with their history: training's own expressions, as SQL."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

CUSTOMER = "customer"
"""The number that a request's customers go by; see `salespipe.features.compiled`."""
SCALES = {"quantity": Decimal("0.001"), "unit_price": Decimal("0.0001")}
"""As ingest rounds them."""
ARROW = {
    "string": pa.string(),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp(6)": pa.timestamp("us"),
}


class _Source:
    """A table that a prepared statement reads anew each time: DuckDB asks it for its rows."""

    def __init__(self, schema: pa.Schema) -> None:
        self.empty = schema.empty_table()
        self.table = self.empty

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.empty.schema.__arrow_c_schema__()


class Histories:
    """The features of a business's customers, by their raw history.

    Args:
        schemas: Ibis types by column, by canonical table.
        statements: what `compile_features` made of them: tables and SQL.
    """

    def __init__(
        self, schemas: Mapping[str, Mapping[str, str]], statements: Sequence[tuple[str, str]]
    ) -> None:
        self._schemas = {table: _arrow_schema(table, kinds) for table, kinds in schemas.items()}
        self._statements = statements
        self._engines = threading.local()
        self._engine()
        self._helpers = ThreadPoolExecutor(max(len(statements) - 1, 1), "histories")
        self._warm_up(len(statements) - 1)

    @property
    def names(self) -> set[str]:
        """What the statements compute."""
        return set().union(*self._engine().nothing) - {CUSTOMER, "as_of"}

    def features(
        self, histories: Sequence[Mapping[str, Any]], days: Sequence[date]
    ) -> list[dict[str, Any]]:
        """The features of each, as of its day.

        Args:
            histories: `orders`, and `events` and `customer` where there are some.
            days: as of when each is looked at; nothing may lie on or after it.
        """
        given = {table: _rows(table, histories) for table in self._schemas}
        tables = {
            table: pa.Table.from_pydict(_columns(rows, self._schemas[table]), self._schemas[table])
            for table, rows in given.items()
            if rows
        }
        return self._merged(tables, days)

    def _merged(self, tables: Mapping[str, pa.Table], days: Sequence[date]) -> list[dict[str, Any]]:
        """All statements side by side: DuckDB works without Python's lock."""
        numbers = [n for n, (table, _) in enumerate(self._statements) if table in tables]
        later = [self._helpers.submit(self._run, n, tables, days) for n in numbers[1:]]
        worked = [self._run(n, tables, days) for n in numbers[:1]]
        nothing = self._engine().nothing
        known = {
            name: v for n, row in enumerate(nothing) if n not in numbers for name, v in row.items()
        }
        found = [dict(known) for _ in days]
        for rows in (*worked, *(one.result() for one in later)):
            for row in rows:
                found[row[CUSTOMER]].update(row)
        return found

    def _run(
        self, number: int, tables: Mapping[str, pa.Table], days: Sequence[date]
    ) -> list[dict[str, Any]]:
        return self._engine().run(number, tables, days)

    def _warm_up(self, helpers: int) -> None:
        """Have each helper prepare its statements now, not in a request."""
        together = threading.Barrier(max(helpers, 1))

        def prepare() -> None:
            self._engine()
            together.wait()

        for done in [self._helpers.submit(prepare) for _ in range(max(helpers, 1))]:
            done.result()

    def _engine(self) -> _Engine:
        """DuckDB keeps prepared statements by connection, and a connection to one thread."""
        if not hasattr(self._engines, "one"):
            self._engines.one = _Engine(self._schemas, self._statements)
        engine: _Engine = self._engines.one
        return engine


class _Engine:
    def __init__(
        self, schemas: Mapping[str, pa.Schema], statements: Sequence[tuple[str, str]]
    ) -> None:
        import duckdb

        self._duckdb = duckdb.connect(":memory:", config={"threads": 1})
        snapshots = pa.schema(
            [("customer_id", pa.string()), ("as_of", pa.date32()), (CUSTOMER, pa.int32())]
        )
        self._sources = {t: _Source(s) for t, s in {**schemas, "snapshots": snapshots}.items()}
        for table, source in self._sources.items():
            self._duckdb.register(table, source)
        self._snapshots = snapshots
        for number, (_, sql) in enumerate(statements):
            self._duckdb.execute(f"PREPARE part_{number} AS {sql}")
        self._set({}, [date(2000, 1, 1)])
        # what a table without rows comes to does not depend on the day
        self.nothing = [self._execute(number)[0] for number in range(len(statements))]

    def run(
        self, number: int, tables: Mapping[str, pa.Table], days: Sequence[date]
    ) -> list[dict[str, Any]]:
        """What one statement says of customers numbered from 0."""
        self._set(tables, days)
        found = self._execute(number)
        self._set({}, [])
        return found

    def _set(self, tables: Mapping[str, pa.Table], days: Sequence[date]) -> None:
        for name, source in self._sources.items():
            source.table = tables.get(name, source.empty)
        numbers = range(len(days))
        ids, order = [str(n) for n in numbers], list(numbers)
        rows = {"customer_id": ids, "as_of": list(days), CUSTOMER: order}
        self._sources["snapshots"].table = pa.Table.from_pydict(rows, self._snapshots)

    def _execute(self, number: int) -> list[dict[str, Any]]:
        done = self._duckdb.execute(f"EXECUTE part_{number}")
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def _arrow_schema(table: str, kinds: Mapping[str, str]) -> pa.Schema:
    number = [] if table == "customers" else [(CUSTOMER, pa.int32())]
    return pa.schema([*number, *((name, _arrow_type(kind)) for name, kind in kinds.items())])


def _arrow_type(kind: str) -> pa.DataType:
    if kind.startswith("decimal"):
        precision, scale = kind.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return ARROW[kind]


def _rows(table: str, histories: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of one table over all customers, each with the number and the id of its own."""
    if table == "customers":
        return [
            {**history["customer"], "customer_id": str(number)}
            for number, history in enumerate(histories)
            if "customer" in history
        ]
    return [
        {**row, CUSTOMER: number, "customer_id": str(number)}
        for number, history in enumerate(histories)
        for row in history.get(table, ())
    ]


def _columns(rows: list[dict[str, Any]], schema: pa.Schema) -> dict[str, list[Any]]:
    return {field.name: [_value(row.get(field.name), field) for row in rows] for field in schema}


def _value(value: Any, field: pa.Field) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if pa.types.is_decimal(field.type) and value is not None:
        return Decimal(repr(value)).quantize(SCALES.get(field.name, Decimal("0.0001")))
    return value
