"""A Postgres table as a source, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from salespipe.datasets.sources import SourceTables
from salespipe.errors import SalespipeError
from salespipe.pipelines.ingest.nodes import map_sources, report_ingest, validate_tables
from tests.pipelines.ingest.test_guide import guide_source

SHOP = """
create table orders (id bigint, customer text, placed_at timestamptz);
create table order_lines
  (order_id bigint, line int, sku text, qty numeric(8,2), price numeric(10,2));
insert into orders values
  (1, 'ann', '2024-07-01 10:00+02'), (2, 'bob', '2024-07-02 11:00+02'), (3, null, '2024-07-03');
insert into order_lines values
  (1, 1, 'tea', 2, 9.50), (1, 2, 'mug', 1, 12.00), (2, 1, 'tea', 0, 9.50), (3, 1, 'tea', 1, 9.50);
"""


@pytest.fixture
def shop_url(postgres_url, monkeypatch):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(postgres_url) as connection, connection.cursor() as cursor:
        for statement in SHOP.split(";"):
            if statement.strip():
                cursor.execute(statement)
        connection.commit()
        monkeypatch.setenv("ACME_DATABASE_URL", postgres_url)
        yield postgres_url
        cursor.execute("drop table orders, order_lines")
        connection.commit()


def test_the_guides_mapping_reads_a_postgres_table(shop_url, tmp_path):
    source = guide_source("PostgreSQL")
    raw = SourceTables(folder=str(tmp_path), source=source.model_dump(exclude_none=True)).load()
    kept, quarantine = map_sources(raw, source)
    rows = validate_tables(kept)["orders"].execute().to_dict("records")
    assert [(r["order_id"], r["line_id"], r["customer_id"]) for r in rows] == [
        ("1", "1", "ann"),
        ("1", "2", "ann"),
    ]
    assert [float(r["unit_price"]) for r in rows] == [9.5, 12.0]
    assert {r["ordered_at"].hour for r in rows} == {8}
    reasons = quarantine["orders"].reason.execute().tolist()
    assert reasons == ["quantity is zero", "customer_id is missing"]
    assert report_ingest(raw, kept, quarantine)["orders"]["rows_in"] == 4


def test_a_wrong_query_is_told_without_the_address(shop_url, tmp_path):
    read = {"query": "select * from nowhere", "url": "ACME_DATABASE_URL"}
    columns = guide_source("PostgreSQL").orders.model_dump(exclude_none=True)["columns"]
    dataset = SourceTables(
        folder=str(tmp_path), source={"orders": {"read": read, "columns": columns}}
    )
    with pytest.raises(Exception, match="nowhere") as raised:
        dataset.load()
    assert isinstance(raised.value.__cause__ or raised.value, SalespipeError)
    assert shop_url not in str(raised.value)
