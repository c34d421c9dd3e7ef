"""The mappings of the guide, on files shaped like the shops' own exports."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import yaml

from salespipe.datasets.sources import read_source
from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources, validate_tables

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "bring-your-own-data.md"

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Total,Billing Country,Source,Cancelled at,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku
#1002,ann@example.org,paid,2024-01-05 10:00:03 -0500,45.00,US,web,,2024-01-05 10:00:00 -0500,\
2,"Mug, blue",12.50,MUG-B
#1002,,,,,,,,,1,Gift card,20.00,
#1001,,paid,2024-01-04 09:00:00 -0500,9.00,US,pos,,2024-01-04 09:00:00 -0500,1,Tea,9.00,TEA
#1000,bob@example.org,voided,,9.00,CA,web,2024-01-03 12:00:00 -0500,2024-01-03 09:00:00 -0500,\
1,Tea,9.00,TEA
"""

WOOCOMMERCE = """\
Order Number;Order Status;Order Date;Customer User ID;Country Code (Billing);Item ID;SKU;\
Item Name;Category;Quantity;Item Cost
77;Completed;2024-07-01 10:30:00;5;DE;901;K-1;Kanne;Küche;1;1.234,50
77;Completed;2024-07-01 10:30:00;5;DE;902;T-2;Tasse;Küche;4;8,25
78;Refunded;2024-07-02 11:00:00;5;DE;903;T-2;Tasse;Küche;-1;8,25
79;Completed;2024-07-03 12:00:00;0;DE;904;T-2;Tasse;Küche;1;8,25
80;Failed;2024-07-04 12:00:00;6;AT;905;T-2;Tasse;Küche;1;8,25
81;Completed;2024-07-05 12:00:00;6;AT;906;T-2;Tasse;Küche;1;8.25
"""

STRIPE = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Description,Status,Customer ID,\
Card Address Country
ch_1,2024-03-01 08:00:00,19.90,0.00,eur,Tea box,Paid,cus_A,DE
ch_2,2024-03-02 08:00:00,19.90,19.90,eur,Tea box,Refunded,cus_A,DE
ch_3,2024-03-03 08:00:00,5.00,,eur,,Paid,cus_B,FR
ch_4,2024-03-04 08:00:00,5.00,0.00,eur,,Failed,cus_B,FR
ch_5,2024-03-05 08:00:00,5.00,0.00,usd,,Paid,cus_B,US
ch_6,2024-03-05 08:00:00,5.00,0.00,eur,Gift,Paid,,US
"""

GYM = """\
member,cancelled,joined_on,age,months,visits_a_week,fee,plan,city,reason_for_leaving
1,yes,2024-01-05,31,4,1.5,29,basic,Rome,moved
2,no,2024-02-07,45,30,3,49,gold,Rome,
3,maybe,2024-03-09,22,1,0,29,basic,Oslo,
"""


def guide_source(heading: str) -> SourceParams:
    section = GUIDE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    block = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return SourceParams.model_validate(yaml.safe_load(block[1]))


def ingest(folder, text: str, heading: str):
    (folder / "export.csv").write_text(text, "utf-8")
    source = guide_source(heading)
    ((name, table),) = source.tables().items()
    kept, quarantine = map_sources({name: read_source(name, folder, table.read)}, source)
    return (
        validate_tables(kept)[name].execute().to_dict("records"),
        quarantine[name].reason.execute().tolist(),
    )


def test_a_shopify_export(tmp_path):
    kept, refused = ingest(tmp_path, SHOPIFY, "Shopify")
    assert refused == ["customer_id is missing"]
    mug, card, void = kept
    assert {row["customer_id"] for row in (mug, card)} == {"ann@example.org"}
    assert [row["ordered_at"].hour for row in (mug, card)] == [15, 15]
    assert (mug["quantity"], mug["unit_price"]) == (Decimal(2), Decimal("12.5"))
    assert (mug["item_id"], card["item_id"]) == ("MUG-B", "Gift card")
    assert (void["status"], void["country"]) == ("cancelled", "CA")


def test_a_woocommerce_export(tmp_path):
    kept, refused = ingest(tmp_path, WOOCOMMERCE, "WooCommerce")
    assert refused == [
        "guest without an account",
        "never paid",
        "unit_price is not a number",
    ]
    pot, cups, back = kept
    assert (pot["unit_price"], cups["unit_price"]) == (Decimal("1234.5"), Decimal("8.25"))
    assert pot["ordered_at"].hour == 8
    assert (back["status"], back["reverses_line_id"]) == ("returned", "902")
    assert pot["category"] == "Küche"


def test_a_stripe_export(tmp_path):
    kept, refused = ingest(tmp_path, STRIPE, "Stripe and its like")
    assert refused == ["never paid", "another currency", "customer_id is missing"]
    paid, back, plain = kept
    assert (paid["unit_price"], paid["quantity"]) == (Decimal("19.9"), Decimal(1))
    assert [row["status"] for row in kept] == ["completed", "returned", "completed"]
    assert (paid["item_id"], plain["item_id"]) == ("Tea box", "payment")
    assert back["country"] == "DE"


def test_a_table_with_labels(tmp_path):
    kept, refused = ingest(tmp_path, GYM, "One table with labels")
    assert refused == ["label is missing"]
    assert [row["label"] for row in kept] == [1, 0]
    assert kept[0]["as_of"].isoformat() == "2024-01-05T00:00:00"
    assert {"age", "months", "plan", "city"} <= set(kept[0])
    assert "reason_for_leaving" not in kept[0]


def test_the_postgres_mapping_is_valid_and_names_no_address():
    read = guide_source("PostgreSQL").orders.read
    assert read.url == "ACME_DATABASE_URL"
    assert "order by" in read.query
