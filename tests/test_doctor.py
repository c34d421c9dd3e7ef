"""`salespipe doctor`: what it finds, and what it says to do."""

from __future__ import annotations

import json
import socket
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from salespipe import doctor_checks as checks
from salespipe import doctor_packages as packages
from salespipe.cli import cli
from salespipe.doctor import listener, look_at_packages
from salespipe.doctor_business import last_day, look_at_data, read_conf, unreachable
from salespipe.store import create_store
from tests.clone import ROOT

TODAY = date(2026, 6, 30)


def levels(found):
    return {one.check: one.level for one in found}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project with the conf that is shipped, and a business `acme` that was never run."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/base").symlink_to(ROOT / "conf/base")
    folder = tmp_path / "conf/acme"
    folder.mkdir()
    (folder / "params.yaml").write_text("env: acme\nroot: ../..\nmodels: [churn]\n")
    source = ROOT / "conf/online_retail/source.yml"
    (folder / "source.yml").write_text(source.read_text("utf-8"), "utf-8")
    for name in ("globals.yml", "parameters.yml"):
        (folder / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_finding_that_is_not_ok_says_what_to_do(shop):
    result = CliRunner().invoke(cli, ["doctor", "--env", "acme", "--json"])
    found = json.loads(result.output)
    assert all(one["mend"] for one in found if one["level"] != "ok")
    assert {one["check"]: one["level"] for one in found}["source files"] == "fail"
    assert result.exit_code == 1


def test_in_words_there_are_no_colours_for_a_pipe(shop):
    told = CliRunner().invoke(cli, ["doctor", "--env", "acme"]).output
    assert "fail source files: data/01_raw/acme has none" in told
    assert "→ `make run ENV=acme DATA=<file or folder>`" in told
    assert "\x1b" not in told


def test_warnings_alone_are_exit_code_0(shop):
    raw = shop / "data/01_raw/acme"
    raw.mkdir(parents=True)
    (raw / "orders.csv").write_text("a\n1\n")
    result = CliRunner().invoke(cli, ["doctor", "--env", "acme"])
    assert "warn tables" in result.output
    assert result.exit_code == 0


def test_wrong_use_is_exit_code_2():
    assert CliRunner().invoke(cli, ["doctor", "--envv", "acme"]).exit_code == 2


def test_outside_a_project_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "no salespipe project" in result.output


@pytest.mark.parametrize("env", ["demo", "online_retail", "telco", "bank"])
def test_the_conf_that_is_shipped_is_valid(env):
    _, faults = read_conf(ROOT, env, ["churn", "propensity", "offers", "forecast"])
    assert faults == []


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("globals.yml", "train: {max_dept: 3}\n", "churn.train.max_dept"),
        ("parameters.yml", "churn: {snapshots: {horizon_days: -1}}\n", "snapshots.horizon_days"),
        ("parameters.yml", "chrun: {}\n", "conf/acme/parameters.yml: chrun: nothing reads it"),
        ("source.yml", "orders: {colums: {}}\n", "conf/acme/source.yml: source.orders.colums"),
        ("source.yml", "orders: [\n", "conf/acme can't be read"),
    ],
)
def test_a_wrong_key_is_named(shop, file, text, told):
    (shop / "conf/acme" / file).write_text(text)
    _, faults = read_conf(shop, "acme", ["churn"])
    assert told in "; ".join(faults)


def test_files_that_came_after_the_tables_want_a_run(shop):
    made = shop / "data/03_primary/acme"
    made.mkdir(parents=True)
    table = pa.table({"ordered_at": pa.array([date(2026, 6, 1)], pa.date32())})
    pq.write_table(table, made / "orders.parquet")
    raw = shop / "data/01_raw/acme"
    raw.mkdir(parents=True)
    (raw / "orders.csv").write_text("a\n1\n")
    conf = {"source": {"orders": {}}, "churn": {"snapshots": {"horizon_days": 20}}}
    found = {one.check: one for one in look_at_data(shop, "acme", conf, ["churn"], TODAY)}
    assert found["tables"].mend == "`make run ENV=acme`"
    assert found["last order"].found == (
        "2026-06-01, 29 days ago: the 20 days that scores look ahead are over"
    )
    assert last_day(made) == date(2026, 6, 1)


def test_the_lock_is_compared_with_what_is_installed():
    lock = 'kedro==1.7.0 \\\n    --hash=sha256:a\nIbis_Framework[duckdb]==12.0.0 ; python > "3"\n'
    locked = packages.locked_versions(lock)
    assert locked == {"kedro": {"1.7.0"}, "ibis-framework": {"12.0.0"}}
    good = {"kedro": "1.7.0", "ibis-framework": "12.0.0"}
    assert packages.check_packages(list(good), locked, good).level == "ok"
    assert packages.check_packages(list(good), locked, good | {"kedro": "1.6.0"}).level == "warn"
    assert packages.check_packages(list(good), locked, {"kedro": "1.7.0"}).level == "fail"


def test_dependencies_of_other_systems_are_not_asked_for():
    wanted = ["a-b[c]>=1", "x>=3; sys_platform != 'darwin'", "y>=3; sys_platform == 'darwin'"]
    assert packages.direct_dependencies(wanted, "linux") == ["a-b", "x"]
    assert packages.direct_dependencies(wanted, "darwin") == ["a-b", "y"]


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (checks.check_python((3, 10), (3, 11)), "fail"),
        (checks.check_tool("git", None), "fail"),
        (checks.check_port(3000, "serve", "salespipe", "salespipe", "x"), "ok"),
        (checks.check_port(3000, "serve", "salespipe", "something else", "x"), "warn"),
        (checks.check_writable("data", writable=False), "fail"),
        (checks.check_disk(4 * 2**30), "warn"),
        (checks.check_memory(3 * 2**30), "warn"),
        (checks.check_memory(None), "ok"),
        (checks.check_age("a", None, TODAY, 30, simulated=False), "ok"),
        (checks.check_age("a", date(2024, 1, 1), TODAY, 30, simulated=True), "ok"),
        (checks.check_age("a", date(2026, 6, 29), TODAY, 30, simulated=False), "ok"),
        (checks.check_age("a", date(2026, 7, 29), TODAY, 30, simulated=False), "warn"),
        (checks.check_dvc_lock([7], [7]), "ok"),
        (checks.check_dvc_lock([7], []), "warn"),
        (checks.check_tokens(0o100600), "ok"),
        (checks.check_tokens(0o100644), "warn"),
        (checks.check_raw("a", False, False, []), "ok"),
    ],
)
def test_what_is_a_warning_and_what_a_failure(finding, level):
    assert finding.level == level


def test_a_large_quarantine_says_why():
    counts = {"rows_in": 100, "rows_quarantined": 6, "reasons": {"customer_id is missing": 6}}
    found = checks.check_quarantine("acme", "orders", counts)
    assert (found.level, "customer_id is missing 6" in found.found) == ("warn", True)
    assert checks.check_quarantine("acme", "orders", {**counts, "rows_in": 1000}).level == "ok"


def test_champions_that_lack_that_wait_and_that_can_not_be_read():
    facts = {"model": "churn", "version": 3, "waiting": 4, "waiting_for": "pending"}
    assert levels(checks.check_champion("a", facts)) == {
        "champion churn": "ok",
        "waiting churn": "warn",
    }
    broken = {**facts, "fault": "its files are gone", "waiting": None}
    assert levels(checks.check_champion("a", broken)) == {"champion churn": "fail"}
    none = {**facts, "version": None, "waiting": None}
    assert levels(checks.check_champion("a", none)) == {"champion churn": "warn"}


def test_who_listens_on_a_port():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"info": {"title": "salespipe"}}')

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        assert listener(port, "/docs.json", '"title":"salespipe"', "salespipe") == "salespipe"
        assert listener(port, "/", "evidently", "Evidently") == "something else"
        server.shutdown()
    assert listener(port, "/", "evidently", "Evidently") is None


def test_a_server_of_mlflow_that_is_down_is_said_at_once():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "does not answer" in (unreachable(f"http://127.0.0.1:{port}") or "")
    assert unreachable("postgresql://somewhere/db") is None


def test_a_store_that_is_none_fails(shop):
    raw = shop / "data/01_raw/acme"
    raw.mkdir(parents=True)
    (raw / "orders.csv").write_text("a\n1\n")
    Path("mlflow.db").write_text("no database" * 100)
    result = CliRunner().invoke(cli, ["doctor", "--env", "acme"])
    assert "fail registry: can't be read" in result.output
    assert result.exit_code == 1


def test_a_store_without_champions(shop):
    create_store(f"sqlite:///{shop}/mlflow.db")
    raw = shop / "data/01_raw/acme"
    raw.mkdir(parents=True)
    (raw / "orders.csv").write_text("a\n1\n")
    result = CliRunner().invoke(cli, ["doctor", "--env", "acme"])
    assert "ok   registry: reachable" in result.output
    assert "warn champion churn: none" in result.output
    assert result.exit_code == 0


def test_what_is_installed_here_is_what_is_locked():
    assert look_at_packages(ROOT).level == "ok"
