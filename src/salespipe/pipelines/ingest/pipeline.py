"""Source tables in, canonical tables and quarantine out."""

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.pipelines.ingest.nodes import map_sources, report_ingest, validate_tables


def create_pipeline() -> Pipeline:
    """Map, sort out, hold to contract, and count."""
    return pipeline(
        [
            node(
                map_sources,
                ["source_tables", "params:source"],
                ["mapped_tables", "quarantine"],
                name="map_sources",
            ),
            node(validate_tables, "mapped_tables", "tables", name="validate_tables"),
            node(
                report_ingest,
                ["source_tables", "tables", "quarantine"],
                "ingest_report",
                name="report_ingest",
            ),
        ],
        tags="ingest",
    )
