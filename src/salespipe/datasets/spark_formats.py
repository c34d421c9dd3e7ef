"""strptime's formats as Java's, which Spark reads times by."""

from __future__ import annotations

from salespipe.errors import SalespipeError

JAVA = {
    "%Y": "yyyy",
    "%y": "yy",
    "%m": "M",
    "%-m": "M",
    "%d": "d",
    "%-d": "d",
    "%H": "H",
    "%-H": "H",
    "%I": "h",
    "%-I": "h",
    "%M": "m",
    "%-M": "m",
    "%S": "s",
    "%-S": "s",
    "%f": "SSSSSS",
    "%p": "a",
    "%b": "MMM",
    "%B": "MMMM",
    "%j": "D",
    "%%": "%",
}
"""Java takes one digit or two where it has one letter, as strptime does."""


def java_format(form: str) -> str:
    """A strptime format in Java's letters.

    Raises:
        SalespipeError: Java has no letter for a part of it.
    """
    made, rest = "", form
    while rest:
        size = 1 if rest[0] != "%" else 3 if rest[1:2] == "-" else 2
        part, rest = rest[:size], rest[size:]
        if part[0] == "%" and part not in JAVA:
            raise SalespipeError(
                f"Spark can't read times by {form!r}: it has nothing for {part}. "
                f"It knows {', '.join(name for name in JAVA if len(name) == 2)}."  # noqa: PLR2004
            )
        made += JAVA.get(part) or (f"'{part}'" if part.isalpha() else part.replace("'", "''"))
    return made
