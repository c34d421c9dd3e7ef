"""A list of a million customers: probability, decile, value and three reasons in words each.

    make run && python benchmarks/scoring.py [--rows 1e6] [--write]

The demo's newest churn model scores its own customers, drawn again and again up to the number asked
for; their features are made beforehand (`features.py` times that). Bounds: 60 s and 4 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from keeping import keep
from salespipe.environment import set_environment
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.lists import in_parts
from salespipe.modelling.predict import load_model
from salespipe.modelling.score import answer_rows, rank_rows
from salespipe.params import CostParams

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/scoring.json"
DROPPED = ["split", "label"]


def customers(rows: int) -> pd.DataFrame:
    """As many customers of the demo, each with an id of its own."""
    known = pd.read_parquet(ROOT / "data/05_model_input/demo/churn/rows.parquet")
    drawn = known.drop(columns=DROPPED).sample(rows, replace=True, random_state=0)
    ids = np.char.add("C", np.arange(rows).astype(str))
    return drawn.assign(entity_id=ids).reset_index(drop=True)


def main() -> None:
    """Prints seconds, customers a second and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    given = parser.parse_args()
    set_environment()
    rows = customers(int(given.rows))
    office = InOffice(1, load_model(ROOT / "data/06_models/demo/churn"))
    started = time.perf_counter()
    answers = in_parts(rows, lambda part: answer_rows(
        part, office, CostParams(), np.ones(len(part), dtype=bool), ""
    ))  # fmt: skip
    listed = rank_rows(answers)
    seconds = time.perf_counter() - started
    if len(listed) != len(rows) or listed["reason_1"].isna().any():
        raise SystemExit("somebody has no reasons")
    found = {
        "rows": len(rows),
        "features": len(rows.columns) - 2,
        "seconds": round(seconds, 1),
        "customers_a_second": round(len(rows) / seconds),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if given.write:
        keep(RESULTS, found)


if __name__ == "__main__":
    main()
