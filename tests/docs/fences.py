"""The fenced blocks of a page, and a shell in a clone to run them in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.clone import ROOT, environment

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
PORT = 3000
"""What the pages say; a test's server has one of its own."""

SHOP = 'simulator: {customers: 800, first_day: "2023-01-01", days: 420, seed: 11}\n'
MODEL = """\
churn:
  snapshots: {horizon_days: 60, max_cutoffs: 4}
  train: {max_trees: 40}
monitor:
  drift: {max_looks: 8}
"""
"""One model, as small as can be: its commands are those of a large one."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its page's section, its language and what is in it."""

    section: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines without what follows a #, lines that go on joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [said for line in lines if (said := line.partition("  #")[0].strip())]


def blocks(page: str, language: str = "bash") -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = (ROOT / page).read_text("utf-8")
    headings = [(one.start(), one[1]) for one in HEADING.finditer(text)]

    def section(at: int) -> str:
        return next((name for start, name in reversed(headings) if start < at), "")

    found = [Block(section(one.start()), one[1], one[2]) for one in FENCE.finditer(text)]
    return [one for one in found if one.language == language]


def make_small(folder: Path, env: str = "demo") -> None:
    """Give a business of a clone one model, trained within seconds; the demo a small shop too."""
    demo = env == "demo"
    (folder / "conf" / env / "parameters.yml").write_text((SHOP if demo else "") + MODEL)
    params = folder / "params.yaml" if demo else folder / "conf" / env / "params.yaml"
    root = "." if demo else "../.."
    params.write_text(f"env: {env}\nroot: {root}\nmodels: [churn]\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Shell:
    """A clone as a user sees it: `.venv` is there, `make` and `curl` are, and a port is free.

    `errors` keeps what each command wrote to stderr.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    server: subprocess.Popen[str] | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / ".venv").symlink_to(Path(sys.prefix))
        # it belongs to whoever runs the tests: make may use it, not renew it
        make = self.folder.parent / f"{self.folder.name}-bin" / "make"
        make.parent.mkdir()
        make.write_text(f'#!/bin/sh\nexec {shutil.which("make")} -o .venv/.ready "$@"\n')
        make.chmod(0o755)
        kept = environment(self.folder)
        self.environment = kept | {"PATH": f"{make.parent}:{kept['PATH']}"}

    def run(self, text: str) -> str:
        """Run a block as it stands but for the port; what it prints.

        A block that serves is left running, until `stop` or the next one; the commands before
        `make serve` are run first.
        """
        before, serves, after = text.partition("make serve")
        if not serves:
            return self._bash(text)
        told = self._bash(before) if before.strip() else ""
        self._serve(f"make serve {after.strip()}")
        return told

    def _bash(self, text: str) -> str:
        script = text.replace(f":{PORT}", f":{self.port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        self.errors[text] = done.stderr
        return done.stdout

    def _serve(self, command: str) -> None:
        self.stop()
        log = self.folder.parent / f"{self.folder.name}-server.txt"
        with log.open("w") as said:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command} PORT={self.port}"],
                cwd=self.folder, env=self.environment, stdout=said, stderr=said, text=True,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + 120
        while not self._ready():
            assert self.server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.3)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End the server, as Ctrl-C does."""
        if self.server is not None and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGINT)
            self.server.wait(60)
        self.server = None
