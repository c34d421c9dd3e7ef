"""Nothing half-written stays: write beside, then rename."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BESIDE = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; rename it over `path` only if all went well.

    Works for files and for folders. What a killed run left beside is cleared first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}{_BESIDE}")
    remove(beside)
    try:
        yield beside
        if path.is_dir():
            remove(path)
        beside.replace(path)
    finally:
        remove(beside)


def remove(path: Path) -> None:
    """Delete a file or folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON that people can read, the same bytes for the same content."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
