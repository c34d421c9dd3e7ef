"""Feature building against hand-written DuckDB SQL, polars and pandas, on simulated order lines.

    python benchmarks/features.py [--lines 1e6 1e7 1e8] [--write]

Every contender reads the same Parquet, makes the same features for the same customers as of one
day, and writes them as Parquet, in a process of its own. Time runs from reading to written
result, imports left out. The results must agree to 1e-9 before any figure counts.

Ours is timed twice: `ours` runs SQL that was compiled beforehand, as the hand-written SQL is a
text that lies ready; `cold` builds and compiles the expressions first. Ratios are given for both.
Growth is the exponent of lines that time grows with from the smallest size to the largest. Beyond
`MOST_IN_PANDAS` lines pandas has no room, and `cold` has nothing new to say: both stay out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.keeping import keep  # noqa: E402
from tests.features.by_hand import AS_OF, GROUPS, build_pandas, build_polars, build_sql  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "features.json"


MOST_IN_PANDAS = 20_000_000
AT_LARGE = 2
"""Turns beyond that: in the first one, a machine may still have to find so much memory."""

SIMULATE = """
COPY (
    SELECT 'O' || o AS order_id, o || '-' || i AS line_id,
        'C' || lpad(c::VARCHAR, 8, '0') AS customer_id,
        TIMESTAMP '2022-01-01' + to_seconds((hash(o, 1) % (3 * 365 * 86400))::BIGINT) AS ordered_at,
        'I' || item AS item_id, q::DECIMAL(18, 3) AS quantity,
        ((hash(i, 4) % 4950 + 50) / 100)::DECIMAL(18, 4) AS unit_price,
        'Item ' || item AS item_name, 'K' || (item % 30) AS category, 'GB' AS country,
        CASE WHEN o % 3 = 0 THEN 'web' ELSE 'app' END AS channel,
        CASE WHEN q < 0 THEN 'returned' ELSE 'completed' END AS status,
        NULL::VARCHAR AS reverses_line_id
    FROM (
        SELECT i, i // 4 AS o, (20000 * power(hash(i, 2) / pow(2, 64), 2.5))::INT AS item,
            ({customers} * power(hash(i // 4, 3) / pow(2, 64), 2))::INT AS c,
            (hash(i, 5) % 12 + 1)::INT * CASE WHEN hash(i, 6) % 50 = 0 THEN -1 ELSE 1 END AS q
        FROM range({lines}) t(i)
    )
) TO '{path}' (FORMAT parquet)
"""


def simulate(lines: int, folder: Path) -> None:
    """Three years of orders of four lines; customers and items differ in how often they come."""
    import duckdb

    with duckdb.connect() as con:
        path = folder / "orders.parquet"
        con.sql(SIMULATE.format(path=path, lines=lines, customers=max(lines // 32, 1)))
        con.sql(
            f"COPY (SELECT DISTINCT customer_id, DATE '{AS_OF}' AS as_of "
            f"FROM '{path}' WHERE ordered_at < '{AS_OF}') "
            f"TO '{folder}/snapshots.parquet' (FORMAT parquet)"
        )


def compile_ours(folder: Path) -> str:
    """The project's own expressions as SQL text over the files of the folder."""
    import ibis

    from salespipe.features import FEATURE_GROUPS, customer_features

    con = ibis.duckdb.connect()
    files = {name: str(folder / f"{name}.parquet") for name in ("orders", "snapshots")}
    views = {name: con.read_parquet(path, table_name=name) for name, path in files.items()}
    groups = {name: FEATURE_GROUPS[name] for name in GROUPS}
    query = customer_features(
        {"orders": views["orders"]}, views["snapshots"], groups, as_of=date.fromisoformat(AS_OF)
    )
    return str(con.compile(query))


def run_compiled(sql: str, folder: Path, out: Path) -> None:
    """Runs compiled SQL on a fresh connection."""
    import duckdb

    with duckdb.connect() as con:
        for name in ("orders", "snapshots"):
            con.sql(f"CREATE VIEW {name} AS FROM '{folder}/{name}.parquet'")
        con.sql(f"COPY ({sql}) TO '{out}' (FORMAT parquet)")


def prepare_ours(folder: Path) -> Callable[[Path, Path], None]:
    """Compiles, so that only running is left."""
    return partial(run_compiled, compile_ours(folder))


def build_cold(folder: Path, out: Path) -> None:
    """Building, compiling and running in one go: the first time in a process."""
    run_compiled(compile_ours(folder), folder, out)


Build = Callable[[Path, Path], None]
PREPARE: dict[str, Callable[[Path], Build]] = {
    "ours": prepare_ours,
    "sql": lambda _: build_sql,
    "polars": lambda _: build_polars,
    "pandas": lambda _: build_pandas,
    "cold": lambda _: build_cold,
}
"""Contenders: what may be done before the clock starts gives what is timed."""


def run_here(name: str, folder: Path) -> None:
    """One contender in this process; prints seconds and peak memory in MB as JSON."""
    import ibis.backends.duckdb  # noqa: F401

    import salespipe.features  # noqa: F401

    waiting = time.perf_counter()
    build = PREPARE[name](folder)
    started = time.perf_counter()
    build(folder, folder / f"{name}.parquet")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": seconds, "prepare_seconds": started - waiting}
    rounded = {key: round(value, 2) for key, value in figures.items()}
    sys.stdout.write(json.dumps({**rounded, "peak_mb": round(peak)}))


def run_apart(name: str, folder: Path) -> dict[str, float]:
    """One contender in a process of its own."""
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def check_equal(folder: Path, names: Sequence[str]) -> int:
    """All results agree to 1e-9; the number of features compared."""
    ours, *others = (
        pd.read_parquet(folder / f"{name}.parquet").set_index("customer_id").sort_index()
        for name in names
    )
    ours = ours.drop(columns="as_of")
    for other in others:
        same = other[ours.columns].astype(float)
        pd.testing.assert_frame_equal(same, ours, rtol=1e-9, atol=1e-9, check_dtype=False)
    return ours.shape[1]


def fastest(runs: list[dict[str, float]]) -> dict[str, float]:
    """The best time and the worst memory of several runs."""
    return {
        "seconds": min(run["seconds"] for run in runs),
        "prepare_seconds": min(run["prepare_seconds"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
    }


def compare(lines: int, repeats: int) -> dict[str, Any]:
    """Every contender on as many lines: figures, and each one's time by ours.

    Contenders take turns, so that a busy spell of the machine meets all of them.
    """
    small = lines <= MOST_IN_PANDAS
    names = [n for n in PREPARE if small or n not in ("pandas", "cold")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(lines, folder)
        rounds = repeats if small else min(repeats, AT_LARGE)
        turns = [{c: run_apart(c, folder) for c in names} for _ in range(rounds)]
        figures = {c: fastest([turn[c] for turn in turns]) for c in names}
        features = check_equal(folder, names)
    ours = figures["ours"]["seconds"]
    by_ours = {c: round(one["seconds"] / ours, 2) for c, one in figures.items() if c != "ours"}
    return {"lines": lines, "features": features, "by_ours": by_ours, "contenders": figures}


def growth(results: list[dict[str, Any]]) -> dict[str, float]:
    """The exponent of lines that each contender's time grows with, least size to largest."""
    first, last = results[0], results[-1]
    more = np.log(last["lines"] / first["lines"])
    return {
        name: round(float(np.log(one["seconds"] / first["contenders"][name]["seconds"]) / more), 2)
        for name, one in last["contenders"].items()
    }


def table(results: list[dict[str, Any]]) -> str:
    """The figures as text, one line per contender and size."""
    rows = [f"{'lines':>11}  {'contender':<10}{'seconds':>9}{'peak MB':>9}{'by ours':>9}"]
    for result in results:
        for name, figures in result["contenders"].items():
            rows.append(
                f"{result['lines']:>11,}  {name:<10}{figures['seconds']:>9.2f}"
                f"{figures['peak_mb']:>9,.0f}{result['by_ours'].get(name, 1):>9.2f}"
            )
    return "\n".join(rows) + "\n"


def main() -> None:
    """Compares at each size, or runs one contender where a comparison asks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help=f"runs of each, at most {AT_LARGE} of the largest; the fastest counts",
    )
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--contender", choices=PREPARE, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender:
        run_here(args.contender, args.folder)
        return
    results = [compare(int(lines), args.repeats) for lines in sorted(args.lines)]
    found = {"sizes": results, "growth": growth(results) if len(results) > 1 else None}
    sys.stdout.write(table(results) + f"growth {found['growth']}\n")
    if args.write:
        keep(RESULTS, found)


if __name__ == "__main__":
    main()
