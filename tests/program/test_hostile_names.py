"""A name that would end a line, move a cursor or turn text around does so in no command."""

import json
import re
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import Run

EVIL = "Prod\nINJECTED \x1b[2J\u202e\u2028\x9b"
HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
WISH = ("--email", "soc@contoso.com")
REPLAYABLE = {
    "table": ("audit",),
    "tsv": ("audit", "-o", "tsv"),
    "csv": ("audit", "-o", "csv"),
    "markdown": ("audit", "-o", "markdown"),
    "json": ("audit", "-o", "json"),
    "told": ("audit", "-v", "--debug"),
    "explain": ("explain", EVIL),
    "explain json": ("explain", EVIL, "-o", "json"),
    "explain curl": ("explain", EVIL, "--curl"),
    "explain waived": ("explain", EVIL, "--policy", "POLICY"),
    "doctor": ("doctor",),
    "emails": ("emails",),
    "plan": ("plan", *WISH),
    "plan markdown": ("plan", *WISH, "-o", "markdown"),
    "plan curl": ("plan", *WISH, "--curl"),
    "unknown name": ("audit", "-s", f"{EVIL}?"),
    "ambiguous name": ("audit", "-s", "Twin\nINJECTED"),
    "unmatched exclude": ("audit", "--exclude", f"{EVIL}?"),
    "apply": ("apply", *WISH, "--yes", "--state-dir", "STATE"),
}


def harmless(text: str) -> bool:
    """Say whether no hostile character is in *text*, and none of its lines is a name's."""
    return not HOSTILE.search(text) and not re.search("^INJECTED", text, re.MULTILINE)


@pytest.mark.parametrize("failing", [False, True], ids=["read", "refused"])
@pytest.mark.parametrize("name", REPLAYABLE)
def test_every_command_sanitizes_names(
    azure: AzureDouble, run: Run, tmp_path: Path, name: str, failing: bool
) -> None:
    """This is on stdout and stderr, for readable and unreadable rows."""
    azure.add(EVIL, readable=not failing, contact={"emails": f"{EVIL}; a\x1b[1m\nINJECTED@x"})
    for _ in range(2):
        azure.add("Twin\nINJECTED")
    azure.add("\x1b]0;INJECTED\x07", state="Disabled")
    policy = tmp_path / "policy.toml"
    evil = json.dumps(EVIL)
    policy.write_text(
        f"[[waiver]]\nsubscription = {evil}\nreason = {evil}\nowner = {evil}\n"
        "expires = 9999-12-31\n"
    )
    places = {"POLICY": str(policy), "STATE": str(tmp_path / "state")}
    words = [places.get(word, word) for word in REPLAYABLE[name]]

    ran = run(*words)

    assert ran.code in (0, 1, 2, 3, 4, 5)
    assert "Traceback" not in ran.err
    assert name == "emails" or harmless(ran.text), ran.text  # whose stdout is exact, as jq's is
    assert harmless(ran.err), ran.err


def test_every_prompt_sanitizes_names(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """So do restore and diff."""
    azure.add(EVIL)
    state, before, after = (str(tmp_path / name) for name in ("state", "old.json", "new.json"))
    run("audit", "--report", before)
    shown = [run("apply", *WISH, "--yes", "--state-dir", state)]
    (backup,) = Path(state).glob("backup-*.json")
    run("audit", "--report", after)
    shown += [
        run("restore", str(backup), "--yes", "--state-dir", state),
        run("diff", before, after),
        run("diff", before, after, "-o", "json"),
        run("merge", before),
        run("audit", "--only-changes", "--baseline", after),
    ]

    for ran in shown:
        assert ran.out + ran.err.encode()
        assert harmless(ran.text), ran.text
        assert harmless(ran.err), ran.err


def test_a_next_link_is_printed_as_it_is_sent(azure: AzureDouble, run: Run) -> None:
    """A curl command shows it as a valid URL."""
    found = azure.add("Prod")
    link = f"{azure.endpoint}/subscriptions/{found.id}/x?\u202ey=\x1b"
    page = json.dumps({"value": [], "nextLink": link}).encode()
    azure.fail("securityContacts", faults.answer(page), times=1)

    ran = run("explain", "Prod", "--curl")

    assert harmless(ran.text), ran.text
