"""How the values of a column are read, as conf has it."""

from __future__ import annotations

from typing import Any

from salespipe.init.asking import Question, Said
from salespipe.init.content import ColumnFacts, in_order
from salespipe.init.words import quoted


def time_mapping(facts: ColumnFacts, said: Said) -> tuple[dict[str, Any], list[Question]]:
    """How a column's times are read, and what of it is open."""
    times = facts.times
    if times is None:
        return {"column": facts.name}, []
    if times.seconds:
        seconds = f"make_timestamp(cast({quoted(facts.name)} as bigint) * 1000000)"
        return {"expression": seconds}, []
    asked = []
    if times.ambiguous and said.dates is not None:
        times = in_order(times, said.dates)
    elif times.ambiguous:
        example = ", ".join(facts.examples)
        asked = [Question("dates", f"{facts.name} has {example}: day-first or month-first?", "",
                          "--dates day-first|month-first")]  # fmt: skip
    mapping: dict[str, Any] = {"column": facts.name}
    mapping |= {"formats": list(times.formats)} if times.formats else {}
    if said.timezone != "UTC" and not times.offset:
        mapping["timezone"] = said.timezone
    return mapping, asked


def number_mapping(facts: ColumnFacts, said: Said) -> tuple[dict[str, Any], list[Question]]:
    """How a column's numbers are read, and what of it is open."""
    mapping: dict[str, Any] = {"column": facts.name}
    if facts.marked:
        text = f"regexp_replace({quoted(facts.name)}, '[^0-9.,-]', '', 'g')"
        mapping = {"expression": text}
    decimal = facts.decimal or said.decimal
    if decimal is None:
        example = ", ".join(facts.examples)
        text = f"{facts.name} has {example}: is the decimal mark . or ,?"
        return mapping, [Question("decimal", text, "", "--decimal .|,")]
    return mapping | ({"decimal": ","} if decimal == "," else {}), []


def as_number(facts: ColumnFacts) -> str:
    """A column's value as a number in SQL, whatever its marks."""
    text = f"regexp_replace(cast({quoted(facts.name)} as varchar), '[^0-9.,-]', '', 'g')"
    if facts.decimal == ",":
        text = f"replace(replace({text}, '.', ''), ',', '.')"
    else:
        text = f"replace({text}, ',', '')"
    return f"cast({text} as double)"
