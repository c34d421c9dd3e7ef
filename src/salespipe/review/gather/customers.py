"""What the review page shows of a model of customers, from its own test rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.features import feature_help
from salespipe.flat import flatten
from salespipe.modelling.costs import curves_on_test
from salespipe.modelling.evaluate import judge
from salespipe.modelling.evidence import model_facts, obstacle_to_compare
from salespipe.modelling.frame import Floats, design_matrix, entity_codes, labels
from salespipe.modelling.plots import SAMPLE, calibration_bins, gain_points
from salespipe.modelling.predict import Model
from salespipe.modelling.trained import Trained
from salespipe.params import ModelParams
from salespipe.review.gather.facts import (
    Bin,
    Comparison,
    CustomerFacts,
    Facts,
    Figure,
    Line,
    Strong,
)
from salespipe.review.gather.people import people_of

if TYPE_CHECKING:
    from salespipe.modelling.evidence import InOffice

MODEL, CHAMPION = "model", "champion"
POINTS = 61
"""Of a curve on the page."""
STRONGEST = 10
CLEAR = 0.3
"""Rank correlation of value and contribution from which on a feature points one way."""


def customer_facts(
    frame: pd.DataFrame,
    trained: Trained,
    office: InOffice | None,
    ingest: Mapping[str, Any] | None,
    params: ModelParams,
) -> Facts:
    """Everything the page needs of a customer model that only training knows.

    Args:
        frame: model input; only test rows are looked at.
        trained: every candidate, and the choice.
        office: the registered champion, if there is one.
        ingest: what `ingest.json` holds.
        params: conf.
    """
    model, test = trained.champion, frame[frame["split"] == "test"].reset_index(drop=True)
    rival = comparable(test, office, model_facts(frame, params))
    some = test if len(test) <= SAMPLE else test.sample(SAMPLE, random_state=0)
    some = some.reset_index(drop=True)
    parts = model.contributions(some).reindex(columns=list(model.schema.names), fill_value=0.0)
    typical, odd = people_of(model, some, parts)
    return Facts(
        card=params.card,
        columns={one.name: one.kind for one in model.schema.features},
        conf=flatten(params.model_dump(mode="json", exclude={"card"})),
        sensitive=params.sensitive.columns,
        ingest=None if ingest is None else dict(ingest),
        comparison=None if office is None else compare(test, model, rival, office, params),
        customers=CustomerFacts(
            outcome=params.outcome,
            calibration=calibrations(test, model, rival, params),
            gain=gains(test, trained, rival),
            profit=profits(frame, trained, params),
            strongest=strongest(design_matrix(some, model.schema), parts),
            typical=typical,
            odd=odd,
        ),
    )


def comparable(
    test: pd.DataFrame, office: InOffice | None, facts: Mapping[str, Any]
) -> Model | str | None:
    """The champion's model, or why it can't be judged on these rows; None without a champion."""
    if office is None:
        return None
    obstacle = obstacle_to_compare(test, office, facts)
    found: Model | None = office.model
    return obstacle or found


def compare(
    test: pd.DataFrame, model: Model, rival: Model | str | None, office: InOffice,
    params: ModelParams,
) -> Comparison:  # fmt: skip
    """The champion's figures on the test rows, and the paired differences to it."""
    if not isinstance(rival, Model):
        return Comparison(version=office.version, obstacle=rival)
    predictions = {MODEL: model.predict(test), CHAMPION: rival.predict(test)}
    judged = judge(labels(test), predictions, entity_codes(test), params.evaluate, model.target)
    return Comparison(
        version=office.version,
        figures=figures(judged.figures(CHAMPION)),
        differences=figures(judged.difference(MODEL, CHAMPION)),
    )


def figures(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Figure]:
    """Intervals as types, to six digits."""
    return {
        name: Figure(**{key: settled(value) for key, value in one.items()})
        for name, one in found.items()
    }


def settled(value: float | None) -> float | None:
    """A number to six digits: more than a page shows, and the same in every run."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")


def calibrations(
    test: pd.DataFrame, model: Model, rival: Model | str | None, params: ModelParams
) -> dict[str, tuple[Bin, ...]]:
    """What was predicted and what came, in bins of equal count."""
    shown = {MODEL: model} | ({CHAMPION: rival} if isinstance(rival, Model) else {})
    return {name: _bins(labels(test), one.predict(test), params) for name, one in shown.items()}


def _bins(label: Floats, predicted: Floats, params: ModelParams) -> tuple[Bin, ...]:
    means = calibration_bins(label, predicted, params.evaluate.calibration_bins)
    return tuple(
        Bin(
            predicted=float(f"{one['p']:.6g}"),
            observed=Figure(
                value=settled(one["y"]),
                low=settled(max(one["y"] - one["error"], 0.0)),
                high=settled(one["y"] + one["error"]),
            ),
            rows=int(one["n"]),
        )
        for one in means.to_dict("records")
    )


def gains(test: pd.DataFrame, trained: Trained, rival: Model | str | None) -> tuple[Line, ...]:
    """Share of outcomes found by share of rows, of every candidate and the champion."""
    shown = named(trained) | ({CHAMPION: rival} if isinstance(rival, Model) else {})
    return tuple(
        thinned(name, *gain_points(labels(test), one.predict(test))) for name, one in shown.items()
    )


def named(trained: Trained) -> dict[str, Model]:
    """The chosen model first, then every other candidate by its own name."""
    others = {name: one for name, one in trained.models.items() if name != trained.chosen}
    return {MODEL: trained.champion, **others}


def profits(frame: pd.DataFrame, trained: Trained, params: ModelParams) -> tuple[Line, ...]:
    """Profit a customer by share of customers contacted, of every candidate."""
    curves = curves_on_test(frame, trained, params.costs)
    names = {trained.chosen: MODEL}
    lines = [thinned(names.get(n, n), one.share, one.profit) for n, one in curves.items()]
    return tuple(sorted(lines, key=lambda line: line.name != MODEL))


def thinned(name: str, x: Floats, y: Floats) -> Line:
    """A curve at so many places between nobody and everybody."""
    grid = np.linspace(0, 1, POINTS)
    at = np.interp(grid, x, y)
    return Line(
        name=name,
        x=tuple(float(f"{one:.4g}") for one in grid),
        y=tuple(float(f"{one:.5g}") for one in at),
    )


def strongest(design: pd.DataFrame, parts: pd.DataFrame) -> tuple[Strong, ...]:
    """The features that move scores most, with the way they point.

    Args:
        design: n rows as the model reads them.
        parts: their contributions.
    """
    sizes = parts.abs().mean().sort_index().sort_values(ascending=False, kind="stable")
    whole = float(sizes.sum())
    kept = sizes[sizes > 0].head(STRONGEST)
    return tuple(_strong(str(n), float(s) / whole, design[n], parts[n]) for n, s in kept.items())


def _strong(name: str, share: float, values: pd.Series, moves: pd.Series) -> Strong:
    facts: dict[str, Any] = {"name": name, "words": feature_help(name), "share": settled(share)}
    if isinstance(values.dtype, pd.CategoricalDtype):
        means = moves.groupby(values, observed=True).mean().sort_values()
        detail = f"most for {means.index[-1]}, least for {means.index[0]}" if len(means) else ""
        return Strong(**facts, way="levels", detail=detail)
    known = values.notna().to_numpy()
    ranks = values[known].rank(), moves[known].rank()
    varies = all(one.nunique() > 1 for one in ranks)
    together = float(ranks[0].corr(ranks[1])) if varies else 0.0
    way = "mixed" if abs(together) < CLEAR else "up" if together > 0 else "down"
    return Strong(**facts, way=way)
