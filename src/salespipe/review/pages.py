"""From a business's versions to finished pages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from salespipe.review.index import index_of
from salespipe.review.page import page_of
from salespipe.review.record import Business, Candidate
from salespipe.review.render import Links, render_index, render_page

INDEX = "review.html"
"""Of a business, and of a model the newest version's page."""


def page_name(number: int) -> str:
    """The file of one version's page, in its model's folder."""
    return f"review_v{number}.html"


@dataclass(frozen=True)
class Finished:
    """One version's page.

    Attributes:
        model: its model.
        number: its version.
        run_id: the MLflow run that it is an artifact of.
        newest: whether it is the model's newest.
        here: the page as it lies in the reporting folder, with links to what lies beside it.
        away: the same without them.
    """

    model: str
    number: int
    run_id: str
    newest: bool
    here: str
    away: str


@dataclass(frozen=True)
class Pages:
    """The index and some versions' pages."""

    index: str
    pages: tuple[Finished, ...]


def pages_of(business: Business) -> Pages:
    """Finished pages of the versions that were asked for, and the index of all.

    Args:
        business: all its models.
    """
    pages = tuple(finished(one) for one in business.candidates)
    lines = tuple(
        replace(line, pages=(*line.pages, *(o.number for o in pages if o.model == line.model)))
        for line in business.lines
    )
    return Pages(render_index(index_of(replace(business, lines=lines))), pages)


def finished(candidate: Candidate) -> Finished:
    """One version's page."""
    page, newest = page_of(candidate), candidate.line.newest
    links = Links(index=f"../{INDEX}", reports=candidate.line.reports)
    return Finished(
        model=candidate.line.model,
        number=candidate.number,
        run_id=candidate.dossier.made.run_id,
        newest=newest is not None and newest.number == candidate.number,
        here=render_page(page, links),
        away=render_page(page),
    )
