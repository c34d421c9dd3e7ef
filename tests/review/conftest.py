"""Dossiers of a small churn model and a small forecast, trained once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.costs import judge_costs
from salespipe.modelling.evaluate import evaluate_candidates
from salespipe.modelling.evidence import (
    InOffice,
    challenger_record,
    champion_record,
    model_facts,
)
from salespipe.modelling.forecast import evidence as forecast_evidence
from salespipe.modelling.forecast.judge import metrics_of
from salespipe.modelling.forecast.saved import make_model
from salespipe.modelling.forecast.train import train_measure
from salespipe.modelling.gate import decide
from salespipe.params import CardParams, EvaluateParams, GateParams, ModelParams, SensitiveParams
from salespipe.params_forecast import CoverageParams
from salespipe.review.gather.customers import customer_facts
from salespipe.review.gather.series import series_facts
from salespipe.review.record import Candidate, Code, Dossier, Line, Made, Step
from tests.modelling.forecast.conftest import make_table, small_params
from tests.modelling.synthetic import BASELINE, FAST, TRUTH, model_input, schema_of

SAME_CODE = Code()
CLEAN = {"passed": True, "checks": [{"name": "truncated", "features": []}]}
INGEST = {"orders": {"rows_in": 1200, "rows_kept": 1100, "rows_quarantined": 100,
                     "reasons": {"customer_id is missing": 100}}}  # fmt: skip
MODEL = ModelParams(
    outcome="no_order",
    sensitive=SensitiveParams(columns=("age",)),
    gate=GateParams(bootstrap_samples=200),
    evaluate=EvaluateParams(bootstrap_samples=50),
    card=CardParams(owner="Ada Lovelace", purpose="Win customers back.", not_for=("credit",)),
)
PROMOTED = {"verdict": "promote", "approval": "auto", "approver": "auto", "git_commit": "a" * 40,
            "data_hash": "b" * 32, "reason": "every check passed"}  # fmt: skip


@pytest.fixture(scope="session")
def rows():
    return model_input(900).drop(columns=TRUTH)


@pytest.fixture(scope="session")
def fitted(rows):
    return train_candidates(rows, schema_of(rows), FAST, BASELINE)


@pytest.fixture(scope="session")
def office(rows, fitted):
    meta = fitted.champion.meta | model_facts(rows, MODEL) | {"learned_until": "2024-05-01"}
    return InOffice(1, dataclasses.replace(fitted.champion, meta=meta))


def dossier_of(rows, trained, office, number) -> Dossier:
    """What a training leaves, without Kedro and MLflow."""
    metrics: dict[str, Any] = evaluate_candidates(rows, trained, MODEL.evaluate)
    metrics |= {"as_of": "2024-06-01", "horizon_days": 90}
    metrics["costs"] = judge_costs(rows, trained, MODEL.costs, MODEL.evaluate)
    new = challenger_record(rows, trained, metrics, CLEAN, MODEL)
    old = champion_record(rows, office, model_facts(rows, MODEL))
    gate = decide(new, old, MODEL.gate).as_dict()
    facts = customer_facts(rows, trained, office, INGEST, MODEL)
    made = Made(number, "2026-11-26T10:00:00+00:00", f"run{number}", PROMOTED, trained.chosen)
    return Dossier(made, gate, metrics, facts)


@pytest.fixture(scope="session")
def first(rows, fitted):
    """The first version: there was no champion."""
    return dossier_of(rows, fitted, None, 1)


@pytest.fixture(scope="session")
def second(rows, fitted, office):
    """The same model again, beside itself in office: it can't be told apart."""
    return dossier_of(rows, fitted, office, 2)


@pytest.fixture(scope="session")
def outlook():
    """A forecast's measure, its conf and the model made of it."""
    loose = CoverageParams(at_80=(0.0, 1.0), at_95=(0.0, 1.0))
    params = small_params(
        card=CardParams(owner="Ada"), coverage=loose, gate=GateParams(bootstrap_samples=100)
    )
    trained = {"revenue": train_measure(make_table(), "revenue", params)}
    return trained, params, make_model(trained, params)


@pytest.fixture(scope="session")
def forecast(outlook):
    """The first version of a forecast."""
    trained, params, model = outlook
    record = forecast_evidence.challenger_record(trained["revenue"], CLEAN, params)
    gate = decide(record, None, params.gate).as_dict()
    facts = series_facts(model, trained, None, INGEST, params)
    made = Made(1, "2026-11-26T10:00:00+00:00", "run1", PROMOTED, "moving_average")
    return Dossier(made, gate, metrics_of(trained, params), facts)


def step(action: str, version: int, previous: int | None, by: str = "auto") -> Step:
    return Step(action, version, previous, by, "because", "2026-11-26T11:00:00+00:00")


@pytest.fixture
def candidate_of() -> Callable[..., Candidate]:
    """A candidate as things stand: who is in office, and what was decided."""

    def make(
        dossier: Dossier,
        *,
        champion: int | None = 1,
        steps: tuple[Step, ...] = (step("promote", 1, None),),
        rival: Dossier | None = None,
        code: Code = SAME_CODE,
        model: str = "churn",
        monitor: dict[str, Any] | None = None,
        **tags: str,
    ) -> Candidate:
        made = dataclasses.replace(dossier.made, tags={**dossier.made.tags, **tags})
        others = () if rival is None else (rival.made,)
        line = Line(model, (*others, made), champion, steps, monitor=monitor)
        told = dataclasses.replace(dossier, made=made)
        return Candidate("demo", line, told, rival, code)

    return make
