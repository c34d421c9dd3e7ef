"""All that was measured as one table and one picture: each figure beside the bound it has to keep.

    python benchmarks/summary.py [--write]

Reads `results/*.json`, as the benchmarks keep them with `--write`. The picture shows how much of
its bound a figure takes; what is right of the line is not met. `--write` puts table and picture
where docs/benchmarks.md shows them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from rich import print as say
from rich.table import Table

from stages import KINDS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "pictures" / "benchmarks.svg"
BEGIN, END = "<!-- summary -->\n", "<!-- /summary -->\n"

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Bound:
    """A figure and what it has to keep to.

    Attributes:
        what: in words.
        source: the benchmark that measures it.
        figure: where it is in that benchmark's results.
        least: the bound from below, or
        most: from above.
        unit: of both.
    """

    what: str
    source: str
    figure: Callable[[dict[str, Any]], float]
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def asked(self) -> str:
        """The bound in words."""
        bound = self.most if self.least is None else self.least
        return f"{'at most' if self.least is None else 'at least'} {bound:,g}{self.unit}"

    def taken(self, found: float) -> float:
        """The share of the bound that a figure takes; above 1 it is broken."""
        if self.most is not None:
            return found / self.most
        return (self.least or 0.0) / found


def ten_million(found: dict[str, Any]) -> dict[str, Any]:
    """What the race of features found at ten million lines."""
    (size,) = (one for one in found["sizes"] if one["lines"] == 10_000_000)
    return dict(size)


def percent(found: dict[str, Any], what: str) -> float:
    """How often something happened."""
    rate = found["rates"][what]
    return float(100 * rate["count"] / rate["of"])


BOUNDS = (
    Bound("features: pandas by ours, 10 million lines", "features",
          lambda f: ten_million(f)["by_ours"]["pandas"], least=4),
    Bound("features: ours by hand-written SQL, 10 million lines", "features",
          lambda f: 1 / ten_million(f)["by_ours"]["sql"], most=1.2),
    Bound("features: time as a power of lines, 1 to 100 million", "features",
          lambda f: f["growth"]["ours"], most=1.1),
    Bound("features: memory at 10 million lines", "features",
          lambda f: ten_million(f)["contenders"]["ours"]["peak_mb"] / 1000, most=4, unit=" GB"),
    Bound("80 features of 100 million lines: memory", "out_of_core", lambda f: f["peak_gb"],
          most=12, unit=" GB"),
    Bound("training by bare XGBoost, 1 million × 50", "training", lambda f: f["ours_by_bare"],
          most=1.15),
    Bound("a million customers with reasons", "scoring", lambda f: f["seconds"], most=60,
          unit=" s"),
    Bound("a million customers with reasons: memory", "scoring", lambda f: f["peak_gb"], most=4,
          unit=" GB"),
    Bound("serving: one row, by an empty endpoint", "serving", lambda f: f["one_row"]["of_empty"],
          least=0.7),
    Bound("serving: one row, by `mlflow models serve`", "serving",
          lambda f: f["one_row"]["of_mlflow"], least=6),
    Bound("serving: p99 of one row", "serving", lambda f: f["one_row"]["p99_ms"], most=40,
          unit=" ms"),
    Bound("serving: customers a second, by id", "serving",
          lambda f: f["batches"]["by_id"]["customers_a_second"], least=40_000),
    Bound("serving: customers a second, by features", "serving",
          lambda f: f["batches"]["by_features"]["customers_a_second"], least=15_000),
    Bound("serving: a history of 50 lines, p50", "serving",
          lambda f: f["batches"]["history_of_50_lines"]["p50_ms"], most=12, unit=" ms"),
    Bound("serving: ready", "serving", lambda f: f["one_row"]["ready_s"], most=8, unit=" s"),
    Bound("serving: memory of a worker", "serving", lambda f: f["one_row"]["worker_mb"], most=600,
          unit=" MB"),
    Bound("monitoring: months with a false `retrain`", "monitoring",
          lambda f: percent(f, "false retrain, months"), most=5, unit="%"),
    Bound("monitoring: months with a false `watch`", "monitoring",
          lambda f: percent(f, "false watch, months"), most=10, unit="%"),
    Bound("`make run ENV=online_retail`: outside the work", "stages",
          lambda f: 100 * f["outside_work"], most=35, unit="%"),
    Bound("`make run` with nothing changed", "stages", lambda f: f["nothing_changed_seconds"],
          most=5, unit=" s"),
)  # fmt: skip


def read_results() -> Results:
    """Benchmark to what it kept."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in RESULTS.glob("*.json")}


def rows(results: Results) -> Iterator[tuple[Bound, float]]:
    """Each bound whose benchmark was run, with its figure."""
    for bound in BOUNDS:
        if bound.source in results:
            yield bound, bound.figure(results[bound.source])


def told(bound: Bound, found: float) -> str:
    """A figure in words, and whether it keeps its bound."""
    figure = f"{found:,.0f}" if found >= 1000 else f"{found:.3g}"
    return f"{figure}{bound.unit}" + ("" if bound.taken(found) <= 1 else " (not met)")


def markdown(results: Results) -> str:
    """The table for the docs, and by what it was measured."""
    lines = ["| what | found | asked for |", "| --- | --- | --- |"]
    lines += [f"| {b.what} | {told(b, found)} | {b.asked} |" for b, found in rows(results)]
    return "\n".join([*lines, "", *machines(results), ""])


def machines(results: Results) -> list[str]:
    """On what the results were measured, each day and machine once."""
    by: dict[str, list[str]] = {}
    for name, found in sorted(results.items()):
        one = found["measured"]
        versions = ", ".join(f"{what} {which}" for what, which in one["versions"].items())
        words = f"{one['on']}, {one['machine']}, Python {one['python']}, {versions}"
        by.setdefault(words, []).append(name)
    return [f"{', '.join(names)}: {words}." for words, names in by.items()]


def draw(results: Results) -> Figure:
    """How much of its bound each figure takes, and a run by stage."""
    figure = Figure(figsize=(10, 10), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    measured = [(bound, found, bound.taken(found)) for bound, found in rows(results)][::-1]
    names = [bound.what.replace("`", "") for bound, *_ in measured]
    colours = ["tab:red" if taken > 1 else "tab:green" for *_, taken in measured]
    above.barh(names, [taken for *_, taken in measured], color=colours)
    for place, (bound, found, _) in enumerate(measured):
        above.text(1.25, place, f"{told(bound, found)}, {bound.asked}", va="center", size=8)
    above.set(xlim=(0, 1.75), xticks=[0, 0.5, 1], title="share of its bound that each figure takes")
    above.axvline(1, color="black", linewidth=1)
    if "stages" in results:
        _draw_stages(below, results["stages"])
    return figure


def _draw_stages(axes: Any, found: dict[str, Any]) -> None:
    stages = found["stages"][::-1]
    names, left = [one["stage"] for one in stages], np.zeros(len(stages))
    for kind in KINDS:
        seconds = [one[kind] for one in stages]
        axes.barh(names, seconds, left=left, label=kind)
        left += seconds
    share = f"{found['outside_work']:.0%} outside the work"
    axes.set(title=f"make run, {found['env']}: {found['seconds']:.0f} s, {share}", xlabel="seconds")
    axes.legend(frameon=False)


def write(results: Results) -> None:
    """Table and picture to where the docs show them."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + markdown(results) + END + after, "utf-8")
    with rc_context({"svg.hashsalt": PICTURE.name}):  # the same results, the same bytes
        draw(results).savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name} and {PICTURE.name}")
    given = parser.parse_args()
    results = read_results()
    table = Table("what", "found", "asked for")
    for bound, found in rows(results):
        table.add_row(bound.what, told(bound, found), bound.asked)
    say(table, *machines(results), sep="\n")
    if given.write:
        write(results)


if __name__ == "__main__":
    main()
