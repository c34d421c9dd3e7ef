"""How good the scores were, once their outcomes are known, beside what the test promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.evaluate import judge
from salespipe.modelling.frame import entity_codes, labels
from salespipe.modelling.target import Target
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.params import EvaluateParams
from salespipe.params_monitor import QualityParams

SCORES = "scores"
SPREAD_LOOKS = 4
"""Looks that normal movement of a figure can be told from, at least."""


@dataclass(frozen=True)
class Finding:
    """A figure that broke its promise.

    Attributes:
        figure: its name.
        look: the latest rows that show it.
        value: what it was.
        promised: what the test period found.
        words: the same in words.
        loss: whether the ranking itself got worse; else it is a matter of level.
    """

    figure: str
    look: str
    value: float
    promised: float
    words: str
    loss: bool


@dataclass(frozen=True)
class Quality:
    """Figures of looks with known outcomes, oldest first.

    Attributes:
        promised: figure to value, low and high in the champion's test period.
        looks: JSON-ready: name, rows, base rate, whether learned from, and the figures.
        findings: what broke its promise.
        obstacle: why nothing can be told yet.
    """

    promised: Mapping[str, Interval] = field(default_factory=dict)
    looks: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    obstacle: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def promises_of(promised: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen candidate's figures in the test period."""
    figures = promised.get("candidates", {}).get(promised.get("chosen"), {})
    return {name: figure for name, figure in figures.items() if isinstance(figure, dict)}


def judge_quality(
    looks: Sequence[Look],
    target: Target,
    promised: Mapping[str, Interval],
    params: QualityParams,
    evaluate: EvaluateParams,
) -> Quality:
    """Judges what was said of each look against what came.

    Args:
        looks: oldest first; those with known outcomes are judged.
        target: what is predicted.
        promised: the champion's figures in its test period; empty where unknown.
        params: bounds.
        evaluate: bootstrap samples, bins, seed.
    """
    judged = [look for look in looks if enough(look, params)][-params.max_looks :]
    quick = evaluate.model_copy(update={"bootstrap_samples": params.bootstrap_samples})
    told = [figures_of(look, target, quick) for look in judged]
    return hold_to(told, target, promised, params)


def hold_to(
    told: Sequence[dict[str, Any]],
    target: Target,
    promised: Mapping[str, Interval],
    params: QualityParams,
) -> Quality:
    """Holds figures of looks to the promise.

    Args:
        told: what `figures_of` gives, oldest first.
        target: what is predicted.
        promised: the champion's figures in its test period; empty where unknown.
        params: bounds.
    """
    fresh = [one for one in told if not one["learned"]]
    if not fresh:
        why = "no outcome is known yet of rows that the champion did not learn from"
        return Quality(promised, tuple(told), obstacle=why)
    findings = [*_losses(told, target, promised, params), *_levels(fresh, promised, params)]
    return Quality(promised, tuple(told), tuple(findings))


def enough(look: Look, params: QualityParams) -> bool:
    """Whether a look's outcomes are known and there are enough of the rarer one."""
    if not look.known:
        return False
    ones = int((look.rows["label"] > 0).sum())
    return min(ones, len(look.rows) - ones) >= params.min_outcomes


def figures_of(look: Look, target: Target, evaluate: EvaluateParams) -> dict[str, Any]:
    """Every figure of one look, with intervals that resample customers."""
    rows = look.rows
    scores = {SCORES: rows[PREDICTION].to_numpy(dtype=np.float64)}
    judged = judge(labels(rows), scores, entity_codes(rows), evaluate, target)
    return {
        "look": look.name,
        "rows": len(rows),
        "base_rate": float(rows["label"].mean()),
        "mean_prediction": float(rows[PREDICTION].mean()),
        "learned": look.learned,
        "figures": judged.figures(SCORES),
    }


def _losses(
    told: Sequence[Mapping[str, Any]],
    target: Target,
    promised: Mapping[str, Interval],
    params: QualityParams,
) -> list[Finding]:
    """The headline figure of the latest look, if it is clearly below the promise.

    The promise's interval and the look's are of different rows, so their half widths add in
    squares; what the figure moves by between looks that the champion learned from adds to them.
    """
    name, last = target.headline, told[-1]
    promise, found = promised.get(name), last["figures"][name]
    if last["learned"] or promise is None or promise["value"] is None or found["value"] is None:
        return []
    spread = normal_spread([one["figures"][name]["value"] for one in told if one["learned"]])
    reach = float(np.sqrt(_half(promise) ** 2 + _half(found) ** 2 + (2 * spread) ** 2))
    drop = promise["value"] - found["value"]
    if drop - reach <= params.max_drop:
        return []
    words = (
        f"{name} was {found['value']:.3f} on {last['look']}, promised were "
        f"{promise['value']:.3f}: at least {drop - reach:.3f} less"
    )
    return [Finding(name, last["look"], found["value"], promise["value"], words, loss=True)]


def _levels(
    fresh: Sequence[Mapping[str, Any]], promised: Mapping[str, Interval], params: QualityParams
) -> list[Finding]:
    """The calibration error of the latest look, if it is clearly above the promise."""
    last = fresh[-1]
    promise, found = promised.get("ece"), last["figures"].get("ece")
    if not promise or not found or promise["value"] is None or found["low"] is None:
        return []
    if found["low"] <= promise["value"] + params.max_ece_excess:
        return []
    words = (
        f"probabilities were off by {found['value']:.3f} on {last['look']}, promised were "
        f"{promise['value']:.3f}: said {last['mean_prediction']:.3f}, came {last['base_rate']:.3f}"
    )
    return [Finding("ece", last["look"], found["value"], promise["value"], words, loss=False)]


def normal_spread(values: Sequence[float | None]) -> float:
    """Standard deviation of a figure between looks; 0 where there are too few to tell."""
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) >= SPREAD_LOOKS else 0.0


def _half(figure: Interval) -> float:
    low, high = figure["low"], figure["high"]
    return 0.0 if low is None or high is None else (high - low) / 2
