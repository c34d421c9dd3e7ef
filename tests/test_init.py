"""`salespipe init`: which mapping is proposed, what is asked, what is written."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from salespipe.cli import cli
from salespipe.datasets.sources import SourceTables
from salespipe.init.asking import Said
from salespipe.init.content import describe, in_order, read_times
from salespipe.init.models import possible_models
from salespipe.init.propose import is_sensitive, propose
from salespipe.init.synonyms import KNOWN, SYNONYMS, WEAK, plain
from salespipe.params import SimulatorParams
from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources, report_ingest, validate_tables
from salespipe.simulator.shop import simulate
from tests.clone import ROOT

ORDERS = {
    "order_id": ["A1", "A1", "A2", "A3"],
    "customer_id": ["c1", "c1", "c2", "c1"],
    "ordered_at": ["2025-01-01", "2025-01-01", "2025-03-02", "2025-12-30"],
    "item_id": ["x", "y", "x", "z"],
    "quantity": ["1", "2", "-1", "3"],
    "unit_price": ["9.99", "0.50", "9.99", "4.00"],
    "country": ["DE", "DE", "FR", "DE"],
}


def facts_of(columns):
    return [describe(name, values) for name, values in columns.items()]


def proposed(columns, said=None):
    return propose(facts_of(columns), said or Said())


def mapped(proposal):
    return {target: choice.mapping for target, choice in proposal.columns.items()}


def write_csv(file, columns):
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return file


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project without any business."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/base").symlink_to(ROOT / "conf/base")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*options):
    return CliRunner().invoke(cli, ["init", *map(str, options)])


def test_a_name_stands_for_one_column_only():
    names = [plain(name) for known in SYNONYMS.values() for name in known]
    assert len(set(names) | set(WEAK)) == len(KNOWN) + len(WEAK)
    for target, known in SYNONYMS.items():
        assert {KNOWN[plain(name)] for name in known} == {target}


@given(data=st.data())
def test_whatever_the_order_and_the_names_the_mapping_is_the_same(data):
    names = {t: data.draw(st.sampled_from(SYNONYMS[t]), label=t) for t in ORDERS}
    loud = data.draw(st.sampled_from([str, str.upper, str.title, lambda n: n.replace(" ", "_")]))
    order = data.draw(st.permutations(list(ORDERS)))
    proposal = proposed({loud(names[target]): ORDERS[target] for target in order})
    assert not proposal.questions
    assert mapped(proposal) == {target: loud(names[target]) for target in ORDERS}


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2025-01-31", "2025-02-01 08:30:00"], ()),
        (["2025/01/31 8:30"], ("%Y/%m/%d %H:%M",)),
        (["31.01.2025 08:30", "01.02.2025 09:00"], ("%d.%m.%Y %H:%M",)),
        (["1.2.2025"], ("%d.%m.%Y",)),
        (["12/1/2010 8:26", "12/31/2010 18:26"], ("%m/%d/%Y %H:%M",)),
        (["31/1/25"], ("%d/%m/%y",)),
        (["1/31/2025 08:30:12 PM"], ("%m/%d/%Y %I:%M:%S %p",)),
    ],
)
def test_times_are_read_by_how_they_are_written(values, formats):
    times = read_times(values)
    assert times is not None
    assert (times.formats, times.ambiguous) == (formats, False)


def test_a_day_that_could_be_a_month_is_asked():
    times = read_times(["1/2/2025", "3/4/2025"])
    assert times is not None
    assert times.ambiguous
    assert in_order(times, "month-first").formats == ("%m/%d/%Y",)
    columns = {**ORDERS, "ordered_at": ["1/2/2025", "1/2/2025", "3/4/2025", "5/6/2025"]}
    (question,) = proposed(columns).questions
    assert question.flag == "--dates day-first|month-first"
    said = proposed(columns, Said(dates="month-first"))
    assert not said.questions
    assert mapped(said)["ordered_at"]["formats"] == ["%m/%d/%Y"]


@pytest.mark.parametrize("values", [["soon", "later"], [], ["31/1/2025", "1/31/2025"], ["7", "8"]])
def test_what_is_no_time(values):
    assert read_times(values) is None


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["1.234,50", "3,99"], ","),
        (["1,234.50"], "."),
        (["12", "7"], "."),
        (["1,234", "5,678"], None),
        (["1,5", "2.5"], None),
    ],
)
def test_the_decimal_mark(values, decimal):
    assert describe("price", values).decimal == decimal


def test_a_comma_and_a_currency_are_read():
    price = ["€ 9,99", "€ 0,50", "€ 9,99", "€ 1.004,00"]
    mapping = mapped(proposed({**ORDERS, "unit_price": price}))["unit_price"]
    assert mapping["decimal"] == ","
    assert "regexp_replace" in mapping["expression"]


def test_stripe_like_seconds_and_totals(tmp_path):
    columns = {
        "charge_id": ["ch1", "ch2", "ch3"],
        "created": ["1700000000", "1710000000", "1720000000"],
        "customer": ["c1", "c2", "c1"],
        "product": ["tea", "tea", "mug"],
        "qty": ["2", "1", "4"],
        "amount": ["5.00", "2.50", "32.00"],
    }
    proposal = proposed(columns)
    assert not proposal.questions
    table = {"read": {"file": "s.csv"}, **proposal.source()["orders"]}
    write_csv(tmp_path / "s.csv", columns)
    kept = ingest(tmp_path, {"orders": table})["orders"].order_by("order_id").execute()
    assert [float(price) for price in kept.unit_price] == [2.5, 2.5, 8.0]
    assert kept.ordered_at[0].isoformat() == "2023-11-14T22:13:20"
    assert list(kept.item_id) == ["tea", "tea", "mug"]


def test_a_currency_in_a_name_is_no_part_of_it():
    for name in ("Einzelpreis EUR", "unit_price_usd", "Price (GBP)", "Preis [€]"):
        columns = {key: values for key, values in ORDERS.items() if key != "unit_price"}
        proposal = proposed({**columns, name: ORDERS["unit_price"]})
        assert not proposal.questions, name
        assert mapped(proposal)["unit_price"] == name


def test_status_and_orders_never_paid():
    states = ["Completed", "Refunded", "Cancelled", "Failed"]
    proposal = proposed({**ORDERS, "Order Status": states})
    case = mapped(proposal)["status"]["expression"]
    assert "in ('Cancelled') then 'cancelled'" in case
    assert "in ('Refunded') then 'returned'" in case
    assert proposal.refuse == {"never paid": "\"Order Status\" in ('Failed')"}
    plain_words = proposed(
        {**ORDERS, "status": ["completed", "returned", "completed", "completed"]}
    )
    assert mapped(plain_words)["status"] == "status"


def test_woocommerce_calls_a_line_an_item():
    columns = {"Item ID": ["11", "12", "13", "14"], "SKU": ORDERS["item_id"]}
    columns |= {name: values for name, values in ORDERS.items() if name != "item_id"}
    proposal = mapped(proposed(columns))
    assert (proposal["line_id"], proposal["item_id"]) == ("Item ID", "SKU")


def test_an_order_number_behind_a_c_takes_a_sale_back():
    proposal = proposed({**ORDERS, "order_id": ["1", "1", "C2", "3"]})
    assert "like 'C%'" in mapped(proposal)["status"]["expression"]


def test_what_only_values_say_is_asked():
    columns = dict(zip("abcdef", [ORDERS[t] for t in ORDERS if t != "country"], strict=True))
    proposal = proposed(columns)
    about = {question.about for question in proposal.questions}
    assert "ordered_at" not in about
    assert {"quantity", "unit_price", "customer_id", "item_id"} <= about
    said = Said(maps=dict(zip(ORDERS, "abcdef", strict=False)))
    assert not proposed(columns, said).questions


def test_a_table_of_outcomes():
    columns = {
        "CustomerID": ["a", "b", "c", "d"],
        "Gender": ["f", "m", "f", "m"],
        "tenure": ["1", "20", "3", "40"],
        "Churn Reason": ["price", "", "moved", ""],
        "Churn": ["Yes", "No", "Yes", "No"],
    }
    proposal = proposed(columns)
    assert proposal.table == "snapshots"
    assert mapped(proposal)["label"] == {
        "expression": "case \"Churn\" when 'Yes' then 1 when 'No' then 0 end"
    }
    assert (proposal.numbers, proposal.categories) == (("tenure",), ("Gender",))
    assert proposal.sensitive == ("Gender",)
    assert list(proposal.leakage) == ["Churn Reason"]
    assert possible_models(proposal, None, None, {})[0] == ["churn"]
    models, left_out = possible_models(proposal, None, None, {}, ["propensity"])
    assert models == ["propensity"]
    assert left_out["churn"] == "the table has one outcome; --models churn, if it is that"


def test_an_outcome_without_a_known_name_is_asked():
    columns = {"who": ["a", "b"], "size": ["1.5", "2.5"], "won_back": ["1", "0"]}
    (question,) = proposed(columns).questions
    assert question.flag == "--label won_back"
    assert mapped(proposed(columns, Said(label="won_back")))["label"] == "won_back"


@pytest.mark.parametrize(
    ("name", "told"), [("SeniorCitizen", True), ("stage", False), ("age", True), ("SEX", True)]
)
def test_what_the_audit_looks_at(name, told):
    assert is_sensitive(name) == told


def test_models_need_history_and_groups():
    proposal = proposed(ORDERS)
    conf = {"propensity": {"snapshots": {"horizon_days": 30}}}
    models, left_out = possible_models(proposal, date(2025, 1, 1), date(2025, 7, 1), conf)
    assert models == ["propensity", "forecast"]
    assert left_out["churn"] == "needs 277 days of orders; there are 181"
    assert "product groups" in left_out["offers"]


def ingest(folder, source):
    """What the ingest pipeline keeps."""
    typed = SourceParams.model_validate(source)
    sources = SourceTables(folder=folder.as_posix(), source=source).load()
    kept, quarantine = map_sources(sources, typed)
    report_ingest(sources, validate_tables(kept), quarantine)
    return kept


FOREIGN = {
    "order_id": "Bestellnummer",
    "line_id": "Positionsnummer",
    "customer_id": "Kundennummer",
    "ordered_at": "Bestelldatum",
    "item_id": "Artikelnummer",
    "item_name": "Artikelbezeichnung",
    "category": "Warengruppe",
    "quantity": "Menge",
    "unit_price": "Einzelpreis",
    "country": "Land",
}


def a_german_export(folder):
    """The simulated shop's orders as a German spreadsheet has them."""
    params = SimulatorParams(customers=150, first_day=date(2024, 1, 1), days=400)
    lines = [row for batch in simulate(params) for row in batch["orders"].to_pylist()]
    rows = {theirs: [row[ours] for row in lines] for ours, theirs in FOREIGN.items()}
    rows["Bestelldatum"] = [f"{when:%d.%m.%Y %H:%M}" for when in rows["Bestelldatum"]]
    rows["Einzelpreis"] = [str(price).replace(".", ",") for price in rows["Einzelpreis"]]
    return write_csv(folder / "Export.csv", rows), len(lines)


def test_an_export_under_foreign_names_becomes_a_business(shop):
    file, lines = a_german_export(shop)
    result = init("acme", "--data", file, "--timezone", "Europe/Berlin", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["next"] == f"make run ENV=acme DATA={file}"
    assert told["rows_kept"] == lines
    source = yaml.safe_load((shop / "conf/acme/source.yml").read_text("utf-8"))
    assert source["orders"]["columns"]["unit_price"] == {"column": "Einzelpreis", "decimal": ","}
    assert source["orders"]["columns"]["ordered_at"] == {
        "column": "Bestelldatum",
        "formats": ["%d.%m.%Y %H:%M"],
        "timezone": "Europe/Berlin",
    }
    assert int(ingest(shop, source)["orders"].count().execute()) == lines
    params = yaml.safe_load((shop / "conf/acme/params.yaml").read_text("utf-8"))
    assert params["models"] == ["churn", "propensity", "offers", "forecast"]
    assert (shop / "conf/acme/dvc.yaml").read_text() == "stages: {}\n"
    checked = CliRunner().invoke(cli, ["doctor", "--env", "acme"]).output
    assert "ok   conf: conf/acme is valid" in checked


def test_what_is_shown_has_examples_and_reasons(shop):
    file, _ = a_german_export(shop)
    result = init("acme", "--data", file, "--models", "churn", "--yes")
    assert result.exit_code == 0, result.output
    assert "Warengruppe" in result.output
    assert "would be kept" in result.output
    assert f"make run ENV=acme DATA={file}" in result.output


SHOPIFY = {
    "Name": ["#1", "#1", "#2", "#3"],
    "Email": ["a@x.org", "", "b@x.org", "a@x.org"],
    "Financial Status": ["paid", "", "refunded", "paid"],
    "Created at": ["2025-01-01 10:00:00 +0100", "", "2025-03-02 10:00:00 +0100",
                   "2025-12-30 10:00:00 +0100"],
    "Lineitem quantity": ["1", "2", "1", "3"],
    "Lineitem name": ["tea", "mug", "tea", "pot"],
    "Lineitem price": ["9.99", "0.50", "9.99", "4.00"],
    "Lineitem sku": ["T1", "", "T1", "P1"],
}  # fmt: skip


def test_shopify_names_an_order_on_its_first_line_only(shop):
    file = write_csv(shop / "orders.csv", SHOPIFY)
    result = init("acme", "--data", file, "--yes", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["rows_kept"] == 4
    columns = told["source"]["orders"]["columns"]
    assert columns["customer_id"]["expression"] == 'max("Email") over (partition by "Name")'
    kept = ingest(shop, told["source"])["orders"].execute()
    assert sorted(kept.item_id) == ["P1", "T1", "T1", "mug"]
    assert sorted(kept.status) == ["completed", "completed", "completed", "returned"]


OUTCOMES = {
    "who": ["a", "b", "c", "d"],
    "size": ["1.5", "2.5", "3.5", "4.5"],
    "Sex": ["f", "m", "f", "m"],
    "exited": ["yes", "no", "yes", "no"],
}


def test_a_table_of_outcomes_becomes_a_business(shop):
    file = write_csv(shop / "table.csv", OUTCOMES)
    result = init("acme", "--data", file, "--yes")
    assert result.exit_code == 0, result.output
    conf = {
        name: yaml.safe_load((shop / "conf/acme" / f"{name}.yml").read_text("utf-8"))
        for name in ("source", "globals", "parameters")
    }
    assert conf["globals"]["sensitive"] == {"columns": ["Sex"]}
    assert conf["parameters"]["churn"]["baselines"]["rule_column"] == "size"
    assert int(ingest(shop, conf["source"])["snapshots"].count().execute()) == 4
    checked = CliRunner().invoke(cli, ["doctor", "--env", "acme"]).output
    assert "ok   conf: conf/acme is valid" in checked


def test_an_outcome_must_be_two_known_values(shop):
    file = write_csv(shop / "table.csv", OUTCOMES)
    told = init("acme", "--data", file, "--label", "Sex").output
    assert "The outcome must be two values such as 0 and 1" in told
    numberless = {name: values for name, values in OUTCOMES.items() if name != "size"}
    told = init("acme", "--data", write_csv(shop / "table.csv", numberless)).output
    assert "needs a column of numbers" in told
    assert not (shop / "conf/acme").exists()


def test_files_that_can_not_be_looked_at(shop):
    (shop / "notes.txt").write_text("a")
    assert "is no file that salespipe reads" in init("a", "--data", shop / "notes.txt").output
    (shop / "head.csv").write_text("a,b\n")
    assert "has no rows" in init("a", "--data", shop / "head.csv").output


def test_a_time_of_cancellation_is_a_status():
    proposal = proposed({**ORDERS, "Cancelled at": ["2025-01-02", "", "", ""]})
    assert "<> '' then 'cancelled'" in mapped(proposal)["status"]["expression"]


def test_what_is_missing_is_said_and_nothing_written(shop):
    columns = {name: values for name, values in ORDERS.items() if name != "quantity"}
    file = write_csv(shop / "orders.csv", {**columns, "unit_price": ["a", "b", "c", "d"]})
    result = init("acme", "--data", file)
    assert result.exit_code == 1
    assert "--map quantity=COLUMN" in result.output
    assert not (shop / "conf/acme").exists()
    result = init("acme", "--data", file, "--map", "quantity==1")
    assert "Not one of 4 rows could be kept: unit_price is not a number 4" in result.output
    assert not (shop / "conf/acme").exists()


def test_a_business_that_is_there_is_left_as_it_is(shop):
    (shop / "conf/acme").mkdir()
    file = write_csv(shop / "orders.csv", ORDERS)
    assert "is there already" in init("acme", "--data", file).output
    assert "can't name a business" in init("../acme", "--data", file).output
    assert list((shop / "conf/acme").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--map", "colour=country"], 2, "COLUMN one of"),
        (["--timezone", "Middle/Earth"], 2, "is no time zone"),
        (["--map", "order_id=Order"], 1, "The file has no column 'Order'"),
        (["--models", "churn,magic"], 1, "'magic' can't be made"),
        (["--models", "offers"], 1, "product groups"),
    ],
)
def test_wrong_options_say_what_is_right(shop, options, code, told):
    result = init("acme", "--data", write_csv(shop / "orders.csv", ORDERS), *options)
    assert (result.exit_code, told in result.output) == (code, True), result.output
    assert not (shop / "conf/acme").exists()


def test_on_a_terminal_what_is_open_is_asked(shop, monkeypatch):
    columns = {**ORDERS, "ordered_at": ["1/2/2025", "1/2/2025", "3/4/2025", "5/12/2025"]}
    columns["pieces_of_it"] = columns.pop("quantity")
    file = write_csv(shop / "orders.csv", columns)
    monkeypatch.setattr("salespipe.cli_init.on_terminal", lambda: True)
    answers = "\nnonsense\n\nday-first\ny\n"
    result = CliRunner().invoke(cli, ["init", "acme", "--data", str(file)], input=answers)
    assert result.exit_code == 0, result.output
    source = yaml.safe_load((shop / "conf/acme/source.yml").read_text("utf-8"))
    assert source["orders"]["columns"]["quantity"] == "pieces_of_it"
    assert source["orders"]["columns"]["ordered_at"]["formats"] == ["%d/%m/%Y"]


def test_a_terminal_may_say_no(shop, monkeypatch):
    monkeypatch.setattr("salespipe.cli_init.on_terminal", lambda: True)
    file = write_csv(shop / "orders.csv", ORDERS)
    result = CliRunner().invoke(cli, ["init", "acme", "--data", str(file)], input="n\n")
    assert result.exit_code == 1
    assert not (shop / "conf/acme").exists()
