"""One sentence for each state that a version can be in, and commands that fit it."""

from __future__ import annotations

import dataclasses

import pytest

from salespipe.review.commands import commands_of
from salespipe.review.page import page_of
from salespipe.review.verdict import verdict_of
from tests.review.conftest import step


def commands(candidate):
    return {one.title: one for one in commands_of(candidate)}


def missing(dossier, name, otherwise="reject"):
    """The same dossier with one check missed."""
    checks = [
        {**one, "passed": False, "otherwise": otherwise} if one["name"] == name else one
        for one in dossier.gate["checks"]
    ]
    return dataclasses.replace(dossier, gate={**dossier.gate, "checks": checks,
                                              "verdict": otherwise})  # fmt: skip


def test_a_first_champion(candidate_of, first):
    candidate = candidate_of(first)
    found = verdict_of(candidate)
    assert (found.tone, found.badge) == ("good", "Champion")
    assert found.sentence == "Version 1 is the first champion: it passed every check."
    assert not commands(candidate)["Approve"].lines
    assert "first champion" in commands(candidate)["Roll back"].when


def test_a_version_like_the_champion_is_held_and_can_be_let_in(candidate_of, first, second):
    candidate = candidate_of(second, rival=first, approval="held", verdict="hold")
    found = verdict_of(candidate)
    assert second.gate["verdict"] == "hold"
    assert (found.tone, found.asks) == ("wait", True)
    assert "cannot be told apart from champion version 1" in found.sentence
    (line,) = commands(candidate)["Approve"].lines
    assert line == (
        ".venv/bin/salespipe approve churn --env demo --version 2 \\\n"
        '    --by "YOUR NAME" --reason "WHY"'
    )
    assert "--version 2" in commands(candidate)["Reject"].lines[0]


def test_a_gap_between_groups_is_for_a_person_to_accept(candidate_of, second, first):
    gap = {"name": "parity_gap.age", "value": 0.3, "bound": 0.1, "passed": False, "detail": "wide",
           "otherwise": "hold", "interval": [0.2, 0.4]}  # fmt: skip
    gate = {**second.gate, "verdict": "hold", "checks": [*second.gate["checks"], gap]}
    found = verdict_of(candidate_of(dataclasses.replace(second, gate=gate), rival=first))
    assert "a person has to accept that" in found.sentence


def test_a_waived_bound_is_told_as_such(candidate_of, first):
    gap = {"name": "parity_gap.age", "value": 0.3, "bound": 0.1, "passed": True,
           "detail": "gap: 0.300 (bound at most 0.10), waived by Ada: known", "otherwise": "hold",
           "interval": [0.2, 0.4]}  # fmt: skip
    gate = {**first.gate, "checks": [*first.gate["checks"], gap]}
    page = page_of(candidate_of(dataclasses.replace(first, gate=gate)))
    assert (page.checks[-1].result, page.checks[-1].tone) == ("waived", "wait")
    assert "1 of them because somebody accepts the gap" in page.why[0]


def test_a_promoted_version_waits_where_conf_wants_a_person(candidate_of, second, first):
    found = verdict_of(candidate_of(second, rival=first, approval="pending"))
    assert found.sentence == "Version 2 passed every check and waits for a person’s approval."
    assert found.asks


def test_a_rejected_version_says_what_it_missed(candidate_of, second, first):
    missed = missing(second, "calibration")
    candidate = candidate_of(missed, rival=first, approval="reject", verdict="reject")
    found = verdict_of(candidate)
    assert found.tone == "bad"
    assert "“Its numbers can be taken at their word” is not met" in found.sentence
    assert "train another" in commands(candidate)["Approve"].when


def test_too_few_rows_are_said(candidate_of, second, first):
    missed = missing(second, "test_rows", "hold")
    assert "too little to judge it by" in verdict_of(candidate_of(missed, rival=first)).sentence


@pytest.mark.parametrize(
    ("action", "words"),
    [("approve", "a person let it in"), ("rollback", "went back to it"), ("moved", "in MLflow")],
)
def test_a_person_s_decision_is_told_with_name_and_reason(candidate_of, second, action, words):
    steps = (step("promote", 1, None), step(action, 2, 1, by="Grace"))
    found = verdict_of(candidate_of(second, champion=2, steps=steps))
    assert words in found.sentence
    assert found.after == f"{action.capitalize()} by Grace, 2026-11-26: “because”"


def test_an_alias_set_in_mlflow_alone_is_no_passed_check(candidate_of, second):
    found = verdict_of(candidate_of(second, champion=2, steps=()))
    assert found.sentence == "Version 2 is champion: someone set it so in MLflow."


def test_a_person_s_rejection_is_told(candidate_of, second, first):
    steps = (step("promote", 1, None), step("reject", 2, 1, by="Grace"))
    found = verdict_of(candidate_of(second, rival=first, steps=steps, approval="rejected"))
    assert found.badge == "Turned down"
    assert "Grace" in found.after


def test_a_former_champion_can_be_put_back(candidate_of, first):
    steps = (step("promote", 1, None), step("promote", 2, 1))
    candidate = candidate_of(first, champion=2, steps=steps)
    assert verdict_of(candidate).sentence == "Version 1 was champion until version 2 took over."
    (line,) = commands(candidate)["Roll back"].lines
    assert "rollback churn --env demo --to 1 " in line


def test_the_champion_after_another_can_be_rolled_back(candidate_of, second):
    steps = (step("promote", 1, None), step("promote", 2, 1))
    candidate = candidate_of(second, champion=2, steps=steps)
    assert "--to 1 " in commands(candidate)["Roll back"].lines[0]


def test_a_version_compared_with_another_champion_can_not_be_let_in(candidate_of, second):
    candidate = candidate_of(second, champion=3, steps=(step("promote", 3, 1),), approval="held")
    assert "run the loop again" in commands(candidate)["Approve"].when
    assert not verdict_of(candidate).asks


def test_without_a_champion_there_is_nothing_to_roll_back(candidate_of, second):
    candidate = candidate_of(second, champion=None, steps=())
    assert "no champion" in commands(candidate)["Roll back"].when
