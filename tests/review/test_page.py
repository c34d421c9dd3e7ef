"""What a page says, and what it may not do."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.review.gather.facts import Figure
from salespipe.review.index import index_of
from salespipe.review.page import page_of
from salespipe.review.record import Business
from salespipe.review.render import Links, render_index, render_page
from salespipe.review.words import check_words

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


class Reader(HTMLParser):
    """Tags, attributes and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(params=["first", "second", "forecast"])
def candidate(request, candidate_of, first):
    dossier = request.getfixturevalue(request.param)
    rival = first if request.param == "second" else None
    model = "forecast" if request.param == "forecast" else "churn"
    return candidate_of(dossier, rival=rival, model=model)


@pytest.fixture
def html(candidate):
    return render_page(page_of(candidate), Links("../review.html", frozenset({"drift.html"})))


def test_every_check_of_the_gate_is_there_in_words(candidate, html):
    text = Reader(html).text
    checks = candidate.dossier.gate["checks"]
    assert text.count(" met ") + text.count(" missed ") >= len(checks)
    for check in checks:
        assert check_words(check["name"]).title in text


def test_every_part_is_there(candidate, html):
    text = Reader(html).text
    for words in ("Why", "Every check of the gate", "Champion and challenger", "What changed",
                  "Drift, quality and bias in use", "What moves", "explained", "Model card",
                  "Purpose", "Owner", "Ada", "Groups", "Limits", "Not for", "Roll back",
                  "1,200 rows in, 1,100 kept, 100 set aside"):  # fmt: skip
        assert words in text or (words == "Not for" and candidate.line.model == "forecast"), words
    assert ("by the id that the business gave them" in text) == (candidate.line.model == "churn")


def test_it_loads_nothing(html):
    reader = Reader(html)
    assert not {"script", "iframe", "object", "embed"} & set(reader.tags)
    for tag, name, value in reader.attributes:
        if name in ("src", "href", "srcset", "action", "data"):
            assert value.startswith(("#", "data:,", "../review.html", "drift.html")), (tag, value)
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html


def test_it_is_small_dark_light_and_printable(html):
    assert len(html.encode()) < 3_000_000
    for words in ("prefers-color-scheme: dark", "@media print", 'name="viewport"', 'lang="en"'):
        assert words in html


def test_headings_go_down_one_step_at_a_time(html):
    levels = [int(tag[1]) for tag in Reader(html).tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_pictures_are_named_and_ids_are_used_once(html):
    reader = Reader(html)
    named = {value for tag, name, value in reader.attributes if name == "aria-label"}
    pictures = [value for tag, name, value in reader.attributes if value == "img"]
    assert 0 < len(pictures) <= len(named)
    ids = [value for _, name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    anchors = {value[1:] for _, name, value in reader.attributes
               if name == "href" and value.startswith("#")}  # fmt: skip
    assert anchors <= set(ids)


def test_away_from_its_folder_a_page_points_to_nothing(candidate):
    reader = Reader(render_page(page_of(candidate)))
    assert not [value for tag, name, value in reader.attributes
                if tag == "a" and not value.startswith("#") and name == "href"]  # fmt: skip


def poisoned(candidate, words):
    """A candidate whose every name that comes from a business's files is hostile."""
    facts = candidate.dossier.facts
    customers = facts.customers
    person = customers.typical[0]
    reason = person.reasons[0].model_copy(update={"words": words, "value": words})
    person = person.model_copy(update={"id": words, "group": words, "reasons": (reason,)})
    named = {"words": words, "name": words, "detail": words, "way": "levels"}
    strong = customers.strongest[0].model_copy(update=named)
    customers = customers.model_copy(update={"typical": (person,), "strongest": (strong,)})
    card = facts.card.model_copy(update={"owner": words, "purpose": words, "not_for": (words,)})
    facts = facts.model_copy(update={
        "customers": customers, "card": card, "sensitive": (words,),
        "ingest": {words: {"rows_in": 1, "rows_kept": 0, "rows_quarantined": 1,
                           "reasons": {words: 1}}},
    })  # fmt: skip
    checks = [{**one, "detail": words} for one in candidate.dossier.gate["checks"]]
    checks.append({**checks[0], "name": f"group_gap.{words}", "passed": False})
    made = dataclasses.replace(candidate.dossier.made, tags={"reason": words, "approval": words})
    dossier = dataclasses.replace(candidate.dossier, facts=facts, made=made,
                                  gate={**candidate.dossier.gate, "checks": checks})  # fmt: skip
    line = dataclasses.replace(candidate.line, versions=(made,))
    return dataclasses.replace(candidate, business=words, dossier=dossier, line=line)


@given(words=st.text(min_size=1, max_size=40).map(lambda more: HOSTILE + more))
def test_hostile_names_stay_words(candidate_of, first, words):
    candidate = poisoned(candidate_of(first), words)
    index = index_of(Business(words, (candidate.line,), ()))
    for html in (render_page(page_of(candidate)), render_index(index)):
        reader = Reader(html)
        assert not {"script", "img"} & set(reader.tags)
        assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
        assert "<script>alert" in reader.text


def test_the_index_lists_every_version_and_links_the_pages_that_are_there(candidate_of, first):
    made = [dataclasses.replace(first.made, number=number, headline="roc_auc",
                                figure=Figure(value=0.7 + number / 100, low=0.6, high=0.9))
            for number in (1, 2, 3)]  # fmt: skip
    line = dataclasses.replace(candidate_of(first).line, versions=tuple(made), champion=2,
                               pages=(2, 3))  # fmt: skip
    html = render_index(index_of(Business("demo", (line,), ())))
    reader = Reader(html)
    hrefs = [value for tag, name, value in reader.attributes if (tag, name) == ("a", "href")]
    assert hrefs == ["#content", "churn/review_v3.html", "churn/review_v2.html"]
    for words in ("Version 1 (page in MLflow)", "Version 2 is champion", "0.720", "Over time"):
        assert words in reader.text, words
