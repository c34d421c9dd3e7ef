"""Ingest: source tables to canonical tables, quarantine and a report."""

from __future__ import annotations

from typing import Any

from salespipe.errors import SalespipeError
from salespipe.params_source import SourceParams, TableSource
from salespipe.pipelines.ingest.mapping import ROW, map_table
from salespipe.pipelines.ingest.quarantine import (
    REASON,
    kept_rows,
    quarantined_rows,
    with_reasons,
)
from salespipe.pipelines.ingest.returns import match_returns
from salespipe.schemas import CONTRACTS, pandera_schema
from salespipe.types import Table, Tables


def map_sources(sources: Tables, source: SourceParams) -> tuple[Tables, Tables]:
    """Map every source table and judge its rows.

    Args:
        sources: raw tables by canonical name, each with `_row`.
        source: the mapping from `conf/<env>/source.yml`.

    Returns:
        Kept rows in canonical form, and quarantined rows as the source had them with `reason`.
    """
    kept: Tables = {}
    quarantine: Tables = {}
    for name, mapping in source.tables().items():
        kept[name], quarantine[name] = _sort_rows(name, sources[name], mapping)
    return kept, quarantine


def _sort_rows(name: str, raw: Table, mapping: TableSource) -> tuple[Table, Table]:
    mapped = map_table(name, raw, mapping)
    judged = with_reasons(name, raw, mapped, mapping).cache()
    kept = kept_rows(judged)
    if name == "orders":
        kept = match_returns(kept).order_by(ROW)
    # kept rows are looked at once for each rule of the contract
    return kept.drop(ROW).cache(), quarantined_rows(raw, judged)


def validate_tables(tables: Tables) -> Tables:
    """Hold every canonical table to its pandera contract.

    Raises:
        SalespipeError: a table is empty, or breaks its contract.
    """
    import pandera.errors

    for name, table in tables.items():
        if not table.count().execute():
            raise SalespipeError(
                f"Not one row of {name} could be used: see why in the quarantine file "
                f"(02_intermediate, quarantine_{name}.parquet) and mend source.yml or the file."
            )
        try:
            pandera_schema(name).validate(to_microseconds(name, table), lazy=True)
        except pandera.errors.SchemaErrors as error:
            raise SalespipeError(f"{name} breaks its contract: {error.message}") from error
    return tables


def to_microseconds(name: str, table: Table) -> Table:
    """Times as the contract has them: Spark's are of microseconds always, and don't say so."""
    fields = CONTRACTS[name].fields
    times = {c: f.dtype for c, f in fields.items() if f.dtype.startswith("timestamp")}
    return table.cast(times) if all(table[c].type().is_timestamp() for c in times) else table


def report_ingest(sources: Tables, tables: Tables, quarantine: Tables) -> dict[str, Any]:
    """Count what came in, what was kept and why the rest was not.

    Raises:
        SalespipeError: rows in are not rows kept + rows quarantined.
    """
    report = {
        name: _count(sources[name], tables[name], quarantine[name]) for name in sorted(tables)
    }
    for name, counts in report.items():
        if counts["rows_in"] != counts["rows_kept"] + counts["rows_quarantined"]:
            raise SalespipeError(f"Rows of {name} were lost on the way in: {counts}.")
    return report


def _count(raw: Table, kept: Table, refused: Table) -> dict[str, Any]:
    reasons = refused.group_by(REASON).agg(rows=refused.count()).execute()
    counts = dict(zip(reasons[REASON], reasons["rows"].tolist(), strict=True))
    return {
        "rows_in": int(raw.count().execute()),
        "rows_kept": int(kept.count().execute()),
        "rows_quarantined": int(refused.count().execute()),
        "reasons": dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    }
