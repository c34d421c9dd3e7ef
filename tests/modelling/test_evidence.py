"""The records that the gate compares, and when two models can't be compared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import evaluate_candidates
from salespipe.modelling.evidence import (
    InOffice,
    challenger_record,
    champion_record,
    model_facts,
)
from salespipe.modelling.gate import decide
from salespipe.params import EvaluateParams, GateParams, ModelParams, SensitiveParams
from tests.modelling.synthetic import BASELINE, FAST, TRUTH, model_input, schema_of

MODEL = ModelParams(
    outcome="no_order",
    sensitive=SensitiveParams(columns=("age",)),
    gate=GateParams(bootstrap_samples=200),
)
CLEAN = {"passed": True, "checks": [{"name": "truncated", "features": []}]}


@pytest.fixture(scope="module")
def frame():
    return model_input(900).drop(columns=TRUTH)


@pytest.fixture(scope="module")
def trained(frame):
    return train_candidates(frame, schema_of(frame), FAST, BASELINE)


@pytest.fixture(scope="module")
def metrics(frame, trained):
    return evaluate_candidates(frame, trained, EvaluateParams(bootstrap_samples=50))


def office(trained, frame, **facts):
    meta = trained.champion.meta | model_facts(frame, MODEL) | {"learned_until": "2024-05-01"}
    return InOffice(4, dataclasses.replace(trained.champion, meta=meta | facts))


def test_the_record_has_a_loss_for_each_test_row(frame, trained, metrics):
    record = challenger_record(frame, trained, metrics, CLEAN, MODEL)
    test = frame[frame.split == "test"]
    assert len(record.losses) == len(test) == record.counts["test_rows"]
    assert record.losses.mean() == pytest.approx(
        metrics["candidates"][trained.chosen]["log_loss"]["value"]
    )
    assert set(record.baselines) == {"recency_rule", "rfm_logistic"} - {trained.chosen}
    assert {one.name for one in record.measured} == {
        "calibration", "group_gap.age", "parity_gap.age", "opportunity_gap.age",
    }  # fmt: skip


def test_a_leak_in_the_audit_reaches_the_gate(frame, trained, metrics):
    leak = {"passed": False, "checks": [{"name": "too_good", "features": ["mood"]}]}
    record = challenger_record(frame, trained, metrics, leak, MODEL)
    assert record.leaky == ("mood",)


def test_the_same_model_in_office_holds(frame, trained, metrics):
    record = challenger_record(frame, trained, metrics, CLEAN, MODEL)
    found = champion_record(frame, office(trained, frame), model_facts(frame, MODEL))
    assert np.array_equal(found.losses, record.losses)
    assert decide(record, found, MODEL.gate).verdict == "hold"


def test_no_champion_is_no_record(frame):
    assert champion_record(frame, None, model_facts(frame, MODEL)) is None


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"outcome": "order"}, "another outcome"),
        ({"horizon_days": 30}, "another horizon (30, now 90)"),
        ({"learned_until": "2024-06-02"}, "it learned from days up to 2024-06-02"),
    ],
)
def test_another_problem_or_a_test_it_has_seen_can_not_be_compared(frame, trained, facts, told):
    found = champion_record(frame, office(trained, frame, **facts), model_facts(frame, MODEL))
    assert found.losses is None
    assert told in found.obstacle


def test_other_features_and_an_unreadable_model_can_not_be_compared(frame, trained):
    facts = model_facts(frame, MODEL)
    fewer = frame.drop(columns=["mood"])
    assert "(mood)" in champion_record(fewer, office(trained, frame), facts).obstacle
    broken = InOffice(4, None, "its files are gone")
    assert "its files are gone" in champion_record(frame, broken, facts).obstacle


def test_a_table_without_times_has_no_last_day(frame):
    facts = model_facts(frame.assign(as_of=pd.NaT), MODEL)
    assert facts == {"outcome": "no_order", "horizon_days": None, "learned_until": None}


def test_the_best_baselines_error_can_raise_the_bound(frame, trained, metrics):
    loose = MODEL.model_copy(update={"gate": GateParams(max_ece=0.0001, max_ece_excess=0.02)})
    record = challenger_record(frame, trained, metrics, CLEAN, loose)
    (calibration,) = [one for one in record.measured if one.name == "calibration"]
    errors = [metrics["candidates"][n]["ece"]["value"] for n in record.baselines]
    assert calibration.at_most == pytest.approx(min(errors) + 0.02)
