"""Decisions are sent signed, and tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from salespipe.errors import SalespipeError
from salespipe.params_monitor import WebhookParams
from salespipe.webhook import send

SECRET = "k"  # noqa: S105 - of a test


@pytest.fixture
def receiver(monkeypatch):
    """A server that answers as told, one status a request; what it got is kept."""
    monkeypatch.setenv("SALESPIPE_WEBHOOK_SECRET", SECRET)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((dict(self.headers), body))
            self.send_response(server.answers.pop(0))
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def to(server, **given):
    return WebhookParams(url=f"http://127.0.0.1:{server.server_port}/", **given)


def test_a_decision_arrives_signed(receiver):
    receiver.answers = [204]
    send(to(receiver), {"decision": "watch"})
    ((headers, body),) = receiver.got
    assert json.loads(body) == {"decision": "watch"}
    signed = f"{headers['X-Salespipe-Timestamp']}.".encode() + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Salespipe-Signature"] == f"sha256={expected}"


def test_a_server_in_trouble_is_tried_again(receiver):
    receiver.answers = [503, 429, 200]
    waited = []
    send(to(receiver), {}, waited.append)
    assert waited == [1.0, 2.0]
    assert len(receiver.got) == 3


def test_a_refusal_is_not_tried_again(receiver):
    receiver.answers = [403, 200]
    with pytest.raises(SalespipeError, match="refused the decision: it answered 403"):
        send(to(receiver), {}, lambda _: None)
    assert len(receiver.got) == 1


def test_a_server_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setenv("SALESPIPE_WEBHOOK_SECRET", SECRET)
    params = WebhookParams(url="http://127.0.0.1:9/", tries=2)
    with pytest.raises(SalespipeError, match="after 2 tries: ConnectError"):
        send(params, {}, lambda _: None)


def test_nothing_is_sent_unsigned(monkeypatch):
    monkeypatch.delenv("SALESPIPE_WEBHOOK_SECRET", raising=False)
    with pytest.raises(SalespipeError, match="SALESPIPE_WEBHOOK_SECRET, which is not set"):
        send(WebhookParams(url="http://127.0.0.1:9/"), {})
