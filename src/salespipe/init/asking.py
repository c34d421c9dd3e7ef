"""What a person has said, what is proposed, and what only a person can say."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from salespipe.init.assign import Found
from salespipe.init.content import DayOrder

TableName = Literal["orders", "snapshots"]


@dataclass(frozen=True)
class Said:
    """What a person has said already.

    Attributes:
        maps: canonical column -> the file's, or `=` and a constant.
        label: the column of the outcome.
        dates: which of day and month comes first.
        decimal: the decimal mark of numbers.
        timezone: where times without an offset were written.
        once: columns that only the first line of an order fills.
    """

    maps: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    dates: DayOrder | None = None
    decimal: Literal[".", ","] | None = None
    timezone: str = "UTC"
    once: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    """What only a person can say.

    Attributes:
        about: a canonical column, `dates`, `decimal` or `label`.
        text: the question.
        suggested: the likeliest answer; empty where there is none.
        flag: the option that answers it.
    """

    about: str
    text: str
    suggested: str
    flag: str


@dataclass(frozen=True)
class Choice:
    """One canonical column: its mapping as conf has it, and where it comes from."""

    mapping: Any
    column: str | None
    how: str


@dataclass(frozen=True)
class Proposal:
    """What would go to `source.yml`, and what is open."""

    table: TableName
    columns: dict[str, Choice]
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    refuse: dict[str, str] = field(default_factory=dict)
    leakage: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    def source(self) -> dict[str, Any]:
        """The content of `source.yml`."""
        columns = {target: choice.mapping for target, choice in self.columns.items()}
        more = {"numbers": self.numbers, "categories": self.categories, "refuse": self.refuse}
        more |= {"leakage": self.leakage}
        kept = {k: list(v) if isinstance(v, tuple) else v for k, v in more.items() if v}
        return {self.table: {"columns": columns, **kept}}


def ask(target: str, found: Found | None) -> Question:
    """What to ask of a column that is open, or not sure."""
    option = "--label " if target == "label" else f"--map {target}="
    if found is None or found.column is None:
        return Question(target, f"Which column is {target}?", "", option + "COLUMN")
    answer = option + shlex.quote(found.column)
    return Question(target, f"Is {found.column} the {target}?", found.column, answer)
