"""A list ranks by value, says why, keeps to a capacity and never marks who opted out."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.errors import SalespipeError
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.frame import Feature, FeatureSchema
from salespipe.modelling.lists import in_parts, recommend, score_models, silent_too_long
from salespipe.modelling.predict import Model
from salespipe.modelling.reasons import strongest_reasons, told
from salespipe.modelling.rule import RuleModel
from salespipe.modelling.score import answer_rows, as_of_now, deciles, mark_contacts, score_rows
from salespipe.params import CostParams, ModelParams, ScoreParams, SnapshotParams
from tests.features.shop import sale, table

COSTS = CostParams(contact_cost=1, margin=0.5, success_rate=0.5)
RULE = Model(
    "recency_rule",
    FeatureSchema(features=(Feature(name="recency_days", kind="number"),)),
    RuleModel(column="recency_days", intercept=-2, slope=1, missing=0),
)
OFFICE = InOffice(3, RULE)
CHURN = ModelParams(outcome="no_order", snapshots=SnapshotParams(active_days=90))


def rows():
    return pd.DataFrame({
        "entity_id": ["a", "b", "c", "d"],
        "as_of": [date(2023, 5, 1)] * 4,
        "recency_days": [1.0, 50.0, 200.0, np.nan],
        "spend_365d": [1000.0, 10.0, 40.0, 0.0],
        "opted_out": [0.0, 0.0, 1.0, 0.0],
    })  # fmt: skip


def test_the_best_prospects_come_first_with_their_value():
    scores = score_rows(rows(), OFFICE, COSTS)
    assert scores["entity_id"].tolist() == ["a", "c", "b", "d"]
    assert np.allclose(scores["expected_value"], scores["probability"] * scores["recent_spend"])
    assert scores["expected_value"].is_monotonic_decreasing
    assert set(scores["champion_version"]) == {3}


def test_a_rule_gives_itself_as_the_reason():
    reasons = strongest_reasons(RULE, rows())
    assert reasons["reason_1"].tolist()[:3] == [
        "days since the last order: 1 (lowers)",
        "days since the last order: 50 (raises)",
        "days since the last order: 200 (raises)",
    ]
    assert reasons[["reason_2", "reason_3"]].isna().all(axis=None)


def test_reasons_are_the_strongest_contributions_in_order(frame, trained):
    test = frame[frame["split"] == "test"]
    for model in trained.models.values():
        reasons, parts = strongest_reasons(model, test), model.contributions(test)
        assert reasons.index.equals(test.index)
        assert reasons["reason_1"].notna().all()
        raises = parts.to_numpy()[np.arange(len(parts)), parts.abs().to_numpy().argmax(axis=1)] > 0
        assert (reasons["reason_1"].str.endswith("(raises)").to_numpy() == raises).all()


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), max_size=5))
def test_of_equal_contributions_the_first_comes_first_and_none_is_nothing(given_parts):
    parts = pd.DataFrame(given_parts, columns=list("abcd"), dtype=float)
    model = SimpleNamespace(contributions=lambda rows: parts.loc[rows.index])
    reasons = strongest_reasons(model, parts)
    for number, row in enumerate(given_parts):
        ranked = sorted((-abs(value), place) for place, value in enumerate(row) if value)
        names = [str(reason).split(":")[0] for reason in reasons.loc[number].dropna()]
        assert names == ["abcd"[place] for _, place in ranked[:3]]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_rows_in_parts_are_answered_as_they_are_at_once(count):
    some = rows().head(count)

    def answer(part):
        return answer_rows(part, OFFICE, COSTS, np.ones(len(part), dtype=bool), "")

    pd.testing.assert_frame_equal(in_parts(some, answer, size=2), answer(some))


def test_values_are_told_as_people_write_them():
    assert told(pd.Series([1234.5, 0.123456, np.nan])).tolist() == ["1,234", "0.123", "unknown"]
    assert told(pd.Series([2.0, -0.0, 2.0])).tolist() == ["2", "0", "2"]
    assert told(pd.Series(["France", None])).tolist() == ["France", "unknown"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_a_higher_score_is_never_in_a_lower_tenth(scores):
    values = np.array(scores)
    found = pd.Series(deciles(values)).astype(int).to_numpy()
    assert found.min() == 1
    assert found.max() <= 10
    order = np.argsort(-values)
    assert (np.diff(found[order]) >= 0).all()


@given(st.integers(0, 8), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_capacity_is_kept_and_nobody_who_opted_out_is_marked(capacity, out):
    scores = score_rows(rows().assign(opted_out=out), OFFICE, COSTS)
    contacts = mark_contacts(scores, COSTS, ScoreParams(capacity=capacity))
    assert not (contacts.marked & scores["suppressed"]).any()
    assert contacts.report["contacts"] == min(capacity, 4 - sum(out))
    assert contacts.report["cost"] == contacts.report["contacts"] * COSTS.contact_cost
    assert contacts.report["expected_gain_over_random"] >= -0.011


def test_without_a_capacity_only_contacts_that_pay_are_marked():
    scores = score_rows(rows().assign(opted_out=0.0), OFFICE, COSTS)
    contacts = mark_contacts(scores, COSTS, ScoreParams())
    won = COSTS.success_rate * COSTS.margin * scores["expected_value"] - COSTS.contact_cost
    assert (contacts.marked == (won > 0)).all()
    assert contacts.report["expected_profit"] == pytest.approx(won[won > 0].sum(), abs=0.01)


def test_a_budget_buys_so_many_contacts():
    scores = score_rows(rows(), OFFICE, COSTS)
    assert mark_contacts(scores, COSTS, ScoreParams(budget=2.9)).report["contacts"] == 2
    both = ScoreParams(budget=2.9, capacity=1)
    assert mark_contacts(scores, COSTS, both).report["contacts"] == 1


SHOP = {
    "orders": table("orders", [
        sale("1", "2023-01-05", customer_id="old"),
        sale("2", "2023-04-01", customer_id="new", unit_price="20"),
        sale("3", "2023-04-30", customer_id="new", unit_price="20"),
    ])
}  # fmt: skip


def test_now_is_the_day_after_the_last_order():
    assert as_of_now(SHOP, None) == date(2023, 5, 1)
    assert as_of_now(SHOP, date(2023, 4, 1)) == date(2023, 4, 1)
    with pytest.raises(SalespipeError, match="can't be later than 2023-05-01"):
        as_of_now(SHOP, date(2023, 6, 1))
    with pytest.raises(SalespipeError, match="leave --as-of out"):
        as_of_now({"snapshots": SHOP["orders"]}, date(2023, 4, 1))


def test_everyone_is_listed_and_only_the_active_are_scored():
    lists, report = score_models(SHOP, {"churn": OFFICE}, {"churn": CHURN}, ScoreParams())
    churn = lists["churn"].set_index("entity_id")
    assert churn.loc["new", "recent_spend"] == 40
    assert np.isnan(churn.loc["old", "probability"])
    assert churn.loc["old", "reason_1"] == "no order in the last 90 days: not scored"
    assert not churn.loc["old", "contact"]
    told_of = report["churn"]
    assert (told_of["rows"], told_of["scored"], told_of["as_of"]) == (2, 1, "2023-05-01")


def test_a_list_as_of_an_earlier_day_knows_nothing_later():
    earlier = ScoreParams(as_of=date(2023, 4, 10))
    lists, _ = score_models(SHOP, {"churn": OFFICE}, {"churn": CHURN}, earlier)
    assert lists["churn"].set_index("entity_id").loc["new", "recent_spend"] == 20


def test_a_table_of_snapshots_is_scored_by_its_latest_rows():
    snapshots = ibis.memtable({
        "entity_id": ["a", "a", "b"], "as_of": [None, None, None], "position": [1, 2, 3],
        "label": [0, 1, 0], "recency_days": [5.0, 6.0, 7.0],
    }, schema={"entity_id": "string", "as_of": "timestamp", "position": "int64",
               "label": "int64", "recency_days": "float64"})  # fmt: skip
    model = CHURN.model_copy(update={"snapshots": SnapshotParams(active_days=None)})
    lists, report = score_models(
        {"snapshots": snapshots}, {"churn": OFFICE}, {"churn": model}, ScoreParams()
    )
    assert sorted(lists["churn"]["entity_id"]) == ["a", "b"]
    assert report["churn"]["as_of"] is None
    assert set(lists["churn"]["reason_1"]) == {
        "days since the last order: 6 (lowers)",
        "days since the last order: 7 (raises)",
    }


def test_what_can_not_be_scored_is_said():
    unreadable = {"churn": InOffice(1, None, "its files are gone")}
    with pytest.raises(SalespipeError, match="files are gone"):
        score_models(SHOP, unreadable, {"churn": CHURN}, ScoreParams())
    with pytest.raises(SalespipeError, match="No model has a champion"):
        score_models(SHOP, {}, {}, ScoreParams())
    with pytest.raises(SalespipeError, match="churn: no champion"):
        score_models(SHOP, {}, {}, ScoreParams(models=("churn",)))


def test_the_likeliest_group_is_recommended():
    offers = pd.DataFrame({
        "entity_id": ["a", "a", "b"], "item_group": ["tea", "cake", "tea"],
        "probability": [0.2, 0.6, 0.1],
    })  # fmt: skip
    listed = recommend(pd.DataFrame({"entity_id": ["a", "b", "c"]}), offers)
    assert listed["recommended_group"].tolist()[:2] == ["cake", "tea"]
    assert listed["recommended_group"].isna().tolist() == [False, False, True]


def test_models_of_all_past_customers_leave_nobody_out():
    everyone = CHURN.model_copy(update={"snapshots": SnapshotParams(active_days=None)})
    assert not silent_too_long(rows(), everyone).any()
