"""What the doctor makes of what it is told: pure functions from facts to findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Level = Literal["ok", "warn", "fail"]

LEAST_DISK = 5 * 2**30
LEAST_MEMORY = 4 * 2**30
MOST_QUARANTINED = 0.05
STALE_DAYS = 7
_GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        check: what was looked at.
        level: `ok`, `warn` or `fail`.
        found: what is so.
        mend: what to do about it; empty where all is well.
    """

    check: str
    level: Level
    found: str
    mend: str = ""


def check_python(version: tuple[int, int], least: tuple[int, int]) -> Finding:
    """Whether Python is new enough."""
    told = "Python {}.{}".format(*version)
    if version >= least:
        return Finding("python", "ok", told)
    return Finding(
        "python", "fail", told, "install Python {}.{} or newer; `make run PYTHON=…`".format(*least)
    )


def check_tool(name: str, path: str | None) -> Finding:
    """Whether a program is there."""
    if path:
        return Finding(name, "ok", path)
    return Finding(name, "fail", "not found on PATH", f"install {name} with the system's packages")


def check_port(port: int, use: str, ours: str, listener: str | None, other: str) -> Finding:
    """Whether a port is free, or ours.

    Args:
        port: its number.
        use: what it is for.
        ours: how our own listener is called.
        listener: who listens; None if nobody does.
        other: how to take another port.
    """
    check = f"port {port}"
    if listener is None:
        return Finding(check, "ok", f"free for {use}")
    if listener == ours:
        return Finding(check, "ok", f"{ours} listens")
    return Finding(check, "warn", f"{listener} listens where {use} would", other)


def check_writable(place: str, writable: bool) -> Finding:
    """Whether this user may write there."""
    if writable:
        return Finding(f"write {place}", "ok", "may be written")
    return Finding(
        f"write {place}",
        "fail",
        "may not be written by this user",
        f"`ls -ld {place}` says whose it is; `chown` or `chmod u+w` it",
    )


def check_disk(free: int) -> Finding:
    """Whether there is room for a run."""
    told = f"{free / _GIB:.1f} GB free"
    if free >= LEAST_DISK:
        return Finding("disk", "ok", told)
    mend = "make room; `dvc gc --workspace` drops cached data that no present file needs"
    return Finding("disk", "warn", told, mend)


def check_memory(total: int | None) -> Finding:
    """Whether there is enough memory to train."""
    if total is None:
        return Finding("memory", "ok", "this system does not say how much there is")
    told = f"{total / _GIB:.1f} GB"
    if total >= LEAST_MEMORY:
        return Finding("memory", "ok", told)
    return Finding("memory", "warn", told, "long histories may not fit: 4 GB or more are safe")


def check_conf(env: str, faults: Sequence[str]) -> Finding:
    """Whether conf can be read and holds what its types allow."""
    if not faults:
        return Finding("conf", "ok", f"conf/{env} is valid")
    return Finding("conf", "fail", "; ".join(faults), "mend that key; docs say what each may be")


def check_raw(env: str, needed: bool, simulated: bool, files: Sequence[str]) -> Finding:
    """Whether the business's files are there."""
    if simulated:
        return Finding("source files", "ok", "simulated: the demo makes its own")
    if not needed:
        return Finding("source files", "ok", "read from a database")
    if files:
        return Finding("source files", "ok", ", ".join(files))
    mend = f"`make run ENV={env} DATA=<file or folder>`"
    return Finding("source files", "fail", f"data/01_raw/{env} has none", mend)


def check_tables(env: str, raw: float | None, tables: float | None) -> Finding:
    """Whether the canonical tables are there and newer than the files they come from.

    Args:
        env: the business.
        raw: when the newest source file came, in seconds; None where there is none.
        tables: when the oldest canonical table was written.
    """
    mend = f"`make run ENV={env}`"
    if tables is None:
        return Finding("tables", "warn", f"data/03_primary/{env} has none: never run", mend)
    if raw is not None and raw > tables:
        return Finding("tables", "warn", f"older than the files in data/01_raw/{env}", mend)
    return Finding("tables", "ok", "newer than the source files" if raw else "there")


def check_age(
    env: str, last: date | None, today: date, horizon: int | None, simulated: bool
) -> Finding:
    """Whether the last order is recent enough to act upon.

    Args:
        env: the business.
        last: day of the last order, or of the last snapshot.
        today: the calendar's.
        horizon: days the shortest-sighted model looks ahead.
        simulated: the demo's orders end when its period does.
    """
    if last is None:
        return Finding("last order", "ok", "the tables say nothing of time")
    days = (today - last).days
    if simulated:
        return Finding("last order", "ok", f"{last}, by the simulated shop's own calendar")
    if days < 0:
        mend = f"look at ordered_at in conf/{env}/source.yml: day and month, and the timezone"
        return Finding("last order", "warn", f"{last} lies in the future", mend)
    told = f"{last}, {days} days ago"
    if days <= STALE_DAYS:
        return Finding("last order", "ok", told)
    if horizon is not None and days >= horizon:
        told += f": the {horizon} days that scores look ahead are over"
    return Finding("last order", "warn", told, f"export again, then `make run ENV={env} DATA=…`")


def check_quarantine(env: str, table: str, counts: Mapping[str, Any]) -> Finding:
    """Whether few rows of a table were refused; `counts` as in `ingest.json`."""
    check, rows = f"quarantine {table}", counts["rows_in"]
    share = counts["rows_quarantined"] / rows if rows else 0.0
    told = f"{counts['rows_quarantined']:,} of {rows:,} rows ({share:.1%})"
    if share <= MOST_QUARANTINED:
        return Finding(check, "ok", told)
    reasons = ", ".join(f"{why} {count:,}" for why, count in list(counts["reasons"].items())[:3])
    mend = f"see data/02_intermediate/{env}/quarantine_{table}.parquet; mend the file or source.yml"
    return Finding(check, "warn", f"{told}: {reasons}", mend)


def check_champion(env: str, facts: Mapping[str, Any]) -> list[Finding]:
    """What a model's registry says.

    Args:
        env: the business.
        facts: `model`, `version`, `waiting`, `waiting_for`, and `fault` where the champion can't
            be read.
    """
    model, version = facts["model"], facts["version"]
    check, found = f"champion {model}", []
    if version is None:
        mend = f"`make run ENV={env}`; if the gate held it, see gate.json and `salespipe approve`"
        found.append(Finding(check, "warn", "none", mend))
    elif facts.get("fault"):
        mend = f"`salespipe rollback {model} --env {env}` to one that can, or train again"
        found.append(Finding(check, "fail", str(facts["fault"]), mend))
    else:
        found.append(Finding(check, "ok", f"v{version} can be read"))
    if facts.get("waiting"):
        waiting = facts["waiting"]
        mend = f"`salespipe approve {model} --env {env} --version {waiting} --by … --reason …`"
        told = f"v{waiting} waits for a decision ({facts['waiting_for']})"
        found.append(Finding(f"waiting {model}", "warn", told, f"{mend}, or `reject`"))
    return found


def check_dvc_lock(owners: Sequence[int] | None, alive: Sequence[int]) -> Finding:
    """Whether DVC is held up by a process that is gone.

    Args:
        owners: processes that DVC notes as working; None where it notes none.
        alive: those of them that run.
    """
    if not owners:
        return Finding("dvc lock", "ok", "none")
    if alive:
        return Finding("dvc lock", "ok", f"process {', '.join(map(str, alive))} is at work")
    mend = "`make run` clears it, or delete .dvc/tmp/rwlock"
    return Finding("dvc lock", "warn", "left behind by a process that is gone", mend)


def check_tokens(mode: int | None) -> Finding:
    """Whether only its owner may read the file of tokens; None where there is none."""
    if mode is None:
        return Finding("tokens", "ok", "none set: only this machine may ask")
    if mode & 0o077:
        mend = "`chmod 600 conf/local/tokens.json`"
        return Finding("tokens", "warn", f"others may read them ({mode & 0o777:o})", mend)
    return Finding("tokens", "ok", "for their owner only")
