"""Names and sentences of the page: what a check, a figure or a candidate is, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODELS = {
    "recency_rule": "Recency rule",
    "popularity_rule": "Popularity rule",
    "rfm_logistic": "Logistic regression",
    "rfm_tweedie": "Tweedie regression",
    "xgboost": "XGBoost",
    "blend": "Blend of trees and lines",
    "seasonal_naive": "Same weekday a week ago",
    "moving_average": "Moving average",
    "auto_ets": "AutoETS",
    "xgb_tweedie": "XGBoost (Tweedie)",
    "xgb_log": "XGBoost (log)",
    "ensemble": "Mean of trees and average",
}


def candidate_name(name: str) -> str:
    """What a candidate is called on the page."""
    return MODELS.get(name, name.replace("_", " ").capitalize())


@dataclass(frozen=True)
class FigureWords:
    """How a figure is told.

    Attributes:
        name: its title.
        meaning: what it says, in a sentence.
        better: `higher`, `lower` or `zero`.
        form: how numbers are written.
    """

    name: str
    meaning: str
    better: str
    form: str = "{:.3f}"


FIGURES = {
    "roc_auc": FigureWords(
        "Ranking (ROC AUC)",
        "The chance that a customer with the outcome is ranked above one without it: "
        "0.5 is a coin toss, 1 is perfect.", "higher"),
    "pr_auc": FigureWords(
        "Ranking of the few (PR AUC)",
        "How pure the top of the list is, over all cuts; the base rate is what chance gets.",
        "higher"),
    "lift_at_10pct": FigureWords(
        "Top tenth against average (lift)",
        "How many times more outcomes the top tenth of the list holds than a random tenth.",
        "higher", "{:.2f}×"),
    "gain_at_20pct": FigureWords(
        "Found in the top fifth",
        "Share of all outcomes that the top fifth of the list holds; chance finds 20%.",
        "higher", "{:.1%}"),
    "brier": FigureWords(
        "Squared error (Brier)", "Mean squared distance of probability and outcome.", "lower",
        "{:.4f}"),
    "log_loss": FigureWords(
        "Surprise (log loss)",
        "How surprised the probabilities were by what came; the gate compares models by it.",
        "lower", "{:.4f}"),
    "ece": FigureWords(
        "Calibration error",
        "How far predictions are off on average, in ten bins: 0.02 is two points in a hundred.",
        "lower"),
    "gini": FigureWords(
        "Ranking by amount (Gini)",
        "How well big spenders are ranked above small ones: 0 is chance, 1 is perfect.", "higher"),
    "deviance": FigureWords(
        "Surprise (Tweedie deviance)", "How far amounts were from what came.", "lower", "{:.4g}"),
    "wape": FigureWords(
        "Error of a day (WAPE)",
        "All absolute errors over all that was sold: 0.15 is 15 off for every 100 sold.", "lower",
        "{:.1%}"),
    "wape_7d": FigureWords(
        "Error of a week (WAPE)", "The same with days summed to weeks.", "lower", "{:.1%}"),
    "bias": FigureWords(
        "Over or under in sum (bias)",
        "Sum of errors over all that was sold: above 0 promises too much.", "zero", "{:+.1%}"),
}  # fmt: skip
ORDER = ("roc_auc", "gini", "wape", "wape_7d", "gain_at_20pct", "ece", "lift_at_10pct", "log_loss",
         "deviance", "bias", "pr_auc")  # fmt: skip
"""Figures that the page tells, the first of them first; `metrics.json` has them all."""


def figure_words(name: str) -> FigureWords:
    """How a figure is told; one that is new to this page by its own name."""
    return FIGURES.get(name) or FigureWords(name.replace("_", " "), "", "higher")


def tell(name: str, figure: Any, interval: bool = False) -> str:
    """A figure as text, with its 95% interval if asked for.

    Args:
        name: of the figure.
        figure: value, low and high, as a mapping or as `Figure`.
        interval: whether to add it.
    """
    found = dict(figure) if isinstance(figure, Mapping) else dict(figure or {})
    if found.get("value") is None:
        return "cannot be told"
    form = figure_words(name).form
    value = form.format(found["value"])
    if not interval or found.get("low") is None or found.get("high") is None:
        return plain(value)
    between = " to " if "+" in form else "–"
    return plain(f"{value} ({form.format(found['low'])}{between}{form.format(found['high'])})")


def plain(text: str) -> str:
    """A sentence of the gate as people read it: models by name, a minus that is one."""
    for name, words in MODELS.items():
        text = re.sub(rf"\b{name}\b", inside(words), text)
    return re.sub(r"(?<![\w-])-(?=\d)", "−", text)


def inside(words: str) -> str:
    """A name inside a sentence; AutoETS and XGBoost keep their capitals."""
    return words if words[1].isupper() or words == "AutoETS" else words[0].lower() + words[1:]


@dataclass(frozen=True)
class CheckWords:
    """A check of the gate: what it asks, and why."""

    title: str
    why: str


CHECKS = {
    "leaks": CheckWords(
        "No feature sees its future",
        "A feature that knows what comes later looks brilliant in a test and fails in use."),
    "test_rows": CheckWords(
        "Enough rows to judge by", "With too few rows, luck looks like skill."),
    "test_outcomes": CheckWords(
        "Enough of the rarer outcome", "With too few outcomes, luck looks like skill."),
    "baseline": CheckWords(
        "Not clearly worse than doing it by hand",
        "What a person would do without the model must not be clearly better."),
    "champion": CheckWords(
        "Clearly better than the champion",
        "A new model takes over only where the difference is too large to be chance."),
    "calibration": CheckWords(
        "Its numbers can be taken at their word",
        "Of customers given 30%, about 30 in 100 should have the outcome."),
    "latency_ms": CheckWords("Fast enough", "A score that comes too late is not used."),
}  # fmt: skip


GAPS = {
    "group_gap": CheckWords(
        "As true for every group by {}",
        "A model may not promise one group more, or less, than comes true for the others."),
    "parity_gap": CheckWords(
        "Every group by {} is chosen about as often",
        "Where groups’ outcomes differ their shares at the top of the list do: a person has to "
        "accept that."),
    "opportunity_gap": CheckWords(
        "Of every group by {} as many are found",
        "Of those with the outcome each group should be found about as often: a person has to "
        "accept it where not."),
}  # fmt: skip
"""Checks of each sensitive attribute, by what stands before its name."""


def check_words(name: str) -> CheckWords:
    """A check in words, whatever it is called."""
    if name in CHECKS:
        return CHECKS[name]
    kind, _, about = name.partition(".")
    if kind in GAPS:
        return CheckWords(GAPS[kind].title.replace("{}", about), GAPS[kind].why)
    if name.startswith("coverage_"):
        level, _, share = name.removeprefix("coverage_").rpartition("_")
        return CheckWords(
            f"{level.capitalize()}: {share}% intervals hold what they promise",
            f"About {share} days in 100 should fall inside.",
        )
    return CheckWords(name.replace("_", " ").replace(".", " ").capitalize(), "")


def sentence(text: str) -> str:
    """Words as a sentence: a capital first, a full stop last."""
    kept = text.strip()
    return kept[:1].upper() + kept[1:] + ("" if kept.endswith((".", "?", "”")) else ".")


def joined(words: list[str]) -> str:
    """`a, b and c`."""
    if len(words) < 2:  # noqa: PLR2004
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
