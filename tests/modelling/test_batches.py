"""Trees of a matrix made of batches, and of a device that is not there."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
import xgboost

from salespipe.modelling import xgb
from salespipe.modelling.xgb import booster_params, fit_trees, usable_device
from salespipe.params import TrainParams

WHOLE = TrainParams(colsample_bytree=1, subsample=1)


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(5)
    group = pd.Categorical(draw.choice(["x", "y"], 3000), ["x", "y"])
    design = pd.DataFrame({"days": draw.normal(size=3000), "group": group})
    return design, (draw.random(3000) < 1 / (1 + np.exp(-2 * design["days"]))).astype(float)


def test_batches_make_the_same_trees_but_for_their_cuts(rows, monkeypatch):
    made = []
    batch = xgboost.QuantileDMatrix
    monkeypatch.setattr(
        xgboost, "QuantileDMatrix", lambda *a, **k: made.append(1) or batch(*a, **k)
    )
    design, label = rows
    by_batch = WHOLE.model_copy(update={"whole_rows": 1000, "batch_rows": 700})
    whole, parts = (fit_trees(design, label, p, 60).log_odds(design) for p in (WHOLE, by_batch))
    assert made == [1]
    assert np.corrcoef(whole, parts)[0, 1] > 0.999


def test_one_batch_makes_exactly_the_same_trees(rows):
    design, label = rows
    one = WHOLE.model_copy(update={"whole_rows": 0, "batch_rows": 3000})
    whole, parts = (fit_trees(design, label, p, 20).log_odds(design) for p in (WHOLE, one))
    assert np.allclose(whole, parts, atol=1e-6)


@pytest.fixture
def no_device_yet():
    usable_device.cache_clear()
    yield
    usable_device.cache_clear()


def test_without_gpu_code_the_processor_trains_and_says_so(rows, no_device_yet, caplog):
    gpu = WHOLE.model_copy(update={"device": "cuda"})
    with caplog.at_level(logging.WARNING):
        here, there = (fit_trees(*rows, p, 10).log_odds(rows[0]) for p in (WHOLE, gpu))
    assert np.array_equal(here, there)
    assert [record.message.strip() for record in caplog.records] == [
        "device cuda: this XGBoost has no GPU code; training on the cpu"
    ]


def test_with_gpu_code_and_no_gpu_the_processor_trains(no_device_yet, caplog, monkeypatch):
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": True})

    def refuse(*args, **options):
        raise xgboost.core.XGBoostError("no visible GPU\nat line 7")

    monkeypatch.setattr(xgboost, "train", refuse)
    assert usable_device("cuda") == "cpu"
    assert "device cuda: no visible GPU; training on the cpu" in caplog.text


def test_a_gpu_that_is_there_is_used(no_device_yet, monkeypatch):
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": True})
    monkeypatch.setattr(xgboost, "train", lambda *_, **__: None)
    assert booster_params(WHOLE.model_copy(update={"device": "cuda"}), 10)["device"] == "cuda"
    assert "device" not in booster_params(WHOLE, 10)
    assert xgb.usable_device.cache_info().currsize == 1
