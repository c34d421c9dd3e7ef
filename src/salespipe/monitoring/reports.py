"""The three reports as Evidently snapshots: drift, quality and bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from salespipe.modelling.bootstrap import Interval
from salespipe.monitoring.effects import sample
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.quality import Quality
from salespipe.monitoring.report_bias import bias_report
from salespipe.monitoring.report_parts import Metric, number, run_report, share, with_interval
from salespipe.monitoring.watch import Watched
from salespipe.params_monitor import MonitorParams

SHOWN_COLUMNS = 8
LATEST, ANSWERED = "latest", "answered"
QUANTILES = (0.1, 0.5, 0.9)


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
    return run_report(watched, "drift", [_movements(watched), *drawn], now, before)


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
        [row["column"], share(watched.importance.get(row["column"])), number(row["distance"]),
         number(row["usual"]), number(row["limit"]), row["kind"], row["reference"],
         "ALARM" if row["alarm"] else "normal"]
        for row in drift.columns
    ]  # fmt: skip
    return Movements(
        name="movement",
        title="How far each column moved, beside how far it ever did",
        figures={row["column"]: row["distance"] for row in drift.columns},
        columns=["column", "importance", "moved", "most so far", "limit", "kind", "against", ""],
        rows=told,
        tests={row["column"]: [lte(row["limit"])] for row in drift.columns},
    )


def quality_report(watched: Watched, params: MonitorParams) -> Any:
    """Figures of scores whose outcomes are known, look by look, and how the scores of now lie."""
    from evidently.metrics import MeanValue, QuantileValue

    now, _ = compared(watched)
    rows = _drawn(now, watched, params)
    scores = []
    if PREDICTION in rows:
        scores = [MeanValue(column=PREDICTION),
                  *(QuantileValue(column=PREDICTION, quantile=q) for q in QUANTILES)]  # fmt: skip
    return run_report(watched, "quality", [*_figures(watched), *scores], rows, None)


def _figures(watched: Watched) -> list[Metric]:
    found = watched.found
    return [*_tables(found.quality, LATEST), *_tables(found.answers, ANSWERED)]


def _tables(quality: Quality, latest: str) -> list[Metric]:
    """A table of each look, the last one under a name that stays, for panels over time."""
    from salespipe.monitoring.cards import Figures

    broken = {(one.look, one.figure) for one in quality.findings}
    tables = []
    for look in quality.looks:
        figures: Mapping[str, Interval] = look["figures"]
        told = [
            [name, with_interval(figure), with_interval(_promise(quality.promised, look, name)),
             "BROKEN" if {(look["look"], name), (look["look"], f"{look['look']}.{name}")} & broken
             else ""]
            for name, figure in figures.items()
        ]  # fmt: skip
        learned = ", which the champion learned from" if look["learned"] else ""
        last = look is quality.looks[-1] and not look["learned"]
        tables.append(
            Figures(
                name=latest if last else look["look"],
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
