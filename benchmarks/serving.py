"""Serving against an empty BentoML endpoint and `mlflow models serve`, on the demo's champions.

    make run && python benchmarks/serving.py [--seconds 6] [--soak-minutes 10] [--write]

Every contender is asked by the same load from a process of its own, one after another and three
times over; the median counts. Ours has tokens and the prediction log on, as in use.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import pandas as pd  # noqa: E402
from benchmarks.keeping import keep  # noqa: E402
from benchmarks.load import request  # noqa: E402
from serving.tokens import add_token  # noqa: E402

from salespipe.bundle import Business, update_bundle  # noqa: E402
from salespipe.environment import ENVIRONMENT, set_environment  # noqa: E402
from salespipe.files import write_json  # noqa: E402
from salespipe.golden import free_port  # noqa: E402
from salespipe.modelling.predict import load_model  # noqa: E402
from salespipe.parts import POINTER, read_frame, read_pointer  # noqa: E402

RESULTS = ROOT / "benchmarks/results/serving.json"
CONNECTIONS = 16
ROUNDS = 3
EMPTY = """
import bentoml

@bentoml.service(name="empty", workers=1)
class Empty:
    @bentoml.api
    async def score(self, entities: list[dict]) -> dict[str, float]:
        return {"probability": 0.5}
"""


@contextlib.contextmanager
def server(command: list[str], port: int, ready: str, **settings: Any) -> Iterator[dict[str, Any]]:
    """A server in a process of its own; says how long it took and how much its workers hold."""
    start = time.perf_counter()
    env = os.environ | ENVIRONMENT | settings.pop("env", {})
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **settings)  # fmt: skip
    try:
        while not answers(f"http://127.0.0.1:{port}{ready}"):
            if process.poll() is not None:
                raise SystemExit(f"{command} ended")
            time.sleep(0.05)
        yield {"port": port, "ready_s": time.perf_counter() - start, "pid": process.pid}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=1).is_success
    return False


def asking(port: int, requests: list[bytes], seconds: float, connections: int = CONNECTIONS,
           **more: Any) -> subprocess.Popen[str]:  # fmt: skip
    """Start the load in a process of its own."""
    plan = {"port": port, "requests": [one.decode("latin-1") for one in requests],
            "seconds": seconds, "connections": connections, **more}  # fmt: skip
    process = subprocess.Popen([sys.executable, str(ROOT / "benchmarks/load.py")], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    return process


def load(*given: Any, **more: Any) -> dict[str, Any]:
    """What came back, once the load is over."""
    with asking(*given, **more) as process:
        found: dict[str, Any] = json.loads(process.stdout.read())
    return found


def workers(parent: int) -> dict[int, float]:
    """Memory of each worker of a server, in MB, by process."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], capture_output=True, text=True,
                            check=True).stdout.splitlines()[1:]  # fmt: skip
    rows = [line.split(None, 3) for line in listed]
    family = {parent}
    for _ in range(4):
        family |= {int(pid) for pid, ppid, *_ in rows if int(ppid) in family}
    return {int(pid): int(rss) / 1024 for pid, _, rss, args in rows
            if int(pid) in family and "worker.service" in args}  # fmt: skip


def ours(bundle: Path, scratch: Path, count: int = 1) -> Any:
    port = free_port()
    command = [bento(), "serve", "serving.service:Salespipe", "--port", str(port), "--host",
               "127.0.0.1"]  # fmt: skip
    env = {"SALESPIPE_BUNDLE": str(bundle), "SALESPIPE_LOG": str(scratch / "log"),
           "SALESPIPE_TOKENS": str(scratch / "tokens.json"),
           "SALESPIPE_WORKERS": str(count)}  # fmt: skip
    return server(command, port, "/readyz", cwd=ROOT, env=env)


def empty(scratch: Path) -> Any:
    (scratch / "empty.py").write_text(EMPTY)
    port = free_port()
    command = [bento(), "serve", "empty:Empty", "--port", str(port), "--host", "127.0.0.1"]
    return server(command, port, "/readyz", cwd=scratch)


def mlflow(version: int) -> Any:
    port = free_port()
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m",
               f"models:/demo-churn/{version}", "--env-manager", "local", "--port", str(port),
               "--workers", "1"]  # fmt: skip
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # it looks for uvicorn there
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{ROOT}/mlflow.db", "PATH": path}
    return server(command, port, "/ping", cwd=ROOT, env=env)


def bento() -> str:
    return str(Path(sys.executable).with_name("bentoml"))


def median(rounds: list[dict[str, Any]], figure: str) -> float:
    return float(statistics.median(one[figure] for one in rounds))


def one_row(
    bundle: Path, scratch: Path, token: str, version: int, seconds: float
) -> dict[str, Any]:
    """One-row feature requests: ours, an empty endpoint, MLflow's own server."""
    rows = [one["features"] for one in golden(bundle)]
    asked = {
        "ours": [request("/churn/score", {"entities": [{"features": r}]}, token) for r in rows],
        "empty": [request("/score", {"entities": [{"features": r}]}) for r in rows],
        "mlflow": [request("/invocations", {"dataframe_records": [r]}) for r in rows],
    }
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in asked}
    with ours(bundle, scratch) as first, empty(scratch) as second, mlflow(version) as third:
        ports = {"ours": first["port"], "empty": second["port"], "mlflow": third["port"]}
        for name, port in ports.items():
            load(port, asked[name], 2)
        for _ in range(ROUNDS):
            for name, port in ports.items():
                rounds[name].append(load(port, asked[name], seconds))
        memory = max(workers(first["pid"]).values())
    rates = {name: median(some, "requests_a_second") for name, some in rounds.items()}
    return {
        "requests_a_second": rates,
        "of_empty": round(rates["ours"] / rates["empty"], 2),
        "of_mlflow": round(rates["ours"] / rates["mlflow"], 1),
        "p99_ms": median(rounds["ours"], "p99_ms"),
        "p50_ms": median(rounds["ours"], "p50_ms"),
        "refused": sum(one["refused"] for one in rounds["ours"]),
        "ready_s": round(first["ready_s"], 1),
        "worker_mb": round(memory),
    }


def batches(bundle: Path, scratch: Path, token: str, seconds: float) -> dict[str, Any]:
    """1,000 customers a request by id and by features, and one raw history of 50 lines."""
    part = bundle / read_pointer(bundle)["parts"]["churn"]
    ids = read_frame(part / "scores.arrow")["entity_id"].to_pylist()[:1000]
    rows = [one["features"] for one in golden(bundle)]
    rows = (rows * (1000 // len(rows) + 1))[:1000]
    asked = {
        "by_id": {"entities": [{"customer_id": one} for one in ids]},
        "by_features": {"entities": [{"features": one} for one in rows]},
        "history_of_50_lines": {"entities": [{"history": {"orders": lines()}}]},
    }
    found = {}
    with ours(bundle, scratch) as one:
        for name, body in asked.items():
            sent = [request("/churn/score", body, token)]
            load(one["port"], sent, 1, 1)
            rounds = [load(one["port"], sent, seconds, 1) for _ in range(ROUNDS)]
            rate, half = median(rounds, "requests_a_second"), median(rounds, "p50_ms")
            found[name] = {"p50_ms": half} | (
                {"customers_a_second": round(1000 * rate)} if name != "history_of_50_lines" else {}
            )
    return found


def lines() -> list[dict[str, Any]]:
    """A customer's last 50 order lines, as an app would send them."""
    orders = pd.read_parquet(ROOT / "data/03_primary/demo/orders.parquet")
    counts = orders["customer_id"].value_counts()
    own = orders[orders["customer_id"] == counts[counts >= 50].index[-1]].tail(50)
    own = own.drop(columns=["customer_id", "line_id", "item_name", "reverses_line_id"])
    own = own.astype({"quantity": float, "unit_price": float})
    rows = json.loads(own.to_json(orient="records", date_format="iso"))
    return [{k: v for k, v in row.items() if v is not None} for row in rows]


def golden(bundle: Path) -> list[dict[str, Any]]:
    part = bundle / read_pointer(bundle)["parts"]["churn"]
    found: list[dict[str, Any]] = json.loads((part / "golden.json").read_text())
    return found


def soak(
    bundle: Path, scratch: Path, token: str, capacity: float, minutes: float
) -> dict[str, Any]:
    """80% of capacity on two workers, a champion swapped each minute, a worker killed twice."""
    copy = shutil.copytree(bundle, scratch / "soaked")
    parts = [read_pointer(copy)["parts"]["churn"], other_champion(copy)]
    told = [json.loads((copy / part / "golden.json").read_text()) for part in parts]
    facts = [json.loads((copy / part / "facts.json").read_text()) for part in parts]
    expected = {str(fact["version"]): [one["prediction"] for one in some]
                for fact, some in zip(facts, told, strict=True)}  # fmt: skip
    asked = [request("/churn/score", {"entities": [{"features": one["features"]}]}, token)
             for one in told[0]]  # fmt: skip
    with ours(copy, scratch, 2) as one:
        load(one["port"], asked, 20)
        before = workers(one["pid"])
        plan = {"rate": 0.8 * capacity, "expected": expected}
        with asking(one["port"], asked, 60 * minutes, **plan) as process:
            disturb(copy, parts, one["pid"], process, minutes)
            found: dict[str, Any] = json.loads(process.stdout.read())
        after = workers(one["pid"])
    memory = {"before": before, "after": after}
    return found | {
        f"worker_mb_{when}": [round(mb) for mb in some.values()] for when, some in memory.items()
    }


def disturb(bundle: Path, parts: list[str], pid: int, load: Any, minutes: float) -> None:
    """Swap once a minute; kill a worker a third and two thirds of the way."""
    start, swaps, killed = time.perf_counter(), 0, 0
    while load.poll() is None and time.perf_counter() - start < 60 * minutes + 60:
        gone = time.perf_counter() - start
        if gone > 60 * (swaps + 1):
            swaps += 1
            pointer = read_pointer(bundle)
            new = pointer["parts"] | {"churn": parts[swaps % 2]}
            write_json(bundle / POINTER, pointer | {"parts": new})
        if killed < 2 and gone > 60 * minutes * (killed + 1) / 3:
            killed += 1
            os.kill(sorted(workers(pid))[-1], signal.SIGKILL)
        time.sleep(0.2)


def other_champion(bundle: Path) -> str:
    """The champion's part again, calibrated otherwise, as another version."""
    old = bundle / read_pointer(bundle)["parts"]["churn"]
    part = shutil.copytree(old, bundle / "churn" / "v999-other")
    calibrator = part / "model/calibrator.json"
    shifted = json.loads(calibrator.read_text()) | {"intercept": 0.5, "method": "sigmoid"}
    write_json(calibrator, shifted)
    facts = json.loads((part / "facts.json").read_text()) | {"version": 999}
    write_json(part / "facts.json", facts)
    rows = [one["features"] for one in golden(bundle)]
    told = load_model(part / "model").predict(pd.DataFrame(rows)).tolist()
    pairs = zip(rows, told, strict=True)
    write_json(part / "golden.json", [{"features": f, "prediction": p} for f, p in pairs])
    return f"churn/{part.name}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--soak-minutes", type=float, default=0)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    given = parser.parse_args()
    os.chdir(ROOT)
    set_environment()
    business = Business.open(ROOT, "demo")
    champions = business.champions(["churn"])
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        bundle = scratch / "bundle"
        update_bundle(business, champions, bundle)
        token = add_token(scratch / "tokens.json", "bench", ("churn",))
        found: dict[str, Any] = {
            "one_row": one_row(bundle, scratch, token, champions["churn"], given.seconds),
            "batches": batches(bundle, scratch, token, given.seconds),
        }
        print(json.dumps(found, indent=2), flush=True)
        if given.soak_minutes:
            capacity = found["one_row"]["requests_a_second"]["ours"]
            found["soak"] = soak(bundle, scratch, token, capacity, given.soak_minutes)
            print(json.dumps({"soak": found["soak"]}, indent=2))
    if given.write:
        keep(RESULTS, found)


if __name__ == "__main__":
    main()
