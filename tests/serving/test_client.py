"""The client: what it asks, how it tries again, how it puts answers together."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving.client import LONGEST_WAIT, PASSING, SalespipeClient, SalespipeError

from serving import client as module

TOKEN = "-".join(["known", "to", "nobody"])
Answering = Callable[[httpx.Request], httpx.Response]
RECEIPT = {"id": "demo.churn.v2.r.c.d.s.2024-12-31", "business": "demo", "model": "churn",
           "version": 2, "as_of": "2024-12-31"}  # fmt: skip


def answer(results: list[Any], **more: Any) -> httpx.Response:
    told = {"model": "churn", "version": 2, "meaning": "no order in 90 days", "threshold": 0.3}
    return httpx.Response(200, json=told | {"receipt": RECEIPT, "results": results} | more)


def refusal(status: int, code: str = "busy", field: str | None = None, **headers: str) -> Any:
    problem = {"code": code, "message": "No.", "field": field}
    return httpx.Response(status, json={"error": problem}, headers=headers)


def scored(request: httpx.Request) -> httpx.Response:
    """Everyone's probability is the number in the id."""
    asked = json.loads(request.content)["entities"]
    return answer([
        {"customer_id": one["customer_id"], "probability": int(one["customer_id"]) / 1e6,
         "decile": 1, "contact": True, "as_of": "2024-12-31"}
        for one in asked
    ])  # fmt: skip


class Asked:
    """A client whose server answers as told; keeps what was asked and how long it waited."""

    def __init__(self, *answers: httpx.Response | Exception | Answering, **how: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self._answers = list(answers)
        transport = httpx.MockTransport(self._handle)
        self.client = SalespipeClient(
            "http://scores.test/base", transport=transport, sleep=self.waits.append, **how
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        told = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(told, Exception):
            raise told
        return told if isinstance(told, httpx.Response) else told(request)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(one.content) for one in self.requests]


def test_customers_are_asked_for_by_id() -> None:
    asked = Asked(scored, token=TOKEN)
    with asked.client as client:
        told = client.score("churn", customers=["7", "8"])
    assert [one.probability for one in told.results] == [7e-6, 8e-6]
    assert told.results[0].ok
    assert told.results[0].as_of == date(2024, 12, 31)
    assert told.threshold == 0.3
    (request,) = asked.requests
    assert str(request.url) == "http://scores.test/base/churn/score"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert asked.bodies == [{"entities": [{"customer_id": "7"}, {"customer_id": "8"}]}]


def test_without_a_token_none_is_sent() -> None:
    asked = Asked(scored)
    asked.client.score("churn", customers=["7"])
    assert "authorization" not in asked.requests[0].headers


def test_features_histories_and_mixed_entities_go_as_they_are() -> None:
    asked = Asked(answer([{"probability": 0.5}]))
    line = {"ordered_at": datetime(2024, 5, 17, 10, 30), "unit_price": Decimal("8.50")}
    asked.client.score("churn", features=[{"recency_days": np.float64(3.0), "country": None}])
    asked.client.score("churn", histories=[{"orders": [line]}])
    asked.client.score("churn", entities=[{"customer_id": "7", "as_of": date(2024, 6, 1)}])
    assert asked.bodies == [
        {"entities": [{"features": {"recency_days": 3.0, "country": None}}]},
        {"entities": [
            {"history": {"orders": [{"ordered_at": "2024-05-17T10:30:00", "unit_price": 8.5}]}}
        ]},
        {"entities": [{"customer_id": "7", "as_of": "2024-06-01"}]},
    ]  # fmt: skip


def test_a_value_that_is_no_number_is_not_sent() -> None:
    asked = Asked(scored)
    with pytest.raises(ValueError, match="JSON"):
        asked.client.score("churn", features=[{"recency_days": float("nan")}])
    with pytest.raises(TypeError, match="set can't be sent"):
        asked.client.score("churn", features=[{"recency_days": {1}}])
    assert not asked.requests


def test_one_way_has_to_be_given() -> None:
    client = Asked(scored).client
    with pytest.raises(TypeError, match="give one of"):
        client.score("churn")
    with pytest.raises(TypeError, match="give one of"):
        client.score("churn", customers=["7"], features=[{}])


def test_reasons_are_typed_and_their_number_is_asked_for() -> None:
    reason = {"feature": "recency_days", "words": "days since the last order", "value": "3",
              "contribution": -0.4, "direction": "lowers"}  # fmt: skip
    found = {"customer_id": "7", "probability": 0.1, "score": -1.4, "baseline": -1.0, "rest": 0.0}
    asked = Asked(answer([found | {"contributions": [reason]}]))
    (one,) = asked.client.explain("churn", customers=["7"], top=1).results
    assert asked.bodies[0]["top"] == 1
    assert one.contributions[0].words == "days since the last order"
    assert one.score == one.baseline + sum(c.contribution for c in one.contributions)


def test_a_forecast_has_days_with_intervals() -> None:
    block = {"date": "2024-12-31", "value": 5.0, "low_80": 4.0, "high_80": 6.0, "low_95": 3.0,
             "high_95": 7.0, "note": ""}  # fmt: skip
    series = {"measure": "revenue", "level": "total", "key": "all", "frequency": "day"}
    asked = Asked(answer([series | {"forecast": [block]}]))
    (one,) = asked.client.forecast([{"level": "total", "horizon": 1}]).results
    assert one.forecast[0].date == date(2024, 12, 31)
    assert one.forecast[0].low_80 == 4.0
    assert asked.requests[0].url.path == "/base/forecast/predict"


def test_an_unknown_customer_is_an_error_of_its_own() -> None:
    problem = {
        "code": "unknown_customer",
        "message": "No such.",
        "field": "entities[0].customer_id",
    }
    told = Asked(answer([{"customer_id": "x", "error": problem}])).client
    (one,) = told.score("churn", customers=["x"]).results
    assert not one.ok
    assert one.error is not None
    assert one.error.code == "unknown_customer"
    assert one.probability is None


def test_fields_of_a_newer_server_are_kept() -> None:
    newer = answer([{"probability": 0.5, "uplift": 0.1}], note="new")
    told = Asked(newer).client.score("churn", customers=["7"])
    assert told.model_dump()["note"] == "new"
    assert told.results[0].model_dump()["uplift"] == 0.1


@given(count=st.integers(0, 25), most=st.integers(1, 7))
def test_many_are_asked_in_parts_and_come_back_in_order(count: int, most: int) -> None:
    ids = [str(number) for number in range(count)]
    asked = Asked(scored)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", most)
        told = asked.client.score("churn", customers=ids)
    assert [one.customer_id for one in told.results] == ids
    sizes = [len(body["entities"]) for body in asked.bodies]
    assert sum(sizes) == count
    assert all(size == most for size in sizes[:-1])


def test_a_thousand_go_in_one_call_and_one_more_in_two() -> None:
    asked = Asked(scored)
    asked.client.score("churn", customers=["1"] * 1000)
    asked.client.score("churn", customers=["1"] * 1001)
    assert [len(body["entities"]) for body in asked.bodies] == [1000, 1000, 1]


def test_errors_of_later_parts_name_the_place_in_the_whole_question() -> None:
    problem = {
        "code": "unknown_customer",
        "message": "No such.",
        "field": "entities[1].customer_id",
    }
    later = answer([{"probability": 0.5}, {"error": problem}])
    asked = Asked(scored, later)
    told = asked.client.score("churn", customers=["1"] * 1002)
    assert told.results[1001].error is not None
    assert told.results[1001].error.field == "entities[1001].customer_id"

    asked = Asked(scored, refusal(400, "invalid_request", "entities[1].customer_id"))
    with pytest.raises(SalespipeError) as caught:
        asked.client.score("churn", customers=["1"] * 1002)
    assert caught.value.field == "entities[1001].customer_id"


def test_a_champion_that_changes_between_two_calls_shows_in_the_receipts() -> None:
    newer = RECEIPT | {"id": "demo.churn.v3", "version": 3}
    asked = Asked(scored, answer([{"probability": 0.5}], receipt=newer))
    told = asked.client.score("churn", customers=["1"] * 1001)
    assert [one.version for one in told.receipts] == [2, 3]
    assert told.results[-1].receipt.version == 3
    assert told.results[0].receipt.version == 2


@pytest.mark.parametrize("status", sorted(PASSING))
def test_what_passes_is_asked_again(status: int) -> None:
    asked = Asked(refusal(status), refusal(status), scored)
    assert asked.client.score("churn", customers=["7"]).results[0].ok
    assert len(asked.requests) == 3
    assert len(asked.waits) == 2


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("killed")],
)
def test_a_lost_connection_is_tried_again_and_told_of_in_the_end(failure: Exception) -> None:
    asked = Asked(failure, scored)
    assert asked.client.score("churn", customers=["7"]).results[0].ok

    asked = Asked(failure, retries=2)
    with pytest.raises(SalespipeError) as caught:
        asked.client.score("churn", customers=["7"])
    assert caught.value.code == "unreachable"
    assert caught.value.status is None
    assert len(asked.requests) == 3
    assert "scores.test" in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 500])
def test_what_does_not_pass_is_not_asked_again(status: int) -> None:
    asked = Asked(refusal(status, "wrong", "entities[0]", **{"x-request-id": "abc"}))
    with pytest.raises(SalespipeError) as caught:
        asked.client.score("churn", customers=["7"])
    assert (caught.value.status, caught.value.code) == (status, "wrong")
    assert (caught.value.field, caught.value.request_id) == ("entities[0]", "abc")
    assert str(caught.value) == "wrong: No. [entities[0]]"
    assert len(asked.requests) == 1
    assert not asked.waits


def test_waits_grow_and_differ() -> None:
    asked = Asked(refusal(503), retries=4, backoff=1.0)
    with pytest.raises(SalespipeError):
        asked.client.score("churn", customers=["7"])
    assert len(asked.waits) == 4
    assert all(0 <= wait <= 2**n for n, wait in enumerate(asked.waits))
    assert len(set(asked.waits)) == 4


def test_a_server_is_not_asked_again_sooner_than_it_wants() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=20)
    for told, least in (
        ("2", 2.0),
        (format_datetime(soon, usegmt=True), 15.0),
        ("never", 0.0),
        ("Tue, 24 Nov 2020 10:00:00 -0000", 0.0),
    ):
        asked = Asked(refusal(503, **{"retry-after": told}), scored, backoff=0.1)
        asked.client.score("churn", customers=["7"])
        (wait,) = asked.waits
        assert least <= wait <= least + 6


def test_a_server_that_wants_a_long_wait_is_not_waited_for() -> None:
    asked = Asked(refusal(503, **{"retry-after": str(int(LONGEST_WAIT) + 1)}))
    with pytest.raises(SalespipeError) as caught:
        asked.client.score("churn", customers=["7"])
    assert caught.value.retry_after == LONGEST_WAIT + 1
    assert not asked.waits


@pytest.mark.parametrize(
    "strange",
    [
        httpx.Response(500, text="<html>"),
        httpx.Response(404, json={"detail": "no"}),
        httpx.Response(307, headers={"location": "http://elsewhere.test"}),
        httpx.Response(200, text="hello"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"results": []}),
        httpx.Response(200, json={"results": [{"probability": "high"}], "receipt": RECEIPT}),
        httpx.Response(200, json={"results": [{"probability": 0.5}]}),
    ],
)
def test_an_answer_of_something_else_is_told_of(strange: httpx.Response) -> None:
    with pytest.raises(SalespipeError) as caught:
        Asked(strange).client.score("churn", customers=["7"])
    assert caught.value.code == "unexpected_answer"


def test_nobody_is_asked_about_nobody() -> None:
    asked = Asked(scored)
    assert asked.client.score("churn", customers=[]).results == ()
    assert not asked.requests


def test_a_token_does_not_show() -> None:
    client = Asked(scored, token=TOKEN).client
    assert TOKEN not in repr(client)
    with pytest.raises(SalespipeError) as caught:
        Asked(refusal(401, "unauthorized"), token=TOKEN).client.score("churn", customers=["7"])
    assert TOKEN not in repr(caught.value)


def test_an_app_can_copy_it_as_one_file() -> None:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    names = {one.names[0].name for one in ast.walk(tree) if isinstance(one, ast.Import)}
    names |= {str(one.module) for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert foreign == {"httpx", "pydantic"}
