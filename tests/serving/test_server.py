"""The server as a user starts it: it follows its registry, outlives a killed worker, packs up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from salespipe.errors import SalespipeError
from salespipe.files import write_json
from salespipe.golden import free_port, replay, started
from salespipe.package import Job, package, stage
from salespipe.parts import read_pointer
from salespipe.predictions import read_predictions
from tests.clone import ROOT, calls, environment, run_in

SECONDS = 30
LISTENING = Path(__file__).parents[1] / "end_to_end" / "listening"


@pytest.fixture(scope="module")
def office(shop):
    """The shop with a second version of churn, not in office."""
    from kedro.framework.session import KedroSession

    with contextlib.chdir(shop.folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with KedroSession.create(project_path=shop.folder, env="demo") as session:
            session.run(pipeline_names=["churn"], tags=["train"])
        assert shop.business.registry("churn").champion() == 1
    return shop


@pytest.fixture
def running(office, tmp_path):
    """`make serve`, less the setting up of the virtual environment."""
    port = free_port()
    command = [sys.executable, "-m", "salespipe.serve", "--env", "demo", "--port", str(port)]
    env = environment(office.folder) | {"SALESPIPE_LOG_PLAIN_IDS": "true"}
    env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(office.folder)])
    log = tmp_path / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=office.folder, env=env, stdout=out, stderr=out)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
    try:
        wait_for(lambda: is_ready(client), lambda: log.read_text()[-3000:])
        yield SimpleNamespace(client=client, server=server, port=port, log=log)
    finally:
        client.close()
        server.send_signal(signal.SIGTERM)
        server.wait(SECONDS)


def is_ready(client):
    with contextlib.suppress(httpx.HTTPError):
        return client.get("/readyz").status_code == 200


def wait_for(condition, told=str):
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, told()
        time.sleep(0.05)


def churn(client, customer="nobody"):
    answer = client.post("/churn/score", json={"entities": [{"customer_id": customer}]})
    answer.raise_for_status()
    return answer.json()


def test_a_decision_in_the_registry_is_served_within_seconds(running, office):
    client, salespipe = running.client, Path(sys.executable).with_name("salespipe")
    assert churn(client)["version"] == 1
    signed = ["--by", "Ann", "--reason", "try it"]
    run_in(office.folder, salespipe, "approve", "churn", "--version", "2", *signed)
    decided = time.monotonic()
    wait_for(lambda: churn(client)["version"] == 2)
    assert time.monotonic() - decided < 10
    receipt = churn(client)["receipt"]
    assert receipt["version"] == 2
    told = json.loads(run_in(office.folder, salespipe, "trace", receipt["id"], "--json").stdout)
    assert told["in_office"]
    assert told["approver"] == "Ann"
    assert told["run_id"] == receipt["run_id"]
    assert told["data"] == "data/05_model_input/demo/churn/rows.parquet"
    run_in(office.folder, salespipe, "rollback", "churn", *signed)
    wait_for(lambda: churn(client)["version"] == 1)
    told = json.loads(run_in(office.folder, salespipe, "trace", receipt["id"], "--json").stdout)
    assert not told["in_office"]
    forged = receipt["id"].replace(receipt["data_hash"][:12], "0" * 12)
    refused = run_in(office.folder, salespipe, "trace", forged, check=False)
    assert refused.returncode == 1
    assert "data_hash" in refused.stderr


def test_a_killed_worker_comes_back_and_its_log_is_kept(running, office):
    customer = office.lists["churn"]["entity_id"].iloc[0]
    churn(running.client, customer)
    time.sleep(1)
    (worker,) = workers(running.port, running.server.pid)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: workers(running.port, running.server.pid) not in ([], [worker]))
    wait_for(lambda: is_ready(running.client))
    churn(running.client, customer)
    time.sleep(1)
    rows = read_predictions(office.folder / "data/07_model_output/demo/predictions", "churn")
    assert rows["entity"].to_pylist().count(customer) >= 2


def workers(port, parent):
    """The processes that answer, among a server's descendants."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True,
                            check=True).stdout.splitlines()[1:]  # fmt: skip
    rows = [line.split(None, 2) for line in listed]
    family = {parent}
    for _ in range(4):
        family |= {int(pid) for pid, ppid, _ in rows if int(ppid) in family}
    return [int(pid) for pid, _, args in rows if int(pid) in family and "worker.service" in args]


def test_schemathesis_finds_no_hole_and_nothing_leaves_this_machine(running, office):
    tool = Path(sys.executable).with_name("st")
    document = f"http://127.0.0.1:{running.port}/docs.json"
    given = ["--checks", "all", "--max-examples", "3", "--seed", "7", "--no-color",
             "--include-path-regex", "^/(churn/score|forecast/predict|docs.json|)$"]  # fmt: skip
    done = subprocess.run([tool, "run", document, *given], cwd=ROOT, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "No issues found" in done.stdout
    assert calls(office.folder) == ""


def test_metrics_tell_who_is_in_office_and_what_was_asked(running):
    churn(running.client)
    running.client.post("/churn/score", content="{", headers={"content-type": "application/json"})
    told = running.client.get("/metrics").text
    assert 'salespipe_champion_version{model="churn"} 1.0' in told
    assert 'salespipe_requests_total{model="churn",operation="score",status="200"}' in told
    assert 'salespipe_requests_total{model="churn",operation="score",status="400"}' in told
    assert 'salespipe_entity_errors_total{code="unknown_customer",model="churn"}' in told


def test_other_machines_are_not_let_in_without_tokens(office):
    done = run_in(
        office.folder, sys.executable, "-m", "salespipe.serve", "--host", "192.0.2.1", check=False
    )
    assert done.returncode == 1
    assert "only this machine may ask" in done.stderr


@pytest.fixture
def bentos(tmp_path, monkeypatch):
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))
    return tmp_path / "bentoml" / "bentos"


AWAY = """
import os, sys
def note(event, arguments):
    if event in ("open", "import") and str(arguments[0]).startswith({root!r}):
        with open({log!r}, "a") as log:
            log.write(f"{{event}} {{arguments[0]}}\\n")
sys.addaudithook(note)
"""


def test_a_bento_runs_away_from_the_repository(office, bentos, tmp_path, monkeypatch):
    served = read_pointer(office.bundle)
    with contextlib.chdir(office.folder):
        (one,) = package(office.folder, "demo", ["churn"], customers=True)
    assert read_pointer(office.bundle) == served, "a running server is left alone"
    assert one["golden"] == 50
    assert one["models"] == {"churn": 1}
    archive = office.folder / one["exported"]
    assert archive.is_file()
    (dockerfile,) = bentos.glob("demo-churn/*/env/docker/Dockerfile")
    assert "FROM" in dockerfile.read_text()
    pinned = (dockerfile.parents[1] / "python/requirements.txt").read_text()
    assert all("==" in line for line in pinned.splitlines() if line and line[0] not in "#-")
    asked = office.lists["churn"].dropna(subset=["probability"]).iloc[0]
    import shutil

    shutil.unpack_archive(archive, tmp_path / "away", "tar")
    hook, seen = tmp_path / "hook", tmp_path / "seen.txt"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(AWAY.format(root=f"{ROOT}/s", log=str(seen)))
    monkeypatch.setattr("salespipe.golden.QUIET", {"PYTHONPATH": str(hook)})
    with started(tmp_path / "away") as url, httpx.Client(base_url=url) as client:
        (told,) = churn(client, asked["entity_id"])["results"]
    assert told["probability"] == pytest.approx(asked["probability"], abs=1e-9)
    assert not seen.exists(), seen.read_text()[:1000]


def test_a_bento_without_customers_has_no_one_s_data(office, tmp_path):
    job = Job(office.business, office.bundle, "churn", {"churn": 1}, customers=False)
    folder = stage(job, tmp_path / "staged")
    assert not list(folder.rglob("*.arrow"))
    customer = office.lists["churn"]["entity_id"].iloc[0]
    for file in (folder / "bundle").rglob("*"):
        assert not file.is_file() or customer.encode() not in file.read_bytes()


def test_a_bento_that_answers_otherwise_than_registered_is_refused(office, bentos, monkeypatch):
    real = stage

    def tampered(*given, **named):
        folder = real(*given, **named)
        part = folder / "bundle" / read_pointer(folder / "bundle")["parts"]["churn"]
        calibrator = part / "model/calibrator.json"
        write_json(calibrator, json.loads(calibrator.read_text()) | {"intercept": 0.3})
        write_json(part / "golden.json", agreeing(part))
        return folder

    monkeypatch.setattr("salespipe.package.stage", tampered)
    with contextlib.chdir(office.folder), pytest.raises(SalespipeError, match="not the registered"):
        package(office.folder, "demo", ["churn"], customers=True)
    assert not list(bentos.glob("demo-churn/*/bento.yaml"))
    assert not (office.folder / "data/06_models/demo/bentos/churn.bento").exists()


def agreeing(part):
    """A golden set that the tampered model itself agrees with."""
    import pandas as pd

    from salespipe.modelling.predict import load_model

    rows = [one["features"] for one in json.loads((part / "golden.json").read_text())]
    predicted = load_model(part / "model").predict(pd.DataFrame(rows)).tolist()
    return [{"features": f, "prediction": p} for f, p in zip(rows, predicted, strict=True)]


def test_a_bento_that_does_not_start_says_why(tmp_path):
    (tmp_path / "src").mkdir()
    with pytest.raises(SalespipeError, match="does not start"):
        replay({}, tmp_path)
