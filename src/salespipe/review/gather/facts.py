"""What a training leaves for its review page, beside `metrics.json` and `gate.json`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from salespipe.params import CardParams


class Fact(BaseModel):
    """Frozen, and strict about names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(Fact):
    """A figure with its 95% interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Line(Fact):
    """A line of a curve: who it belongs to, and its points."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Bin(Fact):
    """Rows of about the same prediction: what was said of them, and what came."""

    predicted: float
    observed: Figure
    rows: int


class Reason(Fact):
    """One exact contribution to a score: of what, its value, and how much it moves the score."""

    words: str
    value: str
    moves: float


class Person(Fact):
    """One customer, or customer and product group, explained.

    Attributes:
        id: as the business calls it.
        as_of: the day it was looked at; None in a table without days.
        group: product group, where one is scored.
        chosen: why it is shown.
        predicted: probability, or amount.
        outcome: what came, 0 or 1, or the amount.
        reasons: the strongest, largest first.
        rest: what all others together move the score by.
        others: how many they are.
    """

    id: str
    as_of: str | None
    group: str | None
    chosen: str
    predicted: float
    outcome: float
    reasons: tuple[Reason, ...]
    rest: float
    others: int


class Strong(Fact):
    """A feature that moves scores: its share of all movement, and which way it points."""

    name: str
    words: str
    share: float
    way: Literal["up", "down", "mixed", "levels"]
    detail: str = ""


class Comparison(Fact):
    """The champion on the challenger's own test rows.

    Attributes:
        version: the champion's.
        obstacle: why it can't be compared; None if it can.
        figures: of the champion.
        differences: challenger less champion, paired, of the figures that are told first.
    """

    version: int
    obstacle: str | None = None
    figures: dict[str, Figure] = {}
    differences: dict[str, Figure] = {}


class CustomerFacts(Fact):
    """Of a model of customers, contacts or pairs."""

    outcome: Literal["no_order", "order", "order_group", "spend"]
    calibration: dict[str, tuple[Bin, ...]]
    """By `model` and, if it could be compared, `champion`."""
    gain: tuple[Line, ...]
    profit: tuple[Line, ...]
    strongest: tuple[Strong, ...]
    typical: tuple[Person, ...]
    odd: tuple[Person, ...]


class Ahead(Fact):
    """The total's last days, and what comes next."""

    measure: str
    past_days: tuple[str, ...]
    past: tuple[float, ...]
    days: tuple[str, ...]
    values: dict[str, tuple[float, ...]]


class SeriesStory(Fact):
    """One series in the test windows: what was sold, what was said, and what is odd about it."""

    level: str
    key: str
    sold: float
    told: float
    error: float
    remarks: tuple[str, ...]


class SeriesFacts(Fact):
    """Of a forecast."""

    ahead: Ahead
    patterns: tuple[str, ...]
    champion_levels: dict[str, dict[str, Figure]]
    """Level to WAPE and the like of the champion's procedure; empty where it can't be compared."""
    typical: tuple[SeriesStory, ...]
    odd: tuple[SeriesStory, ...]


class Facts(Fact):
    """Everything the page needs that only training knows.

    Attributes:
        format: number of the layout; a page is not made from one it does not know.
        columns: features by name and kind, or series; what the model reads.
        conf: the model's conf, flat.
        ingest: what `ingest.json` held; None where it was not there.
    """

    format: Literal[1] = 1
    card: CardParams
    columns: dict[str, str]
    conf: dict[str, Any]
    sensitive: tuple[str, ...]
    ingest: dict[str, Any] | None
    comparison: Comparison | None
    customers: CustomerFacts | None = None
    series: SeriesFacts | None = None
