"""`salespipe doctor`: gathers the facts that its checks judge, and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib import metadata
from pathlib import Path

from salespipe import doctor_checks as checks
from salespipe.doctor_business import (
    ASK_SECONDS,
    look_at_data,
    look_at_registry,
    may_write,
    read_conf,
)
from salespipe.doctor_checks import Finding
from salespipe.doctor_packages import check_packages, direct_dependencies, locked_versions
from salespipe.errors import SalespipeError
from salespipe.loop import check_business, lock_owners, running

_PORTS = (
    # port, what for, who we are there, path that tells, what it says, another port
    (3000, "make serve", "salespipe", "/docs.json", '"title":"salespipe"', "`make serve PORT=…`"),
    (5000, "MLflow's pages", "MLflow", "/", "mlflow", "`mlflow ui --port …`"),
    (8000, "Evidently's pages", "Evidently", "/", "evidently", "`evidently ui --port …`"),
)


def examine(root: Path, env: str, today: date) -> list[Finding]:
    """Look at the machine, the project and one business.

    Args:
        root: the project's folder.
        env: the business.
        today: the calendar's day.

    Raises:
        SalespipeError: the folder is no project, or has no such business.
    """
    if not (root / "conf").is_dir():
        raise SalespipeError(f"{root} is no salespipe project (it has no conf/): change into one.")
    models = check_business(root, env)
    found = list(_machine(root))
    conf, faults = read_conf(root, env, models)
    found.append(checks.check_conf(env, faults))
    return [
        *found,
        *look_at_data(root, env, conf, models, today),
        *look_at_registry(root, env, models),
    ]


def _machine(root: Path) -> Iterator[Finding]:
    yield checks.check_python(sys.version_info[:2], (3, 11))
    if (root / "pyproject.toml").is_file() and (root / "requirements.lock").is_file():
        yield look_at_packages(root)
    for tool in ("git", "make"):
        yield checks.check_tool(tool, shutil.which(tool))
    for port, use, ours, path, word, other in _PORTS:
        yield checks.check_port(port, use, ours, listener(port, path, word, ours), other)
    for place in ("data", ".dvc"):
        yield checks.check_writable(place, may_write(root / place))
    yield checks.check_disk(shutil.disk_usage(root).free)
    yield checks.check_memory(total_memory())
    yield checks.check_dvc_lock(*_dvc_lock(root))
    tokens = root / "conf/local/tokens.json"
    yield checks.check_tokens(tokens.stat().st_mode if tokens.is_file() else None)


def look_at_packages(root: Path) -> Finding:
    """Direct dependencies: installed beside locked."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    names = direct_dependencies(project["dependencies"], sys.platform)
    locked = locked_versions((root / "requirements.lock").read_text("utf-8"))
    installed = {}
    for name in names:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return check_packages(names, locked, installed)


def listener(port: int, path: str, word: str, ours: str) -> str | None:
    """Who listens on a port of this machine: `ours`, something else, or None for nobody.

    Args:
        port: its number.
        path: a page that tells ours from others.
        word: what our page holds, in small letters and without spaces.
        ours: what to call it.
    """
    import httpx

    with socket.socket() as probe:
        probe.settimeout(ASK_SECONDS)
        if probe.connect_ex(("127.0.0.1", port)):
            return None
    try:
        page = httpx.get(
            f"http://127.0.0.1:{port}{path}", timeout=ASK_SECONDS, follow_redirects=True
        ).text
    except httpx.HTTPError:
        return "something else"
    return ours if word in "".join(page.lower().split()) else "something else"


def total_memory() -> int | None:
    """Bytes that this process may use: the machine's, or less where a container says so."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text("utf-8").strip() if limit.is_file() else ""
    return min(total, int(text)) if text.isdigit() else total


def _dvc_lock(root: Path) -> tuple[list[int], list[int]]:
    owners = lock_owners(root / ".dvc" / "tmp" / "rwlock") or []
    return owners, [pid for pid in owners if running(pid)]
