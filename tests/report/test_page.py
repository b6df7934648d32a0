"""The HTML page is well-formed, leads nowhere, and shows everything."""

import base64
import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.basic_report import subscription
from report.page_report import (
    HOSTILE,
    PORTAL,
    REPORT,
    RUN,
    WAIVER,
    everywhere,
    failing,
    page_of,
    passing,
    report,
)

from contacts_audit.core.model import (
    Report,
    Skipped,
    Verdict,
)
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import html, table


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
        report(passing(1, "a", "a@b.example"), run=RUN._replace(profile=None, portal_url=None)),
        id="no profile, no portal",
    ),
    pytest.param(
        REPORT._replace(whole=Counter(), gone=({"id": "x", "name": None, "verdict": "skipped"},)),
        id="changes only",
    ),
    *(pytest.param(everywhere(one), id=f"hostile {at}") for at, one in enumerate(HOSTILE)),
]


@pytest.mark.parametrize("of", REPORTS)
def test_the_page_is_well_formed(of: Report) -> None:
    """It is valid HTML; each id is unique, and each reference to one resolves."""
    page = page_of(of)
    ids = [one for _, attributes in Reader(page).tags if (one := attributes.get("id"))]
    named = re.findall(r'aria-(?:labelledby|controls|describedby)="([^"]+)"', page)

    html5lib.HTMLParser(strict=True).parse(page)

    assert len(ids) == len({*ids})
    assert {*named} <= {*ids}
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")


@pytest.mark.parametrize("of", REPORTS)
def test_the_policy_allows_only_its_own_style_and_script(of: Report) -> None:
    """They are allowed by hash; no attribute holds a handler or a style."""
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
def test_the_page_links_only_to_the_portal(of: Report) -> None:
    """It loads no address, and its links send no referrer."""
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
    """This holds for any cloud."""
    page = page_of(REPORT._replace(run=RUN._replace(portal_url=portal)))

    assert "href=" not in page


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_makes_no_markup(hostile: str) -> None:
    """It makes no tag and no attribute, and is shown as in the table."""
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
def test_any_name_makes_no_markup(name: str) -> None:
    """Names can hold any characters."""
    reader = Reader(page_of(report(failing(1, name))))

    assert len(reader.tags) == len(Reader(page_of(report(failing(1, "Prod")))).tags)
    assert not name or sanitized(name) in reader.texts


def test_the_page_is_streamed() -> None:
    """It is never held in memory as a whole."""
    rows = report(*(passing(at, "Prod", "a@contoso.com") for at in range(500)))

    pieces = list(html.render(rows))

    assert len(pieces) > 20
    assert max(map(len, pieces)) < 200_000


def test_verdicts_have_marks_and_the_colors_of_the_table() -> None:
    """They have the order of the table; a word and a mark repeat the color."""
    reader = Reader(page_of(REPORT))
    kinds = [given["class"] for tag, given in reader.tags if tag == "rect"]
    boxes = [given["value"] for tag, given in reader.tags if given.get("type") == "checkbox"]

    assert kinds == [table.STYLES[verdict] for verdict in Verdict]
    assert boxes == [*Verdict]
    assert len({*html.MARKS.values()}) == len(html.MARKS) == len(Verdict)
    css = (Path(html.__file__).parent / "page" / "page.css").read_text()
    assert all(f".{style} {{ color" in css for style in table.STYLES.values())


def test_the_picture_has_words() -> None:
    """Its label says what it shows."""
    (label,) = (given["aria-label"] for tag, given in Reader(page_of(REPORT)).tags if tag == "svg")

    assert label == (
        "Of 7 subscriptions: 1 skipped, 1 unreadable, 2 non-compliant, 1 waived, 2 compliant"
    )


def test_one_among_thousands_is_visible() -> None:
    """The parts fill the picture, and none is too thin to be seen."""
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
            REPORT._replace(gone=()), "Showing only subscriptions that changed", id="changes"
        ),
        pytest.param(
            REPORT._replace(gone=({"id": "x", "name": "Gone", "verdict": "compliant"},)),
            "Gone x, was compliant",
            id="disappeared",
        ),
    ],
)
def test_the_page_has_a_conclusion(of: Report, said: str) -> None:
    """A sentence says it, and never that all is well if something was not read."""
    assert said in " ".join("".join(Reader(page_of(of)).texts).split())
