"""`make run` by stage: how much of it is the work itself, how much imports, tracking and starts.

    python benchmarks/stages.py --env online_retail --data FILE [--write]

A clone of what is committed, in a folder of its own, is run as `make run` runs it; every stage's
process says where its time went (`clock/sitecustomize.py`). Then once more with nothing changed.
Bounds: at most 35% outside the work, and 5 s where nothing changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from keeping import keep

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/stages.json"
KINDS = ("work", "imports", "tracking", "rest")


def run(project: Path, given: list[str], **environment: str) -> float:
    """Seconds of one `make run`."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "salespipe.loop", *given]
    subprocess.run(
        command, cwd=project, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def stage_of(command: list[str]) -> str:
    """`train churn` of `run --env demo --pipelines churn --tags train`."""
    options = dict(zip(command[1::2], command[2::2], strict=True))
    return " ".join(filter(None, (options.get("--tags"), options["--pipelines"])))


def measure(env: str, data: Path | None) -> dict[str, Any]:
    """A whole run in a clone, and one that finds nothing to do."""
    given = ["--env", env, *(["--data", str(data.resolve())] if data else [])]
    with tempfile.TemporaryDirectory() as folder:
        project, told = Path(folder) / "clone", Path(folder) / "told"
        told.mkdir()
        subprocess.run(["git", "clone", "--quiet", ROOT, project], check=True)
        clock = os.pathsep.join([str(Path(__file__).parent / "clock"), str(project / "src")])
        total = run(project, given, PYTHONPATH=clock, SALESPIPE_CLOCK=str(told))
        again = run(project, given, PYTHONPATH=str(project / "src"))
        files = sorted(told.glob("*.json"), key=lambda file: file.stat().st_mtime)
        stages = [json.loads(file.read_text()) for file in files]
    return summed(env, total, again, stages)


def summed(env: str, total: float, again: float, told: list[dict[str, Any]]) -> dict[str, Any]:
    """What the processes said as one report; what none of them saw is DVC's and Python's start."""
    stages = [
        {"stage": stage_of(one["command"])}
        | {kind: round(one["seconds"].get(kind, 0.0), 2) for kind in KINDS}
        for one in told
    ]
    sums = {kind: round(sum(one[kind] for one in stages), 2) for kind in KINDS}
    return {
        "env": env,
        "seconds": round(total, 1),
        "outside_work": round(1 - sums["work"] / total, 3),
        "nothing_changed_seconds": round(again, 2),
        "sums": sums | {"dvc and starts": round(total - sum(sums.values()), 2)},
        "stages": stages,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="demo")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    given = parser.parse_args()
    found = measure(given.env, given.data)
    print(json.dumps(found, indent=2))
    if given.write:
        keep(RESULTS, found)


if __name__ == "__main__":
    main()
