"""Which column is which: by what a person said, by names, then by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from salespipe.init.content import ColumnFacts
from salespipe.init.synonyms import KNOWN, RANK, SHOPIFY, WEAK, plain

SAID, NAMED, SEEN = "as you said", "by its name", "by its values"
_FEW_COUNTS = 200
"""Quantities are small numbers that come again and again."""
_LABELS = ("label", "entity_id", "as_of")


@dataclass(frozen=True)
class Found:
    """A column that was found for a canonical one.

    Attributes:
        column: its name in the file; None for a constant.
        how: what it was found by.
        sure: whether nobody has to be asked.
        constant: the constant a person gave.
    """

    column: str | None
    how: str
    sure: bool = True
    constant: str | None = None


def assign_orders(facts: Sequence[ColumnFacts], said: Mapping[str, str]) -> dict[str, Found]:
    """Columns of a file of order lines, by canonical name."""
    found = _said(said)
    by_name = _named([one for one in facts if one.name not in _columns(found)])
    for target, one in by_name.items():
        if target not in (*_LABELS, *found):
            found[target] = one
    return _by_content(facts, found)


def assign_snapshots(
    facts: Sequence[ColumnFacts], said: Mapping[str, str], label: str | None
) -> dict[str, Found]:
    """Columns of a table of outcomes: label, who it is, and as of when, where they are known."""
    found = _said(said)
    if label is not None:
        found["label"] = Found(label, SAID)
    free = [one for one in facts if one.name not in _columns(found)]
    by_name = _named(free)
    if "label" not in found and (named := label_column(facts)):
        found["label"] = named
    if "entity_id" not in found:
        who = by_name.get("entity_id") or by_name.get("customer_id")
        unique = [one.name for one in free if one.unique and not one.numbers and not one.times]
        if who is None and len(unique) == 1:
            who = Found(unique[0], SEEN)
        found |= {"entity_id": who} if who else {}
    if "as_of" not in found and (when := by_name.get("as_of")):
        found["as_of"] = when
    return found


def label_column(facts: Sequence[ColumnFacts]) -> Found | None:
    """The column that holds an outcome; unsure where only its values say so."""
    outcomes = [one for one in facts if one.outcome]
    named = [one for one in outcomes if KNOWN.get(plain(one.name)) == "label"]
    if named:
        return Found(min(named, key=_rank).name, NAMED)
    return Found(outcomes[-1].name, SEEN, sure=False) if outcomes else None


def is_snapshots(facts: Sequence[ColumnFacts], said: Mapping[str, str]) -> bool:
    """Whether a file is a table of outcomes: it has one, and no order number."""
    if {"label", "entity_id"} & set(said):
        return True
    if "order_id" in said or "order_id" in _named(facts):
        return False
    return label_column(facts) is not None


def _said(said: Mapping[str, str]) -> dict[str, Found]:
    return {
        target: Found(None, SAID, constant=text[1:]) if text.startswith("=") else Found(text, SAID)
        for target, text in said.items()
    }


def _columns(found: Mapping[str, Found]) -> set[str | None]:
    return {one.column for one in found.values()}


def _rank(one: ColumnFacts) -> int:
    return RANK.get(plain(one.name), len(RANK))


def _named(facts: Sequence[ColumnFacts]) -> dict[str, Found]:
    """The best known name for each canonical column, then names that say little."""
    shopify = any(plain(one.name) == "lineitemname" for one in facts)
    items = [one for one in facts if KNOWN.get(plain(one.name)) == "item_id"]
    found: dict[str, Found] = {}
    for one in sorted(facts, key=_rank):
        name = plain(one.name)
        target = (SHOPIFY.get(name) if shopify else None) or KNOWN.get(name)
        # a column without any value can be told by nothing
        if target and one.filled:
            # an "item id" that never comes twice is the line's, where the item has a number too
            a_line = target == "item_id" and one.unique and len(items) > 1 and name == "itemid"
            found.setdefault("line_id" if a_line else target, Found(one.name, NAMED))
    for one in facts:
        if (target := WEAK.get(plain(one.name))) and one.filled:
            found.setdefault(target, Found(one.name, NAMED, sure=False))
    return found


def _by_content(facts: Sequence[ColumnFacts], found: dict[str, Found]) -> dict[str, Found]:
    """Fill what names left open with what the values suggest; only a lone time is beyond doubt."""
    tests: dict[str, Callable[[ColumnFacts], bool]] = {
        "ordered_at": lambda one: one.times is not None,
        "customer_id": lambda one: "@" in "".join(one.examples[:1]),
        "quantity": _counts,
        "unit_price": lambda one: _amounts(one) and "line_total" not in found,
        "order_id": lambda one: _repeats(one) and any(c.isdigit() for c in one.examples[0]),
    }
    for target, fits in tests.items():
        fitting = [one for one in facts if one.name not in _columns(found) and fits(one)]
        if target not in found and fitting:
            sure = target == "ordered_at" and len(fitting) == 1
            found[target] = Found(fitting[0].name, SEEN, sure=sure)
    if "item_id" not in found and "item_name" in found:
        found["item_id"] = Found(found["item_name"].column, "the item's name stands for it")
    return found


def _counts(one: ColumnFacts) -> bool:
    return one.numbers and one.whole and not one.times and one.distinct <= _FEW_COUNTS


def _amounts(one: ColumnFacts) -> bool:
    return one.numbers and not one.whole


def _repeats(one: ColumnFacts) -> bool:
    return bool(one.examples) and not (one.unique or (one.numbers and not one.whole) or one.times)
