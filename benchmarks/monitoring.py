"""How often monitoring cries wolf, and how soon it sees what is wrong, over simulated shops.

    python benchmarks/monitoring.py [--seeds 100] [--evidently 3] [--results file] [--write]
    python benchmarks/monitoring.py --large

A shop of 3,000 customers runs for three years with seasons and promotions. A champion learns from
the first year and is never replaced; then it is looked at every 28 days for 24 months, each time
with what was known on that day. Rates are per month. Faults are put into the tables 14 days before
the last look. The slow shift is a loss of tracking: over eight months the events of a growing share
of customers are no longer seen, up to a share that costs 0.03 AUC; `sooner` is how often drift is
told before the quality figures break, which come with the horizon's delay.

`--evidently` runs what its default drift preset counts on the same months of so many shops,
against the rows that the champion learned from. A results file holds a line a shop, and what it
holds is not run again: several processes, each with its own seeds, may share a machine. `--large`
times all three reports on a million rows of 50 columns. Seconds are the processor's.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keeping import keep
from salespipe.datasets.engine import connect
from salespipe.datasets.tables import write_batches
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.frame import Feature, infer_schema
from salespipe.modelling.target import OUTCOME
from salespipe.monitoring import faults
from salespipe.monitoring.bias import find_bias
from salespipe.monitoring.decide import LEVELS, Decision, Found, decide
from salespipe.monitoring.drift import Drift, find_drift
from salespipe.monitoring.effects import importance_of, with_effects
from salespipe.monitoring.feeds import silent_feeds
from salespipe.monitoring.looks import PREDICTION, Look, looks_at_orders
from salespipe.monitoring.profiles import profile_looks
from salespipe.monitoring.quality import figures_of, hold_to
from salespipe.monitoring.reports import make_reports
from salespipe.monitoring.watch import Subject, outcome_drift, watch_customers
from salespipe.params import (
    BaselineParams,
    EvaluateParams,
    GateParams,
    GroupParams,
    ModelParams,
    SensitiveParams,
    SimulatorParams,
    SnapshotParams,
    TrainParams,
)
from salespipe.params_monitor import MonitorParams
from salespipe.simulator.shop import simulate

warnings.filterwarnings("ignore")

HORIZON, CHECKS = 90, 26
"""Checks of 28 days in 24 months."""
FIRST = date(2021, 1, 1)
DAYS, CUSTOMERS = 1096, 3000
FAULT_DAYS = 14
CAUGHT = ("unit change", "category renamed", "feed stopped")
SENSITIVE = ("age", "gender", "family")
MODEL = ModelParams(
    outcome="no_order",
    snapshots=SnapshotParams(horizon_days=HORIZON),
    sensitive=SensitiveParams(columns=SENSITIVE),
    evaluate=EvaluateParams(bootstrap_samples=200),
    gate=GateParams(groups=GroupParams(bootstrap_samples=200)),
)
PARAMS = MonitorParams()
SHIFT_LOOKS, SHIFT_COST = 8, 0.03
BLIND = ("visit", "event", "email")
DRIFTED = 0.5
"""Share of columns from which on Evidently's default says that the data set drifted."""
RESULTS = Path(__file__).parent / "results/monitoring.json"


class Unfitted:
    """Stands in for the champion until there is one: features do not depend on it."""

    meta: dict[str, Any] = {}  # noqa: RUF012

    def predict(self, frame: pd.DataFrame) -> np.ndarray:  # noqa: D102
        return np.zeros(len(frame))


@dataclass(frozen=True)
class Shop:
    """A shop's tables, all its looks with figures, its champion and what that one promised."""

    tables: Any
    looks: tuple[Look, ...]
    figures: dict[str, Any]
    champion: Any
    learned: pd.DataFrame
    promised: dict[str, Any]
    importance: dict[str, float]


def tables_of(seed: int, folder: Path) -> dict[str, Any]:
    """Canonical tables of a simulated shop."""
    params = SimulatorParams(customers=CUSTOMERS, first_day=FIRST, days=DAYS, seed=seed)
    names = ("orders", "customers", "events", "truth")
    write_batches(simulate(params), {name: folder / f"{name}.parquet" for name in names})
    read = {name: connect().read_parquet(folder / f"{name}.parquet") for name in names[:3]}
    money = {"quantity": "decimal(18,3)", "unit_price": "decimal(18,4)"}
    orders = read["orders"].cast(money).mutate(reverses_line_id=None)
    return {**read, "orders": orders.cast({"reverses_line_id": "string"})}


def open_shop(seed: int, folder: Path) -> Shop:
    """Simulates, looks at every month, and trains on the first year."""
    tables = tables_of(seed, folder)
    now = FIRST + timedelta(DAYS)
    every = PARAMS.drift.model_copy(update={"max_looks": 100})
    looks = looks_at_orders(tables, Unfitted(), MODEL, now, every)
    looks = tuple(one for one in looks if not one.aside)
    until = looks[-CHECKS].day
    first = [one for one in looks if one.day + timedelta(HORIZON) <= until]
    frame = pd.concat([one.rows for one in first], ignore_index=True)
    split = np.where(frame["as_of"] >= pd.Timestamp(first[-2].day), "valid", "train")
    frame = frame.assign(split=split)
    schema = infer_schema(frame.drop(columns=PREDICTION), SENSITIVE)
    champion = train_candidates(frame, schema, TrainParams(), BaselineParams()).champion
    scored = tuple(
        replace(one, rows=one.rows.assign(**{PREDICTION: champion.predict(one.rows)}),
                learned=one.day < until)
        for one in looks
    )  # fmt: skip
    figures = told(scored)
    promised = figures[scored[-CHECKS].name]["figures"]
    importance = importance_of(champion, frame, PARAMS.seed)
    return Shop(tables, scored, figures, champion, frame, promised, importance)


def seen_on(looks: Sequence[Look], day: date) -> list[Look]:
    """The looks up to a day, with the outcomes that were known then."""
    past = [one for one in looks if one.day <= day][-PARAMS.drift.max_looks :]
    return [
        one if one.day + timedelta(HORIZON) < day
        else replace(one, rows=one.rows.assign(label=np.nan))
        for one in past
    ]  # fmt: skip


@dataclass
class Checked:
    """One check: the decision and what it rests on."""

    decision: Decision
    found: Found


def drift_of(shop: Shop, looks: Sequence[Look]) -> Drift:
    features = (*shop.champion.schema.features, Feature(name=PREDICTION, kind="number"))
    profiles = profile_looks(looks, features, PARAMS.drift.bins)
    drift = find_drift(looks, profiles, shop.importance, PARAMS.drift)
    return with_effects(drift, shop.champion, looks, PARAMS.seed)


def check(shop: Shop, looks: Sequence[Look], tables: Any) -> Checked:
    """What monitoring says of the last look."""
    known = [shop.figures[one.name] for one in looks if one.known]
    found = Found(
        drift=drift_of(shop, looks),
        outcomes=outcome_drift(looks, PARAMS),
        quality=hold_to(known[-12:], OUTCOME, shop.promised, PARAMS.quality),
        bias=find_bias(looks, SENSITIVE, MODEL.gate),
        feeds=silent_feeds(tables, looks[-1].day, None, 7),
    )
    return Checked(decide(found, PARAMS), found)


def told(looks: Sequence[Look]) -> dict[str, Any]:
    return {one.name: figures_of(one, OUTCOME, MODEL.evaluate) for one in looks if one.known}


def quiet_months(shop: Shop) -> list[dict[str, Any]]:
    """Each month's decision where nothing is wrong."""
    rows = []
    for look in shop.looks[-CHECKS:]:
        made = check(shop, seen_on(shop.looks, look.day), shop.tables)
        kinds = sorted({one.kind for one in made.decision.reasons})
        words = [one.words[:160] for one in made.decision.reasons]
        rows.append({"day": look.name, "level": made.decision.level, "kinds": kinds,
                     "words": words})  # fmt: skip
    return rows


def faulty(shop: Shop) -> dict[str, Any]:
    """Whether the first check sees each fault, which began 14 days before it."""
    now = shop.looks[-1].day
    since = now - timedelta(FAULT_DAYS)
    one_look = PARAMS.drift.model_copy(update={"max_looks": 1})
    seen = {}
    for fault in (one for one in faults.FAULTS if one.name in CAUGHT):
        tables = fault.inject(shop.tables, since, fault.size)
        last = looks_at_orders(tables, shop.champion, MODEL, now, one_look)[-1]
        made = check(shop, [*seen_on(shop.looks, now)[:-1], last], tables)
        told_of = {one.kind for one in made.decision.reasons} & {"data", "drift"}
        seen[fault.name] = {"level": made.decision.level, "caught": bool(told_of)}
    return seen


def blinded(look: Look, share: float, champion: Any) -> Look:
    """The events of a share of customers are not seen."""
    rows = look.rows.copy()
    lost = pd.util.hash_array(rows["entity_id"].to_numpy(dtype=object)) % 10_000 < 10_000 * share
    for name in (one for one in rows if one.startswith(BLIND)):
        empty = np.nan if "recency" in name or "rate" in name else 0.0
        rows[name] = rows[name].mask(lost, empty)
    return replace(look, rows=rows.assign(**{PREDICTION: champion.predict(rows)}))


def auc_of(look: Look) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(look.rows["label"], look.rows[PREDICTION]))


def slow_shift(shop: Shop) -> dict[str, Any]:
    """Whether drift is told of a slow loss before quality figures break."""
    last = [one for one in shop.looks if one.known][-1]
    whole = auc_of(last)
    costly = (
        float(share)
        for share in np.linspace(0.05, 1, 20)
        if whole - auc_of(blinded(last, share, shop.champion)) >= SHIFT_COST
    )
    most = next(costly, None)
    if most is None:
        return {"possible": False}
    start = len(shop.looks) - 13
    shifted = [
        one if i < start
        else blinded(one, most * min((i - start + 1) / SHIFT_LOOKS, 1), shop.champion)
        for i, one in enumerate(shop.looks)
    ]  # fmt: skip
    figures = shop.figures | told(shifted[start:])
    alarm: dict[str, str | None] = {"drift": None, "quality": None}
    for look in shifted[start:]:
        looks = seen_on(shifted, look.day)
        known = [figures[one.name] for one in looks if one.known]
        quality = hold_to(known[-12:], OUTCOME, shop.promised, PARAMS.quality)
        found = {"quality": Found(quality=quality)}
        if alarm["drift"] is None:
            found["drift"] = Found(drift=drift_of(shop, looks))
        for kind, one in found.items():
            if alarm[kind] is None and decide(one, PARAMS).level != "ok":
                alarm[kind] = look.name
    sooner = alarm["drift"] is not None and (
        alarm["quality"] is None or alarm["drift"] < alarm["quality"]
    )
    return {"share": most, "possible": True, "start": shop.looks[start].name, **alarm,
            "sooner": sooner}  # fmt: skip


def evidently_months(shop: Shop) -> list[dict[str, Any]]:
    """What its default drift preset counts in the same months, without a picture of each column."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import DriftedColumnsCount

    names = [one.name for one in shop.champion.schema.features]
    kinds = {one.name: one.kind for one in shop.champion.schema.features}
    shape = DataDefinition(
        numerical_columns=[n for n in names if kinds[n] == "number"],
        categorical_columns=[n for n in names if kinds[n] == "category"],
    )
    before = Dataset.from_pandas(shop.learned[names], shape)
    rows = []
    for look in shop.looks[-CHECKS:]:
        now = Dataset.from_pandas(look.rows[names], shape)
        (counted,) = Report([DriftedColumnsCount()]).run(now, before).dict()["metrics"]
        rows.append({"day": look.name, "share": float(counted["value"]["share"]),
                     "columns": float(counted["value"]["count"])})  # fmt: skip
    return rows


def run_seed(seed: int, evidently: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        shop = open_shop(seed, Path(folder))
        steps: dict[str, Callable[[Shop], Any]] = {
            "quiet": quiet_months,
            "faults": faulty,
            "shift": slow_shift,
            "evidently": evidently_months if evidently else lambda _: [],
        }
        result: dict[str, Any] = {"seed": seed, "auc": shop.promised["roc_auc"]["value"]}
        seconds = {"open": time.process_time() - started}
        for name, step in steps.items():
            begun = time.process_time()
            result[name] = step(shop)
            seconds[name] = time.process_time() - begun
        return result | {"seconds": {name: round(value, 1) for name, value in seconds.items()}}


def rate(flags: Sequence[bool]) -> dict[str, float]:
    """How many, of how many, and their share's 95% interval (Wilson)."""
    from scipy.stats import binomtest

    count = sum(map(bool, flags))
    ends = binomtest(count, len(flags)).proportion_ci(method="wilson")
    return {"count": count, "of": len(flags), "low": float(ends.low), "high": float(ends.high)}


def rates(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What is asked for, over all shops. Months of one shop depend on one another; shops do not."""
    months = [one for result in results for one in result["quiet"]]
    wrong = [any(one["level"] != "ok" for one in result["quiet"]) for result in results]
    shifts = [one["shift"] for one in results if one["shift"]["possible"]]
    theirs = [one for result in results for one in result["evidently"]]
    names = results[0]["faults"]
    flags = {
        **{f"false {level}, months": [one["level"] == level for one in months]
           for level in LEVELS[1:]},
        "any false alarm in 24 months, shops": wrong,
        "evidently: any column drifted, months": [one["columns"] > 0 for one in theirs],
        "evidently: data set drifted, months": [one["share"] >= DRIFTED for one in theirs],
        **{f"{name}: caught in the first check": [one["faults"][name]["caught"] for one in results]
           for name in names},
        "slow shift: told": [one["drift"] is not None for one in shifts],
        "slow shift: told before quality": [one["sooner"] for one in shifts],
        "the same, where quality told of it within a year": [
            one["sooner"] for one in shifts if one["quality"] is not None
        ],
    }  # fmt: skip
    return {name: rate(some) for name, some in flags.items() if some}


def months_until(results: Sequence[dict[str, Any]], kind: str) -> float | None:
    """Median check, from 1, that tells of the slow shift, of the shops where one does."""
    shifts = [one["shift"] for one in results if one["shift"].get(kind)]
    days = [(date.fromisoformat(one[kind]) - date.fromisoformat(one["start"])).days
            for one in shifts]  # fmt: skip
    return float(np.median(days)) / PARAMS.drift.step_days + 1 if days else None


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """JSON-ready: all figures of the shops."""
    drifted = [month["share"] for one in results for month in one["evidently"]]
    steps = results[0]["seconds"]
    return {
        "shops": len(results),
        "seeds": [one["seed"] for one in results],
        "rates": rates(results),
        "evidently_columns": float(np.mean(drifted)) if drifted else None,
        "months_until": {kind: months_until(results, kind) for kind in ("drift", "quality")},
        "cpu_seconds": {name: float(np.median([one["seconds"][name] for one in results]))
                        for name in steps if name != "evidently"},
    }  # fmt: skip


def told_in_words(made: dict[str, Any]) -> str:
    """The same, a line a figure."""
    lines = [f"{made['shops']} shops"]
    for name, one in made["rates"].items():
        lines.append(f"  {name:<50} {one['count']} of {one['of']}: {one['count'] / one['of']:.1%} "
                     f"({one['low']:.1%} to {one['high']:.1%})")  # fmt: skip
    rest = {name: made[name] for name in ("evidently_columns", "months_until", "cpu_seconds")}
    return "\n".join([*lines, f"  {rest}"])


LARGE_ROWS, LARGE_COLUMNS, LARGE_LOOKS = 1_000_000, 50, 10


class Linear:
    """A champion of the large frame, cheap to ask."""

    meta: dict[str, Any] = {}  # noqa: RUF012
    target = OUTCOME

    def __init__(self, frame: pd.DataFrame) -> None:
        keys = ["entity_id", "label", PREDICTION, "sex", "age"]
        self.schema = infer_schema(frame.drop(columns=keys, errors="ignore"))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:  # noqa: D102
        return np.asarray(1 / (1 + np.exp(-frame["x0"] - 0.5 * frame["x1"])))

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:  # noqa: D102
        return frame[[one.name for one in self.schema.features if one.kind == "number"]]


def large() -> None:
    """Times all three reports: a million rows now, looks before as drawn from orders."""
    rng = np.random.default_rng(0)

    def look(place: int, rows: int) -> Look:
        numbers = {f"x{i}": rng.normal(0.02 * rng.normal(), 1, rows) for i in range(45)}
        kinds = {f"k{i}": rng.choice(list("abcdef"), rows) for i in range(5)}
        frame = pd.DataFrame(numbers | kinds).assign(
            entity_id=[f"c{i}" for i in range(rows)], sex=rng.choice(["f", "m"], rows),
            age=rng.integers(18, 90, rows),
        )  # fmt: skip
        score = Linear(frame.head(100)).predict(frame)
        frame = frame.assign(**{PREDICTION: score, "label": (rng.random(rows) < score) * 1.0})
        day = FIRST + timedelta(28 * place)
        return Look(str(day), day, frame, learned=place < 5)

    looks = tuple(look(i, PARAMS.drift.max_rows) for i in range(LARGE_LOOKS))
    looks = (*looks, look(LARGE_LOOKS, LARGE_ROWS))
    champion = Linear(looks[0].rows)
    model = ModelParams(outcome="order", sensitive=SensitiveParams(columns=("sex", "age")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    started, cpu = time.perf_counter(), time.process_time()
    subject = Subject("large", InOffice(1, champion), model, {})
    watched = watch_customers(looks, subject, model, MonitorParams(), Found())
    middle = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for name, report in make_reports(watched, MonitorParams()).items():
            file = Path(folder) / f"{name}.html"
            report.save_html(str(file))
            sizes[name] = file.stat().st_size / 1e6
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{LARGE_ROWS:,} rows x {LARGE_COLUMNS} columns: {done - started:.1f} s "
          f"(figures {middle - started:.1f}, reports {done - middle:.1f}; "
          f"{time.process_time() - cpu:.1f} s of processor), peak {peak:.2f} GB "
          f"of which {before:.2f} GB were the rows themselves")  # fmt: skip
    print("  " + ", ".join(f"{name}.html {size:.1f} MB" for name, size in sizes.items()))


def main() -> None:
    """Runs the shops that the results file lacks, one after another; each becomes a line of it."""
    parser = argparse.ArgumentParser(description="How often monitoring errs.")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--evidently", type=int, default=1)
    parser.add_argument(
        "--results", type=Path, help="a line a shop; those it has are not run again"
    )
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    if arguments.large:
        large()
        return
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    results = {seed: one for seed, one in stored(arguments.results).items() if seed in seeds}
    for seed in (one for one in seeds if one not in results):
        results[seed] = run_seed(seed, seed - arguments.first < arguments.evidently)
        if arguments.results:
            with arguments.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(results[seed]) + "\n")
        print(f"seed {seed}: {results[seed]['seconds']}", file=sys.stderr, flush=True)
    made = summary(list(results.values()))
    print(told_in_words(made))
    if arguments.write:
        keep(RESULTS, made)


def stored(results: Path | None) -> dict[int, dict[str, Any]]:
    """Seed to what an earlier run found of it."""
    if results is None or not results.exists():
        return {}
    lines = results.read_text("utf-8").splitlines()
    return {one["seed"]: one for one in map(json.loads, lines)}


if __name__ == "__main__":
    main()
