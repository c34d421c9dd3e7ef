"""The kinds of file a source may be."""

from pathlib import Path

FORMATS = (".csv", ".csv.gz", ".tsv", ".parquet", ".xlsx")


def is_source_file(path: Path) -> bool:
    """Whether a file is of a kind that is read as a source."""
    return path.is_file() and path.name.lower().endswith(FORMATS)
