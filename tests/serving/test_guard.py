"""What a server refuses, and how it says so."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import httpx
import pytest
from serving.guard import Guard
from serving.tokens import add_token

SECRET_WORDS = ("Traceback", "site-packages", ".py", "Error(")


LINE = {"order_id": "1", "ordered_at": "2024-01-01T00:00:00Z", "item_id": "i", "quantity": 1,
        "unit_price": 2}  # fmt: skip
FIRST = "entities[1].history.orders[0]"


def assert_error(answer, status, code, field=None):
    assert answer.status_code == status, answer.text
    told = answer.json()["error"]
    assert set(told) == {"code", "message", "field"}
    assert told["code"] == code
    assert told["field"] == field
    assert not any(word in answer.text for word in SECRET_WORDS)
    return told


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        ({}, "entities[1].customer_id"),
        ({"customer_id": 5}, "entities[1].customer_id"),
        ({"customer_id": ""}, "entities[1].customer_id"),
        ({"customer_id": "a", "colour": "red"}, "entities[1].colour"),
        ({"features": {"colour": 1}}, "entities[1].features.account_age_days"),
        ({"features": []}, "entities[1].features"),
        ({"history": {}}, "entities[1].history.orders"),
        ({"history": {"orders": [{"order_id": "1"}]}}, "entities[1].history.orders[0].item_id"),
        ({"history": {"orders": [LINE | {"unit_price": -1}]}}, f"{FIRST}.unit_price"),
        ({"history": {"orders": [LINE | {"status": "lost"}]}}, f"{FIRST}.status"),
        ({"history": {"orders": [LINE | {"order_id": ""}]}}, f"{FIRST}.order_id"),
        ({"history": {"orders": [LINE | {"ordered_at": 5}]}}, f"{FIRST}.ordered_at"),
        ("x", "entities[1]"),
    ],
)
def test_what_is_wrong_is_named(client, entity, field):
    answer = client.post("/churn/score", {"entities": [{"customer_id": "a"}, entity]})
    assert_error(answer, 400, "invalid_request", field)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", '"5"', "true", "[]"])
def test_a_feature_is_a_finite_number(client, value):
    features = client.get("/docs.json").json()["paths"]["/churn/score"]["post"]["requestBody"]
    features = features["content"]["application/json"]["examples"]["features"]["value"]
    body = json.dumps(features)
    known = features["entities"][0]["features"]["recency_days"]
    body = body.replace(f'"recency_days": {json.dumps(known)}', f'"recency_days": {value}')
    answer = client.request(
        "POST", "/churn/score", content=body, headers={"content-type": "application/json"}
    )
    assert_error(answer, 400, "invalid_request", "entities[0].features.recency_days")


@pytest.mark.parametrize("count", [0, 1001])
def test_one_to_a_thousand_entities_may_be_asked_for(client, count):
    answer = client.post("/churn/score", {"entities": [{"customer_id": "a"}] * count})
    assert_error(answer, 400, "invalid_request", "entities")


def line(day):
    return LINE | {"ordered_at": day}


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        ({"history": {"orders": [line("2999-01-01T00:00:00Z")]}}, ".history.orders[0].ordered_at"),
        (
            {"history": {"orders": [line("2024-03-01T00:00:00")]}, "as_of": "2024-03-01"},
            ".history.orders[0].ordered_at",
        ),
        ({"history": {"orders": [line("1066-10-14T09:00:00")]}}, ".history.orders[0].ordered_at"),
        ({"history": {"orders": []}, "as_of": "2999-01-01"}, ".as_of"),
        ({"history": {"orders": [LINE | {"quantity": 0}]}}, ".history.orders[0].quantity"),
        (
            {"history": {"orders": [], "events": [{"kind": "visit", "occurred_at": "2999-01-01"}]}},
            ".history.events[0].occurred_at",
        ),
    ],
)
def test_what_no_schema_can_say_is_named_too(client, entity, field):
    answer = client.post("/churn/score", {"entities": [entity]})
    assert_error(answer, 422, "impossible", f"entities[0]{field}")


def test_a_history_s_hours_are_compared_in_utc(client):
    late = line("2024-02-29T23:30:00-05:00")  # the first of March in UTC
    answer = client.post(
        "/churn/score", {"entities": [{"history": {"orders": [late]}, "as_of": "2024-03-01"}]}
    )
    assert_error(answer, 422, "impossible", "entities[0].history.orders[0].ordered_at")


def test_offers_are_not_asked_for_by_history(client):
    answer = client.post("/offers/score", {"entities": [{"history": {"orders": []}}]})
    told = assert_error(answer, 400, "invalid_request", "entities[0]")
    assert "can't answer" in told["message"]


JSON, TEXT = "application/json", "text/plain"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (("POST", "/churn/score", b"{", JSON), 400, "invalid_json"),
        (("POST", "/churn/score", b"{}", TEXT), 415, "unsupported_media_type"),
        (("POST", "/nothing/score", b"{}", JSON), 404, "not_found"),
        (("POST", "/forecast/score", b"{}", JSON), 404, "not_found"),
        (("POST", "/churn/predict", b"{}", JSON), 404, "not_found"),
        (("GET", "/churn/score", b"", TEXT), 405, "method_not_allowed"),
        (("DELETE", "/docs.json", b"", TEXT), 405, "method_not_allowed"),
        (("GET", "/static_content/x.js", b"", TEXT), 404, "not_found"),
    ],
)
def test_wrong_turnings_are_answered_in_json(client, asked, status, code):
    method, path, content, kind = asked
    answer = client.request(method, path, content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_a_fault_of_ours_says_nothing_of_itself(client, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret /path/to/file")

    monkeypatch.setattr("serving.app.score", broken)
    answer = client.post("/churn/score", {"entities": [{"customer_id": "a"}]})
    assert_error(answer, 500, "internal")
    assert "secret" not in answer.text


def test_the_page_that_calls_an_analytics_service_is_not_shown(client):
    answer = client.get("/")
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["champions"]) == {"churn", "offers", "forecast"}


BODY = {"entities": [{"customer_id": "a"}]}


class TestTokens:
    @pytest.fixture
    def guarded(self, shop, serve, tmp_path):
        file = tmp_path / "tokens.json"
        tokens = {
            "everything": add_token(file, "boss", ("*",)),
            "churn": add_token(file, "crm", ("churn",)),
            "metrics": add_token(file, "prometheus", ("metrics",)),
        }
        served = serve(bundle=shop.bundle, tokens=file, follow_seconds=0.05)
        return SimpleNamespace(file=file, tokens=tokens, client=served.client, server=served.server)

    def as_(self, guarded, token):
        return guarded.client.of(headers={"authorization": f"Bearer {token}"})

    def test_one_is_needed(self, guarded):
        answer = guarded.client.post("/churn/score", BODY)
        assert_error(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("given", ["Bearer wrong", "Bearer ", "Basic abc", "Bearer é"])
    def test_it_has_to_be_known(self, guarded, given):
        client = guarded.client.of(headers={"authorization": given.encode("latin-1")})
        assert_error(client.post("/churn/score", BODY), 401, "unauthorized")

    def test_it_opens_its_models_only(self, guarded):
        client = self.as_(guarded, guarded.tokens["churn"])
        assert client.post("/churn/score", BODY).status_code == 200
        assert_error(client.post("/offers/score", BODY), 403, "forbidden")
        assert_error(client.get("/metrics"), 403, "forbidden")
        everything = self.as_(guarded, guarded.tokens["everything"])
        assert everything.post("/offers/score", BODY).status_code == 200

    def test_who_asks_from_elsewhere_may_with_one(self, guarded):
        client = self.as_(guarded, guarded.tokens["churn"]).of(address="192.0.2.7")
        client._headers = {"authorization": f"Bearer {guarded.tokens['churn']}"}
        assert client.post("/churn/score", BODY).status_code == 200

    def test_one_that_was_taken_out_is_revoked_while_the_server_runs(self, guarded):
        client = self.as_(guarded, guarded.tokens["churn"])
        kept = [one for one in json.loads(guarded.file.read_text()) if one["name"] != "crm"]
        guarded.file.write_text(json.dumps(kept))
        guarded.server.keyring.refresh()
        assert_error(client.post("/churn/score", BODY), 401, "unauthorized")

    def test_a_file_that_can_t_be_read_changes_nothing(self, guarded):
        guarded.file.write_text("{")
        guarded.server._update()
        client = self.as_(guarded, guarded.tokens["churn"])
        assert client.post("/churn/score", BODY).status_code == 200

    def test_any_opens_the_docs(self, guarded):
        assert_error(guarded.client.get("/docs.json"), 401, "unauthorized")
        assert_error(guarded.client.get("/"), 401, "unauthorized")
        client = self.as_(guarded, guarded.tokens["churn"])
        assert client.get("/docs.json").status_code == 200
        assert client.get("/").status_code == 200


def test_without_tokens_only_this_machine_may_ask(client):
    body = {"entities": [{"customer_id": "a"}]}
    assert client.of(address="::1").post("/churn/score", body).status_code == 200
    assert_error(client.of(address="192.0.2.7").post("/churn/score", body), 403, "forbidden")
    assert_error(client.of(address="testclient").get("/metrics"), 403, "forbidden")


def guard(**settings):
    """The guard around an app that waits until it is told to answer."""
    defaults = {
        "max_in_flight": 2, "max_body_mb": 0.001, "body_seconds": 0.2, "answer_seconds": 5,
    }  # fmt: skip
    held = asyncio.Event()

    async def app(scope, receive, send):
        await receive()
        await held.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    server = SimpleNamespace(
        settings=SimpleNamespace(**(defaults | settings)),
        keyring=SimpleNamespace(is_open=True),
        champions=SimpleNamespace(by_name={}),
    )
    return Guard(app, server), held


def asking(app):
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def test_at_capacity_more_requests_are_turned_away_at_once():
    async def scenario():
        app, held = guard()
        async with asking(app) as client:
            taken = [asyncio.create_task(client.post("/churn/score")) for _ in range(2)]
            await asyncio.sleep(0.01)
            refused = await asyncio.wait_for(client.post("/churn/score"), 1)
            held.set()
            return refused, [one.status_code for one in await asyncio.gather(*taken)]

    refused, taken = asyncio.run(scenario())
    assert_error(refused, 503, "busy")
    assert refused.headers["retry-after"] == "1"
    assert taken == [200, 200]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit_however_it_is_sent(chunked):
    async def body():
        for _ in range(40):
            yield b"x" * 100

    async def scenario():
        app, held = guard()
        held.set()
        async with asking(app) as client:
            return await client.post("/churn/score", content=body() if chunked else b"x" * 4000)

    assert_error(asyncio.run(scenario()), 413, "too_large")


def test_a_body_that_never_comes_is_not_waited_for():
    async def body():
        yield b"x"
        await asyncio.sleep(5)

    async def scenario():
        app, _ = guard()
        async with asking(app) as client:
            return await client.post("/churn/score", content=body())

    assert_error(asyncio.run(scenario()), 408, "timeout")


def test_an_answer_that_takes_too_long_is_given_up():
    async def scenario():
        app, _ = guard(answer_seconds=0.05)
        async with asking(app) as client:
            return await client.post("/churn/score")

    refused = asyncio.run(scenario())
    assert_error(refused, 503, "busy")
    assert refused.headers["retry-after"] == "1"


def test_every_answer_has_the_request_s_id(client):
    answer = client.request("GET", "/docs.json", headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    forged = client.request("GET", "/docs.json", headers={"x-request-id": "a b\tc"})
    assert forged.headers["x-request-id"] not in ("", "a b\tc")
    assert answer.headers["x-content-type-options"] == "nosniff"
