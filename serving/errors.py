"""Errors an app can act on: a status, a code, words, and the field that is wrong."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json


class ApiError(Exception):
    """A request that can't be answered.

    Args:
        status: HTTP status.
        code: for programs; it never changes.
        message: for people.
        field: the place in the request, such as `entities[3].features.recency_days`.
        headers: further response headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = headers or {}

    def body(self) -> bytes:
        """The JSON every error is told in."""
        return to_json({"error": self.told()})

    def told(self) -> dict[str, Any]:
        """`code`, `message` and `field`."""
        return {"code": self.code, "message": self.message, "field": self.field}


def not_found(message: str) -> ApiError:
    """There is no such thing here."""
    return ApiError(404, "not_found", message)


def internal() -> ApiError:
    """Our fault; what happened is in the log, not in the answer."""
    return ApiError(500, "internal", "Something went wrong here; it is logged.")


def busy() -> ApiError:
    """At capacity."""
    told = "As many requests as can be taken are under way; try again in a second."
    return ApiError(503, "busy", told, headers={"retry-after": "1"})
