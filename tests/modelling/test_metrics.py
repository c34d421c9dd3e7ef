"""Every figure against scikit-learn, and what must hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.metrics import all_figures, rank_rows

BINS = 10


def figures(
    label: Integers, probability: Floats, weights: Floats | None = None
) -> dict[str, float]:
    """All figures of one weighting."""
    given_weights = np.ones(len(label)) if weights is None else weights
    found = all_figures(rank_rows(label, probability, BINS), given_weights[None, :])
    return {name: float(value[0]) for name, value in found.items()}


def sample(ties: bool, seed: int = 0, rows: int = 400) -> tuple[Integers, Floats, Floats]:
    """Outcomes, probabilities (rounded if there are to be ties) and whole-number weights."""
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0.02, 0.98, rows)
    label = (rng.random(rows) < probability).astype(np.int64)
    probability = probability.round(1).clip(0.02, 0.98) if ties else probability
    return label, probability, rng.integers(0, 4, rows).astype(float)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_figures_equal_scikit_learn(ties: bool, weighted: bool) -> None:
    label, probability, drawn = sample(ties)
    weights = drawn if weighted else np.ones(len(label))
    found = figures(label, probability, weights)
    expected = {
        "roc_auc": reference.roc_auc_score(label, probability, sample_weight=weights),
        "pr_auc": reference.average_precision_score(label, probability, sample_weight=weights),
        "brier": reference.brier_score_loss(label, probability, sample_weight=weights),
        "log_loss": reference.log_loss(label, probability, sample_weight=weights),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_calibration_error_equals_its_formula() -> None:
    label, probability, _ = sample(ties=False)
    parts = np.array_split(np.argsort(-probability), BINS)
    expected = sum(
        len(part) / len(label) * abs(probability[part].mean() - label[part].mean())
        for part in parts
    )
    assert figures(label, probability)["ece"] == pytest.approx(expected, abs=1e-12)


def test_lift_and_gain_count_the_top_of_the_list() -> None:
    label, probability, _ = sample(ties=False)
    best = label[np.argsort(-probability)]
    found = figures(label, probability)
    assert found["lift_at_10pct"] == pytest.approx(best[:40].mean() / label.mean(), abs=1e-12)
    assert found["gain_at_20pct"] == pytest.approx(best[:80].sum() / label.sum(), abs=1e-12)


def test_lift_of_a_constant_score_is_one() -> None:
    label, _, _ = sample(ties=False)
    found = figures(label, np.full(len(label), 0.3))
    assert found["lift_at_10pct"] == pytest.approx(1)
    assert found["roc_auc"] == pytest.approx(0.5)


def test_one_outcome_only_gives_no_ranking_figure() -> None:
    found = figures(np.ones(5, dtype=np.int64), np.linspace(0.1, 0.9, 5))
    assert np.isnan(found["roc_auc"])
    assert np.isfinite(found["brier"])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_order_of_rows_changes_nothing(seed: int, ties: bool) -> None:
    label, probability, weights = sample(ties, seed, rows=60)
    order = np.random.default_rng(seed).permutation(len(label))
    shuffled = figures(label[order], probability[order], weights[order])
    assert shuffled == pytest.approx(figures(label, probability, weights), abs=1e-9, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_ranking_figures_ignore_monotone_transforms(seed: int, power: float) -> None:
    label, probability, _ = sample(ties=True, seed=seed, rows=60)
    before, after = figures(label, probability), figures(label, probability**power)
    for name in ("roc_auc", "pr_auc", "lift_at_10pct", "gain_at_20pct"):
        assert after[name] == pytest.approx(before[name], abs=1e-12, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_weight_of_two_is_the_row_twice(seed: int) -> None:
    label, probability, weights = sample(ties=True, seed=seed, rows=60)
    twice = np.repeat(np.arange(60), weights.astype(int))
    repeated = figures(label[twice], probability[twice])
    weighted = figures(label, probability, weights)
    for name in set(repeated) - {"ece"}:  # bins of the calibration error are cut on rows
        assert weighted[name] == pytest.approx(repeated[name], abs=1e-9, nan_ok=True)
