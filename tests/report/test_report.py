"""A report says the same in every format, to every program, whatever is in it."""

import json
import os
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from contacts_audit.core.errors import HINTS, AzureError, ContactsAuditError, Reason, UsageError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Invocation,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
)
from contacts_audit.core.shutdown import Ending
from contacts_audit.report import RENDERERS, SUFFIXES, Format, jq_filter, table, tsv

GOLDEN = ROOT / "tests/golden"
SCHEMA: dict[str, Any] = json.loads(
    files("contacts_audit.report").joinpath("schema.json").read_bytes()
)
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
HOSTILE = "a\x1b[31m\x00\r\nb\tc\u202ed\u2028e\x85[bold]f[/bold][link=x]g\u200bh\ufeff<b>\"',;=1"
RUN = Run(
    version="1.0.0",
    started=NOON,
    cloud="AzureCloud",
    tenants=(TENANT,),
    profile=Profile.CONFORMITY,
    checks=(Check.CONTACT_EMAIL,),
    portal_url="https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
    invocation=Invocation((), (), (), "https://management.azure.com"),
)


def subscription(
    number: int, name: str | None = None, state: str | None = "Enabled"
) -> Subscription:
    """Return the subscription of this *number*."""
    return Subscription(f"{number:08x}-0000-4000-8000-000000000000", name, state, TENANT)


def contact(*emails: str, malformed: tuple[str, ...] = (), version: str = V2023) -> Contact:
    """Return a contact as *version* shows it."""
    return Contact(
        "default", version, (*emails, *malformed), malformed, True, "1", "High", None, ("Owner",)
    )


def failing(
    number: int, name: str, message: str = "no email address is configured", *malformed: str
) -> Audited:
    """Return a subscription without an address."""
    finding = Finding(Check.CONTACT_EMAIL, message, V2023)
    return Audited(
        subscription(number, name), (contact(malformed=malformed),), (), (finding,), V2023
    )


def passing(number: int, name: str, *emails: str) -> Audited:
    """Return a subscription with addresses."""
    return Audited(
        subscription(number, name), (contact(*emails, version=V2017),), emails, (), V2017
    )


OUTCOMES: tuple[Outcome, ...] = (
    passing(1, "Prod", "ops@contoso.com", "sec@contoso.com"),
    failing(2, "Müller & Söhne 東京 🚀"),
    failing(3, "Lab", "no email address is configured (malformed address 'a@')", "a@"),
    Unread(
        subscription(4, "Finance"),
        Fault.of(
            AzureError(
                Reason.FORBIDDEN,
                "AuthorizationFailed: The client does not have authorization.",
                status=403,
                code="AuthorizationFailed",
                request_id="11111111-2222-3333-4444-555555555555",
            )
        ),
        (contact(version=V2017),),
    ),
    Unread(
        Subscription("00000005-0000-4000-8000-000000000000", visible=False),
        Fault(Reason.NOT_VISIBLE, "it is not visible to this identity", "check the id"),
    ),
    Skipped(subscription(6, "Old", "Disabled")),
)
REPORT = Report(RUN, NOON + timedelta(seconds=9), OUTCOMES)


def report(*outcomes: Outcome, run: Run = RUN) -> Report:
    """Return a report of *outcomes*."""
    return Report(run, NOON, outcomes)


def text(of: Report, as_: Format) -> str:
    """Return the report, whole."""
    return "".join(RENDERERS[as_](of))


def parsed(of: Report) -> dict[str, Any]:
    """Return the JSON report, read back."""
    document: dict[str, Any] = json.loads(text(of, Format.JSON))
    return document


def faults(document: object, schema: dict[str, Any] = SCHEMA) -> list[str]:
    """Return what the schema says against *document*."""
    checker = Draft202012Validator.FORMAT_CHECKER
    validator = Draft202012Validator(schema, format_checker=checker)
    return [error.message for error in validator.iter_errors(document)]


def test_every_format_has_a_renderer() -> None:
    """What can be chosen can be printed, and a suffix leads to a format."""
    assert set(RENDERERS) == set(Format)
    assert set(SUFFIXES.values()) <= set(Format)


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        (Format.JSON, "report.json"),
        (Format.JSONL, "report.jsonl"),
        (Format.TSV, "report.tsv"),
        (Format.TABLE, "report.table.txt"),
    ],
)
def test_golden(format_: Format, name: str) -> None:
    """The formats are a contract: `UPDATE_GOLDEN=1` rewrites them, and the diff is reviewed."""
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text(REPORT, format_).encode())

    assert text(REPORT, format_) == golden.read_bytes().decode()


def test_the_schema_is_one() -> None:
    """Of JSON Schema, draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_schema_knows_our_words() -> None:
    """What we can say, it allows; nobody learns of a new reason by a validation that fails."""
    definitions = SCHEMA["$defs"]

    assert set(definitions["verdict"]["enum"]) == set(Verdict)
    assert set(definitions["error"]["properties"]["reason"]["enum"]) == set(Reason)
    assert set(definitions["check"]["enum"]) >= set(Check)
    assert set(SCHEMA["properties"]["profile"]["enum"]) >= {*Profile, None}


REPORTS = [
    pytest.param(REPORT, id="all kinds"),
    pytest.param(report(), id="nothing in scope"),
    pytest.param(report(passing(1, "Prod", "a@contoso.com")), id="compliant"),
    pytest.param(report(failing(1, "Prod")), id="non-compliant"),
    pytest.param(report(Skipped(Subscription("0" * 8 + TENANT[8:], state="Deleted"))), id="nulls"),
    pytest.param(report(failing(1, HOSTILE, HOSTILE)), id="hostile"),
    pytest.param(
        report(
            passing(1, "Prod", "a@contoso.com"),
            run=Run(
                "1.0.0", NOON, "arm.stack.example:8443", (), None, (Check.CONTACT_EMAIL,), None
            ),
        ),
        id="one's own cloud",
    ),
    *(
        pytest.param(report(Unread(subscription(1), Fault(reason, "x", HINTS[reason]))), id=reason)
        for reason in Reason
    ),
]


@pytest.mark.parametrize("of", REPORTS)
def test_a_report_is_as_the_schema_says(of: Report) -> None:
    """Whatever its outcomes."""
    assert faults(parsed(of)) == []


def keys_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each key in *value*."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in items:
        if isinstance(value, dict):
            yield (*path, key)
        yield from keys_of(below, (*path, key))


def without(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """Return a copy of *document* that lacks the key at *path*."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return copy


@pytest.mark.parametrize(
    "path", [pytest.param(path, id="/".join(map(str, path))) for path in keys_of(parsed(REPORT))]
)
def test_no_key_may_be_missing(path: tuple[Any, ...]) -> None:
    """All keys are always there, and the schema insists on each."""
    assert faults(without(parsed(REPORT), path)) != []


def test_keys_may_be_added() -> None:
    """Within schema 1 a newer program says more, and an older reader lets it pass."""
    document = parsed(REPORT)
    for place in (document, document["summary"], document["tool"], *document["subscriptions"]):
        place["new"] = 1

    assert faults(document) == []


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the report of all kinds with another *value* at *path*."""
    document = parsed(REPORT)
    place: Any = document
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in way:
        place = place[key]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("schema", 2, id="another schema"),
        pytest.param("schema", True, id="no number"),
        pytest.param("tool/name", "other", id="another tool"),
        pytest.param("started", "2026-01-31T12:00:00", id="a time without a zone"),
        pytest.param("finished", "2026-01-31", id="a date"),
        pytest.param("profile", "mine", id="unknown profile"),
        pytest.param("checks", [], id="no checks"),
        pytest.param("checks", ["x"], id="unknown check"),
        pytest.param("shard", "1", id="half a shard"),
        pytest.param("exit_code", 0, id="all well, though it is not"),
        pytest.param("exit_code", 3, id="findings, though incomplete"),
        pytest.param("exit_code", 1, id="a code of no report"),
        pytest.param("summary/read", -1, id="negative count"),
        pytest.param("summary/read", 1.5, id="half a subscription"),
        pytest.param("summary/unreadable", 0, id="incomplete, and nothing unread"),
        pytest.param("subscriptions/0/id", "00000001-0000-4000-8000-00000000000", id="short id"),
        pytest.param("subscriptions/0/id", "A" * 8 + TENANT[8:], id="id in capitals"),
        pytest.param("subscriptions/0/verdict", "pass", id="unknown verdict"),
        pytest.param("subscriptions/0/verdict", "non-compliant", id="a failure without a finding"),
        pytest.param("subscriptions/0/verdict", "unreadable", id="unread without an error"),
        pytest.param("subscriptions/0/verdict", "waived", id="waived without a waiver"),
        pytest.param("subscriptions/0/verdict", "skipped", id="skipped, and read"),
        pytest.param("subscriptions/0/decided_by", None, id="decided by nobody"),
        pytest.param("subscriptions/0/emails", ["a"], id="no address"),
        pytest.param("subscriptions/1/verdict", "compliant", id="a pass with findings"),
        pytest.param("subscriptions/1/findings/0/check", "x", id="a finding of no check"),
        pytest.param("subscriptions/3/verdict", "compliant", id="a pass with an error"),
        pytest.param("subscriptions/3/error/reason", "x", id="unknown reason"),
        pytest.param("subscriptions/3/error", None, id="no error"),
        pytest.param("subscriptions/3/contacts/0/enabled", "yes", id="a switch in words"),
        pytest.param("subscriptions/3/decided_by", V2017, id="unread, and decided"),
        pytest.param("subscriptions/5/waiver", {}, id="half a waiver"),
    ],
)
def test_what_cannot_be_is_refused(path: str, value: object) -> None:
    """A report that contradicts itself is none."""
    assert faults(changed(path, value)) != []


def test_a_waived_row_will_be_allowed() -> None:
    """The schema is that of all of schema 1, waivers included."""
    document = changed("subscriptions/1/verdict", "waived")
    document["subscriptions"][1]["waiver"] = {
        "reason": "migration",
        "owner": "ops",
        "expires": "2026-06-30",
        "check": None,
    }

    assert faults(document) == []


def test_json_lines_are_the_same_report() -> None:
    """A line a subscription; the last one holds all else, and says that the stream is whole."""
    *rows, last = map(json.loads, text(REPORT, Format.JSONL).splitlines())

    assert {row.pop("record") for row in rows} == {"subscription"}
    assert last.pop("record") == "summary"
    assert {**last, "subscriptions": rows} == parsed(REPORT)


def test_each_line_comes_by_itself() -> None:
    """Whoever reads a stream has each row as soon as it is there."""
    lines = list(RENDERERS[Format.JSONL](REPORT))

    assert [line.count("\n") for line in lines] == [1] * (len(OUTCOMES) + 1)


some_outcomes = st.lists(
    st.sampled_from(
        [
            passing(1, "a", "a@contoso.com"),
            failing(2, "b"),
            Unread(subscription(3), Fault(Reason.TIMEOUT, "x", "y")),
            Skipped(subscription(4)),
        ]
    )
)


@given(some_outcomes)
def test_the_counts_add_up(outcomes: list[Outcome]) -> None:
    """Rows out are subscriptions in, and each is counted once."""
    document = parsed(report(*outcomes))
    counts = document["summary"]

    assert counts["in_scope"] == len(outcomes) == len(document["subscriptions"])
    assert counts["in_scope"] == counts["read"] + counts["unreadable"] + counts["skipped"]
    assert counts["read"] == counts["compliant"] + counts["non_compliant"] + counts["waived"]
    for verdict in Verdict:
        rows = [row for row in document["subscriptions"] if row["verdict"] == verdict]
        assert counts[verdict.replace("-", "_")] == len(rows)
    assert document["exit_code"] == (
        4 if counts["unreadable"] else 3 if counts["non_compliant"] else 0
    )
    assert faults(document) == []


def test_times_are_told_in_utc() -> None:
    """Wherever the program runs."""
    run = Run("1", NOON.astimezone(timezone(timedelta(hours=9))), "x", (), None, (), None)

    assert parsed(report(run=run))["started"] == "2026-01-31T12:00:00Z"


def test_the_facts_of_a_failure_are_kept() -> None:
    """Status, code and request id are what support asks for."""
    assert parsed(REPORT)["subscriptions"][3]["error"] == {
        "reason": "forbidden",
        "status": 403,
        "code": "AuthorizationFailed",
        "message": "AuthorizationFailed: The client does not have authorization.",
        "request_id": "11111111-2222-3333-4444-555555555555",
        "hint": HINTS[Reason.FORBIDDEN],
    }


def everywhere(hostile: str) -> Report:
    """Return a report that has *hostile* in each of its texts."""
    odd = Subscription("x", hostile, hostile, hostile)
    shown = Contact(
        hostile, V2023, (hostile,), (hostile,), True, hostile, hostile, hostile, (hostile,)
    )
    fault = Fault(Reason.REFUSED, hostile, hostile, 400, hostile, hostile)
    return report(
        Audited(odd, (shown,), (hostile,), (Finding(Check.CONTACT_EMAIL, hostile, V2023),), V2023),
        Unread(odd, fault, (shown,)),
        Skipped(odd),
    )


def harmful(shown: str) -> list[str]:
    """Return the characters of *shown* that are more than text, lines and separators apart."""
    return [
        hex(ord(letter))
        for letter in shown
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and letter not in "\n"
    ]


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("hostile", [HOSTILE, "\ud800", "[/]", "\U000e0041"])
def test_hostile_text_is_inert(format_: Format, hostile: str) -> None:
    """In every format: nothing steers a terminal, forges a line, or fails to be UTF-8."""
    shown = text(everywhere(hostile), format_)
    lines = len(text(everywhere("plain"), format_).splitlines())

    assert harmful(shown.replace("\t", "") if format_ is Format.TSV else shown) == []
    assert shown.encode()
    assert shown.endswith("\n")
    assert len(shown.splitlines()) == lines


def test_hostile_text_is_kept_in_json() -> None:
    """A program that reads it gets it to the letter."""
    (row, *_) = parsed(everywhere(HOSTILE))["subscriptions"]

    assert (row["name"], row["findings"][0]["message"]) == (HOSTILE, HOSTILE)


@given(st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs"])))
def test_a_line_of_tsv_has_nine_cells(name: str) -> None:
    """Whatever they hold."""
    lines = text(everywhere(name), Format.TSV).split("\n")

    assert [line.count("\t") for line in lines] == [8, 8, 8, 0]
    assert len("\n".join(lines).splitlines()) == 3


def test_the_cells_of_tsv() -> None:
    """In the order of the contract; what there is not is empty."""
    assert [tsv.cells(outcome) for outcome in OUTCOMES[:1] + OUTCOMES[3:]] == [
        (
            OUTCOMES[0].subscription.id,
            "Prod",
            TENANT,
            "Enabled",
            "compliant",
            "ops@contoso.com;sec@contoso.com",
            V2017,
            "",
            "",
        ),
        (
            OUTCOMES[3].subscription.id,
            "Finance",
            TENANT,
            "Enabled",
            "unreadable",
            "",
            "",
            "forbidden",
            "AuthorizationFailed: The client does not have authorization.",
        ),
        (
            OUTCOMES[4].subscription.id,
            "",
            "",
            "",
            "unreadable",
            "",
            "",
            "not-visible",
            "it is not visible to this identity",
        ),
        (
            OUTCOMES[5].subscription.id,
            "Old",
            TENANT,
            "Disabled",
            "skipped",
            "",
            "",
            "",
            "its state is Disabled",
        ),
    ]


def test_a_huge_cell_pads_nobody() -> None:
    """It is whole, and costs what it is long: not that in each row."""
    name = "n" * 500_000
    rows = [failing(1, name), *(failing(number, "x" * 40) for number in range(2, 500))]

    lines = text(report(*rows), Format.TABLE).splitlines()

    assert name in lines[1]
    assert max(map(len, lines[2:])) < 200
    assert {line.index("0000") for line in lines[2:]} == {lines[0].index("ID")}


def test_a_piped_table_is_never_cut() -> None:
    """A name of 10 kB is shown to its last letter, and the columns stay in line."""
    name = "n" * 10_000 + "end"

    header, long, short = text(report(failing(1, name), failing(2, "x")), Format.TABLE).splitlines()

    assert f"  {name}  " in long
    assert header.index("ID") == long.index("00000001-") == short.index("00000002-")


def test_wide_letters_count_twice() -> None:
    """The columns of a table are those of a terminal."""
    _, wide, narrow = text(
        report(failing(1, "東京"), failing(2, "Tokyo")), Format.TABLE
    ).splitlines()

    assert "東京   00000001-" in wide
    assert "Tokyo  00000002-" in narrow


def test_a_table_of_nothing_has_its_header() -> None:
    """No rows, and nothing that could be taken for one."""
    assert text(report(), Format.TABLE) == "VERDICT  NAME  ID  EMAILS  WHY\n"


@pytest.mark.parametrize("width", [60, 80, 139, 140, 200])
def test_a_table_at_a_terminal_is_folded(width: int) -> None:
    """No line is longer than the terminal, no letter is lost; ids are short where it is narrow."""
    name = "[bold]" + "n" * 100

    shown = plain(table.render_at(report(failing(1, name), *OUTCOMES), width, plain=False))

    assert max(map(len, shown.splitlines())) <= width
    assert shown.count("n") >= 100
    for one in OUTCOMES:
        assert one.subscription.id[:8] in shown
        if one.subscription.name is not None:
            assert (one.subscription.id in shown) is (width >= 140)


def test_short_ids_tell_rows_apart() -> None:
    """As many parts of an id as it takes."""
    head = ("VERDICT", "NAME", "ID")
    alike = [
        ("compliant", "x", f"00000001-0000-4000-{part}-000000000000") for part in ("8000", "9000")
    ]

    lines = "".join(table.folded([head, *alike], 80, plain=True)).splitlines()

    assert lines[1:] == [f"compliant  x     00000001-0000-4000-{part}" for part in ("8000", "9000")]


def test_words_are_not_broken_where_they_fit() -> None:
    """An address can be read and copied in 80 columns, whatever stands beside it."""
    rows = [("VERDICT", "NAME", "ID", "EMAILS", "WHY")]
    rows += [("non-compliant", "Corporate Portal", "1" * 36, "secops@contoso.com", "a bc " * 30)]

    lines = "".join(table.folded(rows, 80, plain=True)).splitlines()

    assert "  secops@contoso.com  " in lines[1]
    assert max(map(len, lines)) <= 80


def plain(coloured: str) -> str:
    """Return *coloured* without its colours."""
    from rich.text import Text

    return Text.from_ansi(coloured).plain


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "\ud800", "[/]", "[link=https://x]y", "\x1b]8;;x\x07"]
)
def test_hostile_text_is_inert_at_a_terminal(hostile: str) -> None:
    """The colours are ours; markup is text, and no escape of theirs comes through."""
    shown = table.render_at(everywhere(hostile), 200, plain=False)

    assert harmful(plain(shown)) == []
    assert "\x1b]" not in shown
    assert shown.encode()


def test_a_verdict_has_its_colour() -> None:
    """Each its own."""
    assert set(table.STYLES) == set(Verdict)
    assert len(set(table.STYLES.values())) == len(Verdict)


def shape(program: str, *, raw: bool = False) -> str:
    """Return what the filter makes of the report of all kinds."""
    return jq_filter.shape(text(REPORT, Format.JSON), program, Ending(), raw=raw).decode()


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(".summary.read", "3\n", id="a number"),
        pytest.param(".subscriptions[1].name", '"Müller & Söhne 東京 🚀"\n', id="a text"),
        pytest.param(
            ".tool", '{\n  "name": "contacts-audit",\n  "version": "1.0.0"\n}\n', id="object"
        ),
        pytest.param(".subscriptions[:2][].verdict", '"compliant"\n"non-compliant"\n', id="two"),
        pytest.param("empty", "", id="nothing"),
        pytest.param(".nothing", "null\n", id="null"),
        pytest.param("1 # a comment", "1\n", id="a comment"),
        pytest.param("def f: 2; f", "2\n", id="a definition"),
        pytest.param("1, 2 | . + 1", "2\n3\n", id="a pipe behind a comma"),
    ],
)
def test_a_filter_shapes_the_report(program: str, printed: str) -> None:
    """As jq would print it."""
    jq_filter.check(program, Ending())

    assert shape(program) == printed


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(".cloud", "AzureCloud\n", id="a text is bare"),
        pytest.param('"a\\nb"', "a\nb\n", id="to the letter"),
        pytest.param(".exit_code", "4\n", id="a number"),
        pytest.param("[.cloud]", '[\n  "AzureCloud"\n]\n', id="a text within"),
    ],
)
def test_raw_output_has_no_quotes(program: str, printed: str) -> None:
    """For a shell to read."""
    assert shape(program, raw=True) == printed


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(".[", id="cut"),
        pytest.param("nobody", id="unknown function"),
        pytest.param(".a)", id="one bracket too many"),
        pytest.param('"', id="a quote"),
        pytest.param("", id="empty"),
        pytest.param("\udcff", id="no UTF-8"),
        pytest.param('import "x" as x; .', id="a module"),
    ],
)
def test_what_is_no_filter_is_wrong_usage(program: str) -> None:
    """It is said before anything is asked of Azure."""
    with pytest.raises(UsageError, match=r"^--jq: "):
        jq_filter.check(program, Ending())


@pytest.mark.parametrize("program", [".tool | .[0]", "error", 'error("a\\nb")', ".cloud.x"])
def test_a_filter_that_fails_on_the_data(program: str) -> None:
    """One line, and no output that looks like one."""
    with pytest.raises(ContactsAuditError, match=r"^--jq: [^\n]+$") as caught:
        shape(program)

    assert not isinstance(caught.value, UsageError)


def test_a_filter_sees_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot print what only the environment knows."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")

    shown = shape("[$ENV, env]")

    assert "hunter2" not in shown
    assert "AZURE" not in shown


Renderer = Callable[[Report], Iterator[str]]


@pytest.mark.parametrize("render", [pytest.param(RENDERERS[name], id=name) for name in Format])
def test_a_report_is_the_same_twice(render: Renderer) -> None:
    """The same facts make the same bytes."""
    assert list(render(REPORT)) == list(render(REPORT))


@pytest.mark.parametrize("width", [60, 80])
def test_what_would_change_is_folded_at_a_terminal(width: int) -> None:
    """A plan and a result keep their columns: no line is longer than the terminal, none is cut."""
    head = ("STATUS", "NAME", "ID", "FIELD", "AFTER")
    row = ("change", "Prod", "0" * 36, "notificationsSources", '[{"sourceType":"東京"}]' * 5)

    lines = "".join(table.folded([head, row], width, plain=True)).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert "".join(line[lines[0].index("AFTER") :] for line in lines[1:]).count("sourceType") >= 1
    assert lines[1].startswith("change  Prod  00000000  notificationsSour")
