"""Review pages in a real browser: narrow and wide, light and dark, on paper, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clone import make_run, run_in

pytestmark = pytest.mark.real

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")
SERIOUS = ("serious", "critical")
PAGES = (
    "telco/review.html",
    "telco/churn/review.html",
    "telco/churn/review_v1.html",
    "demo/review.html",
    "demo/forecast/review.html",
)


@pytest.fixture(scope="module")
def reports(copy_project, datasets) -> Path:
    """The reports of a small demo's forecast and of Telco with two versions, monitored once."""
    folder = copy_project()
    for stage in ("simulate", "ingest", "forecast"):
        run_in(folder, "kedro", "run", "--env", "demo", "--pipelines", stage)
    make_run(folder, "--env", "telco", "--data", str(datasets / "telco_churn.csv"))
    conf = folder / "conf/telco/globals.yml"  # nobody accepts the gaps now: long words to lay out
    conf.write_text(conf.read_text("utf-8").partition("\ngate:")[0], "utf-8")
    run_in(folder, "kedro", "run", "--env", "telco", "--pipelines", "churn", "--tags", "train")
    run_in(folder, "salespipe", "monitor", "--env", "telco")
    return folder / "data/08_reporting"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, headless."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is not installed; `make test-real` does that.")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str)
def screen(request, browser) -> Iterator[tuple[Any, list[str]]]:
    """A screen, and what a page on it asked of the network or told the console."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url))
    yield page, told
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_is_quiet_and_accessible(reports, screen, name):
    from axe_playwright_python.sync_playwright import Axe

    page, told = screen
    address = (reports / name).as_uri()
    page.goto(address)
    assert [one for one in told if one not in (address, "data:,")] == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    found = Axe().run(page).response["violations"]
    grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]
    assert grave == []


def test_the_checks_of_this_file_can_fail(screen, tmp_path):
    """A bad page overflows, asks the network and has serious findings."""
    from axe_playwright_python.sync_playwright import Axe

    page, told = screen
    bad = tmp_path / "bad.html"
    bad.write_text('<html><body><img src="http://127.0.0.1:9/x.png" style="width:4000px"></body>')
    page.goto(bad.as_uri())
    assert any("127.0.0.1" in one for one in told)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) > 0
    found = Axe().run(page).response["violations"]
    assert {one["impact"] for one in found} & set(SERIOUS)


def test_dark_and_light_differ_and_paper_is_white(reports, browser):
    colour = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme in SCHEMES:
        page = browser.new_page(color_scheme=scheme)
        page.goto((reports / "telco/churn/review.html").as_uri())
        seen[scheme] = page.evaluate(colour)
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.evaluate(colour) == "rgb(255, 255, 255)"
        assert page.is_hidden("nav.contents")
        page.close()
    assert seen["light"] != seen["dark"]


def test_its_links_lead_somewhere(reports, browser):
    page = browser.new_page()
    page.goto((reports / "telco/churn/review.html").as_uri())
    places = page.eval_on_selector_all("a", "all => all.map(one => one.href)")
    files = {place.split("#")[0].removeprefix("file://") for place in places}
    assert len(files) >= 5
    assert all(Path(file).is_file() for file in files)
    page.click("text=All models and versions")
    assert page.title() == "telco: all models"
    page.close()


def test_it_prints_on_a_few_sheets(reports, browser):
    page = browser.new_page()
    page.goto((reports / "telco/churn/review.html").as_uri())
    made = page.pdf(format="A4", print_background=True)
    assert made.startswith(b"%PDF")
    assert 3 <= made.count(b"/Type /Page\n") <= 12
    page.close()
