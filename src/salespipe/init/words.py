"""Names and values as SQL has them, and names taken apart."""

from __future__ import annotations

import re


def quoted(column: str) -> str:
    """A column's name in DuckDB SQL."""
    return '"' + column.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text in DuckDB SQL."""
    return "'" + value.replace("'", "''") + "'"


def split(name: str) -> list[str]:
    """The words of a column's name, in small letters: `SeniorCitizen` is senior and citizen."""
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])", name)]
