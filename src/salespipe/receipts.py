"""Where an answer comes from, in one word that can be checked and traced back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HASHES = ("run_id", "git_commit", "data_hash", "schema_hash")
CUT = 12
PATTERN = re.compile(
    r"(?P<business>[\w-]+)\.(?P<model>[\w-]+)\.v(?P<version>\d+)\.(?P<run_id>[\w-]+)\."
    r"(?P<git_commit>[\w-]+)\.(?P<data_hash>[\w-]+)\.(?P<schema_hash>[\w-]+)\.(?P<as_of>[\w-]+)"
)


def receipt_id(receipt: Mapping[str, Any]) -> str:
    """A receipt in one word, which `salespipe trace` takes.

    `<business>.<model>.v<version>.<run>.<commit>.<data>.<schema>.<as of>`, hashes cut to 12.
    """
    cut = [str(receipt[key] or "none")[:CUT] for key in HASHES]
    as_of = receipt["as_of"] or "undated"
    return ".".join([receipt["business"], receipt["model"], f"v{receipt['version']}", *cut, as_of])


def parse_receipt(text: str) -> dict[str, str] | None:
    """The fields of a receipt's word, wherever in a text it is; None if there is none."""
    found = PATTERN.search(text)
    return None if found is None else found.groupdict()
