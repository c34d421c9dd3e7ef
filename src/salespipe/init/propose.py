"""A mapping to the canonical tables, proposed from what is known of a file's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from salespipe.init.asking import Choice, Proposal, Question, Said, ask
from salespipe.init.assign import (
    SAID,
    Found,
    assign_orders,
    assign_snapshots,
    is_snapshots,
)
from salespipe.init.content import ColumnFacts
from salespipe.init.status import status_mapping
from salespipe.init.synonyms import LEAKS, plain
from salespipe.init.values import as_number, number_mapping, time_mapping
from salespipe.init.words import literal, quoted, split
from salespipe.schemas import CONTRACTS

_MOST_KINDS = 50
"""A category with more values than this tells little of a customer."""
_SENSITIVE = frozenset(
    [
        "gender",
        "sex",
        "age",
        "birth",
        "marital",
        "married",
        "partner",
        "dependents",
        "senior",
        "family",
        "children",
        "religion",
        "race",
        "ethnic",
        "ethnicity",
        "nationality",
        "disability",
        "geschlecht",
        "alter",
        "familienstand",
        "sexe",
        "genre",
    ]
)
_GENERATED = ("line_id", "status", "position", "reverses_line_id")
"""What ingest makes itself where a source lacks it."""


def propose(facts: Sequence[ColumnFacts], said: Said) -> Proposal:
    """Map a file's columns to orders, or to snapshots where it is a table of outcomes.

    Args:
        facts: what is known of each column.
        said: what a person has said already.
    """
    if said.label is not None or is_snapshots(facts, said.maps):
        return _propose_snapshots(facts, said)
    return _propose_orders(facts, said)


def _propose_orders(facts: Sequence[ColumnFacts], said: Said) -> Proposal:
    found = assign_orders(facts, said.maps)
    known = {one.name: one for one in facts}
    columns: dict[str, Choice] = {}
    questions = [ask(target, one) for target, one in found.items() if not one.sure]
    for target in CONTRACTS["orders"].fields:
        if one := found.get(target):
            columns[target], asked = _choice(target, one, known, said)
            questions += asked
    _mend_item(columns, found, known)
    _price_of_total(columns, found, known)
    status, refuse = status_mapping(found, known, said.once)
    if status is not None:
        columns["status"] = Choice(*status)
    else:
        columns.pop("status", None)
    open_ = [t for t in CONTRACTS["orders"].required if t not in columns and t not in _GENERATED]
    questions += [ask(target, None) for target in open_]
    used = {one.column for one in found.values()}
    unused = tuple(one.name for one in facts if one.name not in used)
    return Proposal(
        "orders", columns, refuse=refuse, unused=unused, questions=_once_each(questions)
    )


def _choice(
    target: str, found: Found, known: Mapping[str, ColumnFacts], said: Said
) -> tuple[Choice, list[Question]]:
    if found.column is None:
        return Choice({"constant": found.constant}, None, SAID), []
    facts = known[found.column]
    dtype = CONTRACTS["orders"].fields.get(target) or CONTRACTS["snapshots"].fields[target]
    if dtype.dtype.startswith("timestamp"):
        mapping, asked = time_mapping(facts, said)
    elif dtype.dtype.startswith("decimal"):
        mapping, asked = number_mapping(facts, said)
    else:
        mapping, asked = {"column": facts.name}, []
    if facts.name in said.once and "column" in mapping:
        name = mapping.pop("column")
        mapping = {"expression": f"max({quoted(name)}) over (partition by {_order(known, said)})"
                   } | mapping  # fmt: skip
    short = mapping["column"] if set(mapping) == {"column"} else mapping
    return Choice(short, facts.name, found.how), asked


def _order(known: Mapping[str, ColumnFacts], said: Said) -> str:
    found = assign_orders(list(known.values()), said.maps)["order_id"]
    return quoted(found.column or "")


def _mend_item(
    columns: dict[str, Choice], found: Mapping[str, Found], known: Mapping[str, ColumnFacts]
) -> None:
    """Where some items have no number, their name stands for it."""
    item, name = found.get("item_id"), found.get("item_name")
    if not (item and name and item.column and name.column) or item.column == name.column:
        return
    if known[item.column].filled < 1 and item.how != SAID:
        text = f"nullif(trim(cast({quoted(item.column)} as varchar)), '')"
        mapping = {"expression": f"coalesce({text}, {quoted(name.column)})"}
        columns["item_id"] = Choice(mapping, item.column, f"{item.how}; its name where it has none")


def _price_of_total(
    columns: dict[str, Choice], found: Mapping[str, Found], known: Mapping[str, ColumnFacts]
) -> None:
    """A line's amount by its quantity, where no price of one piece is there."""
    total, quantity = found.get("line_total"), found.get("quantity")
    if "unit_price" in columns or not total or not total.column or not total.sure or not quantity:
        return
    pieces = "1" if quantity.column is None else as_number(known[quantity.column])
    each = f"round({as_number(known[total.column])} / nullif({pieces}, 0), 4)"
    columns["unit_price"] = Choice({"expression": each}, total.column, "line total / quantity")


def _propose_snapshots(facts: Sequence[ColumnFacts], said: Said) -> Proposal:
    found = assign_snapshots(facts, said.maps, said.label)
    known = {one.name: one for one in facts}
    columns: dict[str, Choice] = {}
    questions = [ask(target, one) for target, one in found.items() if not one.sure]
    for target in CONTRACTS["snapshots"].fields:
        if one := found.get(target):
            columns[target], asked = _choice(target, one, known, said)
            questions += asked
    if label := found.get("label"):
        columns["label"] = _label(known[label.column or ""], label.how)
    else:
        questions.append(ask("label", None))
    free = [one for one in facts if one.name not in {f.column for f in found.values()}]
    leakage = {one.name: why for one in free if (why := LEAKS.get(plain(one.name)))}
    rest = [one for one in free if one.name not in leakage]
    numbers = tuple(one.name for one in rest if _measures(one))
    categories = tuple(one.name for one in rest if _groups(one))
    used = {*numbers, *categories}
    return Proposal(
        "snapshots",
        columns,
        numbers,
        categories,
        tuple(one.name for one in rest if one.name in used and is_sensitive(one.name)),
        leakage=leakage,
        unused=tuple(one.name for one in rest if one.name not in used),
        questions=_once_each(questions),
    )


def _label(facts: ColumnFacts, how: str) -> Choice:
    if facts.outcome is None or set(facts.outcome) <= {"0", "1"}:
        return Choice(facts.name, facts.name, how)
    ordered = sorted(facts.outcome.items(), key=lambda item: -item[1])
    cases = " ".join(f"when {literal(value)} then {outcome}" for value, outcome in ordered)
    return Choice({"expression": f"case {quoted(facts.name)} {cases} end"}, facts.name, how)


def _measures(one: ColumnFacts) -> bool:
    # numbers of a table are read with a decimal point, and two values are two groups
    plain_numbers = one.numbers and not one.marked and one.decimal == "."
    return plain_numbers and one.distinct > 2 and not _is_id(one)  # noqa: PLR2004


def _groups(one: ColumnFacts) -> bool:
    return not _measures(one) and one.times is None and 1 < one.distinct <= _MOST_KINDS


def _is_id(one: ColumnFacts) -> bool:
    return one.unique and one.whole and one.distinct > _MOST_KINDS


def is_sensitive(name: str) -> bool:
    """Whether a name is one that the audit should look at, not a feature."""
    return any(word in _SENSITIVE for word in (*split(name), "".join(split(name))))


def _once_each(questions: Sequence[Question]) -> tuple[Question, ...]:
    return tuple({one.about: one for one in questions}.values())
