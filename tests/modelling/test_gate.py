"""Who may become champion, and what is said when not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.modelling.decision import Challenger, Champion, Measured
from salespipe.modelling.gate import check_measured, decide
from salespipe.params import GateParams

PARAMS = GateParams(bootstrap_samples=300)
ROWS = 1000


def losses(mean=0.5, seed=0):
    """Losses that share their noise row by row, as two models on the same rows do."""
    noise = np.random.default_rng(seed).normal(scale=0.05, size=ROWS)
    return mean + np.random.default_rng(99).normal(scale=0.2, size=ROWS) + noise


def challenger(**changes):
    facts = {
        "score": "log loss",
        "losses": losses(0.50),
        "baselines": {"rfm_logistic": losses(0.55, 1)},
        "clusters": np.arange(ROWS),
        "counts": {"test_rows": ROWS, "test_outcomes": 300},
    }
    return Challenger(**(facts | changes))


def failed(decision):
    return {check.name: check.otherwise for check in decision.checks if not check.passed}


def test_a_first_model_that_keeps_every_bound_is_promoted():
    decision = decide(challenger(), None, PARAMS)
    assert decision.verdict == "promote"
    assert decision.compared_with is None
    assert failed(decision) == {}


def test_a_clearly_better_model_is_promoted():
    decision = decide(challenger(), Champion(3, losses(0.53, 2)), PARAMS)
    assert decision.verdict == "promote"
    assert decision.compared_with == 3


def test_a_model_that_cannot_be_told_apart_holds_the_champion():
    decision = decide(challenger(), Champion(3, losses(0.50, 2)), PARAMS)
    assert decision.verdict == "hold"
    assert "cannot tell" in decision.reason


def test_the_same_model_again_holds_the_champion():
    same = challenger()
    assert decide(same, Champion(1, same.losses), PARAMS).verdict == "hold"


@pytest.mark.parametrize("by", [-0.00005, 0.00005])
def test_a_difference_too_small_to_count_tells_nobody_apart(by):
    """Every row the same bit better or worse: no doubt that they differ."""
    same = challenger()
    decision = decide(same, Champion(1, same.losses + by), PARAMS)
    assert (decision.verdict, failed(decision)) == ("hold", {"champion": "hold"})
    sure = decide(same, Champion(1, same.losses + 10 * by), PARAMS)
    assert sure.verdict == ("promote" if by > 0 else "reject")


def test_a_clearly_worse_model_is_rejected():
    decision = decide(challenger(), Champion(3, losses(0.45, 2)), PARAMS)
    assert (decision.verdict, failed(decision)) == ("reject", {"champion": "reject"})


def test_a_champion_that_cannot_be_compared_is_for_a_reviewer():
    champion = Champion(3, obstacle="it reads features that today's data lack (visits_30d)")
    decision = decide(challenger(), champion, PARAMS)
    assert (decision.verdict, failed(decision)) == ("hold", {"champion": "hold"})
    assert "visits_30d" in decision.reason
    assert "a reviewer has to decide" in decision.reason


def test_a_leak_rejects_and_is_named():
    decision = decide(challenger(leaky=("next_order",)), Champion(1, losses(0.9, 2)), PARAMS)
    assert decision.verdict == "reject"
    assert "next_order" in decision.reason


def test_a_model_clearly_worse_than_one_of_its_baselines_is_rejected():
    baselines = {"recency_rule": losses(0.9, 1), "rfm_logistic": losses(0.45, 2)}
    decision = decide(challenger(baselines=baselines), None, PARAMS)
    assert failed(decision) == {"baseline": "reject"}
    assert "rfm_logistic" in decision.reason


def test_a_rule_that_is_the_model_has_nothing_to_beat():
    assert decide(challenger(baselines={}), None, PARAMS).verdict == "promote"


def test_too_few_rows_hold_and_say_how_many_it_takes():
    few = challenger(counts={"test_rows": ROWS, "test_outcomes": 7})
    decision = decide(few, None, PARAMS)
    assert failed(decision) == {"test_outcomes": "hold"}
    assert "7 test rows of the rarer outcome, 30 are needed" in decision.reason


def test_a_slow_model_is_rejected():
    assert failed(decide(challenger(latency_ms=9e3), None, PARAMS)) == {"latency_ms": "reject"}


def figure(value, low, high):
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("measured", "passed"),
    [
        (Measured("ece", figure(0.04, 0.03, 0.06), "off by", at_most=0.05), True),
        (Measured("ece", figure(0.07, 0.04, 0.09), "off by", at_most=0.05), True),
        (Measured("ece", figure(0.07, 0.06, 0.09), "off by", at_most=0.05), False),
        (Measured("cover", figure(0.7, 0.6, 0.74), "covers", at_least=0.75, at_most=0.9), False),
        (Measured("cover", figure(0.7, 0.6, 0.78), "covers", at_least=0.75, at_most=0.9), True),
        (Measured("cover", figure(0.95, 0.92, 0.97), "covers", at_least=0.75, at_most=0.9), False),
        (Measured("gap", figure(None, None, None), "gap", at_most=0.1), True),
    ],
)
def test_a_bound_is_broken_only_if_the_whole_interval_lies_beyond_it(measured, passed):
    assert check_measured(measured).passed is passed


def test_a_waived_gap_passes_and_shows_who_waived_it():
    gap = figure(0.3, 0.2, 0.4)
    measured = Measured("gap", gap, "gap of age", at_most=0.1, waiver="Ann: law demands it")
    decision = decide(challenger(measured=(measured,)), None, PARAMS)
    assert decision.verdict == "promote"
    (check,) = [one for one in decision.checks if one.name == "gap"]
    assert "waived by Ann: law demands it" in check.detail


def test_a_decision_is_json_ready():
    champion = Champion(1, losses(0.5, 2))
    written = json.loads(json.dumps(decide(challenger(), champion, PARAMS).as_dict()))
    names = [check["name"] for check in written["checks"]]
    assert names == [
        "leaks", "test_rows", "test_outcomes", "baseline", "champion", "latency_ms"
    ]  # fmt: skip
    assert {"name", "value", "bound", "passed", "detail"} <= set(written["checks"][0])


@given(shift=st.floats(-1, 1), seed=st.integers(0, 50))
def test_two_models_are_never_each_better_than_the_other(shift, seed):
    one, other = losses(0.5, seed), losses(0.5 + shift, seed + 1)
    small = GateParams(bootstrap_samples=50)
    forth = decide(challenger(losses=one, baselines={}), Champion(1, other), small)
    back = decide(challenger(losses=other, baselines={}), Champion(1, one), small)
    assert "promote" not in {forth.verdict} & {back.verdict}
