"""The best ranking anyone could make: the true chance of no order, given the true state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salespipe.simulator.season import season

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from salespipe.params import SimulatorParams


def chance_of_no_order(
    truth: pd.DataFrame, as_of: pd.Series, horizon_days: int, params: SimulatorParams
) -> NDArray[np.float64]:
    """P(no order in the horizon) for who knows each customer's rate, hazard and whether alive.

    The day a living customer will leave is the future and stays unknown: it is integrated over,
    day by day (leave on day a with chance h e^(-h a), having ordered nothing until then).

    Args:
        truth: the simulator's truth, one row a snapshot: `churned_at, rate, hazard`.
        as_of: the day of each snapshot.
        horizon_days: length of the label window.
        params: the simulation's, for its season.
    """
    start = (as_of.to_numpy("datetime64[D]") - np.datetime64(params.first_day)).astype(int)
    factors = season(params, extra_days=horizon_days)
    days = np.minimum(start[:, None] + np.arange(horizon_days), len(factors) - 1)
    rate, hazard = (truth[c].to_numpy(float)[:, None] for c in ("rate", "hazard"))
    silent = np.exp(-rate * np.cumsum(factors[days], axis=1))
    age = np.arange(horizon_days)[None, :]
    leaves = np.exp(-hazard * age) * -np.expm1(-hazard)
    # one who leaves during a day is silent for about half of it; the day before is close enough
    before = np.hstack([np.ones((len(silent), 1)), silent[:, :-1]])
    half = np.sqrt(silent * before)
    chance = (leaves * half).sum(axis=1) + np.exp(-hazard[:, 0] * horizon_days) * silent[:, -1]
    gone = truth["churned_at"].to_numpy("datetime64[s]") <= as_of.to_numpy("datetime64[s]")
    return np.where(gone, 1.0, chance)
