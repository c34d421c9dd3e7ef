"""The BentoML service: `bentoml serve serving.service:Salespipe`, or what a Bento starts.

Its routes are an ASGI app mounted in it: what may be asked follows from the champion in office,
which may change while the server runs, and BentoML's own endpoints are fixed as it starts.
"""

from __future__ import annotations

import os
from typing import Any

import bentoml

from serving.app import make_app
from serving.guard import Guard
from serving.server import Server
from serving.settings import Settings

server = Server(Settings.read())
TIMEOUT = server.settings.body_seconds + server.settings.answer_seconds + 5
"""BentoML's own comes after ours, which answer in our own words, and not much later: its timer of
a request is kept, with what it holds, until the time is up, answered or not."""


@bentoml.service(
    name="salespipe",
    workers=int(os.environ.get("SALESPIPE_WORKERS", "1")),
    traffic={"timeout": TIMEOUT},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(make_app(server), path="/")
class Salespipe:
    """The champions of one business."""

    def __init__(self) -> None:
        server.start()

    def __is_alive__(self) -> bool:
        return server.alive

    def __is_ready__(self) -> bool:
        return server.ready

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Write out what is not written yet."""
        server.stop()


_service: Any = Salespipe
_service.add_asgi_middleware(Guard, server=server)
