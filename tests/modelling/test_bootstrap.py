"""Intervals: clustered, seeded, fast enough, and covering."""

from __future__ import annotations

import time

import numpy as np
import pytest

from salespipe.modelling.bootstrap import interval, resampled_weights
from salespipe.modelling.evaluate import judge
from salespipe.modelling.frame import Floats, Integers
from salespipe.params import EvaluateParams


def scored(rows: int, seed: int = 0) -> tuple[Integers, Floats]:
    """Calibrated probabilities with outcomes."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(2, 3, rows)
    return (rng.random(rows) < probability).astype(np.int64), probability


def test_rows_of_a_customer_are_drawn_together() -> None:
    clusters = np.array([0, 1, 1, 2, 0])
    weights = np.concatenate(list(resampled_weights(clusters, 200, seed=1)))
    assert weights.shape == (200, 5)
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 0], weights[:, 4])
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_same_seed_same_interval() -> None:
    label, probability = scored(300)
    clusters, params = np.arange(300), EvaluateParams(bootstrap_samples=100)
    first = judge(label, {"m": probability}, clusters, params).figures("m")
    assert first == judge(label, {"m": probability}, clusters, params).figures("m")


def test_interval_of_duplicated_rows_is_as_wide_as_without_duplicates() -> None:
    label, probability = scored(400)
    params = EvaluateParams(bootstrap_samples=500)
    once = judge(label, {"m": probability}, np.arange(400), params).figures("m")["roc_auc"]
    many = judge(
        np.tile(label, 5), {"m": np.tile(probability, 5)}, np.tile(np.arange(400), 5), params
    ).figures("m")["roc_auc"]
    assert many == pytest.approx(once, abs=1e-9)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    label, probability = scored(200_000, seed=99)
    params = EvaluateParams(bootstrap_samples=200)
    truth = judge(label[:50_000], {"m": probability[:50_000]}, np.arange(50_000),
                  EvaluateParams(bootstrap_samples=1)).values["m"]["roc_auc"]  # fmt: skip
    covered = 0
    for part in range(60):
        rows = slice(50_000 + 400 * part, 50_400 + 400 * part)
        found = judge(label[rows], {"m": probability[rows]}, np.arange(400), params)
        low, high = (found.figures("m")["roc_auc"][end] for end in ("low", "high"))
        covered += bool(low is not None and high is not None and low <= truth <= high)
    assert covered >= 51


def test_paired_difference_is_narrower_than_the_two_intervals() -> None:
    label, probability = scored(1000)
    noisy = np.clip(probability + np.random.default_rng(1).normal(0, 0.05, 1000), 0.01, 0.99)
    found = judge(label, {"a": probability, "b": noisy}, np.arange(1000), EvaluateParams())
    difference, alone = found.difference("a", "b")["roc_auc"], found.figures("a")["roc_auc"]
    assert width(difference) < width(alone)
    assert difference["value"] == pytest.approx(
        found.values["a"]["roc_auc"] - found.values["b"]["roc_auc"]
    )


def width(bounds: dict[str, float | None]) -> float:
    """High minus low."""
    low, high = bounds["low"], bounds["high"]
    return np.inf if low is None or high is None else high - low


def test_a_thousand_samples_of_five_thousand_rows_are_quick() -> None:
    label, probability = scored(5000)
    candidates = {str(i): probability**i for i in range(1, 5)}
    started = time.perf_counter()
    judge(label, candidates, np.arange(5000), EvaluateParams(bootstrap_samples=1000))
    assert time.perf_counter() - started < 10


def test_what_cannot_be_computed_is_null() -> None:
    label, probability = np.ones(20, dtype=np.int64), np.linspace(0.1, 0.9, 20)
    found = judge(label, {"m": probability}, np.arange(20), EvaluateParams(bootstrap_samples=10))
    assert found.figures("m")["roc_auc"] == {"value": None, "low": None, "high": None}


def test_interval_holds_its_value_where_samples_are_biased() -> None:
    found = interval(0.01, np.linspace(0.02, 0.05, 100))
    assert found["low"] == 0.01
