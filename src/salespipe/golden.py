"""The golden set: what a Bento answers away from here must be what the registered models say."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from salespipe.environment import QUIET
from salespipe.errors import SalespipeError
from salespipe.parts import read_pointer

START_SECONDS = 60
TOLERANCE = 1e-9
BATCH = 50


def replay(registered: Mapping[str, Any], unpacked: Path) -> int:
    """Start an exported Bento and ask it the golden set of the registered models.

    Args:
        registered: the models, by name, as the registry has them.
        unpacked: the Bento's folder.

    Returns:
        How many answers were compared.

    Raises:
        SalespipeError: it does not start, or answers otherwise.
    """
    import httpx

    from salespipe.modelling.forecast.saved import ForecastModel

    compared = 0
    with started(unpacked) as url, httpx.Client(base_url=url, timeout=30) as client:
        bundle = unpacked / "src" / "bundle"
        for name, part in read_pointer(bundle)["parts"].items():
            model = registered[name]
            ask = _ask_forecasts if isinstance(model, ForecastModel) else _ask_scores
            compared += ask(client, name, bundle / part, model)
    return compared


def _ask_scores(client: Any, model: str, part: Path, registered: Any) -> int:
    import pandas as pd

    golden = _golden(part)
    rows = [one["features"] for one in golden]
    answer = client.post(f"/{model}/score", json={"entities": [{"features": r} for r in rows]})
    told = [one.get(registered.target.output) for one in _results(answer, model)]
    expected = registered.predict(pd.DataFrame(rows))
    _compare(model, told, expected.tolist())
    return len(told)


def _ask_forecasts(client: Any, model: str, part: Path, registered: Any) -> int:
    import pandas as pd

    asked = [one["series"] for one in _golden(part)]
    results = _results(client.post(f"/{model}/predict", json={"series": asked}), model)
    for question, result in zip(asked, results, strict=True):
        told = [block["value"] for block in result.get("forecast", [])]
        _compare(model, told, registered.answer(pd.DataFrame([question]))["value"].tolist())
    return len(results)


def _golden(part: Path) -> list[dict[str, Any]]:
    golden: list[dict[str, Any]] = json.loads((part / "golden.json").read_text("utf-8"))
    return golden[:BATCH]


def _results(answer: Any, model: str) -> list[dict[str, Any]]:
    if not answer.is_success:
        raise SalespipeError(
            f"{model}: the Bento does not answer the golden set ({answer.status_code}: "
            f"{answer.text[:300]}); it was deleted."
        )
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def _compare(model: str, told: list[Any], expected: list[float]) -> None:
    off = [
        abs(one - other) if one is not None else float("inf")
        for one, other in zip(told, expected, strict=True)
    ]
    if not max(off, default=float("inf")) <= TOLERANCE:
        raise SalespipeError(
            f"{model}: the Bento's answers to the golden set are not the registered model's "
            f"(off by up to {max(off, default=float('inf')):.3g}); it was deleted. Were the files "
            "of the model, or the code, changed by hand?"
        )


@contextlib.contextmanager
def started(unpacked: Path) -> Iterator[str]:
    """A server of an unpacked Bento, away from this repository.

    Yields:
        Its address.

    Raises:
        SalespipeError: it does not start.
    """
    port = free_port()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SALESPIPE_", "PYTHONPATH"))
    }
    # a home of its own: BentoML clears the metrics that running servers share in the usual one
    with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory() as home:
        command = [
            bentoml_binary(),
            "serve",
            unpacked.as_posix(),
            "--port",
            str(port),
            "--host",
            "127.0.0.1",
        ]
        server = subprocess.Popen(
            command,
            cwd=unpacked,
            env=kept | QUIET | {"BENTOML_HOME": home},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", server, said)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(START_SECONDS)


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], said: Any) -> None:
    import httpx

    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=1).is_success:
                return
        time.sleep(0.1)
    said.seek(0)
    end = said.read().decode(errors="replace")[-2000:]
    raise SalespipeError(f"The exported Bento does not start; it was deleted. It said:\n{end}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def bentoml_binary() -> str:
    """BentoML's own command, of this environment."""
    return Path(sys.executable).with_name("bentoml").as_posix()
