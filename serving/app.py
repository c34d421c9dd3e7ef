"""The routes: thin, since what they answer is made elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.answers import results, score
from serving.champions import CustomerChampion, ForecastChampion
from serving.errors import ApiError, internal, not_found
from serving.explanations import TOP, explain
from serving.forecasts import forecast
from serving.log import entry_of
from serving.messages import read
from serving.observe import metrics
from serving.openapi import document
from serving.server import Server

JSON = "application/json"
SMALL = 16 * 1024
"""Bodies up to here are answered at once; larger ones in a thread, so that others need not wait."""
THREADS = 4
NO_POST = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
NO_GET = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
METHODS = [*NO_POST, "POST"]

Operation = Callable[[Server, str, str, bytes], bytes]


def make_app(server: Server) -> Starlette:
    """The routes of a server.

    Args:
        server: what they share.
    """
    return Starlette(
        routes=[
            *_reads(server),
            *_asks(server),
            # BentoML's own pages come after: one of them calls an analytics service
            Route("/{path:path}", nowhere, methods=METHODS),
        ],
        exception_handlers={
            ApiError: refused,
            HTTPException: lambda request, error: refused(request, _plain(request, error)),
            Exception: lambda request, _: refused(request, internal()),
        },
    )


def _reads(server: Server) -> list[Route]:
    """What is read, and that it takes nothing else."""

    async def index(_: Request) -> Response:
        named = {n: one.receipt for n, one in sorted(server.champions.by_name.items())}
        return Response(to_json({"champions": named, "docs": "/docs.json"}), media_type=JSON)

    async def docs(_: Request) -> Response:
        return Response(to_json(document(server.champions.by_name)), media_type=JSON)

    async def figures(_: Request) -> Response:
        from bentoml._internal.configuration.containers import BentoMLContainer

        client: Any = BentoMLContainer.metrics_client.get()
        return Response(client.generate_latest(), media_type=client.CONTENT_TYPE_LATEST)

    told = {"/": index, "/docs.json": docs, "/metrics": figures}
    return [
        *(Route(path, one, methods=["GET"]) for path, one in told.items()),
        *(Route(path, takes("GET"), methods=NO_GET) for path in told),
    ]


def _asks(server: Server) -> list[Route]:
    """What models are asked, and that it is only posted."""
    threads = anyio.CapacityLimiter(THREADS)

    def answering(operation: Operation, *, slow: bool) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
                told = f"Requests are {JSON}."
                raise ApiError(415, "unsupported_media_type", told, "content-type")
            body = await request.body()
            ask = partial(
                operation, server, request.path_params["model"], request.state.request_id, body
            )
            if slow or len(body) > SMALL:
                answer = await anyio.to_thread.run_sync(ask, limiter=threads)
            else:
                answer = ask()
            return Response(answer, media_type=JSON)

        return endpoint

    endpoints = {
        "score": answering(answer_scores, slow=False),
        "explain": answering(answer_reasons, slow=True),
        "predict": answering(answer_forecasts, slow=False),
    }
    return [
        *(Route(f"/{{model}}/{name}", one, methods=["POST"]) for name, one in endpoints.items()),
        *(Route(f"/{{model}}/{name}", takes("POST"), methods=NO_POST) for name in endpoints),
    ]


def takes(method: str) -> Any:
    """Answers what is asked by another method."""

    async def wrong_method(request: Request) -> Response:
        told = f"{request.url.path[:200]} takes {method}."
        raise ApiError(405, "method_not_allowed", told, headers={"allow": method})

    return wrong_method


async def nowhere(request: Request) -> Response:
    """Anything else."""
    raise not_found(f"There is nothing at {request.url.path[:200]}; see /docs.json.")


def refused(request: Request, error: Exception) -> Response:
    """An error as JSON."""
    assert isinstance(error, ApiError)  # noqa: S101 - nothing else is handled by this
    request.state.code = error.code
    return Response(error.body(), error.status, error.headers, JSON)


def _plain(request: Request, error: Exception) -> ApiError:
    """What Starlette says of a request that no route takes."""
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    told = f"{request.url.path[:200]} takes {headers.get('allow', 'another method')}."
    return ApiError(error.status_code, "method_not_allowed", told, headers=headers)


def answer_scores(server: Server, model: str, request_id: str, body: bytes) -> bytes:
    """`POST /<model>/score`."""
    champion = customers(server, model, "score")
    entities = read(champion.question, body)["entities"]
    scored = score(champion, entities)
    _leave_word(server, champion, request_id, scored)
    return to_json(_told(champion) | {"results": results(champion, scored, len(entities))})


def answer_reasons(server: Server, model: str, request_id: str, body: bytes) -> bytes:
    """`POST /<model>/explain`."""
    champion = customers(server, model, "explain")
    asked = read(champion.explanation, body)
    scored = score(champion, asked["entities"])
    _leave_word(server, champion, request_id, scored)
    found = results(champion, scored, len(asked["entities"]))
    for place, reasons in explain(champion, scored, asked.get("top", TOP)).items():
        found[place] |= reasons
    return to_json(_told(champion) | {"results": found})


def answer_forecasts(server: Server, model: str, request_id: str, body: bytes) -> bytes:
    """`POST /forecast/predict`."""
    del request_id
    champion = server.champions.by_name.get(model)
    if not isinstance(champion, ForecastChampion):
        raise not_found(_known(server, model, "predict"))
    asked = read(champion.question, body)["series"]
    metrics().forecast(model, champion.version, len(asked))
    told = {"model": model, "version": champion.version, "receipt": champion.receipt}
    return to_json(told | {"results": forecast(champion, asked)})


def customers(server: Server, model: str, operation: str) -> CustomerChampion:
    """The champion that scores.

    Raises:
        ApiError: there is none of that name.
    """
    champion = server.champions.by_name.get(model)
    if not isinstance(champion, CustomerChampion):
        raise not_found(_known(server, model, operation))
    return champion


def _known(server: Server, model: str, operation: str) -> str:
    able = ", ".join(
        name
        for name, one in sorted(server.champions.by_name.items())
        if isinstance(one, ForecastChampion) == (operation == "predict")
    )
    return f"There is no {operation} of {model[:100]!r} here; there is one of {able or 'nothing'}."


def _told(champion: CustomerChampion) -> dict[str, Any]:
    return {
        "model": champion.name,
        "version": champion.version,
        "meaning": champion.facts["meaning"],
        "threshold": champion.threshold,
        "receipt": champion.receipt,
    }


def _leave_word(
    server: Server, champion: CustomerChampion, request_id: str, scored: list[Any]
) -> None:
    metrics().scored(champion, scored)
    if server.log is not None:
        for part in scored:
            server.log.write(entry_of(champion, request_id, part))
