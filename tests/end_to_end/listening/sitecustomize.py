"""Loaded by every Python process of a watched run: notes each attempt to leave this machine."""

import os
import sys
from pathlib import Path

LOCAL = ("127.", "::1", "localhost", "/", "\0")


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else address
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    text = host.decode() if isinstance(host, bytes) else str(host)
    if not text.startswith(LOCAL):
        with Path(os.environ["CALLS_LOG"]).open("a") as log:
            log.write(f"{event} {text} by {' '.join(sys.argv)}\n")


if "CALLS_LOG" in os.environ:
    sys.addaudithook(note)
