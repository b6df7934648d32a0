"""The pages of docs/ say what the program does: their sessions, schedules, units and links."""

import ast
import errno
import os
import re

import pytest
from conftest import ROOT
from docs.sessions import session_output

from contacts_audit.cli import app

PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
OTHERS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md", "docs/deploy/README.md")
ALL = {**PAGES, **{name: (ROOT / name).read_text() for name in OTHERS}}
SESSIONS = [
    pytest.param(session, id=f"{name}: {session.splitlines()[0][2:60]}")
    for name, text in PAGES.items()
    for session in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
]


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.usefixtures("tools")
def test_a_session_shows_the_real_output(session: str) -> None:
    """Each command prints what the page shows."""
    assert session_output(session) == session


@pytest.mark.parametrize("name", ALL)
def test_links_lead_to_a_file_and_a_heading(name: str) -> None:
    """To a file that is there, and to a heading that is in it."""
    folder = (ROOT / name).parent if name in OTHERS else ROOT / "docs"
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", ALL[name]):
        path, _, heading = target.partition("#")
        text = (folder / path).read_text() if path else ALL[name]
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\s-]", "", each).lower().replace(" ", "-") for each in headings}
        assert not heading or heading in anchors, target


def test_help_leads_to_the_pages() -> None:
    """Each command names its page, and each page that is named exists."""
    assert {*app.PAGES} == {*app.COMMANDS}
    for command, page in app.PAGES.items():
        assert f"{page}.md" in PAGES
        assert f"More: docs/{page}.md" in (app._program(command).commands[command].epilog or "")


FOREIGN = [  # what the system, OpenSSL and jq say, in our own lines
    *(os.strerror(number) for number in (errno.EACCES, errno.EROFS, errno.ENAMETOOLONG)),
    *(
        os.strerror(errno.ENOENT),
        "certificate verify failed: unable to get local issuer certificate",
    ),
    *("Tunnel connection failed: 407", "is not a valid format", "Cannot index", "AADSTS"),
    "Please run 'az login'",
]


def words_of_the_program() -> list[str]:
    """Return the parts of all texts in the source, as they stand between what is filled in."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "contacts_audit").rglob("*.py")]
    return [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def quoted_messages(text: str) -> list[str]:
    """Return what the tables of errors of a page quote."""
    found, quotes = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            quotes = False
        elif re.match(r"error|message|where", cells[0]):
            quotes = True
            column = 1 if cells[0] == "where" else 0
        elif quotes and not cells[0].startswith("---"):
            found += re.findall(r"`([^`]{12,})`", cells[column])
    return found


@pytest.mark.parametrize("name", ["troubleshooting.md", "sign-in.md"])
def test_each_quoted_message_is_in_the_source(name: str) -> None:
    """Or it comes from the system, OpenSSL, jq or az. Most of it is one string."""
    known = {part.strip(" :,") for part in (*words_of_the_program(), *FOREIGN)}
    messages = quoted_messages(PAGES[name])

    lost = []
    for message in messages:
        left = "".join(
            fragment
            for fragment in re.split(r"\.\.\.| -- ", message)
            if not any(fragment.strip(" :") in part for part in known)
        )
        for part in sorted((part for part in known if len(part) > 3), key=len, reverse=True):
            left = left.replace(part, "")
        if len(left) > len(message) / 2:
            lost.append((message, left))

    assert len(messages) > 5
    assert lost == []
