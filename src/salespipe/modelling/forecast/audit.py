"""No forecast sees its future: what lies after an origin changes nothing made as of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd

from salespipe.modelling.forecast.backtest import forecast_from
from salespipe.modelling.forecast.origins import plan_origins
from salespipe.modelling.forecast.panel import Panel, make_panel
from salespipe.modelling.forecast.series import Keys, daily, top_keys
from salespipe.params_forecast import ForecastParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

TOLERANCE = 1e-6


def audit_forecast(orders: ir.Table, table: pd.DataFrame, params: ForecastParams) -> dict[str, Any]:
    """Cuts the orders at test origins, forecasts again and compares.

    Args:
        orders: canonical orders.
        table: the model input, made of all of them.
        params: conf.

    Returns:
        `passed`, and `checks` with value, bound, result and the candidates or levels that fail.
    """
    panel = make_panel(table, params.measures[0])
    as_of = (panel.days[-1] + pd.Timedelta(days=1)).date()
    origins = plan_origins(panel.days[0].date(), as_of, params.backtest)
    keys = _keys(table)
    changed: set[str] = set()
    for origin in (origins.test[0], origins.test[-1]):
        known = orders.filter(orders.ordered_at < ibis.timestamp(str(origin)))
        cut = make_panel(daily(known, origin, keys).to_pandas(), params.measures[0])
        changed |= changed_candidates(panel, cut, origin, params)
    known = orders.filter(orders.ordered_at < ibis.timestamp(str(origins.test[0])))
    again = top_keys(known, origins.test[0], params)
    moved = sorted(level for level, some in again.items() if set(some) != set(keys[level]))
    checks = [_check("truncated", sorted(changed)), _check("series", moved)]
    return {"passed": all(check["passed"] for check in checks), "checks": checks}


def changed_candidates(panel: Panel, cut: Panel, origin: Any, params: ForecastParams) -> set[str]:
    """Candidates whose forecast as of a day differs where nothing after that day is known.

    Args:
        panel: all days.
        cut: the days before the origin, made of the orders before it.
        origin: the day.
        params: conf.
    """
    horizon = params.backtest.horizon_days
    whole, alone = (forecast_from(one, origin, horizon, params) for one in (panel, cut))
    place = [cut.series.index(one) for one in panel.series if one in cut.series]
    kept = [i for i, one in enumerate(panel.series) if one in cut.series]
    return {
        name for name, made in whole.values.items()
        if not np.allclose(made[:, kept], alone.values[name][:, place],
                           rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    }  # fmt: skip


def _keys(table: pd.DataFrame) -> Keys:
    found = table[table["level"] != "total"].groupby("level")["key"].unique()
    return {str(level): tuple(keys) for level, keys in found.items()}


def _check(name: str, found: list[str]) -> dict[str, Any]:
    return {
        "name": name, "value": len(found), "bound": 0, "passed": not found, "features": found,
    }  # fmt: skip
