"""The HTML page works in Chromium, by mouse and by keyboard."""

import importlib.util
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report.basic_report import V2017
from report.page_report import (
    HOSTILE,
    PORTAL,
    REPORT,
    RUN,
    everywhere,
    failing,
    page_of,
    passing,
    report,
)

from contacts_audit.core.errors import HINTS, Reason
from contacts_audit.core.model import Report, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Start Debian's Chromium; skip where it is missing, fail where it must be there."""
    missing = [
        name
        for name, there in (
            ("chromium", CHROMIUM.exists()),
            ("playwright", importlib.util.find_spec("playwright") is not None),
        )
        if not there
    ]
    if missing and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: "Browser", folder: Path, of: Report, **context: Any) -> "Iterator[Page]":
    """Open the page in a browser without a network; nothing may go wrong in it, or be asked for."""
    file = folder / "report.html"
    file.write_text(page_of(of), encoding="utf-8")
    wrong: list[str] = []
    surfer = browser.new_context(**{"offline": True, **context})
    surfer.grant_permissions(["clipboard-read", "clipboard-write"])
    surfer.set_default_timeout(20_000)
    surfer.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    page = surfer.new_page()
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error(event.blockedURI))"
    )
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda request: wrong.append(request.url))
    page.goto(file.as_uri())
    assert wrong.pop(0) == file.as_uri()
    yield page
    surfer.close()
    assert wrong == []


@pytest.fixture
def page(browser: "Browser", tmp_path: Path) -> "Iterator[Page]":
    """Open the report of all verdicts."""
    with opened(browser, tmp_path, REPORT) as found:
        yield found


def names(page: "Page") -> list[str]:
    """Return the names of the rows that are in sight, in their order."""
    return page.locator(".row .name:visible").all_inner_texts()


def details(page: "Page", name: str) -> Any:
    """Return the details of the row of this *name*."""
    return page.locator("tbody", has_text=name).locator(".more")


def test_all_rows_are_shown_at_first(page: "Page") -> None:
    """They are in the order of the report, collapsed, and counted."""
    assert names(page) == [outcome.subscription.name for outcome in REPORT.outcomes]
    assert page.locator(".more:visible").count() == 0
    assert page.get_by_role("status").first.inner_text() == "7 of 7 shown"


def test_the_page_is_accessible(page: "Page") -> None:
    """A screen reader gets the table, the picture in words, and named controls."""
    tree = page.locator("body").aria_snapshot()

    assert '- heading "Security contacts" [level=1]' in tree
    assert 'img "Of 7 subscriptions: 1 skipped, 1 unreadable,' in tree
    assert '- table "Subscriptions":' in tree
    assert '- columnheader "Verdict":' in tree
    assert '- rowheader "Lab 9 00000003-0000-4000-8000-000000000000"' in tree
    assert '- button "Lab 9"' in tree
    assert '- searchbox "Search"' in tree
    assert '- checkbox "non-compliant 2"' in tree


@pytest.mark.parametrize("width", [1280, 400])
def test_it_is_a_table_at_every_width(browser: "Browser", tmp_path: Path, width: int) -> None:
    """It stays a table for a screen reader when laid out as a list; nothing overflows."""
    viewport = {"width": width, "height": 800}
    long = report(*everywhere("W" * 256).outcomes, *REPORT.outcomes)
    with opened(browser, tmp_path, long, viewport=viewport) as page:
        page.get_by_role("button", name="Expand all").click()

        assert page.get_by_role("table").get_by_role("row").count() == 1 + 2 * 11
        assert page.get_by_role("columnheader").count() == 4
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_controls_say_what_they_do(page: "Page") -> None:
    """Unchecked boxes hide nothing, heads sort, and the link names the next steps."""
    mark = "(button) => getComputedStyle(button, '::after').content"
    head = page.get_by_role("button", name="Name", exact=True)

    assert page.get_by_text("Show only:").is_visible()
    assert "\u2195" in head.evaluate(mark)
    head.click()
    assert "\u25b4" in head.evaluate(mark)
    page.get_by_role("button", name="Expand all").click()
    steps = "Defender for Cloud, then Environment settings, this subscription, Email notifications"
    assert steps in details(page, "Finance").inner_text()


def test_a_filter_by_text(page: "Page") -> None:
    """All words must occur, in any case, also in collapsed details."""
    search = page.get_by_role("searchbox")

    search.fill("LAB no")
    assert names(page) == ["Lab 10", "Lab 9"]
    assert page.get_by_role("status").first.inner_text() == "2 of 7 shown"
    search.fill("request-17")
    assert names(page) == ["Finance"]
    search.fill("nowhere to be found")
    assert names(page) == []
    search.fill("")
    assert len(names(page)) == 7


def test_a_filter_by_verdict(page: "Page") -> None:
    """One or several verdicts; with none all rows are shown; the text filter applies, too."""
    page.get_by_role("checkbox", name="non-compliant").check()
    assert names(page) == ["Lab 10", "Lab 9"]
    page.get_by_role("checkbox", name="skipped").check()
    assert names(page) == ["Lab 10", "Lab 9", "Old"]
    page.get_by_role("searchbox").fill("lab 9")
    assert names(page) == ["Lab 9"]
    page.get_by_role("searchbox").fill("")
    page.get_by_role("checkbox", name="non-compliant").uncheck()
    page.get_by_role("checkbox", name="skipped").uncheck()
    assert len(names(page)) == 7


def test_a_sort_by_name(page: "Page") -> None:
    """Ascending, descending, and back; numbers by value; the head shows the direction."""
    head = page.get_by_role("columnheader", name="Name")
    as_it_was = names(page)
    sorted_ = ["Finance", "Lab 9", "Lab 10", "Old", "Prod", "Sandbox", "مرحبا"]

    head.get_by_role("button").click()
    assert (names(page), head.get_attribute("aria-sort")) == (sorted_, "ascending")
    head.get_by_role("button").click()
    assert (names(page), head.get_attribute("aria-sort")) == (sorted_[::-1], "descending")
    head.get_by_role("button").click()
    assert (names(page), head.get_attribute("aria-sort")) == (as_it_was, None)


def test_a_sort_by_verdict(page: "Page") -> None:
    """Strongest first, in a stable order; only one column is sorted."""
    page.get_by_role("button", name="Name", exact=True).click()
    page.get_by_role("button", name="Verdict", exact=True).click()

    assert names(page) == ["Old", "Finance", "Lab 10", "Lab 9", "Sandbox", "Prod", "مرحبا"]
    assert page.locator("[aria-sort]").count() == 1


def test_a_row_expands(page: "Page") -> None:
    """A click on the button or the row shows its details, and hides them again."""
    button = page.get_by_role("button", name="Finance")

    button.click()
    shown = details(page, "Finance").inner_text()
    assert button.get_attribute("aria-expanded") == "true"
    for fact in ("forbidden, 403", "AuthorizationFailed", "It may not.", "request-17", V2017):
        assert fact in shown
    assert HINTS[Reason.FORBIDDEN] in shown
    button.click()
    assert button.get_attribute("aria-expanded") == "false"
    assert not details(page, "Finance").is_visible()
    page.get_by_text("it is being moved").first.click()
    assert "through 2026-06-30, all checks" in details(page, "Sandbox").inner_text()


def test_all_rows_expand(page: "Page") -> None:
    """Only those that the filters show; they collapse again."""
    page.get_by_role("searchbox").fill("lab")
    page.get_by_role("button", name="Expand all").click()
    assert page.locator(".more:visible").count() == 2
    page.get_by_role("searchbox").fill("")
    assert page.locator(".more:visible").count() == 2
    page.get_by_role("button", name="Expand all").click()
    assert page.locator(".more:visible").count() == 7
    page.get_by_role("button", name="Collapse all").click()
    assert page.locator(".more:visible").count() == 0


@pytest.mark.parametrize("clipboard", ["there", "refused", "absent"])
def test_a_command_is_copied(browser: "Browser", tmp_path: Path, clipboard: str) -> None:
    """Exactly, with and without access to the clipboard, and a message says so."""
    spoilt = {
        "there": "",
        "refused": "navigator.clipboard.writeText = () => Promise.reject(new Error());",
        "absent": "Object.defineProperty(navigator, 'clipboard', {value: undefined});",
    }
    with opened(browser, tmp_path, REPORT) as page:
        page.evaluate(f"() => {{ {spoilt[clipboard]} }}")
        page.get_by_role("button", name="Lab 9").click()
        copy = details(page, "Lab 9").get_by_role("button")

        copy.click()
        details(page, "Lab 9").get_by_role("button", name="Copied").wait_for()
        assert page.locator("#announced").inner_text() == "The command is copied."
        assert copy.evaluate("(button) => button === document.activeElement")
        page.get_by_role("searchbox").focus()
        page.keyboard.press("Control+V")
        assert page.get_by_role("searchbox").input_value() == fix_command.command(
            REPORT.outcomes[2], RUN
        )


def test_the_keyboard_is_enough(page: "Page") -> None:
    """Each control is reached in order, shows its focus, and works as with a mouse."""
    focused = "document.activeElement"
    seen = f"getComputedStyle({focused}).outlineStyle !== 'none'"

    for _ in Verdict:
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.type") == "checkbox"
        assert page.evaluate(seen)
    page.keyboard.press("Tab")
    page.keyboard.type("lab")
    assert names(page) == ["Lab 10", "Lab 9"]
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Expand all"
    for name in ("Verdict", "Name", "Email addresses", "Why"):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.textContent") == name
        assert page.evaluate(seen)
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert details(page, "Lab 10").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Copy"
    page.keyboard.press("Space")
    page.get_by_role("button", name="Copied").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.href") == PORTAL
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert details(page, "Lab 9").is_visible()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_runs_nothing_in_a_browser(
    browser: "Browser", tmp_path: Path, hostile: str
) -> None:
    """No script of it runs, whatever is expanded, searched, sorted or copied."""
    with opened(browser, tmp_path, everywhere(hostile)) as page:
        page.get_by_role("button", name="Expand all").click()
        for name in ("Verdict", "Name", "Email addresses", "Why"):
            page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("searchbox").fill(sanitized(hostile))
        page.locator(".copy").first.click()
        page.locator(".row").first.hover()

        assert page.locator(".row .name:visible").first.text_content() == sanitized(hostile)
        assert page.locator("script, style, img, iframe").count() == 2


def test_without_javascript_all_is_shown(browser: "Browser", tmp_path: Path) -> None:
    """Every row has its details, and no control that would not work."""
    with opened(browser, tmp_path, REPORT, java_script_enabled=False) as page:
        assert page.locator(".more:visible").count() == 7
        assert page.locator(".command:visible").count() == 3
        assert page.locator("button:enabled:visible, input:visible").count() == 0
        page.keyboard.press("Tab")
        assert page.locator("a:focus").count() == 1


def test_light_and_dark(browser: "Browser", tmp_path: Path) -> None:
    """The page follows the system; all text has the contrast of WCAG AA."""
    for scheme in ("light", "dark"):
        with opened(browser, tmp_path, REPORT, color_scheme=scheme) as page:
            paper, wash = colours(page, "--paper", "--wash")
            inks = colours(page, *(f"--{one}" for one in table.STYLES.values()), "--ink", "--soft")
            assert (luminance(paper) > 0.5) is (scheme == "light")
            for behind, ink in itertools.product((paper, wash), inks):
                bright, dark = sorted((luminance(behind), luminance(ink)), reverse=True)
                assert (bright + 0.05) / (dark + 0.05) > 4.5


def colours(page: "Page", *names: str) -> list[tuple[int, ...]]:
    """Return what the page calls so, as red, green and blue."""
    read = "(name) => getComputedStyle(document.documentElement).getPropertyValue(name)"
    spelt = [str(page.evaluate(read, name)).strip().lstrip("#") for name in names]
    full = ["".join(one * 2 for one in text) if len(text) == 3 else text for text in spelt]
    return [tuple(bytes.fromhex(text)) for text in full]


def luminance(colour: Sequence[int]) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    linear = [
        one / 255 / 12.92 if one <= 10 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_it_is_readable_when_printed(page: "Page") -> None:
    """Black on white, without controls, and with the addresses of links."""
    page.get_by_role("button", name="Lab 9").click()
    page.emulate_media(media="print", color_scheme="dark")

    assert colours(page, "--paper") == [(255, 255, 255)]
    assert page.locator("input:visible, .open:visible, .copy:visible, #all:visible").count() == 0
    assert page.locator(".command:visible").count() == 1
    assert page.get_by_text("Why", exact=True).is_visible()
    assert len(page.pdf()) > 1000


SEEK = """(sought) => {
  const search = document.getElementById("search");
  search.value = sought;
  search.dispatchEvent(new Event("input"));
}"""


def test_thousands_of_rows(browser: "Browser", tmp_path: Path) -> None:
    """5,000 rows can be searched and sorted; `make bench` measures the time."""
    named = [(at, f"Office{at * 7919 % 5000}") for at in range(5000)]
    rows = [failing(*one) if one[0] % 2 else passing(*one, "a@contoso.com") for one in named]
    with opened(browser, tmp_path, report(*rows)) as page:
        shown = []
        for sought in ("office4999", "office49", ""):
            page.evaluate(SEEK, sought)
            shown.append(page.locator("#shown").text_content())
        page.evaluate("document.querySelectorAll('thead button')[1].click()")

        assert shown == ["1 of 5000 shown", "111 of 5000 shown", "5000 of 5000 shown"]
        assert page.locator(".row .name").first.text_content() == "Office0"
