"""The client asks a real server: what one sends the other takes, and what it answers is read."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
import pytest
from serving.client import Forecasts, SalespipeClient, SalespipeError


@pytest.fixture
def asking(client):
    """A client of the server in this process."""

    def answer(request):
        told = client.request(
            request.method, request.url.path, content=request.content, headers=dict(request.headers)
        )
        # what was asked asynchronously is answered as a plain response
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)

    with SalespipeClient("http://test", transport=httpx.MockTransport(answer)) as asking:
        yield asking


def test_customers_and_their_features_have_the_same_score(asking, shop):
    golden = json.loads((shop.bundle / shop.parts["churn"] / "golden.json").read_text())
    (one,) = asking.score("churn", features=[golden[0]["features"]]).results
    assert one.probability == pytest.approx(golden[0]["prediction"], abs=1e-9)
    known = shop.lists["churn"].dropna(subset="probability").entity_id.iloc[0]
    told = asking.score("churn", customers=[known, "nobody"])
    assert told.results[0].ok
    assert told.results[0].decile in range(1, 11)
    assert told.results[1].error.code == "unknown_customer"
    assert told.meaning
    assert [one.version for one in told.receipts] == [shop.champions["churn"]]


def test_reasons_add_up(asking, shop):
    known = shop.lists["churn"].dropna(subset="probability").entity_id.iloc[0]
    (one,) = asking.explain("churn", customers=[known], top=3).results
    assert 0 < len(one.contributions) <= 3
    parts = sum(reason.contribution for reason in one.contributions)
    assert one.score == pytest.approx(one.baseline + parts + one.rest)


def test_a_history_goes_as_python_has_it(asking):
    line = {"order_id": "A1", "ordered_at": datetime(2024, 5, 1, 10), "item_id": "mug",
            "quantity": 2, "unit_price": 8.5}  # fmt: skip
    entity = {"history": {"orders": [line]}, "as_of": datetime(2024, 5, 9).date()}
    (one,) = asking.score("churn", entities=[entity]).results
    assert one.ok
    assert one.as_of == entity["as_of"]


def test_offers_name_a_product_group(asking, shop):
    known = shop.lists["offers"].entity_id.iloc[0]
    assert asking.score("offers", customers=[known]).results[0].item_group


def test_a_forecast_is_read(asking):
    told = asking.forecast([{"level": "total", "horizon": 7}])
    assert isinstance(told, Forecasts)
    assert len(told.results[0].forecast) == 7
    assert all(day.low_95 <= day.low_80 <= day.high_80 <= day.high_95
               for day in told.results[0].forecast)  # fmt: skip


def test_refusals_are_errors_with_a_place(asking):
    with pytest.raises(SalespipeError) as caught:
        asking.score("churn", customers=["known"] * 1000 + [""])
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")
    assert caught.value.field == "entities[1000].customer_id"
    assert caught.value.request_id
    with pytest.raises(SalespipeError) as caught:
        asking.score("nothing", customers=["known"])
    assert caught.value.code == "not_found"
