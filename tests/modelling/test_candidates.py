"""Training as a whole: what is fitted, what is chosen, and what must not matter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salespipe.errors import SalespipeError
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.choose import Ties, choose_candidate
from salespipe.modelling.development import develop, later_folds, periods_of
from salespipe.modelling.frame import infer_schema
from salespipe.modelling.predict import load_model, save_model
from salespipe.modelling.search import search_params
from salespipe.modelling.trained import BLEND, LOGISTIC, RULE, TREES, Trained
from salespipe.modelling.xgb import stop_early
from salespipe.params import BaselineParams
from tests.modelling.synthetic import BASELINE, FAST, model_input, schema_of


def test_all_candidates_are_fitted_and_the_bend_is_found(trained: Trained) -> None:
    assert list(trained.models) == [RULE, LOGISTIC, TREES, BLEND]
    assert trained.chosen in {TREES, BLEND}
    assert trained.chosen in trained.reason
    assert trained.validation[TREES]["trees"] == trained.models[TREES].meta["trees"] > 1


def test_probabilities_are_probabilities(trained: Trained, frame: pd.DataFrame) -> None:
    for model in trained.models.values():
        probability = model.predict(frame)
        assert probability.shape == (len(frame),)
        assert ((probability > 0) & (probability < 1)).all()


def test_longer_recency_means_higher_churn(trained: Trained, frame: pd.DataFrame) -> None:
    fresh, stale = frame.assign(recency_days=5.0), frame.assign(recency_days=120.0)
    for model in trained.models.values():
        assert (model.predict(stale) > model.predict(fresh)).mean() > 0.99


def test_order_of_rows_and_columns_changes_no_model(trained: Trained, frame: pd.DataFrame) -> None:
    shuffled = frame.sample(frac=1, random_state=3)[list(frame.columns[::-1])]
    again = train_candidates(shuffled, schema_of(shuffled), FAST, BASELINE)
    assert again.chosen == trained.chosen
    for name, model in trained.models.items():
        np.testing.assert_array_equal(again.models[name].predict(frame), model.predict(frame))


def test_test_rows_change_no_model(trained: Trained, frame: pd.DataFrame) -> None:
    test = frame["split"] == "test"
    other = frame.assign(label=frame["label"].where(~test, 1 - frame["label"]), mood=frame["mood"])
    other.loc[test, "mood"] = 99.0
    again = train_candidates(other, schema_of(other), FAST, BASELINE)
    assert again.validation == trained.validation
    for name, model in trained.models.items():
        np.testing.assert_array_equal(again.models[name].predict(frame), model.predict(frame))


def test_sensitive_attributes_change_no_prediction(trained: Trained, frame: pd.DataFrame) -> None:
    other = frame.assign(age=0)
    for model in trained.models.values():
        np.testing.assert_array_equal(model.predict(other), model.predict(frame))


def test_two_runs_write_the_same_bytes_and_no_pickle(frame: pd.DataFrame, tmp_path: Path) -> None:
    for run in ("a", "b"):
        again = train_candidates(frame, schema_of(frame), FAST, BASELINE)
        for name, model in again.models.items():
            save_model(model, tmp_path / run / name)
    first = {p.relative_to(tmp_path / "a"): p for p in (tmp_path / "a").rglob("*.*")}
    assert {path.suffix for path in first.values()} == {".json", ".ubj"}
    for name, path in first.items():
        assert path.read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_saved_models_predict_the_same(
    trained: Trained, frame: pd.DataFrame, tmp_path: Path
) -> None:
    for name, model in trained.models.items():
        save_model(model, tmp_path / name)
        again = load_model(tmp_path / name)
        np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
        pd.testing.assert_frame_equal(again.contributions(frame), model.contributions(frame))
        assert (again.name, again.schema, again.meta) == (name, model.schema, model.meta)


def test_what_is_no_model_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(SalespipeError, match="no saved model"):
        load_model(tmp_path)
    save_model(trained.models[RULE], tmp_path)
    meta = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps(meta | {"format": 99}))
    with pytest.raises(SalespipeError, match="another version"):
        load_model(tmp_path)


def test_contributions_of_trees_and_blend_add_up(trained: Trained, frame: pd.DataFrame) -> None:
    for name in (TREES, BLEND):
        model = trained.models[name]
        uncalibrated = model.scorer.log_odds(develop(frame, model.schema).design)
        parts = model.scorer.contributions(develop(frame, model.schema).design).sum(axis=1)
        rest = uncalibrated - parts.to_numpy()
        np.testing.assert_allclose(rest, rest[0], atol=1e-4)


def test_few_customers_mean_the_rule_and_say_so() -> None:
    frame = model_input(customers=60)
    # More rows than that of either outcome, but of 60 customers only.
    params = FAST.model_copy(update={"min_outcomes": 61})
    few = train_candidates(frame, schema_of(frame), params, BASELINE)
    assert few.chosen == RULE
    assert "Too little data" in few.reason
    assert list(few.models) == [RULE, LOGISTIC]
    assert few.validation == {}


@pytest.mark.parametrize("kept", ["train", "test"])
def test_an_empty_block_means_the_rule(kept: str) -> None:
    frame = model_input(customers=200)
    frame = frame[frame["split"].isin([kept, "test"])]
    found = train_candidates(frame, schema_of(frame), FAST, BASELINE)
    assert found.chosen == RULE
    assert found.champion.predict(frame).shape == (len(frame),)


@pytest.mark.parametrize("label", [0, 1])
def test_one_outcome_only_means_the_rule(label: int) -> None:
    frame = model_input(customers=100).assign(label=label)
    found = train_candidates(frame, schema_of(frame), FAST, BASELINE)
    assert found.chosen == RULE
    assert list(found.models) == [RULE]


def test_constant_and_empty_features_do_no_harm() -> None:
    frame = model_input(customers=200).assign(
        constant=1.0, empty=np.nan, empty_text=None, one_level="a"
    )
    found = train_candidates(frame, schema_of(frame), FAST, BASELINE)
    assert np.isfinite(found.champion.predict(frame)).all()


def test_a_table_without_times_trains() -> None:
    frame = model_input(customers=500).assign(as_of=None)
    frame["entity_id"] = [f"r{i}" for i in range(len(frame))]
    found = train_candidates(frame, schema_of(frame), FAST, BaselineParams(logistic_columns=()))
    assert found.chosen in {TREES, BLEND}
    assert found.models[LOGISTIC].schema == found.models[TREES].schema


def test_noise_does_not_beat_the_rule() -> None:
    frame = model_input(customers=400)
    rng = np.random.default_rng(1)
    frame["label"] = rng.integers(0, 2, len(frame))
    found = train_candidates(frame, schema_of(frame), FAST, BASELINE)
    assert found.chosen == RULE


def test_later_folds_share_neither_customers_nor_times() -> None:
    development = develop(model_input(100), schema_of(model_input(100)))
    for fold in development.folds:
        assert not set(development.clusters[fold.fit]) & set(development.clusters[fold.held])
        assert set(development.splits.iloc[fold.fit]) == {"train"}
        assert set(development.splits.iloc[fold.held]) == {"valid"}
    assert sorted(development.held) == list(np.flatnonzero(development.splits == "valid"))


def test_no_later_rows_no_folds() -> None:
    assert later_folds(np.zeros(5, dtype=bool), np.arange(5)) == ()


def test_lowest_loss_is_chosen_unless_the_rule_is_as_good() -> None:
    rng = np.random.default_rng(0)
    rule = rng.normal(1, 0.1, 400)
    clusters = np.arange(400)
    alone = Ties(clusters, np.zeros(400, dtype=np.int64))
    better = choose_candidate({"rule": rule, "m": rule - 0.1}, alone, "rule", "mean")
    assert (better.name, better.losses["m"] < better.losses["rule"]) == ("m", True)
    barely = rule - 0.001 + rng.normal(0, 0.5, 400) * (clusters % 2 * 2 - 1)
    barely += rule.mean() - 0.001 - barely.mean()
    tied = choose_candidate({"rule": rule, "m": barely}, alone, "rule", "mean")
    assert tied.name == "rule"
    assert "too little" in tied.reason
    assert choose_candidate({"rule": rule}, alone, "rule", "mean").name == "rule"


@pytest.mark.parametrize(("excess", "name"), [(0.0, "mean"), (0.004, "mean"), (0.02, "m")])
def test_the_average_is_chosen_where_it_cannot_be_told_from_the_lowest(
    excess: float, name: str
) -> None:
    rng = np.random.default_rng(0)
    rule, noise = rng.normal(1, 0.1, 400), rng.normal(0, 0.2, 400)
    losses = {"rule": rule, "m": rule - 0.1, "mean": rule - 0.1 + noise - noise.mean() + excess}
    chosen = choose_candidate(
        losses, Ties(np.arange(400), np.zeros(400, dtype=np.int64)), "rule", "mean"
    )
    assert chosen.name == name
    assert "lowest log loss" in chosen.reason


@pytest.mark.parametrize(("leads", "name"), [([0.02] * 4, "m"), ([0.1, -0.06, 0.1, -0.06], "mean")])
def test_a_lead_that_comes_and_goes_from_period_to_period_does_not_beat_the_average(
    leads: list[float], name: str
) -> None:
    rng = np.random.default_rng(0)
    rule, periods = rng.normal(1, 0.1, 400), np.repeat(np.arange(4), 100)
    losses = {"rule": rule, "m": rule - 0.1, "mean": rule - 0.1 + np.array(leads)[periods]}
    assert choose_candidate(losses, Ties(np.arange(400), periods), "rule", "mean").name == name


def test_rows_without_dates_have_periods_only_where_their_order_is_kept() -> None:
    later = pd.DataFrame({"split": ["train"] * 30 + ["valid"] * 20, "as_of": None})
    assert np.bincount(periods_of(later)).tolist() == [5] * 10
    assert set(periods_of(later.sample(frac=1, random_state=0))) == {0}
    assert periods_of(later.assign(as_of=["a", "b"] * 25)).tolist() == [0, 1] * 25


def test_one_core_grows_the_trees_that_many_grow(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = develop(frame, infer_schema(frame.drop(columns=["true_probability", "age"])))
    told = []
    for number in (1, 4):
        monkeypatch.setattr("salespipe.modelling.xgb.cores", lambda number=number: number)
        told.append(stop_early(rows.design, rows.label, rows.folds, FAST))
    assert told[0].curve == told[1].curve
    np.testing.assert_array_equal(told[0].log_odds, told[1].log_odds)


def test_search_is_seeded_and_no_worse_than_the_defaults(frame: pd.DataFrame) -> None:
    rows = develop(frame, infer_schema(frame.drop(columns=["true_probability", "age"])))
    params = FAST.model_copy(update={"search_trials": 3, "max_trees": 20})
    first = search_params(rows.design, rows.label, rows.folds, params)
    assert first == search_params(rows.design, rows.label, rows.folds, params)
    none = FAST.model_copy(update={"search_trials": 0})
    assert search_params(rows.design, rows.label, rows.folds, none) is none
