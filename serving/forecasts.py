"""What is ahead of each series that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from salespipe.modelling.forecast.intervals import FREQUENCIES
from serving.answers import problem
from serving.champions import ForecastChampion
from serving.errors import ApiError

NAMED = 10
"""Series that an error names."""


def forecast(champion: ForecastChampion, asked: Sequence[Any]) -> list[Any]:
    """The blocks ahead of each series, or why there are none."""
    found = []
    for place, one in enumerate(asked):
        series = {
            "measure": one.get("measure", champion.measures[0]),
            "level": one["level"],
            "key": one.get("key", champion.keys[one["level"]][0]),
            "frequency": one.get("frequency", "day"),
        }
        blocks = champion.blocks.get(tuple(series.values()))
        if blocks is None:
            known = ", ".join(champion.keys[series["level"]][:NAMED])
            told = f"There is no forecast of this series; {series['level']} has {known}, …"
            found.append(
                series | {"error": problem("unknown_series", told, f"series[{place}].key")}
            )
            continue
        days = FREQUENCIES[series["frequency"]]
        if one["horizon"] < days:
            raise ApiError(
                422, "impossible", f"A {series['frequency']} has {days} days: ask for more.",
                f"series[{place}].horizon",
            )  # fmt: skip
        found.append(series | {"forecast": blocks[: one["horizon"] // days]})
    return found
