"""The site is built strictly, no link is dead, nothing comes from elsewhere, nothing is stale."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from tools.reference import write_all

from salespipe.features import FEATURE_GROUPS, order_groups
from salespipe.modelling.metrics import OUTCOME_FIGURES
from salespipe.modelling.rates import RATES
from salespipe.modelling.target import target_of
from tests.clone import ROOT
from tests.docs.fences import blocks
from tests.features import shop

PICTURE_KB = 200
ELSEWHERE = re.compile(r"(?:@import|url\()\s*['\"]?https?:")
LINK = re.compile(r"\]\(([^)\s]+)\)")
OUTSIDE_THE_SITE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md")


class Page(HTMLParser):
    """What a page links to, what it loads, and which places on it have names."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.names |= {one for one in (found.get("id"), found.get("name")) if one}
        if tag == "a" and (href := found.get("href")):
            self.links.append(href)
        elif tag == "link" and (href := found.get("href")):
            self.loads.append(href)
        elif src := found.get("src"):
            self.loads.append(src)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the built site; an issue that Zensical finds is an error."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {}
    for file in (folder / "site").rglob("*.html"):
        pages[file] = page = Page()
        page.feed(file.read_text("utf-8"))
    assert len(pages) > 25
    return pages


def inside(links: list[str]) -> Iterator[tuple[str, str]]:
    """Path and fragment of each link that stays on the site."""
    for link in links:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            yield unquote(parts.path), unquote(parts.fragment)


def test_no_link_is_dead(site: dict[Path, Page]) -> None:
    by_place = {file.resolve(): page for file, page in site.items()}
    for file, page in site.items():
        if file.name == "404.html":
            continue
        for path, fragment in inside([*page.links, *page.loads]):
            target = (file.parent / path).resolve() if path else file.resolve()
            assert target.exists(), f"{file.name}: {path}"
            if fragment and target in by_place:
                assert fragment in by_place[target].names, f"{file.name}: {path}#{fragment}"


def test_no_page_loads_anything_from_elsewhere(site: dict[Path, Page]) -> None:
    for file, page in site.items():
        assert not [one for one in page.loads if urlsplit(one).netloc], file.name
    folder = next(iter(site)).parent
    while folder.name != "site":
        folder = folder.parent
    for sheet in folder.rglob("*.css"):
        assert not ELSEWHERE.search(sheet.read_text("utf-8")), sheet.name


def test_search_needs_no_server(site: dict[Path, Page]) -> None:
    """A page on disk may not fetch: the index comes as a script, and workers have a stand-in."""
    index = next(file for file in site if file.name == "index.html")
    assert (index.parent / "search.js").stat().st_size > 10_000
    assert any("iframe-worker" in one for one in site[index].loads)


@pytest.mark.parametrize("page", OUTSIDE_THE_SITE)
def test_links_of_pages_beside_the_site_lead_somewhere(page: str) -> None:
    file = ROOT / page
    for path, fragment in inside(LINK.findall(file.read_text("utf-8"))):
        assert not fragment, f"{page}: {path}#{fragment}"
        assert (file.parent / path).exists(), f"{page}: {path}"


def test_every_page_is_in_the_navigation() -> None:
    def files(entries: Any) -> Iterator[str]:
        for entry in entries:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else files(value)

    listed = set(files(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]))
    pages = {file.relative_to(ROOT / "docs").as_posix() for file in (ROOT / "docs").rglob("*.md")}
    assert {one for one in pages if not one.startswith("decisions/0")} == listed


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(LINK.findall((folder / "README.md").read_text("utf-8")))
    assert {file.name for file in folder.glob("0*.md")} == listed


def test_reference_pages_are_what_the_code_says(tmp_path: Path) -> None:
    write_all(tmp_path)
    for made in tmp_path.iterdir():
        committed = ROOT / "docs/reference" / made.name
        assert committed.read_text("utf-8") == made.read_text("utf-8"), "run `make docs`"


def test_every_conf_key_and_option_is_explained() -> None:
    for page in ("conf", "cli"):
        lines = (ROOT / f"docs/reference/{page}.md").read_text("utf-8").splitlines()
        rows = [line for line in lines if line.startswith("| `")]
        assert len(rows) > 20
        assert not [row for row in rows if not row.strip("| ").split(" | ")[-1].strip("| ")]
        assert not [row for row in rows if row.endswith("|  |")]


def test_every_metric_has_its_formula() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text("utf-8")
    told = set(re.findall(r"`(\w+)`", page))
    amounts = target_of("spend").figures
    for figures in (OUTCOME_FIGURES, amounts):
        assert {*figures.ranking, *figures.prediction} <= told
    assert {*RATES, "wape", "wape_7d", "bias"} <= told


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs/pictures").iterdir():
        assert 0 < picture.stat().st_size < PICTURE_KB * 1024, picture.name


def test_a_feature_can_be_added_as_the_guide_says() -> None:
    (block,) = [one for one in blocks("docs/how-to.md", "python") if "def lately" in one.text]
    names = dict(vars(order_groups))
    exec("from __future__ import annotations\n" + block.text, names)  # noqa: S102
    sales = [
        shop.sale("1", "2024-03-01"),
        shop.sale("2", "2024-04-20"),
        shop.sale("3", "2024-05-01"),
    ]
    tables = {"orders": shop.table("orders", sales)}
    groups = {**FEATURE_GROUPS, "lately": names["lately"]}
    found = shop.features(tables, shop.snapshots(("A", "2024-05-01")), groups).iloc[0]
    assert found["orders_14d"] == 1
    assert found["orders_14d_share"] == pytest.approx(1 / 2)
    assert '"lately": order_groups.lately' in (ROOT / "docs/how-to.md").read_text("utf-8")
