"""The page of benchmarks says what the benchmarks kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield __import__("summary")
    sys.modules.pop("summary")


def test_the_table_is_of_the_results_that_were_kept(summary: object) -> None:
    page = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    assert summary.BEGIN + summary.markdown(summary.read_results()) + summary.END in page


def test_every_bound_has_its_results_and_its_place_in_the_picture(summary: object) -> None:
    results = summary.read_results()
    assert len(list(summary.rows(results))) == len(summary.BOUNDS)
    above, below = summary.draw(results).axes
    assert len(above.patches) == len(summary.BOUNDS)
    assert len(below.get_yticklabels()) == len(results["stages"]["stages"])


def test_a_bound_is_broken_on_its_own_side(summary: object) -> None:
    most = summary.Bound("time", "x", float, most=2, unit=" s")
    least = summary.Bound("times", "x", float, least=4)
    assert (summary.told(most, 1.5), most.asked) == ("1.5 s", "at most 2 s")
    assert summary.told(most, 2.5) == "2.5 s (not met)"
    assert (summary.told(least, 1234.5), least.asked) == ("1,234", "at least 4")
    assert summary.told(least, 3.38) == "3.38 (not met)"
