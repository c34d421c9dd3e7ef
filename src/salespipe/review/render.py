"""Views as HTML: one file that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from salespipe.review.index import Index
from salespipe.review.page import Page

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Links:
    """Files that a page may point to, relative to itself.

    Attributes:
        index: the index; None where the page is away from it, as in MLflow.
        reports: those of monitoring that are there.
    """

    index: str | None = None
    reports: frozenset[str] = frozenset()


def render_page(page: Page, links: Links = Links()) -> str:
    """A page as HTML."""
    return _templates().get_template("page.html.j2").render(page=page, links=links)


def render_index(index: Index) -> str:
    """The index as HTML."""
    return _templates().get_template("index.html.j2").render(index=index)


@cache
def _templates() -> Environment:
    """Everything is escaped: names come from a business's own files."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("salespipe.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
