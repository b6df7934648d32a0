"""The table is whole in a pipe, and fits a terminal."""

import pytest
from report.basic_report import HOSTILE, OUTCOMES, everywhere, failing, harmful, plain, report, text
from rich.cells import cell_len

from contacts_audit.core.model import (
    Verdict,
)
from contacts_audit.report import Format, table


def test_a_huge_cell_widens_no_column() -> None:
    """It is shown whole, and does not pad the other rows."""
    name = "n" * 500_000
    rows = [failing(1, name), *(failing(number, "x" * 40) for number in range(2, 500))]

    lines = text(report(*rows), Format.TABLE).splitlines()

    assert name in lines[1]
    assert max(map(len, lines[2:])) < 200
    assert {line.index("0000") for line in lines[2:]} == {lines[0].index("ID")}


def test_a_piped_table_is_never_cut() -> None:
    """A name of 10 kB is shown whole, and the columns stay aligned."""
    name = "n" * 10_000 + "end"

    header, long, short = text(report(failing(1, name), failing(2, "x")), Format.TABLE).splitlines()

    assert f"  {name}  " in long
    assert header.index("ID") == long.index("00000001-") == short.index("00000002-")


def test_wide_characters_count_twice() -> None:
    """Columns are aligned as a terminal shows them."""
    _, wide, narrow = text(
        report(failing(1, "東京"), failing(2, "Tokyo")), Format.TABLE
    ).splitlines()

    assert "東京   00000001-" in wide
    assert "Tokyo  00000002-" in narrow


def test_an_empty_table_has_a_header() -> None:
    """It has no rows."""
    assert text(report(), Format.TABLE) == "VERDICT  NAME  ID  EMAILS  WHY\n"


@pytest.mark.parametrize("width", [60, 80, 139, 140, 200])
def test_a_table_at_a_terminal_is_folded(width: int) -> None:
    """No line is too long, no character is lost; ids are cut if the terminal is narrow."""
    name = "[bold]" + "n" * 100

    shown = plain("".join(table.render(report(failing(1, name), *OUTCOMES), width, plain=False)))

    assert max(map(len, shown.splitlines())) <= width
    assert shown.count("n") >= 100
    for one in OUTCOMES:
        assert one.subscription.id[:8] in shown
        if one.subscription.name is not None:
            assert (one.subscription.id in shown) is (width >= 140)


def test_short_ids_are_unique() -> None:
    """As many parts of an id are shown as needed."""
    head = ("VERDICT", "NAME", "ID")
    alike = [
        ("compliant", "x", f"00000001-0000-4000-{part}-000000000000") for part in ("8000", "9000")
    ]

    lines = "".join(table.folded([head, *alike], 80, plain=True)).splitlines()

    assert lines[1:] == [f"compliant  x     00000001-0000-4000-{part}" for part in ("8000", "9000")]


def test_words_are_not_broken_where_they_fit() -> None:
    """An address can be copied at 80 columns."""
    rows = [("VERDICT", "NAME", "ID", "EMAILS", "WHY")]
    rows += [("non-compliant", "Corporate Portal", "1" * 36, "secops@contoso.com", "a bc " * 30)]

    lines = "".join(table.folded(rows, 80, plain=True)).splitlines()

    assert "  secops@contoso.com  " in lines[1]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "\ud800", "[/]", "[link=https://x]y", "\x1b]8;;x\x07"]
)
def test_hostile_text_is_sanitized_at_a_terminal(hostile: str) -> None:
    """Only our own colors are escape codes; markup is text."""
    shown = "".join(table.render(everywhere(hostile), 200, plain=False))

    assert harmful(plain(shown)) == []
    assert "\x1b]" not in shown
    assert shown.encode()


def test_each_verdict_has_a_color() -> None:
    """All differ."""
    assert set(table.STYLES) == set(Verdict)
    assert len(set(table.STYLES.values())) == len(Verdict)


@pytest.mark.parametrize("width", [60, 80])
def test_plans_and_results_are_folded_at_a_terminal(width: int) -> None:
    """They keep their columns: no line is too long, no cell is cut."""
    head = ("STATUS", "NAME", "ID", "FIELD", "AFTER")
    row = ("change", "Prod", "0" * 36, "notificationsSources", '[{"sourceType":"東京"}]' * 5)

    lines = "".join(table.folded([head, row], width, plain=True)).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert "".join(line[lines[0].index("AFTER") :] for line in lines[1:]).count("sourceType") >= 1
    assert lines[1].startswith("change  Prod  00000000  notificationsSour")
