"""Facts of a training: exact explanations, directions, curves, comparisons."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from salespipe.modelling.evidence import InOffice
from salespipe.review.gather.customers import customer_facts
from salespipe.review.gather.facts import Facts
from salespipe.review.gather.people import odd_rows, oddity, shown_id, typical_rows
from salespipe.review.gather.series import patterns, remarks, series_facts
from tests.review.conftest import MODEL


def test_facts_survive_json(first, forecast):
    for facts in (first.facts, forecast.facts):
        assert Facts.model_validate(facts.model_dump(mode="json")) == facts


def test_strong_features_point_where_the_truth_does(first):
    ways = {one.name: one for one in first.facts.customers.strongest}
    assert ways["recency_days"].way == "up"
    assert ways["orders_total"].way == "down"
    assert ways["country"].detail.startswith("most for DE")
    assert "age" not in ways
    assert sum(one.share for one in ways.values()) == pytest.approx(1, abs=1e-4)


def test_a_person_s_reasons_and_rest_make_up_the_score(rows, fitted, first):
    test = rows[rows["split"] == "test"].set_index("entity_id", drop=False)
    for person in (*first.facts.customers.typical, *first.facts.customers.odd):
        row = test.loc[[person.id]]
        assert person.predicted == pytest.approx(fitted.champion.predict(row)[0], rel=1e-5)
        whole = float(fitted.champion.contributions(row).to_numpy().sum())
        told = sum(reason.moves for reason in person.reasons) + person.rest
        assert told == pytest.approx(whole, abs=1e-4)
        assert person.outcome == row["label"].iloc[0]


def test_typical_customers_come_from_the_top_of_the_list_to_its_end(first):
    predicted = [one.predicted for one in first.facts.customers.typical]
    assert len(predicted) == 5
    assert predicted == sorted(predicted, reverse=True)


def test_odd_customers_are_odd_by_different_things(first):
    odd = first.facts.customers.odd
    assert len({one.chosen.split(":")[0] for one in odd}) == len(odd) > 1


def test_an_e_mail_address_is_shortened():
    assert shown_id("maria.lopez@example.org") == "ma…@example.org"
    assert shown_id("C00012") == "C00012"


@given(values=arrays(float, st.tuples(st.integers(1, 40), st.integers(1, 5)),
                     elements=st.floats(-50, 50)))  # fmt: skip
def test_any_contributions_give_rows_that_exist(values):
    parts = pd.DataFrame(values)
    far = oddity(parts)
    odd, driver = odd_rows(far)
    usual = typical_rows(values.sum(axis=1), parts)
    assert np.isfinite(far).all()
    assert set(odd) <= set(range(len(values)))
    assert len(set(driver)) == len(driver) <= 5
    assert len(usual) == min(5, len(values))


def test_the_same_model_in_office_differs_by_nothing(second):
    comparison = second.facts.comparison
    assert comparison.version == 1
    assert all(one.value == 0 for one in comparison.differences.values())
    mine = second.metrics["candidates"][second.metrics["chosen"]]["roc_auc"]["value"]
    assert comparison.figures["roc_auc"].value == pytest.approx(mine, rel=1e-5)
    assert {line.name for line in second.facts.customers.gain} >= {"model", "champion"}


def test_a_champion_that_can_not_be_read_is_said_so(rows, fitted):
    facts = customer_facts(rows, fitted, InOffice(4, None, "gone"), None, MODEL)
    assert facts.comparison.obstacle == "it can't be read (gone)"
    assert facts.comparison.figures == {}


def test_curves_begin_with_nobody_and_end_with_everybody(first):
    for line in first.facts.customers.gain:
        assert (line.x[0], line.y[0], line.x[-1], line.y[-1]) == (0, 0, 1, 1)
        assert list(line.y) == sorted(line.y)
    assert first.facts.customers.profit[0].name == "model"


def test_a_forecast_tells_its_weekdays_with_direction(outlook):
    trained, _, _ = outlook
    (days, *_) = patterns(trained["revenue"].panel)
    assert days.startswith("Mondays are the strongest days, +")
    assert "Nothing is sold on Saturdays" in days


def test_a_forecast_beside_its_own_procedure_has_the_same_figures(outlook, forecast):
    trained, params, model = outlook
    facts = series_facts(model, trained, InOffice(3, model), None, params)
    assert facts.comparison.version == 3
    level = forecast.metrics["measures"]["revenue"]["levels"]["country"]["forecast"]["wape"]
    champion = facts.series.champion_levels["country"]["wape"]
    assert champion.value == pytest.approx(level["value"], rel=1e-5)
    gone = series_facts(model, trained, InOffice(3, None, "gone"), None, params)
    assert "can't be read" in gone.comparison.obstacle


def test_series_stories_are_sums_of_the_test_windows(outlook, forecast):
    trained, params, _ = outlook
    one, series = trained["revenue"], forecast.facts.series
    told = [*series.typical, *series.odd]
    assert len({(story.level, story.key) for story in told}) == len(told) == 3
    total = next(story for story in told if story.level == "total")
    horizon = params.backtest.horizon_days
    sold = sum(one.panel.window(day, horizon)[:, 0].sum() for day in one.origins.test)
    assert total.sold == pytest.approx(sold, rel=1e-5)


def test_remarks_say_what_is_odd(outlook):
    panel = outlook[0]["revenue"].panel
    first = outlook[0]["revenue"].origins.test[0]
    quiet = np.zeros((2, 14))
    quiet[:, 3] = 5000.0
    told = " ".join(remarks(quiet, panel, 0, first))
    assert "nothing was sold on 93% of the days" in told
    assert "one day made up 100%" in told
    usual = np.full((2, 14), panel.before(first).values[-28:, 0].mean())
    assert remarks(usual, panel, 0, first) == ("steady: no idle days, no outliers",)


def test_facts_of_another_layout_are_refused(first):
    held = first.facts.model_dump(mode="json") | {"format": 2}
    with pytest.raises(ValueError, match="format"):
        Facts.model_validate(held)
    assert dataclasses.is_dataclass(first)
