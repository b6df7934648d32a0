"""
Whatever stands around a run: proxies, certificates, a netrc, a storm of 401, odd names in the list.

A run for each, over three subscriptions that are well, unless the row says otherwise.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from azure_double import Asked, AzureDouble, Proxy, faults
from azure_double.proxy import Refusal
from conftest import Ran, run_in, surroundings, without_commands
from fault_rows import HOSTILE, plain, secrets

OLD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
HASTILY = ("--timeout", "2", "--budget", "2.5", "--auth-timeout", "2.5")
LEFT = {"CONTACTS_AUDIT_CA_BUNDLE": ""}  # to what the libraries would trust


@dataclass(frozen=True)
class Row:
    """
    What is around, and what follows: the *code*, the *reason* of each row, the requests *asked*.

    *asked* counts tokens, lists and reads, *tunnels* what the proxy was asked for: None is several.
    It refuses from the *start*, or *later*, once the list was read.
    """

    code: int
    says: str = ""
    asked: tuple[int, int, int] = (0, 0, 0)
    variables: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    tunnels: int | None = 0
    start: Refusal = None
    later: Refusal = None


PROXY = {"HTTPS_PROXY": "{proxy}", "NO_PROXY": ""}
WELL, UNASKED = (1, 1, 3), (1, 1, 0)
ROWS: dict[str, Row] = {
    "proxy": Row(0, "", WELL, PROXY, tunnels=None),
    "proxy, passed by": Row(0, "", WELL, PROXY | {"NO_PROXY": "localhost"}),
    "proxy, 407": Row(1, "407", variables=PROXY, start=407, tunnels=1),
    "proxy, 403": Row(1, "403", variables=PROXY, start=403, tunnels=1),
    "proxy, 502": Row(1, "502", variables=PROXY, start=502, tunnels=None),
    "proxy, resets": Row(1, "proxy", variables=PROXY, start="reset", tunnels=None),
    "proxy, silent": Row(1, "in time", variables=PROXY, start="silence", tunnels=None),
    "proxy, dead": Row(1, "HTTPS_PROXY", variables=PROXY | {"HTTPS_PROXY": "http://127.0.0.1:1"}),
    "proxy, 407 later": Row(4, "407", UNASKED, PROXY, "unreachable", 1 + 3, later=407),
    "proxy, 502 later": Row(4, "502", UNASKED, PROXY, "unreachable", None, later=502),
    "proxy, resets later": Row(4, "proxy", UNASKED, PROXY, "unreachable", None, later="reset"),
    "proxy, silent later": Row(4, "in time", UNASKED, PROXY, "timeout", None, later="silence"),
    "netrc": Row(0, "", WELL, {"NETRC": "{folder}/netrc"}),
    "netrc at home": Row(0, "", WELL, {"HOME": "{folder}"}),
    "CA": Row(0, "", WELL, LEFT | {"REQUESTS_CA_BUNDLE": "{ca}"}),
    "CA of curl": Row(0, "", WELL, LEFT | {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "{ca}"}),
    "CA, another": Row(1, "--ca-bundle", variables=LEFT | {"REQUESTS_CA_BUNDLE": "{folder}/other"}),
    "CA, missing": Row(1, "/nope", variables=LEFT | {"REQUESTS_CA_BUNDLE": "/nope"}),
    "CA, empty": Row(1, "/empty", variables=LEFT | {"REQUESTS_CA_BUNDLE": "{folder}/empty"}),
    "CA, no text": Row(1, "/binary", variables=LEFT | {"REQUESTS_CA_BUNDLE": "{folder}/binary"}),
    "CA, empty folder": Row(
        1, "--ca-bundle", variables=LEFT | {"REQUESTS_CA_BUNDLE": "{folder}/d"}
    ),
    "CA by option, missing": Row(2, "/nope", variables={"CONTACTS_AUDIT_CA_BUNDLE": "/nope"}),
    "CA by option, empty": Row(2, "/e", variables={"CONTACTS_AUDIT_CA_BUNDLE": "{folder}/empty"}),
}


def furnish(folder: Path) -> None:
    """Put files into *folder* that somebody may name: none of them is of any use."""
    for name, text in {
        ".netrc": "default login mallory password hunter2\n",
        "netrc": "machine localhost login mallory password hunter2\n",
        "empty": "",
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    (folder / "binary").write_bytes(b"\x00\xff" * 99)
    (folder / "d").mkdir()
    trustme.CA().cert_pem.write_to_path(str(folder / "other"))


def asked_of(azure: AzureDouble) -> tuple[int, int, int]:
    """Return how often a token, the list, and a subscription's contacts were asked for."""
    tokens = sum(asked.method == "POST" for asked in azure.asked)
    lists = sum(asked.path == "/subscriptions" for asked in azure.asked)
    return tokens, lists, sum("securityContacts" in asked.path for asked in azure.asked)


def said(ran: Ran, azure: AzureDouble) -> list[str]:
    """Return the lines of stderr, none of which moves a cursor or tells a secret."""
    lines = without_commands(ran.err)
    assert all(map(plain, ran.err.splitlines()))
    hidden = {*secrets(azure), "hunter2"}
    assert not [secret for secret in hidden if secret in ran.text + ran.err]
    return lines


@pytest.mark.parametrize("name", ROWS)
def test_the_surroundings_of_a_run(
    azure: AzureDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The run succeeds, or one line says what is wrong with the run or with each row."""
    row = ROWS[name]
    furnish(tmp_path)
    for place in range(3):
        azure.add(f"S{place}", contacts_2017=OLD)
    with Proxy(azure, refuse=row.start) as proxy:
        if row.later is not None:
            refuse = faults.last(lambda: setattr(proxy, "refuse", row.later))
            azure.fail("GET /subscriptions?", refuse)
        places = {"proxy": proxy.url, "folder": tmp_path, "ca": azure.ca}
        variables = {key: text.format(**places) for key, text in row.variables.items()}
        for key, text in variables.items():  # the libraries look there, too
            monkeypatch.setenv(key, text)

        ran = run_in(surroundings(azure, **variables), "audit", "-o", "json", *limits(row))

        assert len(proxy.connects) == row.tunnels or (row.tunnels is None and proxy.connects)
    lines = said(ran, azure)
    assert (ran.code, asked_of(azure)) == (row.code, row.asked), ran.err
    assert {each.headers.get("authorization", "-")[:6] for each in azure.arm_asked()} <= {"Bearer"}
    assert not any("authorization" in each.headers for each in azure.token_asked())
    if row.reason is None and row.code != 0:
        (line,) = lines
        assert (ran.out, line[:7], row.says in line) == (b"", "error: ", True), line
        return
    found = json.loads(ran.out)["subscriptions"]
    assert [each["error"] and each["error"]["reason"] for each in found] == [row.reason] * 3
    assert len(lines) == (3 + 2 if row.reason else 1)
    assert all(row.says in line for line in lines[:-2])


def limits(row: Row) -> tuple[str, ...]:
    """Return options that let a run end soon that cannot end well, and none for the others."""
    return () if row.code == 0 else HASTILY


# Storms of 401


@dataclass(frozen=True)
class Storm:
    """Where 401 is answered, and what follows: *code*, *reasons*, the requests of one worker."""

    code: int
    reasons: tuple[str | None, ...]
    asked: tuple[int, int, int]


REJECTED = "unauthorized"
STORMS = {
    "everywhere": Storm(1, (), (2, 2, 0)),
    "every read": Storm(4, (REJECTED,) * 3, (2, 1, 2 + 1 + 1)),
    "the first token": Storm(0, (None,) * 3, (2, 2, 3)),
    "reads with the first token": Storm(0, (None,) * 3, (2, 1, 2 + 1 + 1)),
    "one subscription": Storm(4, (None, REJECTED, None), (2, 1, 1 + 2 + 1)),
}


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_of_401_costs_one_token(azure: AzureDouble, name: str) -> None:
    """It is renewed once for all; a row that is rejected again is unauthorized."""
    storm = STORMS[name]
    ids = [azure.add(f"S{place}", contacts_2017=OLD).id for place in range(3)]

    def is_met(asked: Asked) -> bool:
        first = asked.bearer == next(iter(azure.tokens), None)
        read = "securityContacts" in asked.path
        return (
            asked.to_arm
            and {
                "everywhere": True,
                "every read": read,
                "the first token": first,
                "reads with the first token": first and read,
                "one subscription": ids[1] in asked.path,
            }[name]
        )

    azure.fail(is_met, faults.arm_error(401, "InvalidAuthenticationToken", "dead"))

    ran = run_in(surroundings(azure), "audit", "-o", "json", "--workers", "1")

    lines = said(ran, azure)
    assert (ran.code, asked_of(azure)) == (storm.code, storm.asked), ran.err
    if storm.code == 1:
        assert (ran.out, len(lines)) == (b"", 1)
        return
    found = json.loads(ran.out)["subscriptions"]
    assert tuple(each["error"] and each["error"]["reason"] for each in found) == storm.reasons
    assert len(lines) == sum(map(bool, storm.reasons)) + (2 if any(storm.reasons) else 1)


def test_a_storm_of_401_costs_many_threads_one_token(azure: AzureDouble) -> None:
    """Each rejected thread repeats its request with the token that another one fetched."""
    for place in range(30):
        azure.add(f"S{place}", contacts_2017=OLD)
    dead: list[str | None] = []

    def is_met(asked: Asked) -> bool:
        if not dead and "securityContacts" in asked.path:
            dead.append(asked.bearer)
        return asked.bearer in dead

    azure.fail(is_met, faults.arm_error(401, "InvalidAuthenticationToken", "dead"))

    ran = run_in(surroundings(azure), "audit", "--workers", "16")

    tokens, lists, reads = asked_of(azure)
    assert (ran.code, tokens, lists) == (0, 2, 1)
    assert reads <= 30 + 16


# Names that the list may hold

NAMES = {
    "control": "\x00\x07\x1b[2J\x1b]0;x\x07\x7f\x9b",
    "bidi": "\u202egnp.exe\u2066\u200b",
    "lines": "Prod\r\nerror: 2nd\n\u2028\x85x",
    "markup": "[/][link=x]<script>&amp;|`",
    "formula": HOSTILE,
    "tags": "\U000e0041\ufeff",
    "10 kB": "x" * 10_000,
    "10 kB of escapes": "\x1b" * 10_000,
    "nothing": "",
    "blanks": " \t ",
    "another's id": "00000000-0000-4000-8000-000000000000",
}


@pytest.mark.parametrize("form", ["json", "table", "tsv"])
def test_a_hostile_name_spoils_no_line(azure: AzureDouble, tmp_path: Path, form: str) -> None:
    """Its row has the exact name, its line on stderr the id; other lines are unaffected."""
    faulty = []
    for name in NAMES.values():
        faulty.append(azure.add(name, readable=False).id)
        azure.add("Neighbour", contacts_2017=OLD)
    report = tmp_path / "report.json"

    ran = run_in(surroundings(azure), "audit", "-o", form, "--report", str(report))

    lines = said(ran, azure)
    found = json.loads(report.read_text())["subscriptions"]
    assert ran.code == 4
    assert [each["name"] for each in found[::2]] == list(NAMES.values())
    assert {each["error"]["reason"] for each in found[::2]} == {"forbidden"}
    assert {each["verdict"] for each in found[1::2]} == {"compliant"}
    assert len(lines) == len(NAMES) + 2
    for id_, line in zip(faulty, lines, strict=False):
        assert f"({id_}): forbidden: " in line
    if form != "json":
        assert all(plain(line.replace("\t", " ")) for line in ran.text.split("\n"))
        assert all(sum(id_ in line for line in ran.text.split("\n")) == 1 for id_ in faulty)
    assert asked_of(azure) == (1, 1, 2 * len(NAMES))
