"""What every request passes: capacity, who asks, how much it sends, and how it ends in the log."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from serving.errors import ApiError, busy, internal
from serving.observe import metrics

if TYPE_CHECKING:
    from serving.server import Server

logger = logging.getLogger("salespipe.serving")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROBES = ("/livez", "/readyz", "/healthz")
ANYONE = ("/docs.json", "/")
"""What any known token opens."""
OPERATIONS = ("score", "explain", "predict")
REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


class Guard:
    """ASGI middleware around everything the service answers.

    Args:
        app: what answers.
        server: settings, tokens and champions.
    """

    def __init__(self, app: App, server: Server) -> None:
        self._app = app
        self._server = server
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = _Call(scope, send)
        try:
            await self._pass(call, scope, receive)
        except ApiError as error:
            await call.refuse(error)
        except Exception:
            logger.exception("request failed", extra={"facts": {"request_id": call.id}})
            await call.refuse(internal())
        finally:
            self._tell(call)

    async def _pass(self, call: _Call, scope: Scope, receive: Receive) -> None:
        if call.path in PROBES:
            await self._app(scope, receive, call.send)
            return
        self._authorise(call, scope)
        if self._in_flight >= self._server.settings.max_in_flight:
            raise busy()
        self._in_flight += 1
        try:
            limit = int(self._server.settings.max_body_mb * 2**20)
            body = await read_body(scope, receive, limit, self._server.settings.body_seconds)
            call.started = time.perf_counter()
            async with asyncio.timeout(self._server.settings.answer_seconds):
                await self._app(scope, _replay(body, receive), call.send)
        except TimeoutError:
            raise busy() from None
        finally:
            self._in_flight -= 1

    def _authorise(self, call: _Call, scope: Scope) -> None:
        keyring = self._server.keyring
        if keyring.is_open:
            if not is_local(scope):
                told = "No tokens are set here, so only this machine may ask."
                raise ApiError(403, "forbidden", told)
            return
        kind, _, token = call.header(b"authorization").partition(" ")
        found = keyring.find(token.strip()) if kind.lower() == "bearer" and token else None
        if found is None:
            told = "A bearer token is needed that is known here: `Authorization: Bearer …`."
            raise ApiError(401, "unauthorized", told, headers={"www-authenticate": "Bearer"})
        call.who = found.name
        if call.path not in ANYONE and not found.allows(call.model):
            raise ApiError(403, "forbidden", f"This token is not for {call.model}.")

    def _tell(self, call: _Call) -> None:
        if call.path in PROBES:
            return
        known = call.model in self._server.champions.by_name and call.operation in OPERATIONS
        seconds = time.perf_counter() - call.started
        if known:
            metrics().request(call.model, call.operation, call.status, seconds)
        facts = {
            "request_id": call.id, "method": call.method, "path": call.path, "who": call.who,
            "status": call.status, "code": call.code, "ms": round(seconds * 1000, 2),
        }  # fmt: skip
        logger.info("request", extra={"facts": facts})


class _Call:
    """One request on its way: who asks for what, and how it ended."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._headers = dict(scope["headers"])
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        model, _, operation = self.path.strip("/").partition("/")
        self.model, self.operation = model, operation
        given = self._headers.get(b"x-request-id", b"")
        self.id = given.decode() if REQUEST_ID.match(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = self.id
        self.who: str | None = None
        self._state = scope["state"]
        self.status = 0
        self.started = time.perf_counter()

    @property
    def code(self) -> str | None:
        """Of the error it ended in."""
        code: str | None = self._state.get("code")
        return code

    def header(self, name: bytes) -> str:
        """A header's value, or nothing."""
        value: bytes = self._headers.get(name, b"")
        return value.decode("latin-1")

    async def send(self, message: Message) -> None:
        """Pass an answer on, with our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            ours = [*HEADERS, (b"x-request-id", self.id.encode())]
            message = {**message, "headers": [*message.get("headers", []), *ours]}
        await self._send(message)

    async def refuse(self, error: ApiError) -> None:
        """Answer with an error, unless an answer is under way."""
        self._state["code"] = error.code
        if self.status:
            return
        body = error.body()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
        if error.status == 413:  # noqa: PLR2004 - the rest of the body is not waited for
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


async def read_body(scope: Scope, receive: Receive, limit: int, seconds: float) -> bytes:
    """A request's whole body, however it is sent.

    Raises:
        ApiError: it is larger than it may be, or takes too long to come.
    """
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > limit:
                    raise _too_large(limit)
                if not message.get("more_body"):
                    break
    except TimeoutError:
        told = f"The request did not come whole within {seconds:g} seconds."
        raise ApiError(408, "timeout", told, headers={"connection": "close"}) from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine."""
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "too_large", f"A request may have {limit / 2**20:g} MB.")
