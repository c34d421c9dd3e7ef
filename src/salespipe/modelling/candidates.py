"""Fits every candidate and baseline on the rows before the test period and chooses among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.blend import Blend
from salespipe.modelling.calibrate import (
    Calibrator,
    choose_method,
    cross_fitted,
    fit_calibrator,
)
from salespipe.modelling.choose import Choice, Ties, choose_candidate
from salespipe.modelling.development import (
    FEW_OUTCOMES,
    Development,
    develop,
    outcome_counts,
    shortage,
)
from salespipe.modelling.frame import FeatureSchema, Floats
from salespipe.modelling.logistic import LogisticModel, fit_logistic
from salespipe.modelling.predict import Model, Scorer
from salespipe.modelling.rule import fit_rule
from salespipe.modelling.search import search_params
from salespipe.modelling.target import OUTCOME, Method, Target
from salespipe.modelling.trained import BLEND, TREES, Held, Trained
from salespipe.modelling.xgb import fit_trees, stop_early
from salespipe.params import BaselineParams, TrainParams

Fit = Callable[[pd.DataFrame, Floats, Target], Scorer]


@dataclass(frozen=True)
class Attempt:
    """A kind of model: what it said of the rows it was judged on, and its fit on all rows."""

    schema: FeatureSchema
    held: Floats
    scorer: Scorer
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """An attempt with its calibration and its held-out loss a row."""

    attempt: Attempt
    method: Method
    by_method: dict[str, float]
    probability: Floats
    losses: Floats


def train_candidates(
    frame: pd.DataFrame,
    schema: FeatureSchema,
    train: TrainParams,
    baseline: BaselineParams,
    target: Target = OUTCOME,
) -> Trained:
    """Fits the rule, the RFM regression, boosted trees and the blend; chooses one.

    Each is judged on the validation block by fits that saw neither its customers nor its time
    (`later_folds`); the number of trees, the calibration and the choice all come from there. Then
    each is refitted on all rows before the test period. Test rows are never read.

    Args:
        frame: Model input: key columns, features, perhaps sensitive attributes, in any order.
        schema: The features.
        train: How trees are grown, and how many outcomes it takes to try.
        baseline: Columns of the baselines.
        target: What is predicted.

    Raises:
        SalespipeError: if a baseline's column is no feature, or the frame does not fit the schema.
    """
    schemas, rule = _schemas(schema, baseline, target), baseline.rule_name
    development = develop(frame, schema, target)
    if reason := shortage(development, train.min_outcomes):
        return _without_trees(development, schemas, rule, reason, train)
    params = search_params(development.design, development.label, development.folds, train, target)
    attempts = _attempts(development, schemas, rule, params)
    judged = {name: _judge(attempt, development) for name, attempt in attempts.items()}
    held = development.held
    ties = Ties(development.clusters[held], development.periods[held])
    losses = {name: one.losses for name, one in judged.items()}
    choice = choose_candidate(losses, ties, rule, BLEND, target.loss)
    return Trained(
        models={name: _finish(name, one, development) for name, one in judged.items()},
        chosen=choice.name,
        reason=choice.reason,
        validation=_validation(judged, choice),
        params=params,
        held=Held(held, judged[choice.name].probability),
    )


def _schemas(
    schema: FeatureSchema, baseline: BaselineParams, target: Target
) -> dict[str, FeatureSchema]:
    linear = schema.only(baseline.logistic_columns) if baseline.logistic_columns else schema
    rule = schema.only([baseline.rule_column])
    return {baseline.rule_name: rule, target.linear: linear, TREES: schema, BLEND: schema}


def _fit_rule(design: pd.DataFrame, label: Floats, target: Target) -> Scorer:
    return fit_rule(design, label, str(design.columns[0]), target)


def _attempts(
    development: Development,
    schemas: Mapping[str, FeatureSchema],
    rule: str,
    params: TrainParams,
) -> dict[str, Attempt]:
    design, label, target = development.design, development.label, development.target
    grown = stop_early(design, label, development.folds, params, target)
    facts = {"trees": grown.trees, "curve": list(grown.curve)}
    with ThreadPoolExecutor(1) as aside:
        growing = aside.submit(fit_trees, design, label, params, grown.trees, target)
        rfm = _attempt(development, schemas[target.linear], fit_logistic)
        # where the baseline reads every feature already, the two are one and count once
        same = schemas[target.linear] == schemas[TREES]
        linear = [rfm] if same else [rfm, _attempt(development, schemas[TREES], fit_logistic)]
        trees = growing.result()
    held = np.mean([grown.log_odds, *(one.held for one in linear)], axis=0)
    scorers = (one.scorer for one in linear)
    blend = Blend(trees, tuple(one for one in scorers if isinstance(one, LogisticModel)))
    return {
        rule: _attempt(development, schemas[rule], _fit_rule),
        target.linear: rfm,
        TREES: Attempt(schemas[TREES], grown.log_odds, trees, facts),
        BLEND: Attempt(schemas[BLEND], held, blend, facts),
    }


def _attempt(development: Development, schema: FeatureSchema, fit: Fit) -> Attempt:
    scorer = fit(development.design[list(schema.names)], development.label, development.target)
    return Attempt(schema, _held(development, schema, fit), scorer)


def _held(development: Development, schema: FeatureSchema, fit: Fit) -> Floats:
    """Scores of the rows judged on, each from a fit on earlier rows of other customers."""
    design, label = development.design[list(schema.names)], development.label
    return np.concatenate([
        fit(design.iloc[fold.fit], label[fold.fit], development.target).log_odds(
            design.iloc[fold.held]
        )
        for fold in development.folds
    ])  # fmt: skip


def _judge(attempt: Attempt, development: Development) -> Judged:
    held, target = development.held, development.target
    label, groups = development.label[held], development.groups[held]
    clusters = development.clusters[held]
    method, by_method = choose_method(attempt.held, label, groups, clusters, target)
    predicted = cross_fitted(method, attempt.held, label, groups, target)
    return Judged(attempt, method, by_method, predicted, target.losses(label, predicted))


def _finish(name: str, judged: Judged, development: Development) -> Model:
    attempt = judged.attempt
    label, target = development.label[development.held], development.target
    calibrator = fit_calibrator(judged.method, attempt.held, label, target)
    facts = {key: value for key, value in attempt.facts.items() if key != "curve"}
    meta = {**facts, "calibration": calibrator.method}
    return Model(name, attempt.schema, attempt.scorer, calibrator, meta)


def _without_trees(
    development: Development,
    schemas: Mapping[str, FeatureSchema],
    rule: str,
    reason: str,
    params: TrainParams,
) -> Trained:
    fits: dict[str, Fit] = {rule: _fit_rule}
    if min(outcome_counts(development)) >= FEW_OUTCOMES:
        fits[development.target.linear] = fit_logistic
    design, label, target = development.design, development.label, development.target
    calibrator = Calibrator(kind=target.kind)
    models = {
        name: Model(
            name, schemas[name], fit(design[list(schemas[name].names)], label, target), calibrator
        )
        for name, fit in fits.items()
    }
    return Trained(models, rule, f"{reason} The rule is used instead of a model.", {}, params)


def _validation(judged: Mapping[str, Judged], choice: Choice) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "loss": choice.losses[name],
            "difference_error": choice.errors[name],
            "calibration": one.method,
            "loss_by_calibration": one.by_method,
            **one.attempt.facts,
        }
        for name, one in judged.items()
    }
