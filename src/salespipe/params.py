"""Conf as types: every value a pipeline reads is declared here, and nothing else is let in."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EngineName = Literal["duckdb", "spark"]
"""What computes tables."""


class Params(BaseModel):
    """Frozen and strict about names: a misspelt key in conf is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SnapshotParams(Params):
    """Which customers are looked at, as of which days, and how far ahead the label looks."""

    horizon_days: int = Field(90, gt=0)
    """How far ahead the label looks."""
    active_days: int | None = Field(180, gt=0)
    """Only customers with a sale in this many days before `as_of`; None takes all buyers."""
    step_days: int = Field(7, gt=0)
    """Days between two training cutoffs."""
    min_history_days: int = Field(90, ge=0)
    """Days of orders that must lie before the first cutoff."""
    max_cutoffs: int = Field(52, gt=0)
    """At most this many training cutoffs, the latest ones."""
    keep: bool = False
    """Training cutoffs lie on the same days whatever the orders' last day is, up to a step earlier
    than they could, and their rows are kept: a new month costs its own cutoffs alone."""
    item_groups: int = Field(20, gt=1)
    """Outcome order_group only: at most this many product groups."""
    max_rows: int | None = Field(None, gt=0)
    """Outcome order_group only: at most this many rows to learn from, drawn by chance; None takes
    all. Test rows are never drawn from."""


class SplitParams(Params):
    """How training rows are divided again, so that test rows are used once."""

    validation_share: float = Field(0.25, gt=0, lt=1)
    """Share of the training cutoffs (the latest) for early stopping, calibration and choice."""
    test_share: float = Field(0.2, gt=0, lt=1)
    """Table sources only: share of rows kept for the test."""
    order: Literal["time", "rows", "random"] = "time"
    """Table sources only: split by `as_of`, by the order of rows, or, where neither says when a
    row was, by a hash of the entity."""


class TrainParams(Params):
    """XGBoost with defaults for small data: slow, shallow, regularised."""

    max_trees: int = Field(600, gt=0)
    """Trees at most; the validation block says when to stop."""
    early_stopping_rounds: int = Field(50, gt=0)
    """Trees without a gain on the validation block, to stop."""
    learning_rate: float = Field(0.03, gt=0)
    """How much of each tree is added."""
    max_depth: int = Field(3, gt=0)
    """Of a tree."""
    min_child_weight: float = Field(10.0, ge=0)
    """Least weight of a leaf (XGBoost's own measure: about four rows of even chances a unit)."""
    subsample: float = Field(0.8, gt=0, le=1)
    """Share of rows that each tree sees."""
    colsample_bytree: float = Field(0.3, gt=0, le=1)
    """Share of features that each tree sees."""
    reg_lambda: float = Field(5.0, ge=0)
    """L2 penalty on the values of leaves."""
    min_outcomes: int = Field(100, gt=0)
    """Fewer of either outcome than this among the training rows, and the rule is the champion."""
    device: Literal["cpu", "cuda"] = "cpu"
    """`cuda` trains on a GPU; where there is none, on the processor, with a message."""
    whole_rows: int | None = Field(5_000_000, ge=0)
    """With more rows the trees' matrix is made of batches, in a quarter of the memory; None never
    does."""
    batch_rows: int = Field(500_000, gt=0)
    """Rows of such a batch."""
    search_trials: int = Field(0, ge=0)
    """Optuna trials on the validation block; 0 keeps the defaults."""
    seed: int = 7
    """Of every draw by chance here."""
    engine: EngineName = Field("duckdb", exclude=True)
    """What the model's own conf says; see `ModelParams.engine`."""


class BaselineParams(Params):
    """What a person would do without the model."""

    rule_name: Literal["recency_rule", "popularity_rule"] = "recency_rule"
    """What the rule is called in reports."""
    rule_column: str = "recency_days"
    """The one column that the rule ranks by."""
    logistic_columns: tuple[str, ...] = (
        "recency_days",
        "orders_total",
        "spend_total",
        "tenure_days",
    )
    """Empty means every feature."""


class EvaluateParams(Params):
    """How the test period is judged."""

    bootstrap_samples: int = Field(1000, gt=0)
    """Resamples for the 95% intervals."""
    calibration_bins: int = Field(10, gt=1)
    """Bins of equal count for the calibration error and its plot."""
    seed: int = 7
    """Of every draw by chance here."""


class SensitiveParams(Params):
    """Attributes for the audit; a feature only where `as_features` gives the reason."""

    columns: tuple[str, ...] = ()
    """Carried for the audit, and no features."""
    as_features: dict[str, str] = Field(default_factory=dict)
    """Sensitive column -> why it may be a feature all the same; MLflow keeps the reason."""

    @model_validator(mode="after")
    def _reasons_name_columns(self) -> Self:
        if unknown := sorted(set(self.as_features) - set(self.columns)):
            raise ValueError(f"as_features names {unknown}, which columns does not")
        return self

    @property
    def kept_out(self) -> tuple[str, ...]:
        """The columns that no model may read."""
        return tuple(c for c in self.columns if c not in self.as_features)


class Waiver(Params):
    """Who accepts that a bound on a gap between groups is broken, and why."""

    by: str = Field(min_length=1)
    """Who accepts the gap."""
    reason: str = Field(min_length=1)
    """Why."""

    def __str__(self) -> str:
        return f"{self.by}: {self.reason}"


class GroupParams(Params):
    """How differently groups of people may be treated; the gate and monitoring ask for the same."""

    contact_share: float = Field(0.2, gt=0, lt=1)
    """Share of best-ranked rows that counts as selected."""
    min_positives: int = Field(20, gt=0)
    """Rows of a group with the outcome, or selected, to tell a rate of them."""
    max_parity_gap: float = Field(0.1, gt=0)
    """Between the selection rates of two groups."""
    max_opportunity_gap: float = Field(0.15, gt=0)
    """Between their true positive rates."""
    intersections: bool = True
    """Monitoring looks at groups of two attributes at once, too."""
    bootstrap_samples: int = Field(500, gt=0)
    """Resamples for the intervals of gaps."""
    seed: int = 7
    """Of every draw by chance here."""


class GateParams(Params):
    """What a new model must keep to before it may take over."""

    approval: Literal["auto", "manual"] = "auto"
    """Manual: a promoted model waits for `salespipe approve`."""
    min_test_rows: int = Field(200, ge=0)
    """Fewer test rows hold a model: they cannot tell."""
    min_test_outcomes: int = Field(30, ge=0)
    """Test rows of the rarer outcome."""
    least_difference: float = Field(0.0001, ge=0)
    """Of the mean loss: two models that differ by less are as good as each other, however sure it
    is that they differ, as two trainings on the same rows are."""
    max_ece: float = Field(0.05, gt=0)
    """Bound of the calibration error, or the best baseline's and `max_ece_excess` if that is more:
    a season that moves the base rate is off for every model."""
    max_ece_excess: float = Field(0.02, ge=0)
    """Above the best baseline's calibration error."""
    max_group_gap: float = Field(0.1, gt=0)
    """Of calibration between a group and the others: mean probability less mean outcome."""
    min_group_rows: int = Field(100, gt=0)
    """Of a group, to tell anything."""
    groups: GroupParams = GroupParams()
    max_latency_ms: float = Field(2000, gt=0)
    """To score 1,000 rows."""
    waivers: dict[str, Waiver] = Field(default_factory=dict)
    """Sensitive column -> who accepts its gap, and why; shown with the check."""
    bootstrap_samples: int = Field(2000, gt=0)
    """Resamples for the 95% intervals."""
    seed: int = 7
    """Of every draw by chance here."""


class CostParams(Params):
    """What a contact costs and what it wins, in the currency of the orders."""

    contact_cost: float = Field(1.0, ge=0)
    """Of one contact."""
    margin: float = Field(0.3, gt=0, le=1)
    """Share of spend that is left as profit."""
    success_rate: float = Field(0.1, gt=0, le=1)
    """Share of contacts that win the customer, among those for whom the outcome would come true."""
    spend_column: str | None = "spend_365d"
    """The customer's recent spend; None takes `spend` for everyone."""
    returned_column: str | None = "return_value_total"
    """What the customer gave back, taken off the spend."""
    spend: float = Field(100.0, ge=0)
    """Spend a customer, where there is no such column."""


class CardParams(Params):
    """What a model's card says and no figure can: who answers for it, and what it is for."""

    owner: str | None = None
    """Who answers for the model; the review page says so where nobody is named."""
    purpose: str | None = None
    """What it is for; None says what follows from the outcome."""
    not_for: tuple[str, ...] = ()
    """What it must not be used for."""


class ModelParams(Params):
    """One model: what it predicts, from which rows, and how it is trained and judged."""

    outcome: Literal["no_order", "order", "order_group", "spend"]
    """What label 1 means where the source is a list of orders; `spend` is an amount."""
    snapshots: SnapshotParams = SnapshotParams()
    split: SplitParams = SplitParams()
    engine: EngineName = "duckdb"
    """What the trees are grown on: Spark grows them on its workers."""
    train: TrainParams = TrainParams()
    baselines: BaselineParams = BaselineParams()
    evaluate: EvaluateParams = EvaluateParams()
    sensitive: SensitiveParams = SensitiveParams()
    gate: GateParams = GateParams()
    costs: CostParams = CostParams()
    card: CardParams = CardParams()

    @model_validator(mode="after")
    def _only_rows_of_customers_are_kept(self) -> Self:
        if self.snapshots.keep and self.outcome == "order_group":
            raise ValueError("snapshots.keep is for models of customers, not of product groups")
        return self

    @property
    def growing(self) -> TrainParams:
        """How the trees are grown, and on what."""
        return self.train.model_copy(update={"engine": self.engine})


class ScoreParams(Params):
    """Who is scored as of when, and how many of them can be contacted."""

    as_of: date | None = None
    """None takes the day after the last order."""
    models: tuple[str, ...] = ()
    """Empty takes every model that has a champion."""
    capacity: int | None = Field(None, ge=0)
    """Contacts that can be made; None takes all that pay."""
    budget: float | None = Field(None, ge=0)
    """Money that contacts may cost."""


class SimulatorParams(Params):
    """The demo shop's size, period and habits."""

    customers: int = Field(6000, ge=1, le=10_000_000)
    """How many there are."""
    first_day: date
    """Of the orders."""
    days: int = Field(730, gt=30)
    """How long the orders go on."""
    seed: int = 11
    """Of every draw by chance here."""
    orders_per_day: float = Field(0.03, gt=0)
    """Mean over customers of orders a day in an average season."""
    rate_shape: float = Field(0.8, gt=0)
    """Shape of the gamma that rates are drawn from: small is a wide spread."""
    lifetime_days: float = Field(900, gt=0)
    """Mean time as a customer, about."""
    lines_per_order: float = Field(2.0, ge=0)
    """Mean number of lines beyond the first."""
