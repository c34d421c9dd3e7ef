"""The features of a request: the same expressions, compiled to SQL once and cut to size.

A request has a handful of rows, so what it costs is planning and setting up, not work. Hence each
relation's features are a statement of their own, prepared once; customers come numbered; and
aggregates with a filter, an order or distinct values take a form that DuckDB sets up in half the
time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from salespipe.features.build import feature_parts, measure
from salespipe.features.history import collect_inputs

if TYPE_CHECKING:
    from sqlglot import exp

CUSTOMER = "customer"
SNAPSHOTS = {"customer_id": "string", "as_of": "date", CUSTOMER: "int32"}
READ = ("orders", "events", "customers")
"""The tables that features are computed from."""


def compile_features(schemas: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """The SQL of the features of customers that come with their whole history.

    Args:
        schemas: Ibis types by column, by table: those of `READ` that the business has.

    Returns:
        Tables, each with a DuckDB statement for the features that come from it. They read views
        `snapshots` (see `SNAPSHOTS`) and that table, which has the `customer`'s number beside its
        id, and give `customer`, `as_of` and its features; who has no rows in the table has one here
        too.
    """
    snapshots = ibis.table(ibis.schema(SNAPSHOTS), name="snapshots")
    tables = {
        name: ibis.table(ibis.schema({**_numbered(name), **schema}), name=name)
        for name, schema in schemas.items()
    }
    parts = feature_parts(measure(collect_inputs(tables, snapshots)))
    return [(_source_of(part), _sql(part)) for part in parts]


def _numbered(table: str) -> dict[str, str]:
    return {} if table == "customers" else {CUSTOMER: "int32"}


def _source_of(part: ibis.Table) -> str:
    from ibis.expr.operations import UnboundTable

    read = {node.name for node in part.op().find(UnboundTable)} - {"snapshots"}
    (source,) = read
    return str(source)


def _sql(part: ibis.Table) -> str:
    import sqlglot

    tree = sqlglot.parse_one(ibis.to_sql(part, dialect="duckdb"), dialect="duckdb")
    return str(tree.transform(_cheap_to_set_up).sql(dialect="duckdb"))


def _cheap_to_set_up(node: exp.Expression) -> exp.Expression:
    """An aggregate in the form that says the same and has the least to set up."""
    from sqlglot import exp

    if isinstance(node, exp.Filter):
        return _case_for_filter(node)
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct):
        values = exp.Anonymous(this="LIST", expressions=node.this.expressions)
        return exp.Anonymous(this="LIST_UNIQUE", expressions=[values])
    return node


def _case_for_filter(node: exp.Filter) -> exp.Expression:
    from sqlglot import exp

    given, condition = node.this, node.expression.this.copy()

    def case(value: exp.Expression) -> exp.Expression:
        return exp.Case(ifs=[exp.If(this=condition, true=value.copy())])

    if isinstance(given, exp.Sum | exp.Min | exp.Max):
        return type(given)(this=case(given.this))
    if isinstance(given, exp.Count) and isinstance(given.this, exp.Star):
        return exp.Count(this=case(exp.Literal.number(1)))
    if isinstance(given, exp.First):  # of an order: so Ibis says the value at the highest key
        (key,) = given.this.expressions
        kind = exp.ArgMax if key.args["desc"] else exp.ArgMin
        return kind(this=given.this.this.copy(), expression=case(key.this))
    return node
