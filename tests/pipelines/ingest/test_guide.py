"""The mappings of the guide, on files shaped like the shops' own exports."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import yaml

from salespipe.datasets.sources import read_source
from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources, validate_tables

DUCKDB_ALONE = True
"""Spark does not translate the guide's mappings yet: see docs/engines.md."""
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


def guide_source(heading: str) -> SourceParams:
    section = GUIDE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    block = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return SourceParams.model_validate(yaml.safe_load(block[1]))


def ingest(folder, text: str, heading: str):
    (folder / "export.csv").write_text(text, "utf-8")
    source = guide_source(heading)
    raw = {"orders": read_source("orders", folder, source.orders.read)}
    kept, quarantine = map_sources(raw, source)
    return (
        validate_tables(kept)["orders"].execute().to_dict("records"),
        quarantine["orders"].reason.execute().tolist(),
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


def test_the_postgres_mapping_is_valid_and_names_no_address():
    read = guide_source("PostgreSQL").orders.read
    assert read.url == "ACME_DATABASE_URL"
    assert "order by" in read.query
