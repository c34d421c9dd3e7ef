"""What training costs beyond bare XGBoost: the same trees on the same rows, side by side.

    python benchmarks/training.py [--rows 1e6] [--columns 50] [--trees 100] [--write]

Each contender is a process of its own that is given the same frame and settings, and takes turns
with the other; the fastest of its runs counts. Time is from the frame to the fitted trees, which
must be the same to the byte.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keeping import keep
from salespipe.environment import set_environment
from salespipe.modelling.xgb import booster_params, fit_trees
from salespipe.params import TrainParams

RESULTS = Path(__file__).parent / "results/training.json"
PARAMS = TrainParams()


def simulate(rows: int, columns: int, folder: Path) -> None:
    """Numbers of which a few tell the outcome, a tenth of them missing."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(rows, columns))
    odds = values[:, :5] @ np.linspace(1, 0.2, 5) + 0.5 * values[:, 5] * values[:, 6]
    label = rng.random(rows) < 1 / (1 + np.exp(-odds))
    values[rng.random((rows, columns)) < 0.1] = np.nan
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(columns)])
    frame.assign(label=label.astype(float)).to_parquet(folder / "rows.parquet")


def ours(design: pd.DataFrame, label: np.ndarray, trees: int) -> Any:
    """The code that a run trains with."""
    return fit_trees(design, label, PARAMS, trees).booster


def bare(design: pd.DataFrame, label: np.ndarray, trees: int) -> Any:
    """XGBoost's own interface, the same settings."""
    import xgboost

    settings = booster_params(PARAMS, design.size)
    matrix = xgboost.DMatrix(design, label, enable_categorical=True, nthread=settings["nthread"])
    return xgboost.train(settings, matrix, trees)


CONTENDERS: dict[str, Callable[[pd.DataFrame, np.ndarray, int], Any]] = {"ours": ours, "bare": bare}


def run_here(name: str, folder: Path, trees: int) -> None:
    """One contender in this process; prints its figures as JSON."""
    frame = pd.read_parquet(folder / "rows.parquet")
    label = frame.pop("label").to_numpy()
    started = time.perf_counter()
    booster = CONTENDERS[name](frame, label, trees)
    seconds = time.perf_counter() - started
    (folder / f"{name}.json").write_bytes(booster.save_raw("json"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": round(seconds, 2), "peak_mb": round(peak)}))


def run_apart(name: str, folder: Path, trees: int) -> dict[str, float]:
    """One contender in a process of its own."""
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder),
               "--trees", str(trees)]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def trees_of(folder: Path, name: str) -> Any:
    """A contender's trees, without the names that it gave the model."""
    model = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return model["learner"]["gradient_booster"]["model"]["trees"]


def compare(rows: int, columns: int, trees: int, repeats: int) -> dict[str, Any]:
    """Both contenders, in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(rows, columns, folder)
        turns = [{one: run_apart(one, folder, trees) for one in CONTENDERS} for _ in range(repeats)]
        if trees_of(folder, "ours") != trees_of(folder, "bare"):
            raise SystemExit("the two did not grow the same trees")
    best = {one: min(turn[one]["seconds"] for turn in turns) for one in CONTENDERS}
    peak = {one: max(turn[one]["peak_mb"] for turn in turns) for one in CONTENDERS}
    return {"rows": rows, "columns": columns, "trees": trees, "seconds": best, "peak_mb": peak,
            "ours_by_bare": round(best["ours"] / best["bare"], 3)}  # fmt: skip


def main() -> None:
    """Compares, or runs one contender where a comparison asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    set_environment()
    if given.contender:
        run_here(given.contender, given.folder, given.trees)
        return
    found = compare(int(given.rows), given.columns, given.trees, given.repeats)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if given.write:
        keep(RESULTS, found)


if __name__ == "__main__":
    main()
