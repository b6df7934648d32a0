"""Plans and results as people, programs, tickets and shells read them; none can be misled."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from contacts_audit.azure.contacts.records import Json, Record, Snapshot
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import ExitCode, Reason
from contacts_audit.core.model import Change, Fault, Subscription
from contacts_audit.core.sanitize import inert
from contacts_audit.remediation.file_format import Origin
from contacts_audit.remediation.plan import Intent, PlanRow, row_for
from contacts_audit.remediation.plan_file import Plan, read_plan
from contacts_audit.remediation.results import Result, Status
from contacts_audit.report import changes, curl, markdown

V2017 = "2017-08-01-preview"
V2023 = "2023-12-01-preview"
ID = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
THIRD, FOURTH = (OTHER[:-1] + digit for digit in "cd")
ORIGIN = Origin("AzureCloud", "https://management.azure.com", ("t-1",))
URL = f"https://management.azure.com/subscriptions/{ID}/providers/Microsoft.Security"
CHANGE = Change(emails=("a@contoso.com",))
TOKEN = "eyJ.secret.token"
HOSTILE = [
    pytest.param("$(touch pwned)", id="substitution"),
    pytest.param("`touch pwned`", id="backticks"),
    pytest.param("'; touch pwned; '", id="single quotes"),
    pytest.param('"; touch pwned; "', id="double quotes"),
    pytest.param("\nEND\ntouch pwned\n", id="new lines"),
    pytest.param("x\r\ntouch pwned #", id="carriage return"),
    pytest.param("../../../x?api-version=1#", id="path"),
    pytest.param("-o pwned", id="option"),
    pytest.param("@/etc/passwd", id="file"),
    pytest.param("\x1b]0;x\x07\u202e", id="terminal"),
    pytest.param("nämé 😀", id="letters of the world"),
    pytest.param("{a,b}[1-9]", id="globs of curl"),
]


def old(name: str, email: str, **more: Any) -> Record:
    """Return a contact of 2017."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On", **more}
    return Record(name, {"email": email, **flags})


def plan(*rows: PlanRow, change: Change = CHANGE, version: str | None = None) -> Plan:
    """Return a plan of *rows*."""
    return Plan(ORIGIN, change, version, rows)


def at_2017(change: Change, *records: Record, name: str | None = "Prod") -> Plan:
    """Return the plan for a subscription that shows *records* at 2017."""
    row = row_for(Subscription(ID, name), Snapshot({V2017: records}), change, V2017)
    return plan(row, change=change, version=V2017)


def at_2023(properties: Json | None, change: Change = CHANGE, name: str | None = "Prod") -> Plan:
    """Return the plan for a subscription whose `default` has *properties*."""
    newest = () if properties is None else (Record("default", properties),)
    seen = Snapshot({V2017: (), V2023: newest})
    return plan(row_for(Subscription(ID, name), seen, change), change=change)


SWAP = Change(emails=("new@b.co",), remove_emails=("b@b.co", "c@b.co"))
SHRINK = Change(remove_emails=("a@b.co",))
THREE = (old("default1", "a@b.co"), old("default2", "b@b.co"), old("default3", "c@b.co"))
ROWS = plan(
    *at_2023({"emails": "b@contoso.com", "isEnabled": False}).rows,
    PlanRow(Subscription(OTHER), Intent.SKIPPED, message="its state is Disabled"),
    PlanRow(
        Subscription(THIRD, "X"),
        Intent.UNREADABLE,
        fault=Fault(Reason.FORBIDDEN, "no", "ask", 403, "Denied", "r-1"),
    ),
    row_for(
        Subscription(FOURTH, "Y"),
        Snapshot({V2023: (Record("default", {"emails": "a@contoso.com"}),)}),
        CHANGE,
    ),
)


# Tables, JSON, tickets


def test_the_table_tells_each_field_before_and_after() -> None:
    """A line a field that changes, and a line for each row without a change."""
    lines = [re.split(r" {2,}", line.rstrip("\n")) for line in changes.plan_table(ROWS)]

    assert lines == [
        ["STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER"],
        [
            *("change", "Prod", ID, f"default at {V2023}", "emails"),
            *("b@contoso.com", "b@contoso.com;a@contoso.com"),
        ],
        ["change", "Prod", ID, "note", "it stays disabled, and nobody gets mail: add --enable"],
        ["skipped", OTHER, OTHER, "its state is Disabled"],
        ["unreadable", "X", THIRD, "forbidden: no (status 403, code Denied, request id r-1)"],
        ["nothing", "Y", FOURTH],
    ]


def test_a_new_contact_is_told_field_by_field() -> None:
    """What it holds is spelt as JSON."""
    text = "".join(changes.plan_table(at_2023(None)))

    assert re.search(r"emails +a@contoso\.com\n", text)
    assert re.search(r"isEnabled +true\n", text)
    assert re.search(r'notificationsByRole +{"roles":\["Owner"\],"state":"On"}\n', text)


def test_a_deletion_is_told() -> None:
    """With the address that stands there."""
    text = "".join(changes.plan_table(at_2017(SHRINK, *THREE)))

    assert re.search(rf"default3 at {V2017} +\(contact\) +c@b\.co +deleted\n", text)


def test_a_change_of_kind_is_told() -> None:
    """1 and true are not the same to a service."""
    step = Step("default", {"isEnabled": 1, "x": [1]}, {"isEnabled": True, "x": [1.0]})
    row = PlanRow(Subscription(ID), Intent.CHANGE, Snapshot({V2023: ()}), V2023, (step,))

    text = "".join(changes.plan_table(plan(row)))

    assert re.search(r"isEnabled +1 +true\n", text)
    assert re.search(r"x +\[1\] +\[1\.0\]\n", text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_table_is_inert(hostile: str) -> None:
    """However it is named, a row is a line, and a terminal does nothing with it."""
    made = at_2017(Change(phone="1"), old(hostile, "a@b.co", x=hostile), name=hostile)

    lines = list(changes.plan_table(made))

    assert len(lines) == 2
    assert all(inert(line.rstrip("\n")) == line.rstrip("\n") for line in lines)


def test_the_json_of_a_plan_is_the_plan() -> None:
    """What is printed can be saved and applied."""
    (text,) = changes.plan_json(ROWS)

    assert read_plan(text.encode(), "plan.json") == ROWS
    assert json.loads(text)["kind"] == "plan"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_json_of_a_plan_is_inert(hostile: str) -> None:
    """And still says exactly what was read."""
    made = at_2017(SWAP, old("default1", "a@b.co", x=hostile), name=hostile)

    (text,) = changes.plan_json(made)

    assert all(inert(line) == line for line in text.split("\n"))
    assert read_plan(text.encode(), "plan.json") == made


def test_a_deep_contact_is_planned_and_printed() -> None:
    """What a service nests, and could be read, ends no run: other subscriptions wait."""
    for depth in (50, 200, 400, 800):
        deep: Any = "x"
        for _ in range(depth):
            deep = [deep]
        made = at_2023({"emails": "", "new": deep})
        (text,) = changes.plan_json(made)
        assert text.endswith("}\n")


RESULTS = [
    Result(Subscription(ID, "Prod", tenant_id="t-1"), Status.DONE),
    Result(Subscription(OTHER), Status.UNCONFIRMED, "no longer | visible"),
]


def test_the_table_of_results() -> None:
    """A line a subscription."""
    lines = [re.split(r" {2,}", line.rstrip("\n")) for line in changes.result_table(RESULTS)]

    assert lines == [
        ["STATUS", "NAME", "ID", "MESSAGE"],
        ["done", "Prod", ID],
        ["unconfirmed", OTHER, OTHER, "no longer | visible"],
    ]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        pytest.param(
            (Path("/s/b.json"), Path("/s/j.jsonl")), ("/s/b.json", "/s/j.jsonl"), id="put"
        ),
        pytest.param((None, None), (None, None), id="nothing was written"),
    ],
)
def test_the_json_of_results(
    paths: tuple[Path | None, Path | None], told: tuple[str | None, str | None]
) -> None:
    """All keys, always."""
    text = changes.result_json(RESULTS, backup=paths[0], journal=paths[1], code=ExitCode.NOT_DONE)

    document = json.loads(text)
    assert document.pop("tool")["name"] == "contacts-audit"
    assert document == {
        "schema": 1,
        "kind": "result",
        "backup": told[0],
        "journal": told[1],
        "identities": [],
        "exit_code": 5,
        "subscriptions": [
            {"id": ID, "name": "Prod", "tenant_id": "t-1", "status": "done", "message": None},
            {
                "id": OTHER,
                "name": None,
                "tenant_id": None,
                "status": "unconfirmed",
                "message": "no longer | visible",
            },
        ],
    }


@pytest.mark.parametrize("hostile", HOSTILE)
def test_results_are_inert(hostile: str) -> None:
    """In each format."""
    results = [Result(Subscription(ID, hostile), Status.FAILED, hostile)]
    text = changes.result_json(results, backup=None, journal=None, code=ExitCode.NOT_DONE)

    lines = [*changes.result_table(results), *changes.result_markdown(results)]

    assert [len(lines), json.loads(text)["subscriptions"][0]["name"]] == [5, hostile]
    assert all(inert(line) == line for line in "".join((*lines, text)).split("\n"))


# Markdown


def rendered(text: str) -> tuple[list[list[str]], set[str]]:
    """Return the cells of a table as CommonMark shows them, and the kinds of markup in them."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rows: list[list[str]] = []
    kinds: set[str] = set()
    for token in reader.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            children = token.children or []
            kinds |= {child.type for child in children}
            rows[-1].append("".join(child.content for child in children))
    return rows, kinds


@pytest.mark.parametrize(
    "hostile",
    [
        "a | b",
        "\\",
        "\\|",
        "x\\\\| y",
        "<script>alert(1)</script>",
        "<!-- x",
        "&lt;b&gt; &amp; &#x41;",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/?x)",
        "<https://evil.example>",
        "**b** _i_ ~~s~~ `c`",
        "[x]: https://evil.example",
        "x\n| y | z |\n\n# h",
        "x\r---",
        "\u2028x\u202ey",
        "--- | ---",
        "# h",
        "1. x",
        "- [ ] x",
    ],
)
def test_a_hostile_cell_reads_as_it_is(hostile: str) -> None:
    """No markup, no second cell, no other row."""
    text = "".join(markdown.table([("A", "B", "C"), ("x", hostile, "y")]))

    rows, kinds = rendered(text)

    assert rows == [["A", "B", "C"], ["x", inert(hostile), "y"]]
    assert kinds <= {"text", "text_special"}


@settings(max_examples=150)
@given(
    st.text(st.sampled_from(r"\|<>&*_`~[]()!#:/@.-+=w $'" + '"\n\r\tax1') | st.characters()),
)
def test_any_cell_reads_as_it_is(text: str) -> None:
    """Blanks at its ends aside, which no table keeps."""
    rows, kinds = rendered("".join(markdown.table([("A", "B"), (f"x{text}x", "y")])))

    assert rows == [["A", "B"], [inert(f"x{text}x"), "y"]]
    assert kinds <= {"text", "text_special"}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        pytest.param("see https://evil.example", "https://", id="https"),
        pytest.param("FTP://evil.example", "FTP://", id="ftp"),
        pytest.param("www.evil.example", "www.", id="www"),
        pytest.param("@everybody", " @", id="mention"),
        pytest.param("hi @team/x", " @", id="mention of a team"),
    ],
)
def test_what_github_makes_links_of_is_broken_up(text: str, linked: str) -> None:
    """Its own links and mentions need no brackets: an escape stands within them."""
    assert linked not in f" {markdown.cell(text)}"


def test_a_plan_for_a_ticket() -> None:
    """The same rows as in the table."""
    text = "".join(changes.plan_markdown(ROWS))

    rows, _ = rendered(text)
    assert rows[0] == ["STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER"]
    assert [row[0] for row in rows[1:]] == ["change", "change", "skipped", "unreadable", "nothing"]
    assert rows[1][3:6] == [f"default at {V2023}", "emails", "b@contoso.com"]


def test_results_for_a_ticket() -> None:
    """A pipe in a message is no cell."""
    rows, _ = rendered("".join(changes.result_markdown(RESULTS)))

    assert rows[2] == ["unconfirmed", OTHER, OTHER, "no longer | visible"]


# Shell


FAKE = """#!/usr/bin/env bash
# Keeps what it was given; as curl does, it fails for a refusal only where it is told to.
n=$(find "$KEPT" -name '*.argv' | wc -l)
printf '%s\\0' "$@" > "$KEPT/$n.argv"
cat > "$KEPT/$n.stdin"
for word in "$@"; do
  case $word in @*) cp "${word#@}" "$KEPT/$n.body" ;; esac
done
case " $* " in *" $REFUSED "*)
  case " $* " in *" -f "*|*" --fail "*|*" --fail-with-body "*|*" -fsS "*) exit 22 ;; esac ;;
esac
exit 0
"""


class Sent:
    """What a printed script handed to curl."""

    def __init__(self, kept: Path, number: int) -> None:
        self.argv = (kept / f"{number}.argv").read_text().split("\0")[:-1]
        self.stdin = (kept / f"{number}.stdin").read_text()
        body = kept / f"{number}.body"
        self.body = json.loads(body.read_text(encoding="ascii")) if body.exists() else None

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.argv[self.argv.index("-X") + 1]

    @property
    def url(self) -> str:
        """Where it goes."""
        (url,) = (word for word in self.argv if word.startswith("https://"))
        return url


def shell(script: str, folder: Path, refused: str = "nothing") -> list[Sent]:
    """Run *script* in *folder* by bash, with a curl that sends nothing, and return what it sent."""
    kept, programs, work = folder / "kept", folder / "bin", folder / "work"
    for one in (kept, programs, work):
        one.mkdir()
    fake = programs / "curl"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    (folder / "script").write_text(script)
    ran = subprocess.run(
        ["bash", str(folder / "script")],
        cwd=work,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "TOKEN": TOKEN,
            "KEPT": str(kept),
            "REFUSED": refused,
        },
        capture_output=True,
        check=False,
    )
    assert ran.stderr == b""
    assert all(re.fullmatch(r"[-0-9a-f]+\.json", one.name) for one in work.iterdir())
    return [Sent(kept, number) for number in range(len(list(kept.glob("*.argv"))))]


def printed(made: Plan) -> str:
    """Return the script for *made*."""
    return "".join(curl.plan_curl(made))


def test_the_script_does_what_the_plan_says(tools: None, tmp_path: Path) -> None:
    """Each write in its order; the token comes by stdin, never as an argument."""
    made = at_2017(SHRINK, *THREE)

    sent = shell(printed(made), tmp_path)

    assert [(one.method, one.url) for one in sent] == [
        ("PUT", f"{URL}/securityContacts/default1?api-version={V2017}"),
        ("DELETE", f"{URL}/securityContacts/default3?api-version={V2017}"),
    ]
    assert [one.body for one in sent] == [
        {"properties": {**THREE[0].properties, "email": "c@b.co"}},
        None,
    ]
    for one in sent:
        assert one.stdin == f'header = "Authorization: Bearer {TOKEN}"\n'
        assert TOKEN not in " ".join(one.argv)
        assert one.argv[one.argv.index("-K") + 1] == "-"
        assert one.argv[one.argv.index("-H") + 1] == "Content-Type: application/json"


def test_the_script_of_the_documented_request(tools: None, tmp_path: Path) -> None:
    """The document's own body, id, name and all."""
    (sent,) = shell(printed(at_2017(CHANGE)), tmp_path)

    assert (sent.method, sent.url) == (
        "PUT",
        f"{URL}/securityContacts/default1?api-version={V2017}",
    )
    assert sent.body == {
        "id": f"/subscriptions/{ID}/providers/Microsoft.Security/securityContacts/default",
        "name": "default",
        "type": "Microsoft.Security/securityContacts",
        "properties": {
            "email": "a@contoso.com",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_contact_is_inert_in_a_shell(tools: None, tmp_path: Path, hostile: str) -> None:
    """Its name is quoted for an address, its fields are JSON in ASCII, and nothing else runs."""
    there = old(hostile, "b@b.co", x=hostile)
    script = printed(at_2017(Change(phone="(1) 2"), there, name=hostile))

    (sent,) = shell(script, tmp_path)

    assert script.isascii()
    assert sent.body == {"properties": {**there.properties, "phone": "(1) 2"}}
    assert re.fullmatch(
        re.escape(f"{URL}/securityContacts/") + r"[\w.~%-]+" + re.escape(f"?api-version={V2017}"),
        sent.url,
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_remote_name_is_in_the_script(hostile: str) -> None:
    """A subscription is called by its id."""
    script = printed(at_2023({"emails": "b@b.co"}, name=f"Named {hostile}"))

    assert ID in script
    assert "Named" not in script


@pytest.mark.parametrize(
    ("made", "documents"),
    [
        pytest.param(at_2023({"emails": "jörg@b.co", "x": "END\nEND"}), 1, id="2023"),
        pytest.param(at_2017(Change(emails=("x@b.co", "y@b.co")), *THREE), 2, id="2017"),
    ],
)
def test_bodies_are_ascii_in_a_quoted_here_document(made: Plan, documents: int) -> None:
    """The shell changes nothing in them, and neither does a locale."""
    script = printed(made)

    found = re.findall(r"^cat > ([-0-9a-f]+\.json) <<'END'\n(.*)\nEND$", script, re.MULTILINE)

    assert script.isascii()
    assert len({name for name, _ in found}) == len(found) == documents
    assert [json.loads(text)["properties"] for _, text in found] == [
        step.after for row in made.rows for step in row.steps if step.after is not None
    ]
    for name, _ in found:
        assert f"--data-binary @{name} " in script


def test_rows_without_a_change_send_nothing() -> None:
    """Only a change is a command."""
    quiet = plan(*(row for row in ROWS.rows if row.intent is not Intent.CHANGE))

    assert [line for line in printed(quiet).splitlines() if "curl -K" in line] == []


def test_a_refused_write_stops_the_script(tools: None, tmp_path: Path) -> None:
    """An address that could not be moved to its new place is not deleted from its old one."""
    sent = shell(printed(at_2017(SHRINK, *THREE)), tmp_path, refused="PUT")

    assert [one.method for one in sent] == ["PUT"]


def test_each_word_is_quoted() -> None:
    """A command is the same words after a shell has read it."""
    line = curl.command("PUT", "https://x.example/a b?c=$(d)&e='f'", "x.json")

    words = shlex.split(line.split("| ", 1)[1])

    assert words == [
        *("curl", "-K", "-", "-sS", "--fail-with-body", "-X", "PUT"),
        *("-H", "Content-Type: application/json"),
        *("--data-binary", "@x.json", "https://x.example/a b?c=$(d)&e='f'"),
    ]
