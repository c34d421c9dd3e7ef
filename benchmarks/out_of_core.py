"""Features as of one date from more order lines than fit into memory, by DuckDB within a bound.

    python benchmarks/out_of_core.py --lines 1e8 --customers 2e6 --memory 9GB

The lines are drawn by a hash over two years, in files that are made first and apart. DuckDB's bound
is on its buffers: what the process holds at most is measured, and held against `--most`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from keeping import keep

RESULTS = Path(__file__).parent / "results" / "out_of_core.json"
AS_OF = "2024-10-01"
CHUNK = 10_000_000
LINES = """
    select (i // 3)::varchar as order_id, i::varchar as line_id,
        (hash(i // 3) % {customers})::varchar as customer_id,
        timestamp '2023-01-01' + to_minutes((hash(i // 3, 1) % 1051200)::int) as ordered_at,
        'I' || (hash(i, 2) % 5000) as item_id, 'item' as item_name,
        'K' || (hash(i, 2) % 40) as category,
        case hash(i // 3, 5) % 3 when 0 then 'GB' when 1 then 'FR' else 'DE' end as country,
        case hash(i // 3, 6) % 2 when 0 then 'web' else 'app' end as channel,
        ((hash(i, 3) % 12)::int - 1)::decimal(18, 3) as quantity,
        ((hash(i, 4) % 9999 + 1) / 100)::decimal(18, 4) as unit_price,
        'completed' as status, null::varchar as reverses_line_id
    from range({first}, {last}) t(i)
"""


def make_orders(folder: Path, lines: int, customers: int) -> None:
    """Parquet files of a few million lines each, and who is looked at."""
    import duckdb

    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        for first in range(0, lines, CHUNK):
            query = LINES.format(customers=customers, first=first, last=min(first + CHUNK, lines))
            file = folder / f"orders-{first // CHUNK:03d}.parquet"
            con.sql(f"copy ({query}) to '{file}' (format parquet, compression zstd)")
        who = f"select i::varchar as customer_id, date '{AS_OF}' as as_of"
        file = folder / "snapshots.parquet"
        con.sql(f"copy ({who} from range({customers}) t(i)) to '{file}' (format parquet)")


def build(folder: Path, memory: str, spill: Path) -> dict[str, Any]:
    """Features of everyone, through the path that a run takes; what it took."""
    from salespipe.datasets.engine import connect, use, write_parquet
    from salespipe.features import customer_features
    from salespipe.params_engine import DuckdbParams, EngineParams

    use(EngineParams(duckdb=DuckdbParams(memory_limit=memory, spill_folder=str(spill))))
    started = time.perf_counter()
    backend = connect()
    orders = backend.read_parquet(folder / "orders-*.parquet")
    snapshots = backend.read_parquet(folder / "snapshots.parquet")
    features = customer_features({"orders": orders}, snapshots, as_of=date.fromisoformat(AS_OF))
    write_parquet(features, folder / "features.parquet")
    made = backend.read_parquet(folder / "features.parquet")
    totals = made.agg(rows=made.count(), lines=made.lines_total.sum()).execute()
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "columns": len(features.columns),
        "rows": int(totals.rows[0]),
        "sale_lines": int(totals.lines[0]),
    }


def sold(folder: Path) -> int:
    """Lines sold before the day, counted apart: no row may be lost on the way."""
    import duckdb

    before = f"ordered_at < '{AS_OF}' and quantity > 0"
    query = f"select count(*) from '{folder}/orders-*.parquet' where {before}"
    return int(duckdb.sql(query).fetchone()[0])


def main() -> None:
    """Makes the lines, builds features in a process of its own, and holds it to the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, default=1e8)
    parser.add_argument("--customers", type=float, default=2e6)
    parser.add_argument("--memory", default="9GB", help="DuckDB's memory limit")
    parser.add_argument("--most", type=float, default=12.0, help="GB that the process may hold")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.folder:
        sys.stdout.write(json.dumps(build(args.folder, args.memory, args.folder / "spill")))
        return
    with tempfile.TemporaryDirectory(dir=args.work) as name:
        report = measure(Path(name) / "shop", args)
    print(json.dumps(report, indent=2))
    if args.write:
        keep(RESULTS, report)
    sys.exit(0 if report["ok"] else 1)


def measure(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """One run and what is to be said of it."""
    lines, customers = int(args.lines), int(args.customers)
    make_orders(folder, lines, customers)
    size = sum(file.stat().st_size for file in folder.glob("*.parquet")) / 1e9
    command = [sys.executable, __file__, "--memory", args.memory, "--folder", folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    whole = found["rows"] == customers and found["sale_lines"] == sold(folder)
    shutil.rmtree(folder)
    return {
        "lines": lines, "customers": customers, "parquet_gb": round(size, 2),
        "memory_limit": args.memory, "most_gb": args.most, **found, "nothing_lost": whole,
        "ok": whole and found["peak_gb"] <= args.most,
    }  # fmt: skip


if __name__ == "__main__":
    main()
