"""Load for the serving benchmark, from a process of its own: raw HTTP/1.1 on kept connections."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """What came back.

    Attributes:
        seconds: of each answer.
        refused: statuses other than 200.
        lost: requests whose connection broke before the answer came.
        wrong: answers that are not what the version they name predicts.
        versions: who answered how often.
    """

    seconds: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    lost: int = 0
    wrong: int = 0
    versions: dict[str, int] = field(default_factory=dict)


def request(path: str, body: Any, token: str | None = None) -> bytes:
    """One request as bytes."""
    content = json.dumps(body).encode()
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{bearer}"
        f"content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def ask(reader: Any, writer: Any, content: bytes) -> tuple[int, bytes]:
    """Send one request and read its answer."""
    writer.write(content)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)


async def connection(plan: dict[str, Any], number: int, seen: Seen, until: float) -> None:
    """One connection that asks again and again, at its share of the rate if there is one."""
    asked = [one.encode("latin-1") for one in plan["requests"]]
    pause = plan["connections"] / plan["rate"] if plan.get("rate") else 0.0
    due, turn, stream = time.perf_counter() + pause * number / plan["connections"], number, None
    while time.perf_counter() < until:
        if pause:
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            due += pause
        place = turn % len(asked)
        turn += plan["connections"]
        if stream is None:
            try:
                stream = await asyncio.open_connection("127.0.0.1", plan["port"])
            except OSError:
                await asyncio.sleep(0.01)  # nothing was sent: not a lost request
                continue
        start = time.perf_counter()
        try:
            status, body = await ask(*stream, asked[place])
        except (OSError, asyncio.IncompleteReadError):
            seen.lost += 1
            stream = None
            continue
        seen.seconds.append(time.perf_counter() - start)
        judge(seen, status, body, plan.get("expected"), place)


def judge(
    seen: Seen, status: int, body: bytes, expected: dict[str, Sequence[float]] | None, place: int
) -> None:
    """Compare an answer with what the version that gave it predicts."""
    if status != 200:
        seen.refused.append(status)
    elif expected is not None:
        answer = json.loads(body)
        version = str(answer["version"])
        seen.versions[version] = seen.versions.get(version, 0) + 1
        told = answer["results"][0].get("probability")
        if told is None or abs(told - expected[version][place]) > 1e-9:
            seen.wrong += 1


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """All connections for so many seconds; figures of what came back."""
    seen, start = Seen(), time.perf_counter()
    until = start + plan["seconds"]
    await asyncio.gather(*(connection(plan, n, seen, until) for n in range(plan["connections"])))
    took, ranked = time.perf_counter() - start, sorted(seen.seconds)
    return {
        "requests_a_second": round(len(ranked) / took, 1),
        "p50_ms": round(1e3 * ranked[len(ranked) // 2], 2),
        "p99_ms": round(1e3 * ranked[int(0.99 * len(ranked))], 2),
        "refused": len(seen.refused), "lost": seen.lost, "wrong": seen.wrong,
        "versions": seen.versions, "answers": len(ranked),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
