"""The few forms that features take: sums in a window, shares, spreads, changes."""

from __future__ import annotations

import ibis.expr.types as ir


def within(seen: ir.Table, days: int) -> ir.BooleanColumn:
    """Facts of the last so many days before `as_of`."""
    return seen.days_ago <= days


def between(seen: ir.Table, newest: int, oldest: int) -> ir.BooleanColumn:
    """Facts more than `newest` and at most `oldest` days before `as_of`."""
    return (seen.days_ago > newest) & (seen.days_ago <= oldest)


def total(column: ir.NumericColumn, where: ir.BooleanColumn | None = None) -> ir.FloatingScalar:
    """Exact sum as float64; 0 where there is nothing to add up.

    Whole numbers are added up as floats, which hold them exactly: DuckDB's own sum of them takes
    128 bits and a fifth longer.
    """
    exact = column if column.type().is_decimal() else column.cast("float64")
    return exact.sum(where=where).fill_null(0).cast("float64")


def share(part: ir.NumericScalar, whole: ir.NumericScalar) -> ir.FloatingScalar:
    """Part by whole; null where the whole is 0."""
    return part / whole.nullif(0)


def balance(now: ir.NumericScalar, before: ir.NumericScalar) -> ir.FloatingScalar:
    """From -1 (all of it before) to 1 (all of it now); 0 where there is nothing."""
    return share(now - before, now + before).fill_null(0.0)


def spread(
    n: ir.IntegerScalar, column: ir.NumericColumn, squares: ir.NumericColumn
) -> ir.FloatingScalar:
    """Sample standard deviation of n values from exact sums; null under two values.

    The difference is taken before the cast to float: equal values give exactly 0.
    """
    sums = column.sum()
    squared = (n * squares.sum() - sums * sums).cast("float64")
    return (squared / (n * (n - 1)).cast("float64").nullif(0)).sqrt()


def latest(column: ir.Column, seen: ir.Table) -> ir.Scalar:
    """The value on the customer's latest order day that has one."""
    return column.argmax(seen.day, where=seen.placed & column.notnull())


def as_float(value: ir.Scalar) -> ir.FloatingScalar:
    """Whole numbers and decimals as float64, nulls kept."""
    return value.cast("float64")
