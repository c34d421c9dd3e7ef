"""Changes, monitoring at a glance, charts and words."""

from __future__ import annotations

import dataclasses
import math

from hypothesis import given
from hypothesis import strategies as st

from salespipe.modelling.metrics import OUTCOME_FIGURES
from salespipe.review.card import card_of
from salespipe.review.changes import changes_of, conf_change
from salespipe.review.charts import nice_step, short, x_axis, y_axis
from salespipe.review.glance import watch_of
from salespipe.review.record import Code
from salespipe.review.words import check_words, figure_words, plain, sentence, tell
from tests.review.conftest import step

OK = {
    "champion_version": 1, "as_of": "2024-12-31",
    "decision": {"level": "watch", "reasons": [
        {"level": "watch", "kind": "drift", "words": "money spent: moved"},
        {"level": "watch", "kind": "bias", "words": "selection rate by age"}]},
    "drift": {"obstacle": None, "moved_share": 0.2, "alarms": [
        {"words": "money spent: in the middle 3, now 9", "since": "2024-10-01"}]},
    "quality": {"obstacle": None, "promised": {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}},
                "looks": [{"figures": {"roc_auc": {"value": 0.79, "low": 0.7, "high": 0.9}}}]},
    "bias": {"obstacle": None, "gaps": [
        {"figure": "selection_rate", "attribute": "age", "groups": ["18–33", "60–90"],
         "value": 0.2, "low": 0.1, "high": 0.3, "bound": 0.1, "verdict": "above"}]},
}  # fmt: skip


def test_nothing_changed_is_said_part_by_part(candidate_of, first, second):
    candidate = candidate_of(second, rival=first)
    told = {one.title: one.sentence for one in changes_of(candidate)}
    assert told["Data"] == "The same rows, byte for byte."
    assert told["Features"] == "The same 4 features."
    assert told["Parameters"] == "The same parameters."
    assert told["Code"].startswith("The same commit")


def test_what_changed_is_listed(candidate_of, first, second):
    columns = {"recency_days": "number", "visits_90d": "number"}
    conf = second.facts.conf | {"train.max_depth": 9}
    facts = second.facts.model_copy(update={"columns": columns, "conf": conf})
    splits = {"test": second.metrics["rows"]["test"] | {"rows": 123}}
    changed = dataclasses.replace(second, facts=facts, metrics={**second.metrics, "rows": splits})
    candidate = candidate_of(changed, rival=first, git_commit="c" * 40 + "-dirty", data_hash="d",
                             code=Code(("Deeper trees",), ("src/x.py",)))  # fmt: skip
    found = {one.title: one for one in changes_of(candidate)}
    assert ("rows, judged on", "123") in {(row.what, row.now) for row in found["Data"].rows}
    assert {row.what for row in found["Features"].rows} == {"visits_90d", "orders_total", "mood",
                                                            "country"}  # fmt: skip
    (row,) = found["Parameters"].rows
    assert (row.what, row.before, row.now) == ("train.max_depth", "3", "9")
    assert {"Deeper trees", "src/x.py"} <= set(found["Code"].notes)
    assert "version 2 was made with changes that were not committed." in found["Code"].notes


def test_code_that_git_does_not_know_is_said(candidate_of, first, second):
    candidate = candidate_of(second, rival=first, git_commit="x", code=Code(obstacle="no git"))
    assert "It can’t be told what changed: no git." in [
        one.sentence for one in changes_of(candidate)
    ]


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=30))
def test_a_conf_of_any_size_is_counted_in_full(conf):
    found = conf_change({}, conf)
    assert len(found.rows) == min(len(conf), 12)
    assert found.notes == ((f"and {len(conf) - 12} more",) if len(conf) > 12 else ())


def test_monitoring_at_a_glance():
    watch = watch_of(OK)
    assert (watch.level, watch.tone, watch.version) == ("watch", "wait", 1)
    drift, quality, bias = watch.sides
    assert drift.told == "1 column moved more than usual: 20% of what the champion looks at."
    assert drift.lines == ("money spent: in the middle 3, now 9 (since 2024-10-01)",)
    assert quality.told == "It keeps what its test promised."
    assert quality.lines == ("Ranking (ROC AUC): 0.790, promised 0.800",)
    assert bias.lines == ("selection rate by age: 18–33 above 60–90 by 0.200, bound 0.10",)
    assert [one.tone for one in watch.sides] == ["wait", "good", "wait"]


def test_what_monitoring_can_not_tell_is_said():
    blind = OK | {name: {"obstacle": "too early"} for name in ("drift", "quality", "bias")}
    assert {one.tone for one in watch_of(blind).sides} == {"past"}
    assert all("too early" in one.told for one in watch_of(blind).sides)
    assert watch_of(None) is None


def test_the_card_says_where_an_owner_is_named(candidate_of, first):
    facts = first.facts.model_copy(
        update={"card": first.facts.card.model_copy(update={"owner": None, "purpose": None}),
                "sensitive": ()}
    )  # fmt: skip
    terms = {one.name: " ".join(one.texts)
             for one in card_of(candidate_of(dataclasses.replace(first, facts=facts)))}  # fmt: skip
    assert "conf/demo/globals.yml" in terms["Owner"]
    assert terms["Purpose"] == "Answer: Who will not order in the next 90 days?"
    assert "No sensitive attributes are named" in terms["Groups"]


def test_the_card_tells_groups_and_limits(candidate_of, first):
    terms = {one.name: " ".join(one.texts) for one in card_of(candidate_of(first))}
    assert terms["Owner"] == "Ada Lovelace."
    assert "As true for every group by age" in terms["Groups"]
    assert "Learned from 1,800 rows of 900 customers" in terms["Data"]
    assert "another season" in terms["Limits"]


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6))
def test_ticks_lie_on_the_axis(low, span):
    for axis in (x_axis(low, low + span), y_axis(low, low + span)):
        ticks = axis.ticks(short)
        first, last = sorted((axis.start, axis.end))
        assert 1 <= len(ticks) <= 6
        assert all(first - 0.2 <= tick.at <= last + 0.2 for tick in ticks)


@given(st.floats(1e-9, 1e9))
def test_steps_are_round_and_not_too_small(rough):
    step_ = nice_step(rough)
    assert rough * (1 - 1e-9) <= step_ <= rough * 2.51
    assert step_ / 10 ** math.floor(math.log10(step_) + 1e-9) < 10


def test_every_figure_of_a_test_has_words():
    for name in (*OUTCOME_FIGURES.ranking, *OUTCOME_FIGURES.prediction, "gini", "deviance", "wape",
                 "wape_7d", "bias"):  # fmt: skip
        assert figure_words(name).meaning
    assert figure_words("new_one").name == "new one"


def test_checks_that_are_new_to_the_page_keep_their_name():
    assert check_words("coverage_total_80").title == "Total: 80% intervals hold what they promise"
    assert check_words("group_gap.age").title == "As true for every group by age"
    assert check_words("parity_gap.{0}").title == "Every group by {0} is chosen about as often"
    assert check_words("opportunity_gap.age").title == "Of every group by age as many are found"
    assert check_words("some_new_check").title == "Some new check"


def test_words_of_the_gate_are_made_plain():
    told = plain("its log loss is -0.1 (-0.2 to +0.1) against rfm_logistic's, as of 2024-01-02")
    assert told == (
        "its log loss is −0.1 (−0.2 to +0.1) against logistic regression's, as of 2024-01-02"
    )
    assert sentence("no leak found") == "No leak found."
    assert tell("roc_auc", {"value": None}) == "cannot be told"
    assert tell("bias", {"value": -0.1, "low": -0.2, "high": 0.1}, interval=True) == (
        "−10.0% (−20.0% to +10.0%)"
    )
    assert step("promote", 1, None).by == "auto"
