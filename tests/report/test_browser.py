"""The pages in headless Chromium: nothing fails or loads, they can be used, and read by all."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bayesmeta as bm
from bayesmeta.report import report_folder, write_fit, write_review
from bayesmeta.report.document import Report
from bayesmeta.report.html import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "parity" / "toy.rm5"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
PHONE, DESKTOP = 390, 1280

if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("Chromium is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


class Opened:
    """A page of a file, with what happened while it was opened."""

    def __init__(self, browser: "Browser", path: Path, width: int, scheme: str) -> None:
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def is_quiet(self) -> bool:
        """Whether nothing was printed and nothing asked for but the file itself."""
        beside = [url for url in self.asked[1:] if not url.startswith("data:")]
        return not self.said and not beside


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
    remission: Report,
    by_source: Report,
    sampled: Report,
    hostile: Report,
) -> dict[str, Path]:
    """Every kind of page that is written."""
    folder = tmp_path_factory.mktemp("pages")
    reports = {
        "remission": remission,
        "by-source": by_source,
        "sampled": sampled,
        "hostile": hostile,
    }
    found = {}
    for name, report in reports.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(to_html(report), encoding="utf-8")
    for name in ("oa-pain", "lupus-sledai", "ibd-remission-normal"):
        fit = bm.fit(ROOT / "models" / f"{name}.toml", engine="quadrature")
        write_fit(fit, folder / "many", name)
    report_folder(folder / "many")
    found["index"] = folder / "many" / "index.html"
    write_review(bm.review(TOY), folder / "review")
    found["review"] = folder / "review" / "index.html"
    found["outcome"] = sorted((folder / "review").glob("outcome-*.html"))[0]
    found["sample"] = ROOT / "reports" / "sample-report.html"
    return found


KINDS = (
    *("remission", "by-source", "sampled", "hostile", "index", "review", "outcome"),
    "sample",
)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_without_a_word(
    browser: "Browser", pages: dict[str, Path], kind: str, width: int
) -> None:
    opened = Opened(browser, pages[kind], width, "light")
    assert opened.is_quiet(), (opened.said, opened.asked[1:])
    loaded = opened.page.evaluate(
        "[...document.images].map((i) => i.complete && i.naturalWidth > 50)"
    )
    assert all(loaded)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_accessible(
    browser: "Browser", pages: dict[str, Path], kind: str, scheme: str
) -> None:
    """By axe-core: no violation that it calls serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    opened = Opened(browser, pages[kind], DESKTOP, scheme)
    found = Axe().run(opened.page).response["violations"]
    bad = [
        (each["id"], [node["html"] for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert not bad
    opened.page.close()


@pytest.mark.parametrize("kind", ["remission", "by-source", "sampled", "sample"])
def test_the_contents_lead_to_each_section(
    browser: "Browser", pages: dict[str, Path], kind: str
) -> None:
    page = Opened(browser, pages[kind], DESKTOP, "light").page
    links = page.locator("nav a")
    assert links.count() > 10
    for place in range(links.count()):
        link = links.nth(place)
        link.click()
        name = (link.get_attribute("href") or "#")[1:]
        assert page.evaluate("location.hash") == f"#{name}"
        heading = page.locator(f"#{name} h2")
        assert heading.inner_text() == link.inner_text()
        assert page.evaluate(
            "(name) => document.getElementById(name).getBoundingClientRect().top < innerHeight",
            name,
        )
    page.close()


def test_a_report_prints(browser: "Browser", pages: dict[str, Path], tmp_path: Path) -> None:
    page = Opened(browser, pages["remission"], DESKTOP, "dark").page
    content = page.pdf(path=tmp_path / "x.pdf", format="A4", print_background=True)
    assert content.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.parametrize("kind", ["index", "review"])
def test_an_index_sorts_and_filters(browser: "Browser", pages: dict[str, Path], kind: str) -> None:
    page = Opened(browser, pages[kind], DESKTOP, "light").page
    rows = page.locator("table tbody tr:visible")
    every = rows.count()
    assert every > 2
    buttons = page.locator("th button")
    header = page.locator("th:has(button)", has_text="k").filter(has_text="k").first
    for place in range(buttons.count()):
        before = [row.inner_text() for row in rows.all()]
        buttons.nth(place).click()
        once = [row.inner_text() for row in rows.all()]
        buttons.nth(place).click()
        twice = [row.inner_text() for row in rows.all()]
        assert sorted(before) == sorted(once) == sorted(twice)
    assert page.locator("th[aria-sort]").count() == 1
    assert header.count() == 1
    find = page.locator("input[type=search]")
    find.fill("no such outcome anywhere")
    assert rows.count() == 0
    word = "SLEDAI" if kind == "index" else "Relapse"
    find.fill(word.lower())
    assert 0 < rows.count() < every
    assert all(word.lower() in row.inner_text().lower() for row in rows.all())
    find.fill("")
    assert rows.count() == every
    page.close()


def test_an_index_links_to_its_reports(browser: "Browser", pages: dict[str, Path]) -> None:
    page = Opened(browser, pages["index"], DESKTOP, "light").page
    page.locator("tbody a").first.click()
    page.wait_for_load_state()
    assert page.locator("h2#answer-title").is_visible()
    page.close()


def test_names_that_are_code_run_nothing(browser: "Browser", pages: dict[str, Path]) -> None:
    opened = Opened(browser, pages["hostile"], DESKTOP, "light")
    assert opened.is_quiet()
    assert opened.page.locator("h1").inner_text() == "<script>alert(1)</script>"
    assert opened.page.evaluate("document.scripts.length") == 0
    opened.page.close()
