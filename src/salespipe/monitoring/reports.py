"""The three reports as Evidently snapshots: drift, quality and bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.groups import groups_of
from salespipe.monitoring.bias import BOTH, RATES, Gap, judged_rows, selected
from salespipe.monitoring.decide import LEVELS
from salespipe.monitoring.effects import sample
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.watch import Watched
from salespipe.params_monitor import MonitorParams

SHOWN_COLUMNS = 8
DIGITS = 3

Metric = Any
"""Evidently's, which is imported when a report is made: it takes some seconds."""


def make_reports(watched: Watched, params: MonitorParams) -> dict[str, Any]:
    """Evidently snapshots by name: drift, quality, bias.

    Args:
        watched: what was found.
        params: how many rows are drawn into them.
    """
    parts: dict[str, Callable[[Watched, MonitorParams], Any]] = {
        "drift": drift_report,
        "quality": quality_report,
        "bias": bias_report,
    }
    return {name: part(watched, params) for name, part in parts.items()}


def _run(
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


def drift_report(watched: Watched, params: MonitorParams) -> Any:
    """What moved, each column against its own limit, and the strongest ones drawn."""
    from evidently.metrics import ValueDrift

    now, before = (_drawn(look, watched, params) for look in compared(watched))
    shown = [row for row in watched.found.drift.columns if row["kind"] == "shape"]
    drawn = [
        ValueDrift(column=row["column"], method="jensenshannon", threshold=row["limit"])
        for row in shown[:SHOWN_COLUMNS]
        if now[row["column"]].notna().any() and before[row["column"]].notna().any()
    ]
    return _run(watched, "drift", [_movements(watched), *drawn], now, before)


def compared(watched: Watched) -> tuple[Look, Look]:
    """Now, and the look that it is shown beside."""
    reference = watched.found.drift.reference
    before = next((one for one in watched.looks if one.name == reference), watched.looks[0])
    return watched.looks[-1], before


def _drawn(look: Look, watched: Watched, params: MonitorParams) -> pd.DataFrame:
    """A look's features and scores as Evidently takes them: floats, text, nothing else."""
    rows = sample(look.rows, params.report_rows, params.seed)
    kinds = {one.name: one.kind for one in watched.features}
    columns = {
        name: rows[name].astype("float64") if kind == "number" else _text(rows[name])
        for name, kind in kinds.items()
    }
    if PREDICTION in rows:
        columns[PREDICTION] = rows[PREDICTION]
    return pd.DataFrame(columns).reset_index(drop=True)


def _text(column: pd.Series) -> pd.Series:
    return column.astype("string").astype(object)


def _movements(watched: Watched) -> Metric:
    from evidently.tests import lte

    from salespipe.monitoring.cards import Movements

    drift = watched.found.drift
    told = [
        [row["column"], _share(watched.importance.get(row["column"])), _number(row["distance"]),
         _number(row["usual"]), _number(row["limit"]), row["kind"], row["reference"],
         "ALARM" if row["alarm"] else "normal"]
        for row in drift.columns
    ]  # fmt: skip
    return Movements(
        title="How far each column moved, beside how far it ever did",
        figures={row["column"]: row["distance"] for row in drift.columns},
        columns=["column", "importance", "moved", "most so far", "limit", "kind", "against", ""],
        rows=told,
        tests={row["column"]: [lte(row["limit"])] for row in drift.columns},
    )


def quality_report(watched: Watched, params: MonitorParams) -> Any:
    """Figures of scores whose outcomes are known, look by look, and of the latest its curves."""
    from evidently.metrics import MeanValue

    now, _ = compared(watched)
    rows = _drawn(now, watched, params)
    scores = [MeanValue(column=PREDICTION)] if PREDICTION in rows else []
    return _run(watched, "quality", [*_figures(watched), *scores], rows, None)


def _figures(watched: Watched) -> list[Metric]:
    from salespipe.monitoring.cards import Figures

    quality = watched.found.quality
    broken = {(one.look, one.figure) for one in quality.findings}
    tables = []
    for look in quality.looks:
        figures: Mapping[str, Interval] = look["figures"]
        told = [
            [name, _interval(figure), _interval(_promise(quality.promised, look, name)),
             "BROKEN" if {(look["look"], name), (look["look"], f"{look['look']}.{name}")} & broken
             else ""]
            for name, figure in figures.items()
        ]  # fmt: skip
        learned = ", which the champion learned from" if look["learned"] else ""
        tables.append(
            Figures(
                title=f"{look['look']}: {look['rows']:,} rows{learned}",
                figures={n: f["value"] for n, f in figures.items() if f["value"] is not None},
                columns=["figure", "found (95%)", "promised (95%)", ""],
                rows=told,
            )
        )
    return tables[::-1]


def _promise(promised: Mapping[str, Interval], look: Mapping[str, Any], name: str) -> Interval:
    nothing: Interval = dict.fromkeys(("value", "low", "high"))
    return promised.get(name) or promised.get(f"{look['look']}.{name}") or nothing


def bias_report(watched: Watched, params: MonitorParams) -> Any:
    """Rates by group, gaps with intervals and tests, waivers, and what could be done."""
    found = judged_rows(watched.looks) if watched.sensitive else None
    if found is None:
        return _run(watched, "bias", [], pd.DataFrame({"nobody": [0.0]}), None)
    rows = _people(found[1], watched.sensitive, params)
    gaps = watched.found.bias.gaps
    alone = [one for one in gaps if BOTH not in one.attribute and one.figure in RATES]
    metrics = [
        _gap_table(gaps), _group_table(watched), *_options(watched),
        *(_gap_test(one) for one in alone if one.value is not None),
    ]  # fmt: skip
    return _run(watched, "bias", metrics, rows, None)


def _people(
    rows: pd.DataFrame, columns: Sequence[str], params: MonitorParams
) -> pd.DataFrame:  # fmt: skip
    """Groups, outcome and selection of each row."""
    score = rows[PREDICTION].to_numpy(dtype=np.float64)
    groups = {name: groups_of(rows[name]).astype(object) for name in columns if name in rows}
    return pd.DataFrame(groups).assign(
        label=(rows["label"].to_numpy(dtype=np.float64) > 0).astype(int),
        selected=selected(score, params.bias.contact_share).astype(int),
        score=score,
    )


def _gap_test(gap: Gap) -> Metric:
    """A gap with its bound as a test: it fails where the interval does, else it warns."""
    from evidently.tests import lte

    from salespipe.monitoring.cards import GroupGap

    critical = gap.verdict == "above"
    tests = [] if gap.bound is None else [lte(gap.bound, is_critical=critical)]
    return GroupGap(
        attribute=gap.attribute,
        rate=gap.figure,
        told=_verdict(gap),
        verdict=gap.verdict,
        groups=list(gap.groups or ()),
        tests=tests,
    )


def _verdict(gap: Gap) -> str:
    most, least = gap.groups or ("", "")
    words = f"{most} above {least} by {_interval(gap.__dict__)}"
    bound = "" if gap.bound is None else f", bound {gap.bound:.2f}: {gap.verdict}"
    return words + bound + (f", waived by {gap.waiver}" if gap.verdict == "waived" else "")


def _gap_table(gaps: Sequence[Gap]) -> Metric:
    from salespipe.monitoring.cards import Gaps

    told = [
        [one.attribute, one.figure.replace("_", " "), *(one.groups or ("", "")),
         _interval(one.__dict__), _number(one.bound), one.verdict, one.waiver or ""]
        for one in gaps
    ]  # fmt: skip
    return Gaps(
        title="The widest gap of each attribute and figure",
        figures={f"{g.figure} by {g.attribute}": g.value for g in gaps if g.value is not None},
        columns=["attribute", "figure", "more", "less", "gap (95%)", "bound", "verdict", "waiver"],
        rows=told,
    )


def _group_table(watched: Watched) -> Metric:
    from salespipe.monitoring.cards import Table

    told = [
        [one["attribute"], one["group"], f"{one['rows']:,}", *(_interval(one[r]) for r in RATES)]
        for one in watched.found.bias.groups
    ]
    return Table(
        title=f"Groups, by {watched.found.bias.rows:,} rows: {watched.found.bias.look}",
        figures={},
        columns=["attribute", "group", "rows", *(f"{r.replace('_', ' ')} (95%)" for r in RATES)],
        rows=told,
    )


def _options(watched: Watched) -> list[Metric]:
    from salespipe.monitoring.cards import Table

    told = [
        [one["attribute"], option["option"], _number(option["gap"]), _number(option["precision"]),
         _number(option["price"])]
        for one in watched.options
        for option in one["options"]
    ]  # fmt: skip
    if not told:
        return []
    columns = ["attribute", "option", "gap of the selection rate", "precision", "price"]
    title = "What could be done about a gap, and its price in precision"
    return [Table(title=title, figures={}, columns=columns, rows=told)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _interval(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "too few to tell"
    if figure["low"] is None:
        return _number(figure["value"])
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
