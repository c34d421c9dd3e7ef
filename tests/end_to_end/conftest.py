"""A clone in which the demo has been run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clone import make_run


@pytest.fixture(scope="module")
def project(copy_project: Callable[[], Path]) -> Iterator[Path]:
    """The demo, run once as a user would."""
    folder = copy_project()
    done = make_run(folder)
    (folder / "first_run.txt").write_text(done.stdout)
    yield folder
    shutil.rmtree(folder)
