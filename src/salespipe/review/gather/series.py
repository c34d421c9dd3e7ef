"""What the review page shows of a forecast, from its own test windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.flat import flatten
from salespipe.modelling.forecast.evidence import obstacle_to_compare, procedure_forecasts
from salespipe.modelling.forecast.judge import actuals, figures_of
from salespipe.modelling.forecast.panel import ALL, Panel
from salespipe.modelling.forecast.saved import NUMBERS, ForecastModel
from salespipe.modelling.forecast.train import Trained
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import ForecastParams
from salespipe.review.gather.customers import figures
from salespipe.review.gather.facts import Ahead, Comparison, Facts, Figure, SeriesFacts, SeriesStory

if TYPE_CHECKING:
    from salespipe.modelling.evidence import InOffice

PAST_DAYS = 120
SHOWN = 5
"""Series of each kind."""
WEEK, MONTH, YEAR = 7, 28, 364
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
MANY_IDLE, ONE_DAY, SHIFT = 0.3, 0.2, 0.3
"""From where on idle days, one large day and a change of level are worth a remark."""


def series_facts(
    model: ForecastModel,
    trained: Mapping[str, Trained],
    office: InOffice | None,
    ingest: Mapping[str, Any] | None,
    params: ForecastParams,
) -> Facts:
    """Everything the page needs of a forecast that only training knows.

    Args:
        model: the forecast.
        trained: measure to its backtest and choice.
        office: the registered champion, if there is one.
        ingest: what `ingest.json` holds.
        params: conf.
    """
    first = trained[params.measures[0]]
    comparison, levels = compare(first, office, params)
    typical, odd = stories(first, params)
    return Facts(
        card=params.card,
        columns={f"{level}: {key}": "series" for level, key in first.panel.series},
        conf=flatten(params.model_dump(mode="json", exclude={"card"})),
        sensitive=(),
        ingest=None if ingest is None else dict(ingest),
        comparison=comparison,
        series=SeriesFacts(
            ahead=ahead_of(first, model),
            patterns=patterns(first.panel),
            champion_levels=levels,
            typical=typical,
            odd=odd,
        ),
    )


def ahead_of(trained: Trained, model: ForecastModel) -> Ahead:
    """The total's last days and its forecast with both intervals."""
    table, panel = model.table, trained.panel
    rows = table[(table["measure"] == trained.measure) & (table["level"] == "total")
                 & (table["key"] == ALL) & (table["frequency"] == "day")]  # fmt: skip
    return Ahead(
        measure=trained.measure,
        past_days=tuple(panel.days[-PAST_DAYS:].strftime("%Y-%m-%d")),
        past=_digits(panel.values[-PAST_DAYS:, 0]),
        days=tuple(rows["date"]),
        values={name: _digits(rows[name].to_numpy(dtype=np.float64)) for name in NUMBERS},
    )


def _digits(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


def compare(
    trained: Trained, office: InOffice | None, params: ForecastParams
) -> tuple[Comparison | None, dict[str, dict[str, Figure]]]:
    """The champion's procedure at the same test origins: the total's figures, and each level's."""
    if office is None:
        return None, {}
    if (obstacle := obstacle_to_compare(trained, office)) or office.model is None:
        return Comparison(version=office.version, obstacle=obstacle), {}
    made = procedure_forecasts(trained, office.model, params)
    levels = {level: _level_figures(trained, made, level, params)
              for level in trained.panel.levels}  # fmt: skip
    return Comparison(version=office.version, figures=levels["total"]), levels


def _level_figures(
    trained: Trained, made: Floats, level: str, params: ForecastParams
) -> dict[str, Figure]:
    columns = trained.panel.of_level(level)
    found = figures_of(made[:, :, columns], actuals(trained, columns, params), params)
    return figures({name: one for name, one in found.items() if one is not None})


def patterns(panel: Panel) -> tuple[str, ...]:
    """What the total's own past says, with direction: weekdays, the last weeks, the year before."""
    total = pd.Series(panel.values[:, 0], index=panel.days)
    found = [_weekdays(total), _against(total, MONTH, "the 28 days before")]
    if len(total) >= YEAR + MONTH:
        found.append(_against(total, YEAR, "the same weeks a year ago"))
    return tuple(words for words in found if words)


def _weekdays(total: pd.Series) -> str:
    recent = total.iloc[-12 * WEEK :]
    weekday = pd.DatetimeIndex(recent.index).dayofweek
    usual = recent.groupby(weekday).mean() / max(float(recent.mean()), 1e-9)
    closed = [WEEKDAYS[int(day)] for day in usual.index[usual == 0]]
    opened = usual[usual > 0]
    if opened.empty:
        return ""
    best, worst = int(opened.idxmax()), int(opened.idxmin())
    words = (
        f"{WEEKDAYS[best]} are the strongest days, {opened.max() - 1:+.0%} against the average "
        f"day of the last twelve weeks; {WEEKDAYS[worst]} are the weakest open ones, "
        f"{opened.min() - 1:+.0%}."
    )
    return words + (f" Nothing is sold on {' and '.join(closed)}." if closed else "")


def _against(total: pd.Series, back: int, words: str) -> str:
    end = len(total) - back
    now, then = float(total.iloc[-MONTH:].sum()), float(total.iloc[end - MONTH : end].sum())
    if end < MONTH or then <= 0:
        return ""
    way = "up" if now > then else "down"
    return f"The last 28 days are {way} by {abs(now / then - 1):.0%} against {words}."


def stories(
    trained: Trained, params: ForecastParams
) -> tuple[tuple[SeriesStory, ...], tuple[SeriesStory, ...]]:
    """The series whose error is nearest to the middle one, and those that are furthest off.

    Error: a day's absolute errors over what was sold, over all test windows.
    """
    columns = np.arange(len(trained.panel.series))
    actual = actuals(trained, columns, params)
    made = np.stack([trained.made[day][:, columns] for day in trained.origins.test])
    sold = actual.sum(axis=(0, 1))
    error = np.abs(made - actual).sum(axis=(0, 1)) / np.where(sold > 0, sold, np.nan)
    known = np.flatnonzero(np.isfinite(error))
    order = known[np.argsort(error[known], kind="stable")]
    odd = [int(place) for place in order[::-1][: min(SHOWN, len(order) // 2)]]
    apart = np.abs(error - np.median(error[known])) if len(known) else error
    left = [int(place) for place in order if place not in odd]
    usual = sorted(left, key=lambda place: (apart[place], place))[:SHOWN]

    def told(place: int) -> SeriesStory:
        level, key = trained.panel.series[place]
        return SeriesStory(
            level=level, key=key, sold=float(f"{sold[place]:.6g}"),
            told=float(f"{made[:, :, place].sum():.6g}"), error=float(f"{error[place]:.6g}"),
            remarks=remarks(actual[:, :, place], trained.panel, place, trained.origins.test[0]),
        )  # fmt: skip

    return tuple(told(place) for place in usual), tuple(told(place) for place in odd)


def remarks(actual: Floats, panel: Panel, place: int, first: Any) -> tuple[str, ...]:
    """What makes a series easy or hard to forecast, as its test windows show it."""
    idle = float((actual == 0).mean())
    largest = float((actual.max(axis=1) / np.maximum(actual.sum(axis=1), 1e-9)).max())
    before = panel.before(first).values[-MONTH:, place]
    change = float(actual.mean() / before.mean() - 1) if before.mean() > 0 else 0.0
    way = "more" if change > 0 else "less"
    found = [
        f"nothing was sold on {idle:.0%} of the days" if idle >= MANY_IDLE else "",
        f"one day made up {largest:.0%} of a test window's sales" if largest >= ONE_DAY else "",
        f"it sold {abs(change):.0%} {way} a day than in the 28 days before"
        if abs(change) >= SHIFT else "",
    ]  # fmt: skip
    return tuple(words for words in found if words) or ("steady: no idle days, no outliers",)
