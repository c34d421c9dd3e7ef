"""No forecast runs away, and a series too short for a model is told apart."""

from __future__ import annotations

import numpy as np

from salespipe.modelling.forecast.panel import Flags, History
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import GuardParams


def too_short(history: History, params: GuardParams) -> Flags:
    """Which of the s series sold on too few days for a model."""
    return np.asarray((history.values > 0).sum(axis=0) < params.min_active_days)


def capped(forecast: Floats, history: History, params: GuardParams) -> tuple[Floats, Flags]:
    """Forecasts kept within the series' past.

    Args:
        forecast: (h, s); what is no number becomes the series' mean.
        history: trading days before the origin.
        params: how far beyond its best day a series may go.

    Returns:
        The forecasts, and which of the s series had to be changed.
    """
    past = history.values if len(history.values) else np.zeros((1, forecast.shape[1]))
    known = np.where(np.isfinite(forecast), forecast, past.mean(axis=0))
    kept = np.clip(known, 0.0, params.max_ratio * past.max(axis=0))
    changed = ~np.isclose(kept, forecast, rtol=1e-9, atol=1e-9)
    return kept, np.asarray(changed.any(axis=0))
