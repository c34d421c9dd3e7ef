"""DuckDB's SQL, in which mappings are written, as Spark says it.

sqlglot translates what both have; here is what it leaves as it is, or what the two read otherwise.
Text that is no value gives null in both, for Spark runs without ANSI's errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp, parse_one
from sqlglot.expressions import Expr

from salespipe.datasets.spark_formats import java_format
from salespipe.errors import SalespipeError

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""A number in digits: Java reads `1d` and `0x1p3` as numbers too."""
DAY = r"^\s*(\d{4,6})([-/ \\])(\d{1,2})\2(\d{1,2})(?=$|[ T])"
TIME = (
    r"^\s*\d{4,6}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d*)?)?)?(\S*[+-]\d\d:\d\d)?\s*$"
)
"""A day with or without a time: Spark reads `2024` and `10:30` as times too."""

WHOLE = (exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT)
BROKEN = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT, exp.DataType.Type.DECIMAL)
TIMES = {
    exp.DataType.Type.TIMESTAMP: "timestamp_ntz",
    exp.DataType.Type.TIMESTAMPTZ: "timestamp_ltz",
}
TEXT = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)


def to_spark(query: str, types: Mapping[str, str] | None = None) -> str:
    """A query or an expression in Spark's words.

    Args:
        query: in DuckDB's words.
        types: Ibis types of the columns it reads; what is not named is text.

    Raises:
        SalespipeError: Spark has no way to say a part of it.
    """
    # a root of its own, so that every node has a parent to be replaced in; the inmost come first
    root = exp.Tuple(expressions=[parse_one(query, dialect="duckdb")])
    for node in reversed(list(root.walk())):
        if node is not root and (said := _translated(node, types or {})) is not node:
            node.replace(said)
    return str(root.expressions[0].sql(dialect="spark"))


def _translated(node: Expr, types: Mapping[str, str]) -> Expr:
    if isinstance(node, exp.Cast):
        return _cast(node, types)
    if isinstance(node, exp.AtTimeZone):
        return _zoned(node)
    if isinstance(node, exp.RegexpReplace):
        return _replaced(node)
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
    rewrite = _FUNCTIONS.get(name) if isinstance(node, exp.Func) else None
    return rewrite(node) if rewrite else node


def _spark(text: str, **parts: Expr) -> Expr:
    """Spark SQL with parts put in its `:places`."""
    tree = parse_one(text, dialect="spark")

    def put(node: Expr) -> Expr:
        if isinstance(node, exp.Placeholder) and str(node.this) in parts:
            return parts[str(node.this)].copy()
        return node

    return tree.transform(put)


def _matches(pattern: str) -> Expr:
    return exp.Literal.string(pattern)


def _cast(node: exp.Cast, types: Mapping[str, str]) -> Expr:
    """Text is held to DuckDB's idea of a value; what has a type already is cast as it is."""
    kind, value = node.to.this, node.this
    known = _type_of(value, types)
    if kind in TEXT:
        return _told_float(value) if known.startswith("float") else node
    if kind in TIMES:
        return _time(value, TIMES[kind])
    if kind in WHOLE and known != "boolean":
        digits = _number(value, exp.DataType.build("decimal(38, 10)"), known)
        return _try(_spark("round(:x)", x=digits), node.to)
    return _number(value, node.to, known) if kind in BROKEN else node


def _type_of(value: Expr, types: Mapping[str, str]) -> str:
    if isinstance(value, exp.Column):
        return types.get(value.name, "string")
    boolean = isinstance(value, exp.Predicate) or (
        isinstance(value, exp.Cast) and value.to.this == exp.DataType.Type.BOOLEAN
    )
    return "boolean" if boolean else "string"


def _number(value: Expr, to: exp.DataType, known: str) -> Expr:
    if known != "string":
        return _try(value, to)
    return _spark("case when cast(:x as string) rlike :p then :c end",
                  x=value, p=_matches(NUMBER), c=_try(value, to))  # fmt: skip


def _try(value: Expr, to: exp.DataType) -> Expr:
    return exp.TryCast(this=value.copy(), to=to.copy(), safe=True)


def _time(value: Expr, kind: str) -> Expr:
    day = _spark("regexp_replace(cast(:x as string), :p, '$1-$3-$4')", x=value, p=_matches(DAY))
    return _spark(f"case when :d rlike :p then try_cast(:d as {kind}) end", d=day, p=_matches(TIME))


def _told_float(column: Expr) -> Expr:
    """12345678.0, and not 1.2345678E7."""
    return _spark(
        "case when :x = floor(:x) and abs(:x) < 1e15 then"
        " concat(cast(cast(:x as decimal(20, 0)) as string), '.0') else cast(:x as string) end",
        x=column,
    )


def _zoned(node: exp.AtTimeZone) -> Expr:
    """A time read in one zone as told in another; a time without a zone can't stand alone."""
    outer, inner = node.parent, node.this.unnest()
    while isinstance(outer, exp.Paren):
        outer = outer.parent
    if isinstance(outer, exp.AtTimeZone):
        return node  # the outer one says both
    if isinstance(inner, exp.AtTimeZone):
        return _spark("convert_timezone(:a, :b, :x)", a=inner.args["zone"], b=node.args["zone"],
                      x=inner.this)  # fmt: skip
    if "AS TIMESTAMP_LTZ" not in inner.sql("spark"):
        raise SalespipeError(
            f"Spark can't read {node.sql('duckdb')!r}: give the column's timezone in source.yml."
        )
    return _spark("convert_timezone('UTC', :b, cast(:x as timestamp_ntz))", b=node.args["zone"],
                  x=inner)  # fmt: skip


def _replaced(node: exp.RegexpReplace) -> Expr:
    """DuckDB replaces the first match alone, Spark all; groups have a backslash, there a dollar."""
    pattern, text = node.expression, node.args.get("replacement")
    options = node.args.get("modifiers")
    if not (isinstance(pattern, exp.Literal) and isinstance(text, exp.Literal)):
        raise SalespipeError(
            f"Spark can't translate {node.sql('duckdb')!r}: use constant patterns."
        )
    words, every = text.name.replace("$", r"\$"), options is not None and "g" in options.name
    shift = 0 if every else 1
    words = re.sub(r"\\(\d)", lambda found: f"${int(found[1]) + shift}", words)
    if every:
        return _spark("regexp_replace(:x, :p, :t)", x=node.this, p=_matches(pattern.name),
                      t=_matches(words))  # fmt: skip
    first = rf"^([\s\S]*?)(?:{pattern.name})([\s\S]*)$"
    rest = re.compile(pattern.name).groups + 2
    return _spark("regexp_replace(:x, :p, :t)", x=node.this, p=_matches(first),
                  t=_matches(f"$1{words}${rest}"))  # fmt: skip


def _tried(node: Expr) -> Expr:
    return exp.paren(_first(node).copy())


def _first(node: Expr) -> Expr:
    found = node.this if isinstance(node.this, exp.Expression) else node.expressions[0]
    assert isinstance(found, exp.Expression)  # noqa: S101 - a call of these has an argument
    return found


def _finite(node: Expr) -> Expr:
    return _spark("(not isnan(:x) and abs(:x) < double('Infinity'))", x=_first(node))


def _parsed(node: Expr) -> Expr:
    """`try_strptime`: each format in turn."""
    text, formats = node.expressions
    each = formats.expressions if isinstance(formats, exp.Array) else [formats]
    tries = [_read_as(text, one.name) for one in each]
    return exp.Coalesce(this=tries[0], expressions=tries[1:])


def _read_as(text: Expr, form: str) -> Expr:
    """A two-digit year is of 1969 to 2068, as in C."""
    read = _spark("cast(try_to_timestamp(:x, :f) as timestamp_ntz)", x=text,
                  f=exp.Literal.string(java_format(form)))  # fmt: skip
    if "%y" not in form:
        return read
    earlier = "cast(:t - interval 100 years as timestamp_ntz)"
    return _spark(f"case when year(:t) > 2068 then {earlier} else :t end", t=read)


_FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "try": _tried,
    "isfinite": _finite,
    "isinf": lambda node: _spark("(abs(:x) = double('Infinity'))", x=_first(node)),
    "try_strptime": _parsed,
}
