"""Three pictures a reviewer reads at one look; the same input gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Floats, labels
from salespipe.modelling.metrics import rank_rows
from salespipe.modelling.predict import Model
from salespipe.modelling.trained import Trained

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salespipe.modelling.costs import Curve

SIZE = (7.0, 5.0)
SHOWN_FEATURES = 15
SMALLEST = 1e-12
SAMPLE = 5000
"""Rows whose contributions are averaged: enough for a ranking of features."""


def draw_plots(frame: pd.DataFrame, trained: Trained, bins: int) -> dict[str, Figure]:
    """The pictures of one training, from its test rows.

    Args:
        frame: Model input.
        trained: Fitted candidates and the choice.
        bins: Points of the calibration curve.

    Returns:
        `calibration`, `gain`, `features`: matplotlib figures that belong to no global state.
    """
    test = frame[frame["split"] == "test"]
    predictions = {name: model.predict(test) for name, model in trained.models.items()}
    return {
        "calibration": calibration_figure(
            labels(test), predictions[trained.chosen], bins, trained.champion.target.output
        ),
        "gain": gain_figure(labels(test), predictions, trained.chosen),
        "features": features_figure(mean_contributions(trained.champion, test)),
    }


def png_bytes(figure: Figure) -> bytes:
    """A figure as PNG, without the library's version in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def calibration_figure(
    label: Floats, probability: Floats, bins: int, output: str = "probability"
) -> Figure:
    """Predicted against observed, in bins of equal count, over the counts of customers.

    Args:
        label: n outcomes.
        probability: n predictions of the chosen model.
        bins: Number of bins.
        output: What is predicted.
    """
    means = calibration_bins(label, probability, bins)
    most = 1.0 if output == "probability" else float(means[["p", "y"]].to_numpy().max())
    figure = new_figure()
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    above.plot([0, most], [0, most], color="0.6", linestyle="--", label="perfect")
    above.errorbar(
        means["p"], means["y"], yerr=means["error"], marker="o", capsize=3, label="model, ±95%"
    )
    above.set(ylabel="mean outcome", ylim=(0, most * 1.05), title="Do the predictions hold?")
    above.legend(loc="upper left")
    below.hist(probability, bins=40, range=(0, most), color="0.5")
    below.set(xlabel=f"predicted {output}", ylabel="rows", xlim=(0, most * 1.05))
    return figure


def calibration_bins(label: Floats, probability: Floats, bins: int) -> pd.DataFrame:
    """Bins of equal count by falling prediction.

    Args:
        label: n outcomes.
        probability: n predictions.
        bins: Number of bins.

    Returns:
        `p` mean prediction, `y` mean outcome, `n` rows and `error`, half of y's 95% interval.
    """
    ranked = rank_rows(label, probability, bins)
    groups = pd.DataFrame({"p": ranked.probability, "y": ranked.label, "bin": ranked.bins})
    means = groups.groupby("bin").agg(
        p=("p", "mean"), y=("y", "mean"), s=("y", "std"), n=("y", "size")
    )
    return means.assign(error=1.96 * means["s"].fillna(0) / np.sqrt(means["n"]))


def gain_figure(label: Floats, predictions: Mapping[str, Floats], chosen: str) -> Figure:
    """Share of all outcomes found among the best-ranked share of rows, each candidate and chance.

    Args:
        label: n outcomes.
        predictions: n probabilities, by candidate.
        chosen: The candidate drawn bold.
    """
    figure = new_figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="random")
    for name, probability in predictions.items():
        bold = name == chosen
        axes.plot(
            *gain_points(label, probability), linewidth=2.5 if bold else 1.2,
            label=f"{name} (chosen)" if bold else name,
        )  # fmt: skip
    axes.set(xlabel="share of customers, best-ranked first", ylabel="share of outcomes found")
    axes.set(title="How many outcomes does the top of the list hold?", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="lower right")
    return figure


def profit_figure(curves: Mapping[str, Curve], chosen: str) -> Figure:
    """Profit by share of customers contacted, of every candidate; the chosen one's best is marked.

    Args:
        curves: By candidate.
        chosen: The one drawn bold.
    """
    figure = new_figure()
    axes: Axes = figure.subplots()
    axes.axhline(0, color="grey", linewidth=0.8)
    for name, curve in curves.items():
        bold = name == chosen
        axes.plot(
            curve.share, curve.profit, linewidth=2.5 if bold else 1.2,
            label=f"{name} (chosen)" if bold else name,
        )  # fmt: skip
    best = int(np.argmax(curves[chosen].profit))
    axes.plot(curves[chosen].share[best], curves[chosen].profit[best], "o", color="black")
    axes.set(xlabel="share of customers contacted, best-ranked first", xlim=(0, 1))
    axes.set(ylabel="profit a customer", title="What does contacting customers earn?")
    axes.legend(loc="best")
    return figure


def gain_points(label: Floats, probability: Floats) -> tuple[Floats, Floats]:
    """Share of rows taken, best-ranked first, and share of all outcomes among them.

    Args:
        label: n outcomes.
        probability: n predictions.
    """
    ranked = rank_rows(label, probability, 1)
    ends = np.r_[ranked.starts[1:], len(label)]
    found = np.cumsum(ranked.label)[ends - 1] / max(float(label.sum()), SMALLEST)
    return np.r_[0.0, ends / len(label)], np.r_[0.0, found]


def mean_contributions(model: Model, frame: pd.DataFrame) -> pd.Series[float]:
    """Mean absolute contribution of each feature to the log-odds, largest first (ties by name)."""
    rows = frame if len(frame) <= SAMPLE else frame.sample(SAMPLE, random_state=0)
    means = model.contributions(rows).abs().mean().sort_index()
    return means.sort_values(ascending=False, kind="stable")


def features_figure(importance: pd.Series[float]) -> Figure:
    """The features that move the log-odds most.

    Args:
        importance: Mean absolute contribution by feature, largest first.
    """
    shown = importance.head(SHOWN_FEATURES).iloc[::-1]
    figure = new_figure()
    axes: Axes = figure.subplots()
    axes.barh(list(shown.index), shown.to_numpy())
    axes.set(xlabel="mean |contribution| to the log-odds", title="What moves the score most")
    return figure


def new_figure() -> Figure:
    """An empty picture that belongs to no global state."""
    # A Figure of its own, not pyplot's: no window system, no state that outlives the call.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
