"""As of which past days forecasts are made to choose, to judge and to measure intervals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from salespipe.errors import SalespipeError
from salespipe.params_forecast import BacktestParams


@dataclass(frozen=True)
class Origins:
    """Days whose forecasts know only the days before them, oldest first.

    Attributes:
        choice: their horizons end before the first test origin.
        between: too late to choose by, too early to test; intervals use them.
        test: the latest; nothing is chosen on them.
        as_of: the day the next forecast begins.
    """

    choice: tuple[date, ...]
    between: tuple[date, ...]
    test: tuple[date, ...]
    as_of: date

    @property
    def all(self) -> tuple[date, ...]:
        """Every origin but `as_of`."""
        return self.choice + self.between + self.test

    def known_at(self, origin: date, horizon_days: int, most: int) -> tuple[date, ...]:
        """The latest origins whose whole horizon lies before a later one."""
        known = [day for day in self.all if day + timedelta(horizon_days) <= origin]
        return tuple(known[-most:])


def plan_origins(first: date, as_of: date, params: BacktestParams) -> Origins:
    """Goes back from the last day whose horizon is known, as far as the history reaches.

    Args:
        first: first day with orders.
        as_of: the day after the last complete one.
        params: horizon, step and counts.

    Raises:
        SalespipeError: there is no room for a test and an earlier origin.
    """
    horizon, step = timedelta(params.horizon_days), timedelta(params.step_days)
    last, earliest = as_of - horizon, first + timedelta(params.min_history_days)
    possible = max((last - earliest) // step + 1, 0)
    overlap = -(-horizon // step) - 1  # origins between that a test origin can't know
    wanted = params.test_origins + overlap + params.choice_origins
    days = [last - i * step for i in reversed(range(min(possible, wanted)))]
    choice = len(days) - overlap - min(params.test_origins, max(1, len(days) // 2))
    if choice < 1:
        needed = params.min_history_days + params.horizon_days + (overlap + 1) * params.step_days
        raise SalespipeError(
            f"A forecast that can be judged needs at least {needed} days of orders; there are "
            f"{(as_of - first).days}. Lower backtest.min_history_days or horizon_days."
        )
    return Origins(
        choice=tuple(days[:choice]),
        between=tuple(days[choice : choice + overlap]),
        test=tuple(days[choice + overlap :]),
        as_of=as_of,
    )
