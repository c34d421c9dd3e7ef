"""Which feeds have gone silent: tables, and kinds within them, by their own longest pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOMENTS = {"orders": ("ordered_at", "channel"), "events": ("occurred_at", "kind")}
"""Table to the column that says when, and the one that tells its feeds apart."""
SLACK_DAYS = 2
MIN_DAYS = 30
"""Days with rows that a feed has to have had, to know its pauses."""


@dataclass(frozen=True)
class Silence:
    """A feed that brings nothing any more.

    Attributes:
        feed: table, and kind within it.
        last: day of its last row.
        days: how long it has been silent.
        longest: its longest pause before.
    """

    feed: str
    last: str
    days: int
    longest: int

    @property
    def words(self) -> str:
        """The same in words."""
        return (
            f"{self.feed}: nothing since {self.last}, for {self.days} days; its longest pause "
            f"before was {self.longest}"
        )


def silent_feeds(
    tables: Mapping[str, ir.Table], now: date, today: date | None, slack_days: int
) -> tuple[Silence, ...]:
    """The feeds whose pause is longer than any before it.

    Args:
        tables: canonical tables.
        now: the day after the last order, or an earlier one that is looked from.
        today: the calendar's; None leaves the whole feed of orders out.
        slack_days: how much later than its longest pause the calendar's day may be.
    """
    found = [
        silence
        for table, (moment, kind) in MOMENTS.items()
        if table in tables
        for silence in _of_table(tables[table], table, moment, kind, now)
    ]
    return (*found, *_of_calendar(tables, today, slack_days))


def _of_table(
    table: ir.Table, name: str, moment: str, kind: str, now: date
) -> list[Silence]:  # fmt: skip
    days = _days(table, moment, kind if kind in table.columns else None, now)
    whole = [] if name == "orders" else [(name, days["day"].drop_duplicates())]
    parts = [(f"{name}, {one}", some["day"]) for one, some in days.groupby("feed")]
    found = (silence_of(feed, some, now, SLACK_DAYS) for feed, some in (*whole, *parts))
    return [one for one in found if one is not None]


def _days(table: ir.Table, moment: str, kind: str | None, now: date) -> pd.DataFrame:
    """Each day on which a feed brought something."""
    named = table.mutate(day=table[moment].date())
    feed = named[kind] if kind else named.day.cast("string").substr(0, 0)
    found = named.mutate(feed=feed).filter(named.day < now).select("feed", "day").distinct()
    return pd.DataFrame(found.order_by("feed", "day").to_pandas())


def silence_of(feed: str, days: pd.Series, now: date, slack: int) -> Silence | None:
    """Whether a feed has been silent for longer than ever before, and `slack` days more."""
    known = np.sort(pd.to_datetime(days).unique()).astype("datetime64[D]")
    if len(known) < MIN_DAYS:
        return None
    longest = int(np.diff(known).astype(int).max()) - 1
    silent = int((np.datetime64(now) - known[-1]).astype(int)) - 1
    if silent <= longest + slack:
        return None
    return Silence(feed, str(known[-1]), silent, longest)


def _of_calendar(
    tables: Mapping[str, ir.Table], today: date | None, slack: int
) -> list[Silence]:  # fmt: skip
    if today is None or "orders" not in tables:
        return []
    days = _days(tables["orders"], "ordered_at", None, today)["day"]
    found = silence_of("orders", days, today, slack)
    return [found] if found else []
