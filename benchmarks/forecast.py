"""The forecast protocol of the design on Online Retail, through the code that production runs.

    python benchmarks/forecast.py --datasets DIR [--measure revenue]

Seven origins every 14 days from 2011-08-18 to 2011-11-10, 28 days each; prints the WAPE of every
candidate and of the chosen ones at each level, and how much the intervals cover. Lines without a
customer count, as in the design's figures: its seasonal naive can't be had without them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.forecast.judge import judge_measure
from salespipe.modelling.forecast.series import build_series
from salespipe.modelling.forecast.train import train_measure
from salespipe.params_forecast import (
    CoverageParams,
    ForecastParams,
    ForecastTrainParams,
    LevelParams,
)
from salespipe.pipelines.ingest.mapping import ROW
from salespipe.pipelines.ingest.returns import match_returns

LAST_DAY = "2011-12-08"
TARGETS = {"total": 0.26, "country": 0.40, "item": 0.76}
COVERAGE = CoverageParams().model_dump()
LEVELS = {
    "total": LevelParams(),
    "country": LevelParams(top=5),
    "item": LevelParams(top=50, default="xgb_log"),
}


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
"""


def protocol(measure: str) -> ForecastParams:
    """The defaults, with AutoETS at every level."""
    return ForecastParams(
        measures=(measure,),
        levels=LEVELS,
        train=ForecastTrainParams(ets_levels=("total", "country", "item")),
    )


def shop(path: Path) -> ir.Table:
    """Online Retail's orders with five-digit stock codes, returns tied to their sales."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(ORDERS_SQL.replace("$path", f"'{path}'"))
    orders = connection.table("orders")
    numbered = orders.mutate(**{ROW: ibis.row_number()}).cache()
    item = numbered.item_id.strip().upper()
    goods = match_returns(numbered).drop(ROW).mutate(item_id=item.name("item_id"))
    return goods.filter(goods.item_id.re_search("^[0-9]{5}"), goods.ordered_at.date() <= LAST_DAY)


def main() -> None:
    """Prints one line a level and candidate."""
    parser = argparse.ArgumentParser(description="The forecast protocol on real data.")
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--measure", default="revenue", choices=("revenue", "orders", "units"))
    arguments = parser.parse_args()
    params = protocol(arguments.measure)
    orders = shop(arguments.datasets / "online_retail.parquet")
    table = build_series(orders, params).to_pandas()
    trained = train_measure(table, arguments.measure, params)
    origins = trained.origins.test
    print(f"{arguments.measure}: {len(origins)} origins, {origins[0]} to {origins[-1]}")
    for level, figures in judge_measure(trained, params)["levels"].items():
        print_level(level, figures, arguments.measure == "revenue")


def print_level(level: str, figures: dict[str, Any], revenue: bool) -> None:
    """What was chosen beside its target, its coverage, and every candidate's error."""
    print(f"\n{level} ({figures['series']} series): {figures['chosen']}, {figures['reason']}")
    print_line("chosen", figures["forecast"], TARGETS.get(level) if revenue else None)
    for name, one in figures["candidates"].items():
        print_line(name, one, None)
    for name, share in figures["coverage"].items():
        low, high = COVERAGE[name]
        print(f"  {name[3:]}% interval covers {_told(share)}  target {low:.2f} to {high:.2f}")


def print_line(name: str, figures: dict[str, Any], target: float | None) -> None:
    goal = f"  target {target:.2f}" if target else ""
    weekly, bias = figures["wape_7d"]["value"], figures["bias"]["value"]
    print(
        f"  {name:15s} WAPE {_told(figures['wape'])}  7 days {weekly:.3f}  bias {bias:+.3f}{goal}"
    )


def _told(figure: Interval) -> str:
    return "{value:.3f} [{low:.3f}, {high:.3f}]".format(**figure)


if __name__ == "__main__":
    main()
