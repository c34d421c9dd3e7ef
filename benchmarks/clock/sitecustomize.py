"""Where the time of a stage goes; Python imports this as it starts, found through PYTHONPATH.

Time is counted once: an import inside a node is an import, not work. What is neither work, import
nor tracking is `rest`: Kedro's own, conf, and the end of the process. Threads are their node's.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import _bootstrap
from pathlib import Path
from typing import Any

TIMED = {
    "kedro.pipeline.node": ("Node", ("run",), "work"),
    "kedro.io.data_catalog": ("DataCatalog", ("load", "save"), "work"),
    "salespipe.tracking": ("Tracker", ("__init__", "track", "close"), "tracking"),
}
"""Module -> class, its methods, and what their time is."""


class Clock:
    """Seconds by kind; a kind that starts within another interrupts it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._kinds = ["rest"]
        self._since = time.perf_counter()

    def settle(self) -> None:
        """Count what has passed."""
        now = time.perf_counter()
        self.seconds[self._kinds[-1]] += now - self._since
        self._since = now

    def timed(self, call: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """A function whose time on the main thread is of a kind."""

        @functools.wraps(call)
        def told(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return call(*args, **kwargs)
            self.settle()
            self._kinds.append(kind)
            try:
                return call(*args, **kwargs)
            finally:
                self.settle()
                self._kinds.pop()

        return told


def install(clock: Clock) -> None:
    """Time every import, and what `TIMED` names once it is imported."""
    find = clock.timed(_bootstrap._find_and_load, "imports")

    def find_and_load(name: str, *more: Any) -> Any:
        module = find(name, *more)
        if name in TIMED:
            holder, methods, kind = TIMED.pop(name)  # once: from then on they are timed
            owner = getattr(module, holder)
            for method in methods:
                setattr(owner, method, clock.timed(getattr(owner, method), kind))
        return module

    _bootstrap._find_and_load = find_and_load


def report(clock: Clock, folder: Path) -> None:
    """One file a process."""
    clock.settle()
    told = {"command": sys.argv[1:], "seconds": clock.seconds}
    (folder / f"{os.getpid()}.json").write_text(json.dumps(told))


def is_stage(folder: Path) -> bool:
    """Whether this process is `kedro`; DVC's own and git's are not timed."""
    return folder.is_dir() and Path(sys.argv[0] if sys.argv else "").name == "kedro"


if wanted := os.environ.get("SALESPIPE_CLOCK"):
    clock = Clock()
    install(clock)
    atexit.register(lambda: is_stage(Path(wanted)) and report(clock, Path(wanted)))
