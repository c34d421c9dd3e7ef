"""Scores are held to what the test promised."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from salespipe.modelling.target import OUTCOME
from salespipe.monitoring.looks import PREDICTION
from salespipe.monitoring.quality import judge_quality, normal_spread
from salespipe.params import EvaluateParams
from salespipe.params_monitor import QualityParams
from tests.monitoring.shop import looks

EVALUATE = EvaluateParams(bootstrap_samples=200)


def promise(value=0.75, ece=0.03):
    return {
        "roc_auc": {"value": value, "low": value - 0.02, "high": value + 0.02},
        "ece": {"value": ece, "low": ece, "high": ece},
    }


def quality(history, promised=None, **given):
    return judge_quality(history, OUTCOME, promised or promise(), QualityParams(**given), EVALUATE)


def test_figures_are_scikit_learns():
    history, _ = looks(count=10)
    last = quality(history).looks[-1]
    rows = history[-1].rows
    auc = roc_auc_score(rows["label"], rows[PREDICTION])
    assert last["figures"]["roc_auc"]["value"] == pytest.approx(auc, abs=1e-9)
    brier = brier_score_loss(rows["label"], rows[PREDICTION])
    assert last["figures"]["brier"]["value"] == pytest.approx(brier, abs=1e-9)
    assert last["base_rate"] == rows["label"].mean()


def test_a_kept_promise_is_no_finding():
    history, _ = looks(count=12)
    found = quality(history, promise(0.72, 0.05))
    assert found.findings == ()
    assert found.obstacle is None


def test_a_ranking_that_got_worse_is_a_loss():
    history, _ = looks(count=12)
    rows = history[-1].rows
    rows["label"] = np.random.default_rng(0).permutation(rows["label"])
    (found,) = [one for one in quality(history).findings if one.figure == "roc_auc"]
    assert found.loss
    assert found.look == history[-1].name
    assert "promised were 0.750" in found.words


def test_probabilities_far_off_are_no_loss_of_ranking():
    history, _ = looks(count=12)
    rows = history[-1].rows
    rows[PREDICTION] = rows[PREDICTION] / 2
    (found,) = quality(history).findings
    assert (found.figure, found.loss) == ("ece", False)


def test_rows_learned_from_promise_nothing():
    history, _ = looks(count=8)
    assert "did not learn from" in quality(history).obstacle
    few = quality(looks(count=12)[0], min_outcomes=400)
    assert few.looks == ()


def test_normal_movement_needs_some_looks():
    assert normal_spread([0.7, 0.8, None]) == 0
    assert normal_spread([0.7, 0.8, 0.7, 0.8]) == pytest.approx(0.0577, abs=1e-4)
