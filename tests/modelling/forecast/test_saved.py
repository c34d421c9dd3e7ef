"""The forecast that is put to use: judged, asked, saved, compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from salespipe.errors import SalespipeError
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.forecast.evidence import challenger_record, champion_record
from salespipe.modelling.forecast.judge import judged_days, metrics_of
from salespipe.modelling.forecast.plots import error_figure, forecast_figure
from salespipe.modelling.forecast.saved import make_model
from salespipe.modelling.gate import decide
from salespipe.modelling.predict import load_model
from salespipe.params import GateParams

CLEAN = {"checks": [{"name": "truncated", "passed": True, "features": []}]}


@pytest.fixture(scope="module")
def model(trained, params):
    return make_model({"revenue": trained}, params)


def ask(key="all", level="total", frequency="day", horizon=28, measure="revenue"):
    return pd.DataFrame([{"measure": measure, "level": level, "key": key,
                          "frequency": frequency, "horizon": horizon}])  # fmt: skip


def test_a_question_is_answered_by_day_week_and_month(model, trained):
    days = model.answer(ask(horizon=90))
    assert len(days) == 90
    assert days["date"].iloc[0] == str(trained.origins.as_of)
    assert (days["low_95"] <= days["low_80"]).all()
    assert (days["low_80"] <= days["value"]).all()
    assert (days["value"] <= days["high_80"]).all()
    assert (days["high_80"] <= days["high_95"]).all()
    weeks, months = (model.answer(ask(frequency=f, horizon=90)) for f in ("week", "month"))
    assert (len(weeks), len(months)) == (12, 3)
    np.testing.assert_allclose(weeks["value"].iloc[0], days["value"].iloc[:7].sum())
    np.testing.assert_allclose(months["value"].sum(), days["value"].sum())


def test_levels_add_up(model):
    keys = ("A", "B", "other")
    parts = sum(model.answer(ask(key, "country"))["value"] for key in keys)
    np.testing.assert_allclose(parts, model.answer(ask())["value"])


@pytest.mark.parametrize(
    ("question", "words"),
    [(ask("C", "country"), "no forecast of revenue, country, C"),
     (ask(horizon=91), "1 to 90 days, not 91"), (ask(horizon=6, frequency="week"), "7 to 90")],
)  # fmt: skip
def test_what_is_not_forecast_is_told(model, question, words):
    with pytest.raises(SalespipeError, match=words):
        model.answer(question)


def test_it_is_saved_without_pickle_and_answers_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    assert {f.suffix for f in (tmp_path / "model").iterdir()} == {".json", ".parquet"}
    loaded = load_model(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.answer(ask()), model.answer(ask()))
    assert (loaded.procedure, loaded.chosen) == (model.procedure, model.chosen)


def test_metrics_have_every_baseline_beside_the_chosen_one(trained, params):
    metrics = metrics_of({"revenue": trained}, params)
    assert metrics["chosen"] in metrics["candidates"]
    assert {"seasonal_naive", "moving_average", "xgb_tweedie"} <= set(metrics["candidates"])
    for figures in metrics["candidates"].values():
        assert figures["wape"]["low"] <= figures["wape"]["value"] <= figures["wape"]["high"]
    levels = metrics["measures"]["revenue"]["levels"]
    assert set(levels["country"]["coverage"]) == {"at_80", "at_95"}
    days = judged_days(trained, params)
    total = days[days["level"] == "total"]
    wape = (total["actual"] - total["forecast"]).abs().sum() / total["actual"].sum()
    assert levels["total"]["forecast"]["wape"]["value"] == pytest.approx(wape)
    covered = total[total["high_95"] > 0]
    share = covered["actual"].between(covered["low_80"], covered["high_80"]).mean()
    assert levels["total"]["coverage"]["at_80"]["value"] == pytest.approx(share)


def test_the_same_procedure_again_can_not_be_told_apart(trained, params, model):
    gate = GateParams(min_test_rows=10)
    wide = params.model_copy(update={"coverage": type(params.coverage)(at_80=(0, 1), at_95=(0, 1))})
    record = challenger_record(trained, CLEAN, wide)
    assert decide(record, None, gate).verdict == "promote"
    again = decide(record, champion_record(trained, InOffice(1, model), params), gate)
    assert again.verdict == "hold"
    assert "cannot tell them apart" in again.reason


def test_another_procedure_is_put_to_work_on_the_same_days(trained, params, model):
    other = params.model_copy(update={"train": params.train.model_copy(update={"trees": 1})})
    trees = {"revenue": {"total": "xgb_tweedie", "country": "xgb_tweedie"}}
    office = InOffice(1, replace(model, procedure=other, chosen=trees))
    worse = champion_record(trained, office, params).losses
    mine = challenger_record(trained, CLEAN, params).losses
    assert mine.mean() < worse.mean()
    unread = champion_record(trained, InOffice(1, None, "its files are gone"), params)
    assert "can't be read" in unread.obstacle
    lacking = InOffice(1, replace(model, chosen={"revenue": {"total": "auto_ets"}}))
    assert "country" in champion_record(trained, lacking, params).obstacle


def test_pictures_are_drawn(trained, params, model):
    levels = metrics_of({"revenue": trained}, params)["measures"]["revenue"]["levels"]
    figures = (forecast_figure(trained, model), error_figure(levels, "revenue"))
    assert all(figure.axes[0].get_title() for figure in figures)
