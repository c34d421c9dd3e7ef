"""What the reports share: how one is run, and how figures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from salespipe.monitoring.decide import LEVELS
from salespipe.monitoring.watch import Watched

DIGITS = 3

Metric = Any
"""Evidently's, which is imported when a report is made: it takes some seconds."""


def run_report(
    watched: Watched,
    kind: str,
    metrics: Sequence[Metric],
    now: pd.DataFrame,
    before: pd.DataFrame | None,
) -> Any:
    """Runs a report; the time it is filed under is the day that was looked at."""
    from evidently import DataDefinition, Dataset, Report

    numbers = [str(name) for name in now.columns if pd.api.types.is_numeric_dtype(now[name])]
    others = [str(name) for name in now.columns if name not in numbers]
    shape = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    data = [None if some is None else Dataset.from_pandas(some, shape) for some in (now, before)]
    moment = None if watched.as_of is None else datetime.combine(watched.as_of, datetime.min.time())
    report = Report([_told(watched, kind), *metrics])
    return report.run(data[0], data[1], timestamp=moment, tags=[kind],
                      name=f"{watched.model}: {kind}")  # fmt: skip


def _told(watched: Watched, kind: str) -> Metric:
    from salespipe.monitoring.cards import Told

    decision = watched.decision
    when = "the table" if watched.as_of is None else str(watched.as_of)
    lines = [f"Champion v{watched.version}, looked at as of {when}."]
    lines += [f"- **{one.level}** ({one.kind}): {one.words}" for one in decision.reasons]
    lines += [f"- cannot tell {one}" for one in decision.untold]
    return Told(
        title=f"{watched.model}: {decision.level}, {kind} report",
        level=float(LEVELS.index(decision.level)),
        text="\n".join(lines),
    )


def number(value: float | None) -> str:
    """A number as it is shown; nothing where there is none."""
    return "" if value is None else f"{value:.{DIGITS}f}"


def share(value: float | None) -> str:
    """A share in percent."""
    return "" if value is None else f"{value:.1%}"


def with_interval(figure: Mapping[str, Any]) -> str:
    """A figure with its interval."""
    if figure["value"] is None:
        return "too few to tell"
    if figure["low"] is None:
        return number(figure["value"])
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
