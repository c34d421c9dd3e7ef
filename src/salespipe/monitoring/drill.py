"""A fire drill: known faults in a copy of the latest data, and which alarms they set off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from salespipe.monitoring.decide import Decision, Found, decide
from salespipe.monitoring.effects import importance_of
from salespipe.monitoring.faults import FAULTS, Fault
from salespipe.monitoring.feeds import silent_feeds
from salespipe.monitoring.forecasts import looks_at_lines
from salespipe.monitoring.looks import looks_at_orders
from salespipe.monitoring.watch import Subject, drift_of, watch_forecast
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import MonitorParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS = (7, 14, 28)
"""How long before the check a fault is tried to have begun."""

Check = Callable[[Mapping[str, "ir.Table"], date], Decision]
"""What monitoring decides on tables that differ from the true ones from a day on."""


@dataclass(frozen=True)
class Drilled:
    """What became of one fault.

    Attributes:
        fault: its name.
        expected: whether it should be seen.
        alarms: what was told, in words; what is told without the fault is left out.
        level: the decision.
        days: for how many days it had been there when it was first seen; None if it was not.
        smallest: the smallest size that is seen; None where none is, or size means nothing.
        obstacle: why it could not be tried.
    """

    fault: str
    expected: bool
    alarms: tuple[str, ...] = ()
    level: str | None = None
    days: int | None = None
    smallest: float | None = None
    obstacle: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def run_drill(
    tables: Mapping[str, ir.Table], now: date, check: Check, known: Sequence[Fault] = FAULTS
) -> list[Drilled]:
    """Puts each fault into the tables, alone, and looks.

    Args:
        tables: canonical tables.
        now: the day that is looked at.
        check: what monitoring decides on tables.
        known: the faults.
    """
    quiet = {_subject(one.words) for one in check(tables, now).reasons}
    return [_drill(tables, now, check, fault, quiet) for fault in known]


def _drill(
    tables: Mapping[str, ir.Table], now: date, check: Check, fault: Fault, quiet: set[str]
) -> Drilled:
    def alarms_of(days: int, size: float) -> tuple[str, tuple[str, ...]]:
        since = now - timedelta(days)
        faulty = fault.inject(tables, since, size)
        if faulty is None:
            return "", ()
        made = check(faulty, since)
        new = tuple(one.words for one in made.reasons if _subject(one.words) not in quiet)
        return (made.level if new else "ok"), new

    level, alarms = alarms_of(fault.days, fault.size)
    if not level:
        obstacle = "this business has no data that it could be put into"
        return Drilled(fault.name, fault.alarm, obstacle=obstacle)
    if not alarms:
        return Drilled(fault.name, fault.alarm, level=level)
    early = (days for days in DAYS if days < fault.days and alarms_of(days, fault.size)[1])
    seen = takewhile(lambda size: alarms_of(fault.days, size)[1], fault.sizes)
    return Drilled(
        fault=fault.name,
        expected=fault.alarm,
        alarms=alarms,
        level=level,
        days=next(early, fault.days),
        smallest=min(seen, default=None),
    )


def _subject(words: str) -> str:
    """What an alarm is about, less its figures."""
    return words.split(":", maxsplit=1)[0]


def checker(
    tables: Mapping[str, ir.Table], subject: Subject, params: MonitorParams, now: date
) -> Check:
    """What monitoring decides of drift and silent feeds; looks before a fault are made once.

    Args:
        tables: the true ones.
        subject: who is watched.
        params: of monitoring.
        now: the day that is looked at.
    """
    conf = subject.conf
    if isinstance(conf, ForecastParams):
        return lambda faulty, _: watch_forecast(
            looks_at_lines(faulty, now, params.drift), subject, params,
            Found(feeds=silent_feeds(faulty, now, None, 0)),
        ).decision  # fmt: skip
    champion = subject.champion
    true = looks_at_orders(tables, champion, conf, now, params.drift)
    importance = importance_of(champion, true[-1].rows, params.seed)

    def check(faulty: Mapping[str, ir.Table], since: date) -> Decision:
        spoilt = sum(1 for look in true if look.day is not None and look.day > since)
        some = params.drift.model_copy(update={"max_looks": max(spoilt, 1)})
        late = looks_at_orders(faulty, champion, conf, now, some)
        looks = [*(one for one in true if one.day not in {x.day for x in late}), *late]
        looks.sort(key=lambda one: one.day or now)
        drift = drift_of(champion, looks, importance, params)
        return decide(Found(drift=drift, feeds=silent_feeds(faulty, now, None, 0)), params)

    return check
