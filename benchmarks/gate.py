"""How often the gate promotes: challengers equal to the champion in truth, and better ones.

    python benchmarks/gate.py [--seeds 200]

Customers and the true chance that each orders nothing come from the simulator; outcomes are drawn
from that truth. A model knows each customer's true log-odds but for an error of its own. Champion
and challenger err by the same amount (equal), or the challenger by so much less that its ROC AUC
in truth is higher by 0.03 (better). Of an error, `shared` is the part of the variance that both
models have in common: two trainings on the same features err alike. Both are calibrated on
customers of another seed. The gate is `salespipe.modelling.gate.decide` with its defaults.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salespipe.modelling.calibrate import fit_calibrator
from salespipe.modelling.decision import Challenger, Champion
from salespipe.modelling.gate import decide
from salespipe.modelling.links import logit, row_losses
from salespipe.modelling.metrics import all_figures, rank_rows
from salespipe.params import GateParams, SimulatorParams
from salespipe.simulator.people import draw_people
from salespipe.simulator.truth import chance_of_no_order

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SHOP = SimulatorParams(first_day=date(2023, 1, 1), days=730)
AS_OF, HORIZON = 640, 90
MODEL_AUC, BETTER_BY = 0.78, 0.03
SIZES = (1_000, 5_000)
SHARED = (0.0, 0.5, 0.9)
LARGE = 200_000


@dataclass(frozen=True)
class Customers:
    """True log-odds of no order, and what came of it."""

    log_odds: Floats
    label: Integers


def draw_customers(count: int, seed: int) -> Customers:
    """Customers who had joined by the day and were still there, with outcomes from the truth."""
    rng = np.random.default_rng(seed)
    people = draw_people(SHOP, 0, 5 * count, rng)
    there = np.flatnonzero((people.joined < AS_OF) & (people.gone > AS_OF))[:count]
    truth = pd.DataFrame(people.truth(SHOP)).iloc[there]
    as_of = pd.Series(np.datetime64(SHOP.first_day) + AS_OF, index=truth.index)
    chance = chance_of_no_order(truth, as_of, HORIZON, SHOP)
    return Customers(logit(chance), (rng.random(len(chance)) < chance).astype(np.int64))


def auc(customers: Customers, score: Floats) -> float:
    ranked = rank_rows(customers.label, score, 1)
    return float(all_figures(ranked, np.ones((1, len(score))))["roc_auc"][0])


def error_for(target: float, large: Customers) -> float:
    """The size of error with which a model reaches an AUC on a large population, by bisection."""
    noise = np.random.default_rng(1).normal(size=len(large.label))
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        reached = auc(large, large.log_odds + middle * noise)
        low, high = (middle, high) if reached > target else (low, middle)
    return low


def predictions(
    customers: Customers, large: Customers, error: float, noise: Floats, rng: np.random.Generator
) -> Floats:
    """Probabilities of a model that errs so much, calibrated on other customers."""
    elsewhere = large.log_odds + error * rng.normal(size=len(large.label))
    calibrator = fit_calibrator("sigmoid", elsewhere, large.label)
    return calibrator.predict(customers.log_odds + error * noise)


def verdict(
    count: int, shared: float, errors: tuple[float, float], large: Customers, seed: int
) -> str:
    """What the gate says of one challenger and champion, whose errors have the given sizes."""
    customers = draw_customers(count, 1000 + seed)
    rng = np.random.default_rng(seed)
    common, *own = rng.normal(size=(3, len(customers.label)))
    losses = [
        row_losses(
            customers.label,
            predictions(
                customers, large, error, np.sqrt(shared) * common + np.sqrt(1 - shared) * noise, rng
            ),
        )
        for error, noise in zip(errors, own, strict=True)
    ]
    challenger = Challenger("log loss", losses[0], {}, np.arange(len(customers.label)), {})
    return decide(challenger, Champion(1, losses[1]), GateParams()).verdict


def main() -> None:
    """Prints, for each size and part of the error that is shared, how often the gate promotes."""
    parser = argparse.ArgumentParser(description="How often the gate promotes.")
    parser.add_argument("--seeds", type=int, default=200)
    arguments = parser.parse_args()
    large = draw_customers(LARGE, 0)
    usual, better = (error_for(target, large) for target in (MODEL_AUC, MODEL_AUC + BETTER_BY))
    calibrating = Customers(large.log_odds[:20_000], large.label[:20_000])
    print(f"best possible AUC {auc(large, large.log_odds):.3f}, champion {MODEL_AUC}")
    print(f"{'customers':>9}  {'shared':>6}  {'equal promoted':>14}  {'better promoted':>15}")
    for count in SIZES:
        for shared in SHARED:
            shares = [
                np.mean([
                    verdict(count, shared, (error, usual), calibrating, seed) == "promote"
                    for seed in range(arguments.seeds)
                ])
                for error in (usual, better)
            ]  # fmt: skip
            print(f"{count:>9,}  {shared:>6}  {shares[0]:>14.1%}  {shares[1]:>15.1%}", flush=True)


if __name__ == "__main__":
    main()
