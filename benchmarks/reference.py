"""The reference protocols of the design on real data, through the code that production runs.

    python benchmarks/reference.py --datasets DIR [--only churn_90d telco ...]

Prints what the chosen model and each candidate reach on rows that no choice was made on, next to
the figure to meet. Cross-validation repeats the whole training, choice included, in every fold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from protocols import (
    BANK,
    RETAIL_TASKS,
    TELCO,
    TELCO_FAMILY,
    TELCO_OUT,
    RetailTask,
    chronological,
    cross_validation,
    offers_conf,
    offers_frame,
    read_bank,
    read_retail,
    read_telco,
    retail_frame,
)
from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import judge
from salespipe.modelling.frame import entity_codes, infer_schema, labels
from salespipe.params import BaselineParams, EvaluateParams, TrainParams

Frames = Callable[[], Iterator[pd.DataFrame]]
Protocol = tuple[float, BaselineParams, Frames]


@dataclass(frozen=True)
class Result:
    """Predictions for test rows, of each candidate and of whichever was chosen."""

    label: np.ndarray[tuple[int], np.dtype[np.int64]]
    entities: pd.DataFrame
    predictions: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]
    chosen: list[str]


def run_protocol(frames: Iterator[pd.DataFrame], baseline: BaselineParams) -> Result:
    """Trains on each frame with the defaults and predicts its test rows."""
    parts: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    tests, chosen = [], []
    for frame in frames:
        trained = train_candidates(frame, infer_schema(frame), TrainParams(), baseline)
        test = frame[frame["split"] == "test"]
        tests.append(test[["entity_id", "label"]])
        chosen.append(trained.chosen)
        for name, model in {**trained.models, "chosen": trained.champion}.items():
            parts.setdefault(name, []).append(model.predict(test))
    entities = pd.concat(tests)
    predictions = {name: np.concatenate(part) for name, part in parts.items()}
    return Result(labels(entities), entities, predictions, chosen)


def print_result(task: str, target: float, result: Result) -> None:
    """One line a candidate: AUC and calibration error with intervals."""
    judged = judge(
        result.label, result.predictions, entity_codes(result.entities), EvaluateParams()
    )
    counts = {name: result.chosen.count(name) for name in dict.fromkeys(result.chosen)}
    told = ", ".join(f"{name} {count}x" for name, count in counts.items())
    print(f"\n{task}: n {len(result.label)}, base {result.label.mean():.3f}, chosen: {told}")
    for name in result.predictions:
        figures = judged.figures(name)
        goal = f"  target {target:.3f}" if name == "chosen" and target else ""
        print(f"  {name:13s} AUC {_told(figures['roc_auc'])}  ECE {_told(figures['ece'])}{goal}")


def _told(figure: Interval) -> str:
    return "{value:.4f} [{low:.4f}, {high:.4f}]".format(**figure)


def _retail(datasets: Path, task: RetailTask) -> Iterator[pd.DataFrame]:
    yield retail_frame(read_retail(datasets), task)


def protocols(datasets: Path) -> dict[str, Protocol]:
    """Task to its target (0: none), baselines and a function that makes its frames."""
    retail: dict[str, Protocol] = {
        name: (task.target, BaselineParams(), partial(_retail, datasets, task))
        for name, task in RETAIL_TASKS.items()
    }
    offers = offers_conf().baselines
    retail["offers_30d"] = (0.822, offers, lambda: iter([offers_frame(read_retail(datasets))]))
    telco, bank = datasets / "telco_churn.csv", datasets / "bank_marketing.csv"
    return retail | {
        "telco": (0.846, TELCO, lambda: cross_validation(read_telco(telco, TELCO_OUT), 3, 5)),
        "telco_no_family": (
            0.0, TELCO,
            lambda: cross_validation(read_telco(telco, TELCO_OUT + TELCO_FAMILY), 3, 5),
        ),
        "bank_later": (0.708, BANK, lambda: iter([chronological(read_bank(bank))])),
        "bank_folds": (0.8, BANK, lambda: cross_validation(read_bank(bank), 2, 5)),
    }  # fmt: skip


def main() -> None:
    """Runs the protocols that were asked for, one after another."""
    parser = argparse.ArgumentParser(description="Reference protocols on real data.")
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--only", nargs="*", help="names of tasks; all of them by default")
    arguments = parser.parse_args()
    for name, (target, baseline, frames) in protocols(arguments.datasets).items():
        if not arguments.only or name in arguments.only:
            print_result(name, target, run_protocol(frames(), baseline))


if __name__ == "__main__":
    main()
