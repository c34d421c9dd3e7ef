"""Conf of a source as types: how a business's own columns become canonical tables."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from salespipe.params import Params


class ColumnSource(Params):
    """Where one canonical column comes from: a source column, a constant or a DuckDB expression.

    In conf a bare string is short for `{column: …}`.
    """

    column: str | None = None
    """A column of the source."""
    constant: str | int | float | bool | None = None
    """The same value in every row."""
    expression: str | None = None
    """DuckDB SQL over the source columns, which are text in a CSV."""
    formats: tuple[str, ...] = ()
    """strptime formats for times that are not ISO 8601, tried in order."""
    timezone: str = "UTC"
    """The zone that times without one were written in."""
    decimal: Literal[".", ","] = "."
    """The decimal mark of numbers written as text."""

    @model_validator(mode="before")
    @classmethod
    def _column_shorthand(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [v is not None for v in (self.column, self.constant, self.expression)]
        if sum(given) != 1:
            raise ValueError("give exactly one of column, constant and expression")
        return self


class ReadParams(Params):
    """How a source table is read: a file in `data/01_raw/<env>/`, or a query on a database."""

    file: str | None = None
    """A name or pattern; by default `<table>.*`, or the only file there."""
    path: str | None = None
    """Instead of a file there: a Parquet file, or a folder of them, by path or, for Spark, by a URL
    such as `s3a://…` or `hdfs://…`."""
    separator: str | None = None
    """Of a CSV; found by itself unless you say."""
    encoding: str | None = None
    """Of a CSV; UTF-8, or Latin-1 where it is none."""
    sheet: str | None = None
    """Of a workbook; the first unless you say."""
    query: str | None = None
    """SQL on a PostgreSQL database, instead of a file."""
    url: str | None = None
    """Name of the environment variable that holds the database's URL; never the URL itself."""


class TableSource(Params):
    """How one canonical table is made from a business's own columns."""

    read: ReadParams = ReadParams()
    columns: dict[str, ColumnSource]
    """Canonical column -> where it comes from."""
    numbers: tuple[str, ...] = ()
    """Further source columns carried as numeric attributes."""
    categories: tuple[str, ...] = ()
    """Further source columns carried as categorical attributes."""
    refuse: dict[str, str] = Field(default_factory=dict)
    """Reason -> DuckDB condition on the source columns: rows that are no rows of this table."""
    leakage: dict[str, str] = Field(default_factory=dict)
    """Source column -> why it may never be a feature (known only after the outcome)."""


class SourceParams(Params):
    """`conf/<env>/source.yml`: a business's tables, each mapped to its canonical one."""

    orders: TableSource | None = None
    customers: TableSource | None = None
    events: TableSource | None = None
    snapshots: TableSource | None = None

    def tables(self) -> dict[str, TableSource]:
        """The tables this business has, by canonical name."""
        return {name: table for name, table in self if table is not None}
