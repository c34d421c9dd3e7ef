"""What the gate weighs and what comes of it: records of two models, checks and a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.frame import Floats, Integers

Verdict = Literal["promote", "hold", "reject"]


@dataclass(frozen=True)
class Check:
    """One condition on a challenger.

    Attributes:
        name: what is checked.
        value: what was found; None where it could not be.
        bound: what it had to keep to; None where there is nothing to keep to.
        passed: whether it did.
        detail: the same in words.
        otherwise: the verdict where it did not.
        interval: 95% interval of the value, where it has one.
    """

    name: str
    value: float | None
    bound: float | None
    passed: bool
    detail: str
    otherwise: Literal["hold", "reject"] = "reject"
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Measured:
    """A figure with a bound of its own: calibration, interval coverage, a gap between groups.

    Attributes:
        name: of the check.
        figure: value, low and high; a bound counts as broken only if all of it lies beyond.
        at_least: lower bound.
        at_most: upper bound.
        words: what the figure is.
        waiver: who accepts a broken bound and why, in words.
        otherwise: the verdict where the bound is broken.
    """

    name: str
    figure: Interval
    words: str
    at_least: float | None = None
    at_most: float | None = None
    waiver: str | None = None
    otherwise: Literal["hold", "reject"] = "reject"


@dataclass(frozen=True)
class Challenger:
    """What is known of a new model from rows that it never saw.

    Attributes:
        score: name of the proper score that `losses` hold (lower is better).
        losses: the model's loss on each of n rows.
        baselines: n losses of each baseline on the same rows; empty if the model is the baseline.
        clusters: n numbers from 0; rows of one customer, or of one origin, share one.
        counts: test rows, and rows of the rarer outcome where outcomes are counted.
        leaky: features that see their future.
        measured: figures with bounds.
        latency_ms: time to score 1,000 rows, in milliseconds.
    """

    score: str
    losses: Floats
    baselines: Mapping[str, Floats]
    clusters: Integers
    counts: Mapping[str, int]
    leaky: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()
    latency_ms: float = 0.0


@dataclass(frozen=True)
class Champion:
    """What is known of the model in office.

    Attributes:
        version: its number.
        losses: its losses on the challenger's rows; None where it could not score them.
        obstacle: why not: unreadable, other features, another outcome, or it learned from them.
    """

    version: int
    losses: Floats | None = None
    obstacle: str | None = None


@dataclass(frozen=True)
class Decision:
    """The verdict with its reason, every check behind it, and whom it was compared with."""

    verdict: Verdict
    reason: str
    checks: tuple[Check, ...]
    compared_with: int | None = None
    approval: Literal["auto", "manual"] = "auto"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"checks": [asdict(check) for check in self.checks]}
