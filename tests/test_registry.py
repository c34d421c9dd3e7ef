"""Decisions on champions: kept for good, one at a time, and undone by one command."""

from __future__ import annotations

import json
import threading

import numpy as np
import pandas as pd
import pytest

from salespipe.champions import write_champion
from salespipe.datasets.models import RegisteredChampion
from salespipe.errors import SalespipeError
from salespipe.modelling.frame import Feature, FeatureSchema
from salespipe.modelling.predict import Model, save_model
from salespipe.modelling.rule import RuleModel
from salespipe.registry import Registry, open_registry
from salespipe.store import create_store

PROMOTE = {"verdict": "promote", "reason": "every check passed", "approval": "auto"}
HOLD = {"verdict": "hold", "reason": "cannot tell", "approval": "auto"}
REJECT = {"verdict": "reject", "reason": "it leaks", "approval": "auto"}
MANUAL = PROMOTE | {"approval": "manual"}


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    uri = f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"
    create_store(uri)
    return uri


@pytest.fixture
def registry(uri, request, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return open_registry(tmp_path, uri, f"shop-{request.node.name[:80]}".replace("[", "-"))


@pytest.fixture
def version(registry, uri, tmp_path):
    """Registers a small model that can be read, and settles the gate's decision on it."""
    import mlflow

    client = mlflow.MlflowClient(uri)
    client.create_registered_model(registry.name)

    def make(decision=PROMOTE, against=None):
        folder = tmp_path / f"v{len(list(tmp_path.glob('v*')))}"
        schema = FeatureSchema(features=(Feature(name="recency_days", kind="number"),))
        rule = RuleModel(column="recency_days", intercept=0, slope=1, missing=0)
        save_model(Model("recency_rule", schema, rule), folder / "artifacts" / "churn")
        made = int(client.create_model_version(registry.name, folder.as_posix()).version)
        client.set_registered_model_alias(registry.name, "challenger", str(made))
        registry.settle(made, decision | {"compared_with": against}, {"git_commit": "abc"})
        return made

    make.client = client
    return make


def tags(version, registry, number):
    return version.client.get_model_version(registry.name, str(number)).tags


def test_a_promotion_moves_the_alias_and_says_why(registry, version):
    assert registry.champion() is None
    assert version() == registry.champion() == 1
    (record,) = registry.history()
    assert (record.action, record.by, record.previous) == ("promote", "auto", None)
    found = tags(version, registry, 1)
    assert {"verdict", "approver", "reason", "git_commit", "decided_at"} <= set(found)
    assert (found["approval"], found["approver"]) == ("auto", "auto")


@pytest.mark.parametrize(("decision", "approval"), [(HOLD, "held"), (REJECT, "reject")])
def test_a_hold_or_a_rejection_moves_nothing(registry, version, decision, approval):
    version()
    version(decision, against=1)
    assert registry.champion() == 1
    assert tags(version, registry, 2)["approval"] == approval
    assert len(registry.history()) == 1


def test_a_promoted_version_waits_for_a_person_where_conf_says_so(registry, version, tmp_path):
    version(MANUAL)
    assert registry.champion() is None
    facts = write_champion(registry, tmp_path)
    assert (facts["version"], facts["waiting"], facts["waiting_for"]) == (None, 1, "pending")
    record = registry.approve(1, "Ann", "figures hold")
    assert (record.by, record.version) == ("Ann", 1)
    assert registry.champion() == 1
    assert json.loads((tmp_path / "champion.json").read_text())["waiting"] == 1
    assert write_champion(registry, tmp_path)["waiting"] is None


def test_who_when_and_why_outlive_later_runs(registry, version):
    version(MANUAL)
    approved = registry.approve(1, "Ann", "figures hold")
    version(PROMOTE, against=1)
    version(HOLD, against=2)
    assert registry.history()[0] == approved
    assert tags(version, registry, 1)["approver"] == "Ann"
    assert tags(version, registry, 1)["reason"] == "figures hold"


def test_what_the_gate_rejected_can_not_be_approved(registry, version):
    version()
    version(REJECT, against=1)
    with pytest.raises(SalespipeError, match=r"not passed by the gate \(it leaks\)"):
        registry.approve(2, "Ann", "I like it")
    with pytest.raises(SalespipeError, match="no version 9"):
        registry.approve(9, "Ann", "why not")
    with pytest.raises(SalespipeError, match="champion already"):
        registry.approve(1, "Ann", "again")


def test_a_version_compared_with_another_champion_is_not_approved(registry, version):
    version()
    version(MANUAL, against=1)
    version(MANUAL, against=1)
    registry.approve(2, "Ann", "better")
    with pytest.raises(SalespipeError, match="v3 was compared with v1, but the champion is v2"):
        registry.approve(3, "Bob", "better too")


def test_an_automatic_promotion_is_held_if_the_champion_changed_meanwhile(registry, version):
    version()
    version(PROMOTE, against=None)
    assert registry.champion() == 1
    assert tags(version, registry, 2)["approval"] == "held"


def test_two_approvals_at_once_can_not_both_win(registry, version, uri):
    version()
    for _ in range(2):
        version(MANUAL, against=1)
    start, outcomes = threading.Barrier(2), {}

    def approve(number):
        own = Registry(uri, registry.name, registry._lock)
        start.wait()
        try:
            outcomes[number] = own.approve(number, f"person {number}", "mine").version
        except SalespipeError as error:
            outcomes[number] = str(error)

    threads = [threading.Thread(target=approve, args=(number,)) for number in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [number for number, outcome in outcomes.items() if outcome == number]
    assert len(won) == 1
    assert registry.champion() == won[0]
    (lost,) = set(outcomes) - set(won)
    assert "was compared with v1" in outcomes[lost]
    assert [one.action for one in registry.history()] == ["promote", "approve"]


def test_a_rollback_goes_to_the_one_before_or_to_any(registry, version):
    version()
    version(PROMOTE, against=1)
    version(PROMOTE, against=2)
    assert registry.rollback(None, "Ann", "complaints").version == 2
    assert registry.champion() == 2
    assert registry.rollback(1, "Ann", "more complaints").version == 1
    assert registry.rollback(3, "Ann", "it was not that").version == 3
    with pytest.raises(SalespipeError, match="champion already"):
        registry.rollback(3, "Ann", "again")


def test_there_is_nothing_before_the_first(registry, version):
    version()
    with pytest.raises(SalespipeError, match="no champion before v1"):
        registry.rollback(None, "Ann", "complaints")


def test_a_rejected_version_is_no_challenger_any_more(registry, version):
    version()
    version(MANUAL, against=1)
    registry.reject(2, "Ann", "too good to be true")
    assert registry.challenger() is None
    assert tags(version, registry, 2)["approver"] == "Ann"
    with pytest.raises(SalespipeError, match="not passed"):
        registry.approve(2, "Bob", "but")
    with pytest.raises(SalespipeError, match="puts another in"):
        registry.reject(1, "Ann", "and this")


def test_an_alias_moved_in_mlflow_counts_and_is_written_down(registry, version):
    version()
    version(HOLD, against=1)
    version.client.set_model_version_tag(registry.name, "2", "approver", "Cleo")
    version.client.set_model_version_tag(registry.name, "2", "reason", "seen in the UI")
    version.client.set_registered_model_alias(registry.name, "champion", "2")
    version(HOLD, against=2)
    moved = registry.history()[-1]
    assert (moved.action, moved.version, moved.previous) == ("moved", 2, 1)
    assert (moved.by, moved.reason) == ("Cleo", "seen in the UI")
    version.client.set_registered_model_alias(registry.name, "champion", "1")
    version(HOLD, against=1)
    assert registry.history()[-1].by == "someone in MLflow"


def test_a_move_cut_short_is_found_out(registry, version, monkeypatch):
    version()
    version(MANUAL, against=1)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(registry._client), "set_registered_model_alias", killed)
        with pytest.raises(KeyboardInterrupt):
            registry.approve(2, "Ann", "better")
    assert registry.champion() == 1
    registry.approve(2, "Ann", "better, again")
    actions = [one.action for one in registry.history()]
    assert actions == ["promote", "approve", "interrupted", "approve"]


def test_a_version_that_can_not_be_read_is_not_put_in_office(registry, version, tmp_path):
    version()
    version(MANUAL, against=1)
    (tmp_path / "v1/artifacts/churn/meta.json").write_text("{}")
    with pytest.raises(SalespipeError, match="v2 can't be read"):
        registry.approve(2, "Ann", "better")
    assert registry.champion() == 1


def test_the_champion_is_a_dataset(registry, version, uri, tmp_path):
    champion = RegisteredChampion(name=registry.name, tracking_uri=uri)
    assert champion.load() is None
    version()
    office = champion.load()
    assert office.version == 1
    rows = pd.DataFrame({"recency_days": [0.0]})
    assert np.allclose(office.model.predict(rows), 0.5)
    (tmp_path / "v0/artifacts/churn/meta.json").unlink()
    assert champion.load().model is None
    assert "files are gone" in champion.load().problem
    with pytest.raises(Exception, match="no dataset does"):
        champion.save(office)


def test_without_a_store_there_is_no_champion(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert RegisteredChampion(name="a-b", tracking_uri="sqlite:///none.db").load() is None
    assert list(tmp_path.iterdir()) == []
