"""`salespipe doctor`: what stands in the way, and how to mend it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from salespipe.cli_options import env_option, json_option, tell

if TYPE_CHECKING:
    from salespipe.doctor_checks import Finding, Level

_COLOURS: dict[Level, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@env_option
@json_option
def doctor(env: str, as_json: bool) -> None:
    """Look at the machine, the project and a business; say what is wrong and how to mend it.

    Nothing is changed. Exits with 1 where something fails, and with 0 where there are warnings.
    """
    from salespipe.doctor import examine

    found = examine(Path.cwd(), env, datetime.now(UTC).date())
    if as_json:
        tell([asdict(one) for one in found], as_json, lambda _: None)
    else:
        print_findings(found)
    if any(one.level == "fail" for one in found):
        raise SystemExit(1)


def print_findings(found: list[Finding]) -> None:
    """Print one line a finding, what to do below it, and how many there are of each."""
    from rich.markup import escape

    from salespipe.terminal import console

    out = console()
    for one in found:
        colour = _COLOURS[one.level]
        line = f"[{colour}]{one.level:<4}[/] {one.check}: {escape(one.found)}"
        out.print(line, soft_wrap=True)
        if one.mend:
            out.print(f"       → {escape(one.mend)}", soft_wrap=True)
    counts = Counter(one.level for one in found)
    out.print(", ".join(f"{counts[level]} {level}" for level in _COLOURS))
