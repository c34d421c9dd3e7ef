"""Rates of groups are fairlearn's and scikit-learn's, in groups of one kind of row too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, count, selection_rate, true_positive_rate
from sklearn.metrics import precision_score

from salespipe.modelling.rates import RATES, group_rates


def precision(label, chosen):
    return precision_score(label, chosen, zero_division=0)


def test_rates_are_those_of_a_metric_frame_over_all_rows():
    rng = np.random.default_rng(0)
    groups = pd.Series(rng.choice(["a", "b", "c"], 500).tolist() + ["none"] * 3 + ["all"] * 2)
    label = np.r_[rng.random(500) < 0.4, [False] * 3, [True] * 2]
    chosen = np.r_[rng.random(500) < 0.2, [False] * 3, [True] * 2]
    metrics = (count, selection_rate, true_positive_rate, precision)
    theirs = MetricFrame(
        metrics=dict(zip(("rows", *RATES), metrics, strict=True)),
        y_true=label.astype(int), y_pred=chosen.astype(int), sensitive_features=groups.to_numpy(),
    ).by_group  # fmt: skip
    ours = group_rates(label, chosen, groups)
    assert list(ours.index) == list(theirs.index) == ["a", "all", "b", "c", "none"]
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(dtype=float), abs=1e-9)
