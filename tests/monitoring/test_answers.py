"""What services answered is judged once the outcomes of those it was about are known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from salespipe.datasets.monitors import PredictionLog
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.target import OUTCOME
from salespipe.monitoring.answers import NOTHING_KNOWN, judge_answers, said_of, with_outcomes
from salespipe.monitoring.decide import Found, decide
from salespipe.monitoring.watch import Subject
from salespipe.params import EvaluateParams, ModelParams, SnapshotParams
from salespipe.params_monitor import MonitorParams
from salespipe.predictions import Answers, prediction_schema, pseudonym
from tests.features.shop import sale, table

AS_OF = date(2024, 3, 1)
NOW = date(2024, 6, 1)
KEY = b"secret"
CUSTOMERS = [f"C{i:03d}" for i in range(200)]
STAYS = {one: i % 2 == 0 for i, one in enumerate(CUSTOMERS)}
MODEL = ModelParams(
    outcome="no_order",
    snapshots=SnapshotParams(horizon_days=30),
    evaluate=EvaluateParams(bootstrap_samples=100),
)
PARAMS = MonitorParams()


def orders():
    """Everyone buys in January, every second one again after `AS_OF`, somebody in May."""
    lines = [sale(f"a{one}", "2024-01-10", customer_id=one) for one in CUSTOMERS]
    lines += [sale(f"b{one}", "2024-03-15", customer_id=one) for one in CUSTOMERS if STAYS[one]]
    return table("orders", [*lines, sale("last", "2024-05-31", customer_id="C000")])


def entry(one, prediction, **given):
    return {
        "at": datetime(2024, 3, 1, 9, tzinfo=UTC), "request_id": "r", "model": "churn",
        "version": 3, "asked_by": "customer_id", "entity": pseudonym(one, KEY), "as_of": AS_OF,
        "prediction": prediction, **given,
    }  # fmt: skip


def a_log(score, **given):
    rows = [entry(one, score(one), **given) for one in CUSTOMERS]
    return Answers(pa.Table.from_pylist(rows, schema=prediction_schema()), KEY)


def subject(promised=0.8, **meta):
    figures = {"roc_auc": {"value": promised, "low": promised - 0.02, "high": promised + 0.02}}
    champion = SimpleNamespace(meta=meta, target=OUTCOME)
    told = {"chosen": "blend", "candidates": {"blend": figures}}
    return Subject("churn", InOffice(3, champion), MODEL, told)


def judged(log, now=NOW, **given):
    return judge_answers(log, {"orders": orders()}, subject(**given), PARAMS, now)


def right(one):
    return 0.2 if STAYS[one] else 0.8


def test_hashed_ids_are_joined_with_what_came():
    (look,) = judged(a_log(right)).looks
    assert (look["rows"], look["base_rate"]) == (200, 0.5)
    assert look["figures"]["roc_auc"]["value"] == 1.0


def test_figures_are_scikit_learns():
    rng = np.random.default_rng(0)
    scores = dict(zip(CUSTOMERS, rng.random(len(CUSTOMERS)), strict=True))
    (look,) = judged(a_log(scores.get)).looks
    expected = roc_auc_score([not STAYS[one] for one in CUSTOMERS], list(scores.values()))
    assert look["figures"]["roc_auc"]["value"] == pytest.approx(expected, abs=1e-9)


def test_a_worse_ranking_among_those_asked_for_is_worth_a_look():
    quality = judged(a_log(lambda one: 1 - right(one)))
    decision = decide(Found(answers=quality), PARAMS)
    assert decision.level == "watch"
    (reason,) = [one for one in decision.reasons if "roc_auc" in one.words]
    assert (reason.kind, reason.words[:19]) == ("answers", "of those asked for,")
    kept = decide(Found(answers=judged(a_log(right))), PARAMS)
    assert not [one for one in kept.reasons if "roc_auc" in one.words]


def test_the_horizon_has_to_have_passed():
    quality = judged(a_log(right), now=AS_OF + timedelta(29))
    assert (quality.looks, quality.obstacle) == ((), NOTHING_KNOWN)


@pytest.mark.parametrize(
    "given", [{"version": 2}, {"entity": None}, {"entity": pseudonym("nobody", KEY)}]
)
def test_other_versions_and_who_is_not_known_are_left_out(given):
    assert judged(a_log(right, **given)).obstacle == NOTHING_KNOWN


def test_ids_that_are_logged_as_they_are_are_found_too():
    rows = [entry(one, right(one), entity=one) for one in CUSTOMERS]
    log = Answers(pa.Table.from_pylist(rows, schema=prediction_schema()))
    assert judged(log).looks[0]["rows"] == 200


def test_the_last_answer_of_a_day_counts_and_apps_features_count_from_the_day_they_were_sent():
    rows = [entry("C001", 0.1), entry("C001", 0.9), entry("C002", 0.5, as_of=None)]
    log = Answers(pa.Table.from_pylist(rows, schema=prediction_schema()), KEY)
    said = said_of(log, orders(), 3).set_index("customer_id")
    assert said["prediction"].to_dict() == {"C001": 0.9, "C002": 0.5}
    assert set(said["as_of"]) == {AS_OF}


def test_offers_are_judged_by_the_group_they_were_about():
    lines = [
        sale("o1", "2024-01-10", category="tea"),
        sale("o2", "2024-03-05", category="tea"),
        sale("o3", "2024-05-31", category="mugs"),
    ]
    rows = [entry("A", 0.7, item_group="tea"), entry("A", 0.2, item_group="mugs")]
    log = Answers(pa.Table.from_pylist(rows, schema=prediction_schema()), KEY)
    shop, groups = table("orders", lines), {"names": ["mugs", "tea"], "words": None}
    offers = MODEL.model_copy(update={"outcome": "order_group"})
    champion = SimpleNamespace(meta={"item_groups": groups})
    found = with_outcomes(said_of(log, shop, 3), shop, champion, offers)
    assert found.set_index("item_group")["label"].to_dict() == {"tea": 1, "mugs": 0}


def test_the_key_is_what_services_have(tmp_path, monkeypatch):
    log = PredictionLog(folder=tmp_path.as_posix())
    assert log.load()("churn").key is None
    (tmp_path / "log.key").write_bytes(b"kept")
    assert log.load()("churn").key == b"kept"
    monkeypatch.setenv("SALESPIPE_LOG_KEY", "given")
    assert log.load()("churn").key == b"given"
