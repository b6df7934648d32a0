"""A plan printed as curl commands does what the plan says."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from report.plans import (
    CHANGE,
    HOSTILE,
    ID,
    ROWS,
    SHRINK,
    THREE,
    V2017,
    at_2017,
    at_2023,
    old,
    plan,
    printed,
)

from contacts_audit.core.model import Change
from contacts_audit.remediation.plan import Intent
from contacts_audit.remediation.plan_file import Plan
from contacts_audit.report import curl

URL = f"https://management.azure.com/subscriptions/{ID}/providers/Microsoft.Security"
TOKEN = "eyJ.secret.token"
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


def test_the_script_does_what_the_plan_says(tools: None, tmp_path: Path) -> None:
    """It sends each write in order; the token comes from stdin, never from an argument."""
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
    """The body, id and name are those of the published rule."""
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
def test_a_hostile_contact_runs_nothing_in_a_shell(
    tools: None, tmp_path: Path, hostile: str
) -> None:
    """Its name is quoted in the URL, and its fields are ASCII JSON."""
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
    """Subscriptions appear only by id."""
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
    """Neither the shell nor a locale changes them."""
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
    """Only changes become commands."""
    quiet = plan(*(row for row in ROWS.rows if row.intent is not Intent.CHANGE))

    assert [line for line in printed(quiet).splitlines() if "curl -K" in line] == []


def test_a_refused_write_stops_the_script(tools: None, tmp_path: Path) -> None:
    """An address that could not be moved is not deleted from its old place."""
    sent = shell(printed(at_2017(SHRINK, *THREE)), tmp_path, refused="PUT")

    assert [one.method for one in sent] == ["PUT"]


def test_each_word_is_quoted() -> None:
    """A shell reads back the same words."""
    line = curl.Target("https://x.example").command(
        "PUT", "https://x.example/a b?c=$(d)&e='f'", "x.json"
    )

    words = shlex.split(line.split("| ", 1)[1])

    assert words == [
        *("curl", "-K", "-", "-sS", "--fail-with-body", "-X", "PUT"),
        *("-H", "Content-Type: application/json"),
        *("--data-binary", "@x.json", "https://x.example/a b?c=$(d)&e='f'"),
    ]
