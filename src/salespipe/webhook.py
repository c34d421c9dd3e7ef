"""A decision sent to whoever wants to know: signed, and tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from salespipe.errors import SalespipeError
from salespipe.params_monitor import WebhookParams

SIGNATURE, MOMENT = "X-Salespipe-Signature", "X-Salespipe-Timestamp"
LATER = (408, 425, 429)
"""Answers of a server that may be better the next time, beside all from 500 on."""
SERVER_ERROR = 500


def sign(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 of moment, a full stop and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def send(
    params: WebhookParams,
    content: Mapping[str, Any],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Post a decision as JSON; waits twice as long after each failure.

    Args:
        params: where to, and the name of the environment variable with the key.
        content: JSON-ready.
        wait: how to wait so many seconds.

    Raises:
        SalespipeError: there is no key, or it could not be delivered.
    """
    secret = os.environ.get(params.secret_env)
    if not secret:
        raise SalespipeError(
            f"The webhook signs with the key in {params.secret_env}, which is not set."
        )
    body = json.dumps(content, sort_keys=True).encode()
    for attempt in range(params.tries):
        if (problem := _post(params, secret, body)) is None:
            return
        if attempt + 1 < params.tries:
            wait(2.0**attempt)
    raise SalespipeError(
        f"The decision could not be sent to the webhook, after {params.tries} tries: {problem}."
    )


def _post(params: WebhookParams, secret: str, body: bytes) -> str | None:
    """One try; why it failed, None if it did not.

    Raises:
        SalespipeError: the receiver refuses it, which another try won't change.
    """
    import httpx

    moment = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        MOMENT: moment,
        SIGNATURE: f"sha256={sign(secret, moment, body)}",
    }
    try:
        answer = httpx.post(
            str(params.url), content=body, headers=headers, timeout=params.timeout_s
        )
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    if answer.is_success:
        return None
    told = f"it answered {answer.status_code}"
    if answer.status_code in LATER or answer.status_code >= SERVER_ERROR:
        return told
    raise SalespipeError(f"The webhook refused the decision: {told}.")
