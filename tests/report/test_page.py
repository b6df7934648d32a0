"""The page shows the whole report in a browser, asks nothing of anyone, and runs nothing but us."""

import base64
import hashlib
import importlib.util
import itertools
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.audit import checks
from contacts_audit.core.errors import HINTS, Reason
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
)
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, html, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
TENANT, OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47", "1a2b3c4d-0000-4000-8000-00000000000a"
V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
PORTAL = "https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0"
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' autofocus onfocus=\"alert(1)",
    "</style><style>@import 'https://evil.example'</style>",
    "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85g\u200bh\ufeff",
    "{{ 7 * 7 }}{% raw %}&lt;&#60;<!--",
    "javascript:alert(1)",
    "\ud800",
    "W" * 256,
    "; rm -rf ~ $(reboot) `reboot`",
]
RUN = Run(
    "1.0.0", NOON, "AzureCloud", (TENANT,), Profile.CONFORMITY, (Check.CONTACT_EMAIL,), PORTAL
)


def subscription(number: int, name: str | None, state: str | None = "Enabled") -> Subscription:
    """Return the subscription of this *number*."""
    return Subscription(f"{number:08x}-0000-4000-8000-000000000000", name, state, TENANT)


def contact(*emails: str, version: str = V2023) -> Contact:
    """Return a contact with *emails*."""
    return Contact("default", version, emails, (), True, None, "High", None, ("Owner",))


def passing(number: int, name: str, *emails: str) -> Audited:
    """Return a subscription with addresses."""
    return Audited(subscription(number, name), (contact(*emails),), emails, (), V2023)


def failing(number: int, name: str) -> Audited:
    """Return a subscription without an address."""
    finding = Finding(Check.CONTACT_EMAIL, checks.NO_ADDRESS, V2023)
    return Audited(subscription(number, name), (contact(),), (), (finding,), V2023)


def unread(number: int, name: str, reason: Reason = Reason.FORBIDDEN) -> Unread:
    """Return a subscription that could not be read."""
    fault = Fault(reason, "It may not.", HINTS[reason], 403, "AuthorizationFailed", "request-17")
    return Unread(subscription(number, name), fault, (contact(version=V2017),))


def report(*outcomes: Outcome, run: Run = RUN) -> Report:
    """Return a report of *outcomes*."""
    return Report(run, NOON + timedelta(seconds=9), outcomes)


WAIVER = Waiver("x", "it is being moved", "platform team", date(2026, 6, 30))
REPORT = report(
    passing(1, "Prod", "ops@contoso.com", "sec@contoso.com"),
    failing(2, "Lab 10"),
    failing(3, "Lab 9"),
    unread(4, "Finance"),
    replace(failing(5, "Sandbox"), waiver=WAIVER),
    Skipped(subscription(6, "Old", "Disabled")),
    passing(7, "مرحبا", "web@contoso.com"),
)


def everywhere(hostile: str) -> Report:
    """Return a report that has *hostile* in each of its texts."""
    odd = Subscription("00000001-0000-4000-8000-000000000000", hostile, hostile, hostile)
    shown = Contact(
        hostile, V2023, (hostile,), (hostile,), True, hostile, hostile, hostile, (hostile,)
    )
    fault = Fault(Reason.REFUSED, hostile, hostile, 400, hostile, hostile)
    finding = Finding(Check.CONTACT_EMAIL, hostile, V2023)
    judged = Audited(odd, (shown,), (hostile,), (finding,), V2023)
    waiver = Waiver(hostile, hostile, hostile, date(2026, 6, 30))
    return report(
        judged, replace(judged, waiver=waiver), Unread(odd, fault, (shown,)), Skipped(odd)
    )


def page_of(of: Report) -> str:
    """Return the page, whole."""
    return "".join(html.render(of))


# What is in it


class Reader(HTMLParser):
    """Collects the tags of a page, its texts, and what its style and script are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.blocks: dict[str, list[str]] = {"style": [], "script": []}
        self._block: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag; the text of a style or script comes next."""
        self.tags.append((tag, dict(attrs)))
        self._block = tag if tag in self.blocks else None

    def handle_endtag(self, tag: str) -> None:
        """A style or script ends."""
        self._block = None

    def handle_data(self, data: str) -> None:
        """Keep the text where it belongs."""
        (self.texts if self._block is None else self.blocks[self._block]).append(data)


def policy_of(reader: Reader) -> dict[str, str]:
    """Return the Content-Security-Policy by its directives."""
    (content,) = (
        attributes["content"] or ""
        for tag, attributes in reader.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    return {name: rest for name, _, rest in (one.partition(" ") for one in content.split("; "))}


REPORTS = [
    pytest.param(REPORT, id="all verdicts"),
    pytest.param(report(), id="nothing in scope"),
    pytest.param(report(Skipped(subscription(1, None))), id="all skipped"),
    pytest.param(
        report(passing(1, "a", "a@b.example"), run=replace(RUN, profile=None, portal_url=None)),
        id="no profile, no portal",
    ),
    pytest.param(
        replace(REPORT, whole=Counter(), gone=({"id": "x", "name": None, "verdict": "skipped"},)),
        id="changes only",
    ),
    *(pytest.param(everywhere(one), id=f"hostile {at}") for at, one in enumerate(HOSTILE)),
]


@pytest.mark.parametrize("of", REPORTS)
def test_it_is_well_formed(of: Report) -> None:
    """By the rules of HTML, to the letter; each id is there once, and what is named is there."""
    page = page_of(of)
    ids = [one for _, attributes in Reader(page).tags if (one := attributes.get("id"))]
    named = re.findall(r'aria-(?:labelledby|controls|describedby)="([^"]+)"', page)

    html5lib.HTMLParser(strict=True).parse(page)

    assert len(ids) == len({*ids})
    assert {*named} <= {*ids}
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")


@pytest.mark.parametrize("of", REPORTS)
def test_its_policy_allows_its_own_style_and_script_alone(of: Report) -> None:
    """By their hashes; there is no handler or style in an attribute that would need more."""
    reader = Reader(page_of(of))
    allowed = policy_of(reader)

    for kind in ("style", "script"):
        (text,) = reader.blocks[kind]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert allowed[f"{kind}-src"] == f"'sha256-{digest}'"
    assert allowed["default-src"] == "'none'"
    assert (allowed["base-uri"], allowed["form-action"]) == ("'none'", "'none'")
    assert "unsafe" not in "".join(allowed.values())
    attributes = {name for _, given in reader.tags for name in given}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}


@pytest.mark.parametrize("of", REPORTS)
def test_it_leads_nowhere_but_to_the_portal(of: Report) -> None:
    """Nothing in it has an address that a browser would load, and its links tell no referrer."""
    reader = Reader(page_of(of))

    for tag, attributes in reader.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "form", "base", "video"}
        assert not {*attributes} & {"src", "srcset", "action", "formaction", "background", "ping"}
        assert "refresh" not in (attributes.get("http-equiv") or "").lower()
        if "href" in attributes:
            assert (attributes["href"], attributes["rel"]) == (PORTAL, "noreferrer")
    for text in itertools.chain(*reader.blocks.values()):
        assert not re.search(r"url\(|@import|https?:|//[a-z]|fetch|XMLHttp|import\(|eval", text)


@pytest.mark.parametrize("portal", ["javascript:alert(1)", "http://portal.example", "", None])
def test_only_a_portal_by_https_is_linked(portal: str | None) -> None:
    """Whatever the cloud's address is."""
    page = page_of(replace(REPORT, run=replace(RUN, portal_url=portal)))

    assert "href=" not in page


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_text(hostile: str) -> None:
    """It makes no tag and no attribute, steers nothing, and is shown as the table shows it."""
    page, plain = page_of(everywhere(hostile)), page_of(everywhere("plain"))
    found, wanted = Reader(page), Reader(plain)

    assert [tag for tag, _ in found.tags] == [tag for tag, _ in wanted.tags]
    assert [{*given} for _, given in found.tags] == [{*given} for _, given in wanted.tags]
    assert found.texts.count(sanitized(hostile)) == wanted.texts.count("plain") > 20
    assert not [one for one in page if unicodedata.category(one)[0] == "C" and one != "\n"]
    assert len(page.splitlines()) == len(plain.splitlines())
    assert page.encode()


@settings(max_examples=50)
@given(st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs"])))
def test_any_name_is_text(name: str) -> None:
    """Whatever Azure calls a subscription."""
    reader = Reader(page_of(report(failing(1, name))))

    assert len(reader.tags) == len(Reader(page_of(report(failing(1, "Prod")))).tags)
    assert not name or sanitized(name) in reader.texts


def test_each_row_comes_in_pieces() -> None:
    """The page is never held whole."""
    rows = report(*(passing(at, "Prod", "a@contoso.com") for at in range(500)))

    pieces = list(html.render(rows))

    assert len(pieces) > 20
    assert max(map(len, pieces)) < 200_000


def test_verdicts_have_marks_of_their_own_and_the_colours_of_the_table() -> None:
    """In its order; a word and a mark say it, too."""
    reader = Reader(page_of(REPORT))
    kinds = [given["class"] for tag, given in reader.tags if tag == "rect"]
    boxes = [given["value"] for tag, given in reader.tags if given.get("type") == "checkbox"]

    assert kinds == [table.STYLES[verdict] for verdict in Verdict]
    assert boxes == [*Verdict]
    assert len({*html.MARKS.values()}) == len(html.MARKS) == len(Verdict)
    css = (Path(html.__file__).parent / "page" / "page.css").read_text()
    assert all(f".{style} {{ color" in css for style in table.STYLES.values())


def test_the_picture_has_words() -> None:
    """The same as it shows."""
    (label,) = (given["aria-label"] for tag, given in Reader(page_of(REPORT)).tags if tag == "svg")

    assert label == (
        "Of 7 subscriptions: 1 skipped, 1 unreadable, 2 non-compliant, 1 waived, 2 compliant"
    )


def test_one_among_thousands_is_seen() -> None:
    """The parts of the picture fill it, and none is too thin to be seen."""
    rows = report(failing(0, "x"), *(passing(at, "Prod", "a@b.example") for at in range(1, 3000)))
    shown = [given for tag, given in Reader(page_of(rows)).tags if tag == "rect"]
    widths = [float((given["width"] or "").rstrip("%")) for given in shown]

    assert sum(widths) == pytest.approx(100, abs=0.05)
    assert min(widths) > 0.9


@pytest.mark.parametrize(
    ("of", "said"),
    [
        pytest.param(
            REPORT, "Incomplete: 1 of 7 could not be read. Whether it complies is", id="unread"
        ),
        pytest.param(REPORT, "2 of the 5 that were read do not comply.", id="failing"),
        pytest.param(report(failing(1, "x")), "1 of the 1 that were read does not", id="one"),
        pytest.param(
            report(passing(1, "x", "a@b.example")), "All that were read comply.", id="well"
        ),
        pytest.param(
            report(replace(failing(1, "x"), waiver=WAIVER)), "comply or are waived.", id="waived"
        ),
        pytest.param(report(), "No subscription was in scope.", id="nothing"),
        pytest.param(
            report(Skipped(subscription(1, "x"))), "all subscriptions were skipped", id="skipped"
        ),
        pytest.param(
            replace(REPORT, gone=()), "Showing only subscriptions that changed", id="changes"
        ),
        pytest.param(
            replace(REPORT, gone=({"id": "x", "name": "Gone", "verdict": "compliant"},)),
            "Gone x, was compliant",
            id="disappeared",
        ),
    ],
)
def test_it_says_how_things_stand(of: Report, said: str) -> None:
    """In a sentence, and never that all is well where something was not read."""
    assert said in " ".join("".join(Reader(page_of(of)).texts).split())


# In a browser


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


def test_it_opens_with_all_rows(page: "Page") -> None:
    """In the order of the report, closed, and said how many they are."""
    assert names(page) == [outcome.subscription.name for outcome in REPORT.outcomes]
    assert page.locator(".more:visible").count() == 0
    assert page.get_by_role("status").first.inner_text() == "7 of 7 shown"


def test_a_browser_tells_a_reader_what_is_what(page: "Page") -> None:
    """A table with its heads and rows, the picture in words, and controls by name."""
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
    """To a reader, also where it is laid out as a list; nothing runs out of the page."""
    viewport = {"width": width, "height": 800}
    long = report(*everywhere("W" * 256).outcomes, *REPORT.outcomes)
    with opened(browser, tmp_path, long, viewport=viewport) as page:
        page.get_by_role("button", name="Expand all").click()

        assert page.get_by_role("table").get_by_role("row").count() == 1 + 2 * 11
        assert page.get_by_role("columnheader").count() == 4
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_controls_say_what_they_do(page: "Page") -> None:
    """Unticked boxes hide nothing, heads sort, and the link needs three more steps."""
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
    """All words must be there, in whatever case, also where they are folded away."""
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
    """One, or several; with none all are shown; and the text counts, too."""
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
    """Up, down, and back; numbers by their value, and the head says which way."""
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
    """Strongest first, those of one verdict as they were; one column is sorted by at a time."""
    page.get_by_role("button", name="Name", exact=True).click()
    page.get_by_role("button", name="Verdict", exact=True).click()

    assert names(page) == ["Old", "Finance", "Lab 10", "Lab 9", "Sandbox", "Prod", "مرحبا"]
    assert page.locator("[aria-sort]").count() == 1


def test_a_row_opens(page: "Page") -> None:
    """To what was found and how; again, and it is closed; a click on the row does, too."""
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


def test_all_rows_open(page: "Page") -> None:
    """Those that the filters show, and they close again."""
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
    """To the letter, whether or not the browser has a clipboard for pages; and it is said."""
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


def test_it_is_used_by_the_keyboard_alone(page: "Page") -> None:
    """Each control is reached in its order, is seen to be, and does what it does for a mouse."""
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
def test_hostile_text_is_inert_in_a_browser(
    browser: "Browser", tmp_path: Path, hostile: str
) -> None:
    """No script of theirs runs, whatever is opened, sought, sorted or copied."""
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
    """Every row with its details, and no control that would do nothing."""
    with opened(browser, tmp_path, REPORT, java_script_enabled=False) as page:
        assert page.locator(".more:visible").count() == 7
        assert page.locator(".command:visible").count() == 3
        assert page.locator("button:enabled:visible, input:visible").count() == 0
        page.keyboard.press("Tab")
        assert page.locator("a:focus").count() == 1


def test_light_and_dark(browser: "Browser", tmp_path: Path) -> None:
    """As the reader's system is; every word can be told from what is behind it (WCAG AA)."""
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
    """Black on white, without controls, and with the address of a link."""
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
    """5,000 are searched and sorted as five are; `make bench` says how long that takes."""
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
