"""Online Retail month by month: what monitoring would have said, knowing nothing of what came.

    python benchmarks/replay.py [--env online_retail] [--first 2011-06-01] [--months 7]

Needs `make run ENV=online_retail DATA=...` for its canonical tables. Each month the orders are cut
at its first day. A model that can be trained for the first time becomes champion; from then on it
is looked at, and only a decision to retrain puts a new one in its place, without asking the gate.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from salespipe.config import BusinessConfigLoader
from salespipe.datasets.tables import ParquetTables
from salespipe.errors import SalespipeError
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import evaluate_candidates
from salespipe.modelling.evidence import InOffice, model_facts
from salespipe.modelling.frame import infer_schema
from salespipe.modelling.model_input import build_frame
from salespipe.modelling.target import target_of
from salespipe.monitoring.watch import Subject, Watched, watch
from salespipe.params import ModelParams
from salespipe.params_monitor import MonitorParams

MODELS = ("propensity", "churn")
SOFT = {"merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"}}


def cut(tables: Mapping[str, Any], day: date) -> dict[str, Any]:
    """What was known on a day."""
    orders = tables["orders"]
    return {**tables, "orders": orders.filter(orders.ordered_at.date() < day).cache()}


def train(tables: Mapping[str, Any], name: str, conf: ModelParams, version: int) -> Subject:
    """A champion with what its test promised."""
    frame = pd.DataFrame(build_frame(tables, conf).to_pandas())
    schema = infer_schema(frame, conf.sensitive.kept_out)
    made = train_candidates(frame, schema, conf.train, conf.baselines, target_of(conf.outcome))
    champion = made.champion
    champion.meta.update(model_facts(frame, conf))
    promised = evaluate_candidates(frame, made, conf.evaluate)
    return Subject(name, InOffice(version, champion), conf, promised)


def row_of(day: date, name: str, watched: Watched) -> str:
    """A line of the table in Markdown."""
    decision = watched.decision
    told = [f"{one.kind}: {one.words}" for one in decision.reasons]
    untold = [f"cannot tell {one}" for one in decision.untold if not one.startswith("bias")]
    fresh = [one for one in watched.found.quality.looks if not one["learned"]]
    auc = fresh[-1]["figures"]["roc_auc"] if fresh else None
    promise = watched.found.quality.promised["roc_auc"]
    seen = f"{auc['value']:.3f} ({auc['low']:.3f}–{auc['high']:.3f})" if auc else ""
    nearest = max(watched.found.drift.columns, key=_of_limit, default=None)
    moved = f"{nearest['column']} {_of_limit(nearest):.0%}" if nearest else ""
    cells = [str(day), name, f"v{watched.version}", f"**{decision.level}**",
             "; ".join([*told, *untold]), moved, f"{promise['value']:.3f}", seen]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _of_limit(column: Mapping[str, Any]) -> float:
    return float(column["distance"] / column["limit"])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Month by month.")
    parser.add_argument("--env", default="online_retail")
    parser.add_argument("--first", type=date.fromisoformat, default=date(2011, 6, 1))
    parser.add_argument("--months", type=int, default=7)
    parser.add_argument("--records", type=Path)
    arguments = parser.parse_args()
    conf = BusinessConfigLoader("conf", arguments.env, **SOFT)["parameters"]
    tables = ParquetTables(folder=f"data/03_primary/{arguments.env}").load()
    days = pd.date_range(arguments.first, periods=arguments.months, freq="MS")
    champions: dict[str, Subject] = {}
    titles = ("month", "model", "champion", "decision", "why", "nearest to its limit",
              "promised AUC", "latest known AUC")  # fmt: skip
    print(f"| {' | '.join(titles)} |")
    print(f"|{' --- |' * len(titles)}")
    for day in (one.date() for one in days):
        known = cut(tables, day)
        for name in MODELS:
            model = ModelParams.model_validate(conf[name])
            try:
                subject = champions.get(name) or train(known, name, model, 1)
            except SalespipeError as error:
                print(f"| {day} | {name} | | | {str(error).split(';')[0]} | | | |", flush=True)
                continue
            champions[name] = subject
            watched = watch(known, subject, MonitorParams(), day)
            print(row_of(day, name, watched), flush=True)
            if arguments.records:
                arguments.records.mkdir(parents=True, exist_ok=True)
                text = json.dumps(watched.as_dict(), indent=1, default=str)
                (arguments.records / f"{day}-{name}.json").write_text(text)
            if watched.decision.level == "retrain":
                champions[name] = train(known, name, model, subject.office.version + 1)


if __name__ == "__main__":
    main()
