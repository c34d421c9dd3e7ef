"""The canonical tables: which columns they have, of which type, and what makes a row one of theirs.

One list of fields and rules serves both ways: ingest turns each broken rule into the reason a row
is quarantined, and pandera holds the kept tables to the same rules at the boundary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from pandera.ibis import DataFrameSchema

MONEY = "decimal(18, 4)"
QUANTITY = "decimal(18, 3)"
"""Exact, so that a sum is the same in any order of rows and on any number of threads."""

EARLIEST = "1990-01-01"
LATEST = "2100-01-01"

ORDER_STATUS = ("completed", "cancelled", "returned")


@dataclass(frozen=True)
class Field:
    """One canonical column: its Ibis type and whether a row may lack it."""

    dtype: str
    required: bool = False


@dataclass(frozen=True)
class TableContract:
    """A canonical table.

    Attributes:
        key: columns that name a row; a second row with the same key is a duplicate.
        fields: column name to field, in the order they are written.
        rules: reason a row is refused -> expression that is true for a good row
            (a null result counts as good: what is missing is judged by `required`).
        open: whether attribute columns named in conf may follow the fields.
    """

    key: tuple[str, ...]
    fields: Mapping[str, Field]
    rules: Mapping[str, Callable[[ir.Table], Any]] = field(default_factory=dict)
    open: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row is refused."""
        return tuple(name for name, column in self.fields.items() if column.required)


def _plausible(column: str) -> Callable[[ir.Table], Any]:
    def rule(table: ir.Table) -> Any:
        import ibis

        return table[column].between(ibis.timestamp(EARLIEST), ibis.timestamp(LATEST))

    return rule


CONTRACTS: dict[str, TableContract] = {
    "orders": TableContract(
        key=("order_id", "line_id"),
        fields={
            "order_id": Field("string", required=True),
            "line_id": Field("string", required=True),
            "customer_id": Field("string", required=True),
            "ordered_at": Field("timestamp(6)", required=True),
            "item_id": Field("string", required=True),
            "quantity": Field(QUANTITY, required=True),
            "unit_price": Field(MONEY, required=True),
            "item_name": Field("string"),
            "category": Field("string"),
            "country": Field("string"),
            "channel": Field("string"),
            "status": Field("string"),
            "reverses_line_id": Field("string"),
        },
        rules={
            "quantity is zero": lambda t: t.quantity != 0,
            "unit_price is negative": lambda t: t.unit_price >= 0,
            f"ordered_at is not between {EARLIEST} and {LATEST}": _plausible("ordered_at"),
            f"status is none of {', '.join(ORDER_STATUS)}": lambda t: t.status.isin(ORDER_STATUS),
        },
    ),
    "customers": TableContract(
        key=("customer_id",),
        fields={
            "customer_id": Field("string", required=True),
            "signed_up_at": Field("timestamp(6)"),
            "opted_out_at": Field("timestamp(6)"),
        },
        open=True,
    ),
    "events": TableContract(
        key=(),
        fields={
            "customer_id": Field("string", required=True),
            "occurred_at": Field("timestamp(6)", required=True),
            "kind": Field("string", required=True),
            "channel": Field("string"),
        },
        rules={
            f"occurred_at is not between {EARLIEST} and {LATEST}": _plausible("occurred_at"),
        },
    ),
    "snapshots": TableContract(
        key=(),
        fields={
            "entity_id": Field("string", required=True),
            "as_of": Field("timestamp(6)"),
            "position": Field("int64", required=True),
            "label": Field("int64", required=True),
        },
        rules={"label is neither 0 nor 1": lambda t: t.label.isin([0, 1])},
        open=True,
    ),
}


def pandera_schema(table: str) -> DataFrameSchema:
    """The contract of a canonical table as a pandera schema over Ibis.

    Args:
        table: one of `CONTRACTS`.
    """
    import ibis
    import pandera.ibis as pa

    contract = CONTRACTS[table]
    columns = {
        name: pa.Column(ibis.dtype(column.dtype), nullable=not column.required, required=True)
        for name, column in contract.fields.items()
    }
    checks = [
        pa.Check(lambda data, rule=rule: rule(data.table).fill_null(True), error=reason)
        for reason, rule in contract.rules.items()
    ]
    return pa.DataFrameSchema(columns, checks=checks, strict=not contract.open, name=table)
