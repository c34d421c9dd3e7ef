"""Whether what is installed is what the lock pins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from salespipe.doctor_checks import Finding


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_versions(lock: str) -> dict[str, set[str]]:
    """Pinned versions by package; one that differs by platform has several."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, re.M):
        found.setdefault(normal(name), set()).add(version)
    return found


def direct_dependencies(requirements: Sequence[str], platform: str) -> list[str]:
    """Names of what a project asks for itself, on a platform such as `linux`."""
    names = []
    for requirement in requirements:
        text, _, marker = requirement.partition(";")
        wanted = re.search(r"sys_platform\s*(==|!=)\s*['\"](\w+)['\"]", marker)
        if wanted and (wanted[1] == "==") != (wanted[2] == platform):
            continue
        if name := re.match(r"[A-Za-z0-9._-]+", text.strip()):
            names.append(normal(name[0]))
    return names


def check_packages(
    names: Sequence[str], locked: Mapping[str, set[str]], installed: Mapping[str, str]
) -> Finding:
    """Whether what is installed is what the lock pins."""
    wrong = [
        f"{name} is {installed.get(name, 'not there')}, the lock says {' or '.join(sorted(pins))}"
        for name in names
        if (pins := locked.get(name)) and installed.get(name) not in pins
    ]
    if unpinned := [name for name in names if name not in locked]:
        wrong.append(f"the lock does not pin {', '.join(unpinned)}")
    if not wrong:
        return Finding("packages", "ok", f"{len(names)} direct dependencies as locked")
    missing = any(name not in installed for name in names)
    return Finding(
        "packages",
        "fail" if missing else "warn",
        "; ".join(wrong),
        "`touch requirements.lock && make run` installs what is locked",
    )
