"""What is served is what was validated, whichever way it is asked for."""

from __future__ import annotations

import contextlib
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from serving.answers import score
from serving.explanations import explain
from serving.office import load_part

from salespipe.parts import read_frame
from tests.serving.asking import histories_of, three_ways

COUNT = 1000
LINE = {"order_id": "1", "ordered_at": "2024-02-01", "item_id": "i", "quantity": 1,
        "unit_price": 2}  # fmt: skip


@pytest.fixture(scope="module")
def churn(shop):
    return load_part(shop.bundle, shop.parts["churn"])


@pytest.fixture(scope="module")
def listed(shop):
    """The batch scores of up to 1,000 customers."""
    rows = shop.lists["churn"].dropna(subset=["probability"])
    return rows.sort_values("entity_id").head(COUNT).set_index("entity_id")


def test_all_three_ways_equal_the_batch_scores(client, churn, shop, listed):
    assert len(listed) > 300
    told = three_ways(client, churn, shop.folder / "data/03_primary/demo", listed.index)
    for way, results in told.items():
        got = np.array([one["probability"] for one in results])
        assert np.abs(got - listed["probability"].to_numpy()).max() <= 1e-9, way
        assert [one["decile"] for one in results] == listed["decile"].tolist(), way


def test_features_of_histories_equal_training_s(churn, shop, listed):
    as_of = date.fromisoformat(churn.facts["as_of"])
    some = listed.index[:200]
    histories = histories_of(shop.folder / "data/03_primary/demo", some)
    parsed = churn.question.validate_json(
        json.dumps({"entities": [{"history": histories[one]} for one in some]})
    )["entities"]
    found = churn.histories.features([one["history"] for one in parsed], [as_of] * len(some))
    frame = read_frame(churn._frame_file).to_pandas().set_index("entity_id").loc[some]
    for name in churn.model.schema.names:
        got = pd.Series([one[name] for one in found], index=some)
        if churn.model.schema.features[churn.model.schema.names.index(name)].kind == "category":
            assert got.equals(frame[name].astype(object).where(frame[name].notna(), None)), name
        else:
            want = frame[name].to_numpy(dtype=float, na_value=np.nan)
            assert np.allclose(got.astype(float), want, rtol=0, atol=1e-9, equal_nan=True), name


def test_ways_may_be_mixed_and_keep_their_places(client, churn, listed):
    golden = json.loads((churn.folder / "golden.json").read_text())[0]
    first, last = listed.index[0], listed.index[-1]
    told = client.results(
        "/churn/score",
        entities=[
            {"customer_id": last},
            {"features": golden["features"], "customer_id": "mine"},
            {"customer_id": "nobody"},
            {"customer_id": first},
        ],
    )
    assert told[0]["probability"] == pytest.approx(listed["probability"].iloc[-1], abs=1e-9)
    assert told[1]["customer_id"] == "mine"
    assert told[1]["probability"] == pytest.approx(golden["prediction"], abs=1e-9)
    assert told[2]["error"]["code"] == "unknown_customer"
    assert told[2]["error"]["field"] == "entities[2].customer_id"
    assert told[3]["probability"] == pytest.approx(listed["probability"].iloc[0], abs=1e-9)


def test_who_was_silent_too_long_has_a_reason_and_no_score(client, shop):
    rows = shop.lists["churn"]
    silent = rows[rows["probability"].isna()]["entity_id"].iloc[0]
    (told,) = client.results("/churn/score", entities=[{"customer_id": silent}])
    assert told["error"]["code"] == "not_scored"
    assert "no order in the last 180 days" in told["error"]["message"].lower()
    assert "probability" not in told


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([], id="none"),
        pytest.param([LINE | {"status": "cancelled"}], id="cancelled"),
        pytest.param([LINE | {"quantity": -1}], id="a return"),
        pytest.param([LINE | {"ordered_at": "2020-01-01"}], id="long ago"),
    ],
)
def test_who_has_not_bought_of_late_is_not_scored(client, orders):
    entity = {"history": {"orders": orders}, "as_of": "2024-03-01"}
    (told,) = client.results("/churn/score", entities=[entity])
    assert told["error"]["code"] == "not_scored"
    assert "probability" not in told


def test_the_threshold_decides_and_who_opted_out_is_left_alone(client, churn, shop):
    frame = read_frame(churn._frame_file).to_pandas().set_index("entity_id")
    entities = [{"customer_id": one} for one in frame.index[:COUNT]]
    answer = client.post("/churn/score", {"entities": entities}).json()
    for told in answer["results"]:
        if "error" not in told:
            out = frame.loc[told["customer_id"], "opted_out"] == 1
            assert told["contact"] == (told["probability"] >= answer["threshold"] and not out)


def test_contributions_are_exact_and_in_words(client, churn, listed):
    told = client.results(
        "/churn/explain", entities=[{"customer_id": one} for one in listed.index[:20]], top=1000
    )
    for one in told:
        total = one["baseline"] + one["rest"] + sum(c["contribution"] for c in one["contributions"])
        assert total == pytest.approx(one["score"], abs=1e-6)
        strengths = [abs(c["contribution"]) for c in one["contributions"]]
        assert strengths == sorted(strengths, reverse=True)
        for reason in one["contributions"]:
            assert reason["direction"] == ("raises" if reason["contribution"] > 0 else "lowers")
            assert "_" not in reason["words"] or reason["feature"] in reason["words"]


def test_fewer_reasons_leave_a_rest(client, listed):
    asked = {"entities": [{"customer_id": listed.index[0]}]}
    (few,) = client.results("/churn/explain", top=2, **asked)
    (many,) = client.results("/churn/explain", top=1000, **asked)
    assert few["contributions"] == many["contributions"][:2]
    assert few["rest"] != 0
    assert many["rest"] == pytest.approx(0, abs=1e-9)


def test_reasons_are_the_same_by_features_and_by_id(churn, listed):
    from salespipe.modelling.served import feature_records

    customer = listed.index[3]
    frame = read_frame(churn._frame_file).to_pandas().set_index("entity_id").loc[[customer]]
    asked = [{"customer_id": customer}, {"features": feature_records(frame, churn.model)[0]}]
    both = explain(churn, score(churn, asked), 5)
    assert [c["feature"] for c in both[0]["contributions"]] == [
        c["feature"] for c in both[1]["contributions"]
    ]
    assert both[0]["score"] == pytest.approx(both[1]["score"], abs=1e-9)


def test_offers_are_looked_up_by_group_or_by_what_is_likeliest(client, shop):
    rows = shop.lists["offers"]
    customer = rows["entity_id"].iloc[0]
    own = rows[rows["entity_id"] == customer].set_index("item_group")["probability"]
    asked = [{"customer_id": customer, "item_group": group} for group in own.index]
    told = client.results("/offers/score", entities=[*asked, {"customer_id": customer}])
    got = {one["item_group"]: one["probability"] for one in told[:-1]}
    assert got == pytest.approx(own.to_dict(), abs=1e-9)
    assert told[-1]["probability"] == pytest.approx(own.max(), abs=1e-9)


def test_forecasts_are_the_registered_model_s(client, shop):
    with contextlib.chdir(shop.folder):
        model = shop.business.registry("forecast").load(shop.champions["forecast"])
    question = {"measure": "revenue", "level": "total", "key": "all", "frequency": "week",
                "horizon": 28}  # fmt: skip
    (told,) = client.results("/forecast/predict", series=[question])
    expected = model.answer(pd.DataFrame([question]))
    assert [one["date"] for one in told["forecast"]] == expected["date"].tolist()
    assert [one["value"] for one in told["forecast"]] == expected["value"].tolist()
    assert all(one["low_95"] <= one["value"] <= one["high_95"] for one in told["forecast"])


def test_an_unknown_series_is_its_own_error(client):
    good = {"level": "total", "horizon": 7}
    told = client.results("/forecast/predict", series=[good, good | {"key": "moon"}])
    assert len(told[0]["forecast"]) == 7
    assert told[1]["error"]["code"] == "unknown_series"
    assert told[1]["error"]["field"] == "series[1].key"


def test_the_receipt_says_where_an_answer_comes_from(client, shop, listed):
    receipt = client.post("/churn/score", {"entities": [{"customer_id": listed.index[0]}]}).json()[
        "receipt"
    ]
    version = shop.champions["churn"]
    assert receipt["version"] == version
    with contextlib.chdir(shop.folder):
        origin = shop.business.registry("churn").origin(version)
    assert {key: receipt[key] for key in ("run_id", "git_commit", "data_hash")} == {
        key: origin[key] for key in ("run_id", "git_commit", "data_hash")
    }
    assert receipt["id"].startswith(f"demo.churn.v{version}.{receipt['run_id'][:12]}.")
