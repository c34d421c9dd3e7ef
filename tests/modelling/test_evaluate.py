"""The record of a test period, and its pictures."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from salespipe.errors import SalespipeError
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import evaluate_candidates
from salespipe.modelling.plots import draw_plots, mean_contributions, png_bytes
from salespipe.modelling.trained import LOGISTIC, RULE, Trained
from salespipe.params import EvaluateParams
from tests.modelling.synthetic import BASELINE, FAST, TRUTH, model_input, schema_of

PARAMS = EvaluateParams(bootstrap_samples=100)


@pytest.fixture(scope="module")
def record(frame: pd.DataFrame, trained: Trained) -> dict[str, object]:
    """What the platform writes to metrics.json."""
    return evaluate_candidates(frame, trained, PARAMS, truth=TRUTH)


def test_record_is_strict_json_without_infinities(record: dict[str, object]) -> None:
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_record_compares_the_chosen_with_each_baseline(record: dict) -> None:
    assert record["candidates"][RULE]["role"] == "baseline"
    assert record["candidates"][record["chosen"]]["role"] == "candidate"
    assert set(record["differences"]) == {RULE, LOGISTIC}
    assert record["differences"][RULE]["roc_auc"]["low"] > 0
    assert record["differences"][RULE]["log_loss"]["high"] < 0


def test_only_test_rows_are_judged(record: dict, frame: pd.DataFrame, trained: Trained) -> None:
    test = frame[frame["split"] == "test"]
    expected = roc_auc_score(test["label"], trained.champion.predict(test))
    found = record["candidates"][trained.chosen]["roc_auc"]
    assert found["value"] == pytest.approx(expected, abs=1e-12)
    assert found["low"] < found["value"] < found["high"]
    assert record["rows"]["test"]["rows"] == len(test)
    assert record["rows"]["test"]["base_rate"] == pytest.approx(test["label"].mean())
    assert record["rows"]["test"]["first_cutoff"] == "2024-06-01"
    assert record["rows"]["train"]["cutoffs"] == 2


def test_best_possible_is_the_ranking_by_truth(record: dict, frame: pd.DataFrame) -> None:
    test = frame[frame["split"] == "test"]
    best = record["best_possible"]
    assert best["roc_auc"] == pytest.approx(roc_auc_score(test["label"], test[TRUTH]))
    assert 0.9 < best["ratio"] < 1.02


def test_no_truth_no_best_possible_and_no_times_no_cutoffs(trained: Trained) -> None:
    frame = model_input(100).assign(as_of=None)
    record = evaluate_candidates(frame, trained, PARAMS)
    assert record["best_possible"] is None
    assert record["rows"]["test"]["first_cutoff"] is None


def test_one_outcome_in_the_test_period_gives_nulls(trained: Trained) -> None:
    frame = model_input(100)
    frame.loc[frame["split"] == "test", "label"] = 1
    record = evaluate_candidates(frame, trained, PARAMS, truth=TRUTH)
    assert record["candidates"][RULE]["roc_auc"]["value"] is None
    assert record["best_possible"] == {"roc_auc": None, "ratio": None}
    json.dumps(record, allow_nan=False)


def test_no_test_rows_are_an_error(frame: pd.DataFrame, trained: Trained) -> None:
    with pytest.raises(SalespipeError, match="no test rows"):
        evaluate_candidates(frame[frame["split"] != "test"], trained, PARAMS)


def test_a_rule_as_champion_is_judged_and_drawn_too() -> None:
    frame = model_input(40)
    few = train_candidates(frame, schema_of(frame), FAST, BASELINE)
    assert few.chosen == RULE
    record = evaluate_candidates(frame, few, PARAMS)
    assert RULE not in record["differences"]
    assert set(draw_plots(frame, few, 10)) == {"calibration", "gain", "features"}


def test_pictures_are_the_same_bytes_twice(frame: pd.DataFrame, trained: Trained) -> None:
    first, again = (
        {name: png_bytes(figure) for name, figure in draw_plots(frame, trained, 10).items()}
        for _ in range(2)
    )
    assert first == again
    assert all(picture.startswith(b"\x89PNG") for picture in first.values())


def test_what_matters_most_comes_first(frame: pd.DataFrame, trained: Trained) -> None:
    importance = mean_contributions(trained.champion, frame)
    assert importance.index[0] == "recency_days"
    assert importance.is_monotonic_decreasing
