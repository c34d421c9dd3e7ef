"""The two baselines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salespipe.modelling.frame import design_matrix, labels
from salespipe.modelling.links import sigmoid
from salespipe.modelling.logistic import LogisticModel, fit_logistic
from salespipe.modelling.rule import RuleModel, fit_rule
from tests.modelling.synthetic import model_input, schema_of


@pytest.mark.parametrize("sign", [1, -1])
def test_rule_finds_its_direction_and_ranks_as_the_column_does(sign: int) -> None:
    frame = model_input()
    design = pd.DataFrame({"x": sign * frame["recency_days"]})
    rule = fit_rule(design, labels(frame), "x")
    assert np.sign(rule.slope) == sign
    ranks = pd.Series(rule.log_odds(design)).rank()
    assert ranks.equals(frame["recency_days"].rank())


def test_rule_is_about_calibrated_on_training_rows() -> None:
    frame = model_input()
    rule = fit_rule(frame[["recency_days"]], labels(frame), "recency_days")
    predicted = sigmoid(rule.log_odds(frame[["recency_days"]])).mean()
    assert predicted == pytest.approx(frame["label"].mean(), abs=0.01)


def test_rule_gives_rows_without_a_value_their_own_rate() -> None:
    label = np.r_[np.tile([0, 1], 50), np.ones(50, dtype=np.int64)]
    design = pd.DataFrame({"x": np.r_[np.arange(100.0), np.full(50, np.nan)]})
    rule = fit_rule(design, label, "x")
    assert sigmoid(rule.log_odds(design))[-1] == pytest.approx(51 / 52)


@pytest.mark.parametrize(
    ("values", "label"),
    [([1.0, 2.0], [1, 1]), ([3.0, 3.0], [0, 1]), ([np.nan, np.nan], [0, 1]), ([], [])],
)
def test_rule_without_anything_to_rank_by_is_the_base_rate(
    values: list[float], label: list[int]
) -> None:
    design = pd.DataFrame({"x": np.array(values)})
    rule = fit_rule(design, np.array(label, dtype=np.int64), "x")
    probability = sigmoid(rule.log_odds(pd.DataFrame({"x": [0.0, 99.0, np.nan]})))
    np.testing.assert_allclose(probability, (sum(label) + 1) / (len(label) + 2))


def test_contributions_add_up_to_the_score() -> None:
    frame = model_input()
    design = design_matrix(frame, schema_of(frame))
    for model in (
        fit_rule(design, labels(frame), "recency_days"),
        fit_logistic(design, labels(frame)),
    ):
        rest = model.log_odds(design) - model.contributions(design).sum(axis=1).to_numpy()
        np.testing.assert_allclose(rest, rest[0], atol=1e-9)
        assert model.contributions(design).mean().abs().max() < 1e-8


def test_logistic_equals_scikit_learn_on_plain_numbers() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    design = pd.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "c"])
    label = (rng.random(500) < sigmoid(design["a"].to_numpy())).astype(np.int64)
    scaled = (design - design.mean()) / design.std(ddof=0)
    reference = LogisticRegression(tol=1e-10).fit(scaled, label)
    found = fit_logistic(design, label).log_odds(design)
    np.testing.assert_allclose(found, reference.decision_function(scaled), atol=1e-4)


def test_logistic_survives_json_and_knows_directions() -> None:
    frame = model_input()
    design = design_matrix(frame, schema_of(frame))
    model = fit_logistic(design, labels(frame))
    again = LogisticModel.model_validate_json(model.model_dump_json())
    np.testing.assert_array_equal(again.log_odds(design), model.log_odds(design))
    weights = {number.name: number.weight for number in model.numbers}
    assert weights["recency_days"] > 0 > weights["orders_total"]


def test_logistic_scores_missing_unknown_and_extreme_values() -> None:
    frame = model_input()
    schema = schema_of(frame)
    model = fit_logistic(design_matrix(frame, schema), labels(frame))
    odd = frame.head(3).assign(country=["??", None, "DE"], mood=[np.nan, 1e12, -np.inf])
    scores = model.log_odds(design_matrix(odd, schema))
    assert np.isfinite(scores).all()
    assert (np.abs(scores) < 20).all()


def test_logistic_of_one_outcome_or_of_nothing_is_the_base_rate() -> None:
    design = pd.DataFrame({"x": [1.0, 1.0, 1.0], "y": [np.nan] * 3})
    for label in ([1, 1, 1], [1, 1, 0]):
        found = sigmoid(fit_logistic(design, np.array(label)).log_odds(design))
        np.testing.assert_allclose(found, (sum(label) + 1) / 5)


def test_rule_survives_json() -> None:
    rule = fit_rule(pd.DataFrame({"x": [1.0, 2, 3, 4]}), np.array([0, 1, 0, 1]), "x")
    assert RuleModel.model_validate_json(rule.model_dump_json()) == rule
