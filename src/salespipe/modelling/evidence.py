"""What the gate is told of two customer models, from the same test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.decision import Challenger, Champion, Measured
from salespipe.modelling.frame import FeatureSchema, Floats, entity_codes, labels
from salespipe.modelling.gaps import unequal_treatment
from salespipe.modelling.groups import calibration_gaps
from salespipe.modelling.target import Target, target_of
from salespipe.modelling.trained import ROLES, Trained
from salespipe.params import ModelParams


@dataclass(frozen=True)
class InOffice:
    """The registered champion as it was found.

    Attributes:
        version: its number.
        model: the model; None if it could not be read.
        problem: why not.
    """

    version: int
    model: Any | None
    problem: str | None = None


def model_facts(frame: pd.DataFrame, model: ModelParams) -> dict[str, Any]:
    """What a later run has to know of a model: its outcome, and the last day it learned from."""
    learned = pd.to_datetime(frame.loc[frame["split"] != "test", "as_of"]).max()
    horizon = None if pd.isna(learned) else model.snapshots.horizon_days
    until = None if pd.isna(learned) else learned + pd.Timedelta(days=horizon)
    return {
        "outcome": model.outcome,
        "horizon_days": horizon,
        "learned_until": None if until is None else str(until.date()),
    }


def challenger_record(
    frame: pd.DataFrame,
    trained: Trained,
    metrics: Mapping[str, Any],
    audit: Mapping[str, Any],
    model: ModelParams,
) -> Challenger:
    """The new model's record, but for the time it takes to score.

    Args:
        frame: model input; only test rows are looked at.
        trained: fitted candidates and the choice.
        metrics: what `metrics.json` holds.
        audit: what the leak audit found.
        model: conf.
    """
    test = frame[frame["split"] == "test"]
    label, clusters, target = labels(test), entity_codes(test), trained.champion.target
    losses = {n: target.losses(label, one.predict(test)) for n, one in trained.models.items()}
    score = trained.champion.predict(test)
    error, attributes = (score - label) / target.unit(label), model.sensitive.columns
    gaps = calibration_gaps(test, error, clusters, attributes, model.gate)
    unequal = unequal_treatment(test, score, attributes, model.gate)
    ones = int((label > 0).sum())
    return Challenger(
        score=target.loss,
        losses=losses[trained.chosen],
        baselines={
            name: loss
            for name, loss in losses.items()
            if ROLES[name] == "baseline" and name != trained.chosen
        },
        clusters=clusters,
        counts={"test_rows": len(test), "test_outcomes": min(ones, len(test) - ones)},
        leaky=leaky_features(audit),
        measured=(calibration(metrics, model), *gaps, *unequal),
    )


def leaky_features(audit: Mapping[str, Any]) -> tuple[str, ...]:
    """The features that any check of the audit names."""
    return tuple(sorted({name for check in audit["checks"] for name in check["features"]}))


def calibration(metrics: Mapping[str, Any], model: ModelParams) -> Measured:
    """The calibration error beside its bound, which the best baseline can raise."""
    candidates, chosen = metrics["candidates"], metrics["chosen"]
    errors = [
        figures["ece"]["value"]
        for name, figures in candidates.items()
        if figures["role"] == "baseline" and name != chosen
    ]
    beside = min((error for error in errors if error is not None), default=0.0)
    bound = max(model.gate.max_ece, beside + model.gate.max_ece_excess)
    words = f"probabilities are off by this much on average (best baseline {beside:.3f})"
    return Measured("calibration", candidates[chosen]["ece"], words, at_most=bound)


def champion_record(
    frame: pd.DataFrame, office: InOffice | None, facts: Mapping[str, Any]
) -> Champion | None:
    """The record of the model in office on the challenger's test rows.

    Args:
        frame: model input; only test rows are looked at.
        office: the registered champion, if there is one.
        facts: `model_facts` of the challenger.
    """
    if office is None:
        return None
    test = frame[frame["split"] == "test"]
    if obstacle := obstacle_to_compare(test, office, facts):
        return Champion(office.version, obstacle=obstacle)
    return Champion(office.version, _losses(office, test, target_of(str(facts["outcome"]))))


def _losses(office: InOffice, rows: pd.DataFrame, target: Target) -> Floats:
    assert office.model is not None  # noqa: S101 - else there is an obstacle
    return target.losses(labels(rows), np.asarray(office.model.predict(rows), dtype=np.float64))


def obstacle_to_compare(
    test: pd.DataFrame, office: InOffice, facts: Mapping[str, Any]
) -> str | None:
    """Why the champion can't be judged fairly on these rows, in words; None if it can."""
    if office.model is None:
        return f"it can't be read ({office.problem})"
    schema: FeatureSchema = office.model.schema
    if missing := sorted(set(schema.names) - set(test.columns)):
        return f"it reads features that today's data lack ({', '.join(missing)})"
    known = office.model.meta
    for name, word in (("outcome", "outcome"), ("horizon_days", "horizon")):
        if known.get(name) != facts[name]:
            return f"it predicts another {word} ({known.get(name)}, now {facts[name]})"
    until, first = known.get("learned_until"), pd.to_datetime(test["as_of"]).min()
    if until is not None and not pd.isna(first) and pd.Timestamp(until) > first:
        return f"it learned from days up to {until}, and the test begins on {first.date()}"
    return None
