"""Tables on a terminal, and whole where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 160
"""Columns for a file or a pipe, which have no width of their own."""


def console() -> Console:
    """Where tables are printed."""
    from rich.console import Console

    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=max(made.width, WIDE))
