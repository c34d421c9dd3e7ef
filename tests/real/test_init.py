"""What `salespipe init` proposes for the shipped businesses, beside the conf written by hand."""

from __future__ import annotations

import yaml

from salespipe.init.asking import Said
from salespipe.init.look import filled_once, look, read, try_mapping
from salespipe.init.propose import propose
from tests.clone import ROOT


def by_hand(env):
    return yaml.safe_load((ROOT / "conf" / env / "source.yml").read_text("utf-8"))


def test_online_retail(datasets):
    table = read(datasets / "online_retail.parquet")
    facts = look(table)
    proposal = propose(facts, Said(timezone="Europe/London"))
    assert not proposal.questions
    assert filled_once(table, "InvoiceNo", ["CustomerID"]) == frozenset()
    ours, theirs = proposal.columns, by_hand("online_retail")["orders"]["columns"]
    for target in ("order_id", "customer_id", "quantity", "unit_price", "item_name", "country"):
        assert ours[target].mapping == theirs[target]
    assert ours["item_id"].mapping == "StockCode"
    assert ours["ordered_at"].mapping == {"column": "InvoiceDate", "timezone": "Europe/London"}
    assert "like 'C%'" in ours["status"].mapping["expression"]
    trial = try_mapping(table, proposal.source())
    assert set(trial.reasons) >= {"customer_id is missing", "duplicate line"}


def test_telco(datasets):
    table = read(datasets / "telco_churn.csv")
    proposal = propose(look(table), Said())
    theirs = by_hand("telco")["snapshots"]
    assert proposal.columns["entity_id"].mapping == theirs["columns"]["entity_id"]
    label = proposal.columns["label"].mapping["expression"]
    assert label.replace('"', "") == theirs["columns"]["label"]["expression"]
    assert (list(proposal.numbers), list(proposal.categories)) == (
        theirs["numbers"],
        theirs["categories"],
    )
    assert try_mapping(table, proposal.source()).kept == 7_043


def test_the_length_of_a_call_is_leakage(datasets):
    proposal = propose(look(read(datasets / "bank_marketing.csv")), Said())
    assert proposal.leakage == by_hand("bank")["snapshots"]["leakage"]
    assert list(proposal.numbers) == by_hand("bank")["snapshots"]["numbers"]
