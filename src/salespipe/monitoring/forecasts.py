"""Forecasts in office beside the days that have come since, and the order lines they live on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.forecast.judge import ratio
from salespipe.modelling.forecast.panel import OTHER
from salespipe.modelling.forecast.saved import ForecastModel
from salespipe.modelling.forecast.series import KEYS, daily
from salespipe.modelling.frame import Feature, infer_schema
from salespipe.monitoring.looks import Look, look_days
from salespipe.monitoring.quality import Finding, Quality
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import DriftParams, QualityParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

LINE_COLUMNS = ("quantity", "unit_price", "country", "category", "channel", "status")
WEEK = 7


def came_true(tables: Mapping[str, ir.Table], champion: ForecastModel, now: date) -> pd.DataFrame:
    """Each forecast day that is over, with what was sold on it: one row a series and day.

    Args:
        tables: canonical tables.
        champion: the forecast in office.
        now: the day after the last order, which may be incomplete; days before the last count.
    """
    last = now - timedelta(1)
    told = champion.table
    told = told[(told["frequency"] == "day") & (told["date"] < str(last)) & (told["key"] != OTHER)]
    keys = {
        level: tuple(sorted(set(told.loc[told["level"] == level, "key"])))
        for level in KEYS
        if (told["level"] == level).any()
    }
    sold = pd.DataFrame(daily(tables["orders"], last, keys).to_pandas())
    measures = list(champion.chosen)
    long = sold.melt(["level", "key", "day"], measures, var_name="measure", value_name="actual")
    long["date"] = pd.to_datetime(long.pop("day")).dt.strftime("%Y-%m-%d")
    found = told.merge(long, how="left", on=["measure", "level", "key", "date"])
    return found.assign(actual=found["actual"].fillna(0.0))


def judge_forecast(
    days: pd.DataFrame,
    promised: Mapping[str, Any],
    conf: ForecastParams,
    params: QualityParams,
) -> Quality:
    """Error, bias and coverage of each level's days that have come, beside the test's.

    Args:
        days: what `came_true` gives.
        promised: what `metrics.json` of the champion's training held.
        conf: of the forecast; its first measure is judged.
        params: bounds.
    """
    measure = conf.measures[0]
    mine = days[days["measure"] == measure]
    expected = promises_of(promised, measure)
    count = mine["date"].nunique()
    if count < params.min_days:
        why = f"{count} days of the forecast have come true, {params.min_days} are needed"
        return Quality(expected, obstacle=why)
    looks = [
        {"look": str(level), "rows": len(rows), "days": int(count), "learned": False,
         "figures": figures_of(rows, conf)}
        for level, rows in mine.groupby("level")
    ]  # fmt: skip
    findings = [one for look in looks for one in _findings(look, expected, params)]
    return Quality(expected, tuple(looks), tuple(findings))


def promises_of(promised: Mapping[str, Any], measure: str) -> dict[str, Interval]:
    """The test's WAPE, bias and coverage by level, named `<level>.<figure>`."""
    levels = promised.get("measures", {}).get(measure, {}).get("levels", {})
    found: dict[str, Interval] = {}
    for level, told in levels.items():
        found |= {f"{level}.{name}": told["forecast"][name] for name in ("wape", "bias")}
        found |= {f"{level}.coverage_80": told["coverage"]["at_80"]}
    return found


def figures_of(rows: pd.DataFrame, conf: ForecastParams) -> dict[str, Interval]:
    """WAPE, bias and coverage of days, with intervals that resample weeks."""
    known = rows.assign(
        week=(pd.to_datetime(rows["date"]) - pd.to_datetime(rows["date"]).min()).dt.days // WEEK,
        error=(rows["value"] - rows["actual"]).abs(),
        over=rows["value"] - rows["actual"],
        inside=((rows["actual"] >= rows["low_80"]) & (rows["actual"] <= rows["high_80"])) * 1.0,
        open=(rows["high_95"] > 0) * 1.0,
    )
    known["inside"] *= known["open"]
    weeks = known.groupby("week")[["error", "over", "actual", "inside", "open"]].sum().to_numpy()
    error, over, actual, inside, opened = weeks.T
    return {
        "wape": ratio(error, actual, conf),
        "bias": ratio(over, actual, conf),
        "coverage_80": ratio(inside, opened, conf),
    }


def _findings(
    look: Mapping[str, Any], promised: Mapping[str, Interval], params: QualityParams
) -> list[Finding]:
    name = f"{look['look']}.wape"
    found, promise = look["figures"]["wape"], promised.get(name)
    if not promise or promise["value"] is None or found["low"] is None:
        return []
    if found["low"] <= params.max_wape_ratio * promise["value"]:
        return []
    words = (
        f"{look['look']}: off by {found['value']:.3f} of the sum over {look['days']} days, "
        f"promised were {promise['value']:.3f}"
    )
    return [Finding(name, look["look"], found["value"], promise["value"], words, loss=True)]


def looks_at_lines(
    tables: Mapping[str, ir.Table], now: date, params: DriftParams
) -> tuple[Look, ...]:
    """Order lines of windows that end now and earlier: what a forecast learns from."""
    orders = tables["orders"]
    columns = [name for name in LINE_COLUMNS if name in orders.columns]
    first = orders.ordered_at.min().execute().date()
    beat = look_days(first, now, params)
    lines = orders.mutate(day=orders.ordered_at.date())
    lines = lines.filter(lines.day >= beat[0] - timedelta(params.step_days), lines.day < now)
    share = lines.count().execute() / (len(beat) * params.max_rows)
    if share > 1:
        digits = lines.order_id.hexdigest("md5").substr(0, 6)
        lines = lines.filter(digits < f"{int(0xFFFFFF / share):06x}")
    frame = pd.DataFrame(lines.select("day", *columns).to_pandas())
    back = (pd.Timestamp(now) - pd.to_datetime(frame.pop("day"))).dt.days - 1
    place = len(beat) - 1 - back // params.step_days
    numbers = {name: frame[name].astype("float64") for name in columns[:2]}
    parts = dict(list(frame.assign(**numbers, label=np.nan).groupby(place)))
    empty = frame.iloc[:0].assign(label=np.nan)
    return tuple(Look(str(day), day, parts.get(i, empty)) for i, day in enumerate(beat))


def line_features(looks: tuple[Look, ...]) -> tuple[Feature, ...]:
    """The columns of order lines, with the levels that earlier looks knew."""
    earlier = pd.concat([look.rows for look in looks[:-1]] or [looks[-1].rows])
    return infer_schema(earlier).features
