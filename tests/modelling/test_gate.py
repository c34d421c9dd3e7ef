"""Who may become champion, and what is said when not."""

from __future__ import annotations

from salespipe.modelling.gate import decide_from

CLEAN = {"passed": True, "checks": [{"name": "truncated", "features": []}]}
LEAKY = {"passed": False, "checks": [{"name": "truncated", "features": ["next_order"]}]}


def metrics(high: float | None) -> dict:
    difference = {"roc_auc": {"value": high, "low": high, "high": high}}
    return {"differences": {"rfm_logistic": difference}}


def test_a_clean_model_no_worse_than_its_baseline_is_promoted():
    decision = decide_from(metrics(0.02), CLEAN)
    assert decision.verdict == "promote"
    assert all(check.passed for check in decision.checks)


def test_a_leak_rejects_and_is_named():
    decision = decide_from(metrics(0.2), LEAKY)
    assert decision.verdict == "reject"
    assert "next_order" in decision.reason


def test_a_model_clearly_below_its_baseline_is_rejected():
    decision = decide_from(metrics(-0.01), CLEAN)
    assert decision.verdict == "reject"
    assert "clearly below that of rfm_logistic" in decision.reason


def test_a_rule_that_is_the_model_has_nothing_to_beat():
    assert decide_from({"differences": {}}, CLEAN).verdict == "promote"
    assert decide_from(metrics(None), CLEAN).verdict == "promote"


def test_a_decision_is_json_ready():
    import json

    written = json.loads(json.dumps(decide_from(metrics(-0.01), LEAKY).as_dict()))
    assert [check["name"] for check in written["checks"]] == ["leaks", "baseline"]
    assert {"name", "value", "bound", "passed", "detail"} == set(written["checks"][0])
