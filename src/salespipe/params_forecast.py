"""Conf of the forecast as types."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from salespipe.params import CardParams, EngineName, GateParams, Params

Measure = Literal["revenue", "orders", "units"]
CandidateName = Literal[
    "seasonal_naive", "moving_average", "auto_ets", "xgb_tweedie", "xgb_log", "ensemble"
]
LevelName = Literal["total", "country", "category", "item"]


class LevelParams(Params):
    """Which series of a level are forecast, and by what unless the backtest knows better."""

    top: int = Field(1, gt=0)
    """The best sellers by revenue before the test period; the others are summed as `other`."""
    default: CandidateName = "xgb_tweedie"
    """The candidate that stands unless another is better by two standard errors."""


class BacktestParams(Params):
    """Rolling origins: forecasts made as of past days, each from the days before it alone."""

    horizon_days: int = Field(28, ge=7, le=90)
    """Days ahead that each origin is judged by."""
    step_days: int = Field(14, gt=0)
    """Days between two origins."""
    test_origins: int = Field(7, ge=1)
    """The latest ones; nothing is chosen on them."""
    choice_origins: int = Field(8, ge=1)
    """Earlier ones, all known by the first test origin: for the choice and for the intervals."""
    interval_origins: int = Field(8, ge=8)
    """At most so many, the latest known as of the forecast's own origin."""
    min_history_days: int = Field(90, ge=56)
    """Days that must lie before an origin."""


class ForecastTrainParams(Params):
    """One XGBoost over all series of a measure, slow and shallow."""

    engine: EngineName = "duckdb"
    """What mlforecast runs on: this process, or Spark's workers."""
    history_days: int = Field(400, ge=56)
    """Days before an origin that are learned from."""
    trees: int = Field(200, gt=0)
    """How many; there is no early stopping."""
    learning_rate: float = Field(0.04, gt=0)
    """How much of each tree is added."""
    max_depth: int = Field(3, gt=0)
    """Of a tree."""
    min_child_weight: float = Field(5.0, ge=0)
    """Least weight of a leaf (XGBoost's own measure)."""
    subsample: float = Field(0.8, gt=0, le=1)
    """Share of rows that each tree sees."""
    colsample_bytree: float = Field(0.5, gt=0, le=1)
    """Share of features that each tree sees."""
    reg_lambda: float = Field(5.0, ge=0)
    """L2 penalty on the values of leaves."""
    tweedie_power: float = Field(1.3, gt=1, lt=2)
    """Variance power of the Tweedie loss: 1 is Poisson, 2 is gamma."""
    ets_levels: tuple[LevelName, ...] = ("total",)
    """AutoETS is fitted series by series, a tenth of a second each: here only."""
    seed: int = 7
    """Of every draw by chance here."""


class TradingParams(Params):
    """How days on which the business is closed are found."""

    closed_weeks: int = Field(12, ge=4)
    """A weekday without a sale in so many weeks is closed."""
    max_idle_share: float = Field(0.1, gt=0, lt=1)
    """A day without a sale counts as a holiday where fewer of the open weekdays than this have
    none; where more have, it is a slow day like others."""


class GuardParams(Params):
    """What no forecast may do, and which series are too short for a model."""

    max_ratio: float = Field(3.0, ge=1)
    """A day's forecast never exceeds so many times the best day of the series' past."""
    min_active_days: int = Field(28, ge=1)
    """Series that sold on fewer days fall back to the moving average."""


class CoverageParams(Params):
    """Bounds on the share of test days that the intervals hold."""

    at_80: tuple[float, float] = (0.76, 0.87)
    """Least and most of the 80% interval."""
    at_95: tuple[float, float] = (0.92, 0.98)
    """Least and most of the 95% interval."""


class ForecastParams(Params):
    """The forecast: of what, how far, from what, and how it is judged."""

    measures: tuple[Measure, ...] = ("revenue", "orders", "units")
    """The first one is what `metrics.json` and the gate are about."""
    levels: dict[LevelName, LevelParams]
    horizon_days: int = Field(90, ge=1, le=90)
    """Days ahead that the registered model may be asked for."""
    backtest: BacktestParams = BacktestParams()
    train: ForecastTrainParams = ForecastTrainParams()
    trading: TradingParams = TradingParams()
    guard: GuardParams = GuardParams()
    coverage: CoverageParams = CoverageParams()
    gate: GateParams = GateParams()
    card: CardParams = CardParams()

    @model_validator(mode="after")
    def _parts_have_a_whole(self) -> Self:
        if "total" not in self.levels:
            raise ValueError("levels must name total: the others add up to it")
        return self
