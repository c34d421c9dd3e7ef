"""Trees by Spark's workers: as good as those grown here, in the same kind of file."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from salespipe.modelling import distributed
from salespipe.modelling.development import Fold
from salespipe.modelling.distributed import TRIES, on_all_slots, slots
from salespipe.modelling.forecast.panel import History
from salespipe.modelling.forecast.trees import fit_tweedie
from salespipe.modelling.target import AMOUNT
from salespipe.modelling.xgb import BoostedTrees, fit_trees, stop_early
from salespipe.params import TrainParams
from salespipe.params_forecast import ForecastTrainParams
from tests.engines import running

pytestmark = pytest.mark.real
HERE = TrainParams(max_trees=40, early_stopping_rounds=20, colsample_bytree=0.8)
SPARK = HERE.model_copy(update={"engine": "spark"})


@pytest.fixture(scope="module", autouse=True)
def spark():
    yield from running("spark")


@pytest.fixture
def session():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


@pytest.fixture(scope="module")
def rows():
    """Numbers with gaps, a category with one, and an outcome that depends on both."""
    draw = np.random.default_rng(3)
    n = 4000
    group = draw.choice(["x", "y", "z"], n)
    design = pd.DataFrame({
        "days since": np.where(draw.random(n) < 0.1, np.nan, draw.normal(size=n)),
        "spend": draw.gamma(2, 20, n),
        "group": pd.Categorical(np.where(draw.random(n) < 0.1, None, group), ["x", "y", "z"]),
    })  # fmt: skip
    odds = np.nan_to_num(design["days since"]) + 1.5 * (group == "y") - 0.5
    return design, (draw.random(n) < 1 / (1 + np.exp(-odds))).astype(float)


def test_trees_grown_on_spark_are_as_good(rows, tmp_path):
    design, label = rows
    fold = (Fold(np.arange(3000), np.arange(3000, 4000)),)
    grown = {p.engine: stop_early(design, label, fold, p) for p in (HERE, SPARK)}
    auc = {name: roc_auc_score(label[3000:], one.log_odds) for name, one in grown.items()}
    assert auc["spark"] == pytest.approx(auc["duckdb"], abs=0.01)
    assert auc["spark"] > 0.7


def test_the_file_is_read_and_asked_like_any_other(rows, tmp_path):
    design, label = rows
    trees = fit_trees(design, label, SPARK, 30)
    trees.save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.ubj"]
    again = BoostedTrees.load(tmp_path)
    assert again.booster.feature_names == list(design.columns)
    assert np.array_equal(again.log_odds(design), trees.log_odds(design))
    told = again.contributions(design)
    assert list(told.columns) == list(design.columns)
    assert told["group"].abs().mean() > 0.1
    by_group = pd.Series(trees.log_odds(design)).groupby(design["group"], observed=True).mean()
    assert by_group.idxmax() == "y"


def test_amounts_are_on_their_own_scale(rows):
    design, _ = rows
    spend = design["spend"].to_numpy()
    log_odds = fit_trees(design[["days since", "spend"]], spend, SPARK, 100, AMOUNT).log_odds(
        design[["days since", "spend"]]
    )
    assert np.exp(log_odds).mean() == pytest.approx(spend.mean(), rel=0.1)


def test_a_forecast_is_the_one_made_here():
    """By mlforecast's Spark path; without samples trees are the same but for their bins."""
    days, week = 150, np.array([1.5, 1.0, 1.0, 1.2, 0.9, 0.6])
    draw = np.random.default_rng(5)
    usual = np.tile(week, days // 6)[:, None] * np.array([60.0, 40.0, 20.0])
    sales = usual * draw.gamma(40, 1 / 40, usual.shape)
    weekdays = np.arange(days + 12) % 6
    history = History(
        values=sales, weekdays=weekdays[:days], ahead=weekdays[days:],
        series=(("total", "all"), ("country", "A"), ("country", "B")),
        year_ago=np.full(days + 12, np.nan),
    )  # fmt: skip
    params = ForecastTrainParams(trees=60, subsample=1.0, colsample_bytree=1.0)
    here, there = (
        fit_tweedie(history, params.model_copy(update={"engine": name}))
        for name in ("duckdb", "spark")
    )
    assert np.abs(there - here).sum() < 0.02 * here.sum()
    assert (np.abs(there - here).max(axis=0) < 0.2 * sales.mean(axis=0)).all()


def test_training_asks_for_no_more_workers_than_there_are(session):
    """A cluster that has lost a worker has one core left, of which Spark's own guess is two."""
    assert session.sparkContext.defaultParallelism == slots(session) == 2


@pytest.mark.parametrize(("failing", "tries"), [(0, 1), (2, 3), (5, TRIES)])
def test_tasks_that_run_together_start_again_when_one_is_lost(session, monkeypatch, failing, tries):
    from py4j.protocol import Py4JJavaError

    monkeypatch.setattr(distributed, "UNTIL_NOTICED", 0)
    asked = []

    def grow(tasks):
        asked.append(tasks)
        lost = len(asked) <= failing
        together = session.sparkContext.parallelize(range(tasks), tasks).barrier()
        return together.mapPartitions(lambda rows: [1 / 0] if lost else rows).collect()

    with pytest.raises(Py4JJavaError) if failing >= TRIES else contextlib.nullcontext():
        assert on_all_slots(session, grow) == [0, 1]
    assert asked == [2] * tries


def test_what_no_lost_task_explains_is_told_at_once(session):
    from py4j.protocol import Py4JJavaError

    asked = []

    def grow(tasks):
        asked.append(tasks)
        return session.sparkContext.parallelize(range(2), 2).map(lambda row: 1 / row).collect()

    with pytest.raises(Py4JJavaError):
        on_all_slots(session, grow)
    assert asked == [2]
