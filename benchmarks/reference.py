"""The reference protocols of the design on real data, through the code that production runs.

    python benchmarks/reference.py --datasets DIR [--only churn_90d telco ...]

Prints what the chosen model and each candidate reach on rows that no choice was made on, next to
the figure to meet. Cross-validation repeats the whole training, choice included, in every fold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from salespipe.features import customer_features
from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.evaluate import judge
from salespipe.modelling.frame import entity_codes, entity_folds, infer_schema, labels
from salespipe.modelling.snapshots import (
    Cutoffs,
    assign_splits,
    cutoff_table,
    label_orders,
    population,
)
from salespipe.params import BaselineParams, EvaluateParams, SplitParams, TrainParams

FIRST_CUTOFF = date(2011, 3, 7)
STEP_DAYS = 7
ACTIVE_DAYS = 180

ORDERS_SQL = """
create table orders as
select InvoiceNo as order_id,
       row_number() over (order by InvoiceNo, StockCode, Quantity, UnitPrice, InvoiceDate)::varchar
           as line_id,
       coalesce(CustomerID::varchar, 'guest') as customer_id,
       InvoiceDate::timestamp as ordered_at,
       StockCode as item_id,
       Quantity::decimal(18, 3) as quantity,
       UnitPrice::decimal(18, 4) as unit_price,
       Description as item_name,
       null::varchar as category,
       Country as country,
       null::varchar as channel,
       case when InvoiceNo like 'C%' then 'cancelled' else 'completed' end as status,
       null::varchar as reverses_line_id
from (select distinct * from read_parquet($path))
where CustomerID is not null or $guests
"""


@dataclass(frozen=True)
class ChurnTask:
    """One churn protocol: who was active, as of when, and what is to be reached."""

    horizon_days: int
    test: date
    target: float


CHURN_TASKS = {
    "churn_90d": ChurnTask(90, date(2011, 9, 10), 0.742),
    "churn_60d": ChurnTask(60, date(2011, 10, 10), 0.735),
    "churn_30d": ChurnTask(30, date(2011, 11, 9), 0.734),
}


def read_orders(path: Path, guests: bool = False) -> ir.Table:
    """UCI Online Retail as canonical orders, less exact duplicates; without a customer if asked."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(ORDERS_SQL.replace("$path", f"'{path}'").replace("$guests", str(guests)))
    return connection.table("orders")


def weekly_cutoffs(test: date, horizon_days: int) -> Cutoffs:
    """Weekly from `FIRST_CUTOFF`, every label window ending by the test cutoff."""
    days = (test - timedelta(horizon_days) - FIRST_CUTOFF).days
    train = tuple(FIRST_CUTOFF + timedelta(d) for d in range(0, days + 1, STEP_DAYS))
    return Cutoffs(train=train, test=test)


def churn_frame(orders: ir.Table, task: ChurnTask) -> pd.DataFrame:
    """The model input of one protocol."""
    cutoffs = weekly_cutoffs(task.test, task.horizon_days)
    splits = cutoff_table(assign_splits(cutoffs, SplitParams().validation_share))
    snapshots = population(orders, splits, ACTIVE_DAYS).cache()
    outcome = label_orders(orders, snapshots, task.horizon_days)
    features = customer_features({"orders": orders}, snapshots)
    keys = ["customer_id", "as_of"]
    frame = snapshots.inner_join(outcome, keys).inner_join(features, keys).to_pandas()
    frame["label"] = (~frame.pop("ordered")).astype(int)
    return frame.rename(columns={"customer_id": "entity_id"})


TELCO = BaselineParams(rule_column="tenure", logistic_columns=())
TELCO_OUT = ["gender", "SeniorCitizen"]
TELCO_FAMILY = ["Partner", "Dependents"]
BANK = BaselineParams(rule_column="pdays", logistic_columns=())


def read_telco(path: Path, left_out: list[str]) -> pd.DataFrame:
    """IBM Telco churn as a model input without times."""
    table = pd.read_csv(path, dtype={"Partner": str, "Dependents": str, "PhoneService": str})
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    table["label"] = table.pop("Churn").astype(str).isin(["Yes", "True", "true"]).astype(int)
    table = table.rename(columns={"customerID": "entity_id"}).drop(columns=left_out)
    return _text(table.assign(as_of=None))


def read_bank(path: Path) -> pd.DataFrame:
    """UCI bank marketing in its own (chronological) order, less the leaking `duration`."""
    table = pd.read_csv(path, sep=";").drop(columns="duration")
    table["label"] = table.pop("y").astype(str).isin(["yes", "True", "true"]).astype(int)
    table["entity_id"] = pd.RangeIndex(len(table)).astype(str).str.zfill(6)
    return _text(table.assign(as_of=None))


def _text(table: pd.DataFrame) -> pd.DataFrame:
    truths = {name: str for name in table.columns if table[name].dtype == bool}
    return table.astype(truths)


def cross_validation(table: pd.DataFrame, repeats: int, folds: int) -> Iterator[pd.DataFrame]:
    """Model inputs of a stratified cross-validation: each fold once as the test rows."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    splitter = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
    hundredths = entity_folds(table, 100)
    valid = hundredths < 100 * SplitParams().validation_share
    before = np.where(valid, "valid", "train")
    for _, test in splitter.split(table, table["label"]):
        held = np.isin(np.arange(len(table)), test)
        yield table.assign(split=np.where(held, "test", before))


def chronological(table: pd.DataFrame) -> pd.DataFrame:
    """First 80% of the rows before the last 20%, the same share of them to validate."""
    place = np.arange(len(table)) / len(table)
    share = 0.8 * (1 - SplitParams().validation_share)
    return table.assign(split=np.select([place < share, place < 0.8], ["train", "valid"], "test"))


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


def protocols(datasets: Path) -> dict[str, Protocol]:
    """Task to its target (0: none), baselines and a function that makes its frames."""
    retail = {
        name: (task.target, BaselineParams(), lambda task=task: iter(
            [churn_frame(read_orders(datasets / "online_retail.parquet"), task)]))
        for name, task in CHURN_TASKS.items()
    }  # fmt: skip
    telco, bank = datasets / "telco_churn.csv", datasets / "bank_marketing.csv"
    return retail | {
        "telco": (0.846, TELCO, lambda: cross_validation(read_telco(telco, TELCO_OUT), 3, 5)),
        "telco_no_family": (
            0.0, TELCO,
            lambda: cross_validation(read_telco(telco, TELCO_OUT + TELCO_FAMILY), 3, 5),
        ),
        "bank_later": (0.0, BANK, lambda: iter([chronological(read_bank(bank))])),
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
