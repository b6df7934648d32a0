"""The program as its users meet it: argv in; stdout, stderr and exit code out."""

import asyncio
import json
import os
import stat
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.exchange import Exchange, as_usual
from conftest import ROOT, Ran, Run, run_in
from jsonschema import Draft202012Validator

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
ALL = {V2017, V2020, V2023}
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
SCHEMA = Draft202012Validator(
    json.loads(files("contacts_audit.report").joinpath("schema.json").read_bytes())
)


def at_2017(*emails: str | None) -> list[dict[str, Any]]:
    """Return contacts as 2017 keeps them."""
    return [
        {
            "name": f"default{number}",
            "properties": {"email": email, "alertNotifications": "On", "alertsToAdmins": "On"},
        }
        for number, email in enumerate(emails, start=1)
    ]


def newer(emails: Any, **more: Any) -> dict[str, Any]:
    """Return a contact as the portal writes it."""
    return {
        "emails": emails,
        "phone": "",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        **more,
    }


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a JSON report, which must fit its schema."""
    report = json.loads(ran.out)
    SCHEMA.validate(report)
    assert report["exit_code"] == ran.code
    found: list[dict[str, Any]] = report["subscriptions"]
    return found


def versions_asked(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the api-versions at which *subscription* was read, in order."""
    return [
        asked.params["api-version"]
        for asked in azure.arm_asked()
        if f"/subscriptions/{subscription.id}/" in asked.path
    ]


# The reading order


@pytest.mark.parametrize(
    ("contacts_2017", "contact", "offered", "verdict", "decided_by", "asked"),
    [
        pytest.param(
            at_2017("a@contoso.com"), None, ALL, "compliant", V2017, [V2017], id="2017 shows one"
        ),
        pytest.param(
            [],
            newer("a@contoso.com"),
            ALL,
            "compliant",
            V2023,
            [V2017, V2023],
            id="the portal wrote it",
        ),
        pytest.param([], newer(""), ALL, "non-compliant", V2023, [V2017, V2023], id="owners only"),
        pytest.param(
            [],
            newer("a@contoso.com", isEnabled=False),
            ALL,
            "non-compliant",
            V2023,
            [V2017, V2023],
            id="disabled",
        ),
        pytest.param([], None, ALL, "non-compliant", V2023, [V2017, V2023], id="none at all"),
        pytest.param(
            at_2017("no address"),
            newer("a@contoso.com"),
            ALL,
            "compliant",
            V2023,
            [V2017, V2023],
            id="malformed at 2017",
        ),
        pytest.param(
            [],
            newer("a@contoso.com"),
            {V2017, V2020},
            "compliant",
            V2020,
            [V2017, V2023, V2020],
            id="2023 refused as a version",
        ),
        pytest.param(
            [],
            newer(";"),
            {V2017, V2020},
            "non-compliant",
            V2020,
            [V2017, V2023, V2020],
            id="2020 shows none",
        ),
        pytest.param(
            [],
            None,
            {V2017},
            "non-compliant",
            V2017,
            [V2017, V2023, V2020],
            id="2017 alone",
        ),
        pytest.param(
            at_2017("a@contoso.com"),
            newer("b@contoso.com"),
            {V2023},
            "compliant",
            V2023,
            [V2017, V2023],
            id="2017 retired",
        ),
        pytest.param(
            [], None, {V2020}, "non-compliant", V2020, [V2017, V2023, V2020], id="2020 alone"
        ),
        pytest.param(
            at_2017("a@contoso.com"),
            None,
            {"2099-01-01"},
            "unreadable",
            None,
            [V2017, V2023, V2020],
            id="none offered",
        ),
    ],
)
def test_no_subscription_fails_on_the_word_of_one_version(
    azure: AzureDouble,
    run: Run,
    contacts_2017: list[dict[str, Any]],
    contact: dict[str, Any] | None,
    offered: set[str],
    verdict: str,
    decided_by: str | None,
    asked: list[str],
) -> None:
    """2017 is asked first, 2023 where that shows none, 2020 where 2023 is no version there."""
    subscription = azure.add("Prod", contacts_2017=contacts_2017, contact=contact)
    azure.offered, azure.newer_put_on_2017 = offered, "survives"

    (row,) = rows(run("audit", "-o", "json"))

    assert (row["verdict"], row["decided_by"]) == (verdict, decided_by)
    assert versions_asked(azure, subscription) == asked


@pytest.mark.parametrize(
    "refusal", ["NoRegisteredProviderFound", "InvalidResourceType", "InvalidApiVersionParameter"]
)
@pytest.mark.parametrize("shows", [True, False])
def test_a_finding_of_2017_alone_says_so(
    azure: AzureDouble, run: Run, refusal: str, shows: bool
) -> None:
    """Where no newer version is offered, the finding says that 2017 decided alone."""
    azure.add("Prod", contact=newer(""))
    azure.offered, azure.version_refusal = {V2017}, refusal
    azure.newer_put_on_2017 = "shows" if shows else "survives"

    (row,) = rows(run("audit", "-o", "json"))

    assert row["findings"][0]["api_version"] == V2017
    assert "2017-08-01-preview alone decided" in row["findings"][0]["message"]


@pytest.mark.parametrize("seen", ["shows", "survives"])
def test_verdicts_hold_whatever_the_versions_show_of_each_other(
    azure: AzureDouble, run: Run, seen: Literal["shows", "survives"]
) -> None:
    """What nobody knows of Azure changes no verdict."""
    azure.newer_put_on_2017 = seen
    azure.add("Old", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Portal", contact=newer("a@contoso.com"))
    azure.add("Both", contacts_2017=at_2017("a@contoso.com"), contact=newer(""))
    azure.add("Empty", contact=newer(""))
    azure.add("None")

    found = rows(run("audit", "-o", "json"))

    verdicts = [row["verdict"] for row in found]
    assert verdicts == ["compliant"] * 3 + ["non-compliant"] * 2


def test_a_refused_version_is_forgotten_after_three_refusals(azure: AzureDouble, run: Run) -> None:
    """Three subscriptions that were refused a version spare the others the question."""
    for number in range(6):
        azure.add(f"S{number}")
    azure.offered = {V2017, V2020}

    ran = run("audit", "-o", "json", "--workers", "1")

    assert {row["decided_by"] for row in rows(ran)} == {V2020}
    at_2023 = [asked for asked in azure.arm_asked() if asked.params.get("api-version") == V2023]
    assert len(at_2023) == 3


def test_one_sporadic_refusal_blinds_nothing(azure: AzureDouble, run: Run) -> None:
    """A refusal counts for its subscription; the next ones are asked at that version again."""
    azure.newer_put_on_2017 = "survives"
    for number in range(5):
        azure.add(f"S{number}", contact=newer("a@contoso.com"))
    refused = faults.arm_error(
        400, "NoRegisteredProviderFound", "The supported api-versions are '2017-08-01-preview'."
    )
    azure.fail(V2023, refused, times=1)

    found = rows(run("audit", "-o", "json", "--workers", "1"))

    assert [row["decided_by"] for row in found] == [V2020] + [V2023] * 4


@pytest.mark.parametrize(
    ("status", "code", "message", "reason"),
    [
        pytest.param(400, "NoRegisteredProviderFound", "no list here", "refused", id="no list"),
        pytest.param(
            400,
            "NoRegisteredProviderFound",
            f"The supported api-versions are '{V2017}, {V2023}'.",
            "refused",
            id="ours is listed",
        ),
        pytest.param(
            403,
            "NoRegisteredProviderFound",
            f"The supported api-versions are '{V2017}'.",
            "forbidden",
            id="other status",
        ),
        pytest.param(404, "ResourceNotFound", "gone", "not-found", id="404"),
        pytest.param(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Security'.",
            "not-registered",
            id="409 registration",
        ),
    ],
)
def test_other_errors_at_a_newer_version_leave_it_unread(
    azure: AzureDouble, run: Run, status: int, code: str, message: str, reason: str
) -> None:
    """Only a refusal of the version itself moves on to another one; 404 is never 'no contact'."""
    azure.add("Prod")
    azure.fail(V2023, faults.arm_error(status, code, message))

    ran = run("audit", "-o", "json")

    (row,) = rows(ran)
    assert (ran.code, row["verdict"], row["error"]["reason"]) == (4, "unreadable", reason)
    assert (row["findings"], row["decided_by"]) == ([], None)


def test_a_hint_is_a_command_for_this_very_subscription(azure: AzureDouble, run: Run) -> None:
    """It can be copied as it stands."""
    one = azure.add("Prod", registered=False)
    command = f"az provider register --namespace Microsoft.Security --subscription {one.id}"

    ran = run("audit", "-o", "json")

    assert rows(ran)[0]["error"]["hint"] == f"register the provider: {command}"
    assert ran.err.splitlines()[0].endswith(command)


# Rows


def test_rows_out_are_subscriptions_in(azure: AzureDouble, run: Run) -> None:
    """Every subscription is a row, in Azure's order, whatever became of it."""
    azure.page_size = 2
    azure.add("Good", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Bad")
    azure.add("Closed", readable=False)
    azure.add("Off", state="Disabled")
    azure.add("Gone", state="Deleted")
    azure.add("Late", state="PastDue", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Odd", state="Enchanted", registered=False)

    ran = run("audit", "-o", "json")

    assert [(row["name"], row["verdict"]) for row in rows(ran)] == [
        ("Good", "compliant"),
        ("Bad", "non-compliant"),
        ("Closed", "unreadable"),
        ("Off", "skipped"),
        ("Gone", "skipped"),
        ("Late", "compliant"),
        ("Odd", "unreadable"),
    ]
    summary = json.loads(ran.out)["summary"]
    assert summary["in_scope"] == summary["read"] + summary["unreadable"] + summary["skipped"] == 7
    assert ran.code == 4


def test_a_row_says_what_it_was_refused_and_what_to_do(azure: AzureDouble, run: Run) -> None:
    """A 403 names the missing action and the least role, and keeps the request id."""
    azure.add("Closed", readable=False)

    ran = run("audit", "-o", "json")

    (row,) = rows(ran)
    assert row["error"]["status"] == 403
    assert "Security Reader" in row["error"]["hint"]
    assert "Microsoft.Security/securityContacts/read" in row["error"]["hint"]
    assert row["error"]["request_id"]
    (line, *_) = ran.err.splitlines()
    assert line.startswith(f"Closed ({row['id']}): forbidden: ")
    assert row["error"]["request_id"] in line


def test_the_code_is_that_of_the_worst_row(azure: AzureDouble, run: Run) -> None:
    """0 all comply, 3 findings, 4 incomplete, in rising order; skipped rows raise nothing."""
    azure.add("Off", state="Disabled")
    only_skipped = run("audit")
    azure.add("Good", contacts_2017=at_2017("a@contoso.com"))
    good = run("audit")
    azure.add("Bad")
    bad = run("audit")
    azure.add("Closed", readable=False)
    closed = run("audit")

    assert (only_skipped.code, good.code, bad.code, closed.code) == (0, 0, 3, 4)
    assert "warning: all subscriptions were skipped" in only_skipped.err


def test_addresses_are_read_as_people_write_them(azure: AzureDouble, run: Run) -> None:
    """Both separators, blanks and doubles; a malformed address harms no good one beside it."""
    azure.add("Lists", contact=newer(" A@contoso.com ;b@contoso.com,a@CONTOSO.com;; , nonsense"))
    azure.add("Nonsense", contact=newer("nonsense; a@b@c"))

    lists, nonsense = rows(run("audit", "-o", "json"))

    assert lists["emails"] == ["A@contoso.com", "b@contoso.com"]
    assert lists["verdict"] == "compliant"
    assert "malformed address 'nonsense'" in nonsense["findings"][0]["message"]


def test_items_of_another_type_are_left_out_and_named(azure: AzureDouble, run: Run) -> None:
    """What is no security contact counts for nothing, and `-v` names it."""
    other = {"name": "x", "type": "Other/thing", "properties": {"email": "a@contoso.com"}}
    azure.add("Prod", answers={V2017: {"value": [other]}, V2023: {"value": [other]}})

    ran = run("audit", "-o", "json", "-v")

    assert rows(ran)[0]["verdict"] == "non-compliant"
    assert "left out an item of type Other/thing" in ran.err


# Scope


def test_ids_names_files_and_exclusions_make_the_scope(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Selectors add up, exclusions subtract, in Azure's order; what is not visible comes last."""
    one, two, three, four = (azure.add(name) for name in ("One", "Two", "Three", "Four"))
    listed = tmp_path / "ids.txt"
    listed.write_bytes(
        b"\xef\xbb\xbf# ours\r\n" + three.id.upper().encode() + b"  # a comment\r\n\r\ntwo\r\n"
    )

    ran = run(
        *("audit", "-o", "json", "-s", ID, "-s", four.id, "-s", "One", "-s", one.id),
        *("--subscriptions-from", str(listed), "--exclude", "FOUR", "--exclude", "Nobody"),
    )

    assert [row["id"] for row in rows(ran)] == [one.id, two.id, three.id, ID]
    assert rows(ran)[-1]["error"]["reason"] == "not-visible"
    assert "warning: --exclude: 'Nobody' matches nothing" in ran.err
    assert not any(ID in asked.path for asked in azure.arm_asked())


def test_ids_come_from_stdin_and_from_az(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """`-` is stdin; `--current` is az's default in this cloud, from its profile."""
    one, two = azure.add("One"), azure.add("Two")
    azure.add("Three")
    profile = {
        "subscriptions": [
            {"id": two.id, "isDefault": True, "tenantId": azure.tenant, "environmentName": "Own"},
            {"id": one.id, "isDefault": False, "tenantId": azure.tenant},
        ]
    }
    (tmp_path / "azureProfile.json").write_text(json.dumps(profile), "utf-8-sig")

    ran = run(
        *("audit", "-o", "json", "--current", "--subscriptions-from", "-"),
        stdin=one.id.encode(),
        AZURE_CONFIG_DIR=str(tmp_path),
    )

    assert [row["id"] for row in rows(ran)] == [one.id, two.id]


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        pytest.param(None, "az is not signed in -- sign in: az login", id="never signed in"),
        pytest.param({"subscriptions": []}, "az is not signed in", id="signed out"),
        pytest.param({}, "az is not signed in", id="not yet signed in"),
        pytest.param([], "cannot be read", id="no profile"),
        pytest.param(
            {"subscriptions": [{"id": ID, "isDefault": True, "tenantId": ID}]},
            "tenant-level account",
            id="tenant level",
        ),
    ],
)
def test_a_profile_without_a_default_is_said(
    azure: AzureDouble, run: Run, tmp_path: Path, profile: Any, says: str
) -> None:
    """Where az has no default subscription, nothing is guessed."""
    azure.add("One")
    (tmp_path / "az").write_text("#!/bin/false\n")
    (tmp_path / "az").chmod(0o700)
    if profile is not None:
        (tmp_path / "azureProfile.json").write_text(json.dumps(profile))

    ran = run("audit", "--current", AZURE_CONFIG_DIR=str(tmp_path), PATH=str(tmp_path))

    assert (ran.code, ran.out) == (1, b"")
    assert says in ran.err


def test_nothing_visible_is_never_all_compliant(azure: AzureDouble, run: Run) -> None:
    """An empty list, or nothing left of it, is a failed run."""
    assert run("audit").code == 1
    azure.add("One")
    assert run("audit", "--exclude", "One").code == 1
    assert run("audit", "--subscriptions-from", "-", stdin=b"# nothing\n").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-s", "Nobody"], id="unknown name"),
        pytest.param(["-s", "twin"], id="two of that name"),
        pytest.param(["--exclude", "TWIN"], id="two to exclude"),
    ],
)
def test_a_name_that_does_not_select_one_is_a_usage_error(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """None or several: exit 2, with the candidates, and nothing was read."""
    azure.add("Twin")
    azure.add("TWIN ", id=ID)
    azure.subscriptions[1].name = "Twin"

    ran = run("audit", *arguments)

    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ID in ran.err
    assert not any("securityContacts" in asked.path for asked in azure.arm_asked())


# Reports


def test_reports_are_written_beside_what_is_printed(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Each `--report` is a file of its suffix's format, private, and whole."""
    azure.add("Prod")
    paths = [tmp_path / name for name in ("r.json", "r.jsonl", "r.tsv")]

    ran = run("audit", "--quiet", *(word for path in paths for word in ("--report", str(path))))

    assert (ran.code, ran.out, ran.err) == (3, b"", "")
    as_json, as_lines, as_tsv = (path.read_text() for path in paths)
    last = json.loads(as_lines.splitlines()[-1])
    assert json.loads(as_json)["summary"] == last["summary"]
    assert last["record"] == "summary"
    assert as_tsv.count("\t") == 8
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_json_lines_are_the_report_in_lines(azure: AzureDouble, run: Run) -> None:
    """The lines hold what the JSON report holds, row by row, and the rest in the last one."""
    azure.add("One", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Two", readable=False)

    *lines, last = map(json.loads, run("audit", "-o", "jsonl").text.splitlines())

    report = json.loads(run("audit", "-o", "json").out)
    assert [{**line, "record": None} for line in lines] == [
        {**row, "record": None, "error": row["error"] and {**row["error"], **changed(line)}}
        for row, line in zip(report["subscriptions"], lines, strict=True)
    ]
    assert {*last} == {*report} - {"subscriptions"} | {"record"}


def changed(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request id of a line's error: each request has its own."""
    return {"request_id": line["error"]["request_id"]} if line["error"] else {}


@pytest.mark.parametrize(
    ("filter_", "raw", "printed"),
    [
        pytest.param(".summary.in_scope", False, "1\n", id="number"),
        pytest.param(".subscriptions[].name", False, '"Prod é"\n', id="string"),
        pytest.param(".subscriptions[].name", True, "Prod é\n", id="raw"),
        pytest.param("empty", False, "", id="nothing"),
        pytest.param("1, [2]  # a comment", False, "1\n[\n  2\n]\n", id="several"),
        pytest.param('$ENV | has("AZURE_CLIENT_SECRET")', False, "false\n", id="no secrets"),
    ],
)
def test_a_filter_shapes_the_report(
    azure: AzureDouble, run: Run, filter_: str, raw: bool, printed: str
) -> None:
    """`--jq` prints what jq would print of the JSON report; the code stays the audit's."""
    azure.add("Prod é")

    ran = run("audit", "--jq", filter_, *(["-r"] if raw else []))

    assert (ran.code, ran.text) == (3, printed)


def test_a_filter_that_fails_on_the_data_fails_the_run(azure: AzureDouble, run: Run) -> None:
    """One line, exit 1, and nothing on stdout."""
    azure.add("Prod")

    ran = run("audit", "--quiet", "--jq", ".summary | .[0]")

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)


def test_quiet_prints_what_was_asked_for(azure: AzureDouble, run: Run) -> None:
    """`--quiet` silences the table and stderr; an explicit format still prints."""
    azure.add("Prod")

    silent, asked_for = run("audit", "-q"), run("audit", "-q", "-o", "tsv")

    assert (silent.code, silent.out, silent.err) == (3, b"", "")
    assert asked_for.out.startswith(azure.subscriptions[0].id.encode())
    assert asked_for.err == ""


def test_hostile_names_are_inert(azure: AzureDouble, run: Run) -> None:
    """A name from Azure moves no cursor, reorders no text, and ends no line."""
    azure.add("\x1b[31mred\x1b[0m \u202egnp.exe\r\n[/]\t=1+1", readable=False)

    for arguments in (["-o", "table"], ["-o", "tsv"], ["-o", "jsonl"], ["-o", "json"]):
        ran = run("audit", *arguments)
        for text in (ran.text, ran.err):
            assert not {"\x1b", "\u202e", "\r"} & {*text}
    assert json.loads(run("audit", "-o", "json").out)["subscriptions"][0]["name"].startswith("\x1b")


def test_the_schema_is_printed_without_a_network(run: Run, azure: AzureDouble) -> None:
    """`--json-schema` prints the JSON Schema of the report."""
    ran = run("audit", "--json-schema")

    Draft202012Validator.check_schema(json.loads(ran.out))
    assert (ran.code, azure.asked) == (0, [])


# Usage


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param(["audit", "-o", "yaml"], ["--output", "yaml"], id="unknown format"),
        pytest.param(["audit", "--workers", "0"], ["--workers", "'0'"], id="no workers"),
        pytest.param(["audit", "--workers", "1e6"], ["--workers", "1e6"], id="too many workers"),
        pytest.param(["audit", "--timeout", "nan"], ["--timeout", "nan"], id="no number"),
        pytest.param(["audit", "--deadline", "-1"], ["--deadline", "-1"], id="negative"),
        pytest.param(["audit", "--budget", "5s"], ["--budget", "5s"], id="with a unit"),
        pytest.param(["audit", "-s", ""], ["--subscription", "''"], id="empty id"),
        pytest.param(["audit", "-s", f"{{{ID}}}"], ["--subscription", ID], id="braces"),
        pytest.param(["audit", "-s", f"{ID}\n"], ["--subscription", ID], id="newline behind"),
        pytest.param(["audit", "-s", ID.replace("-", "")], ["--subscription"], id="no dashes"),
        pytest.param(["audit", "-s", f"{ID}/../x"], ["--subscription"], id="a path"),
        pytest.param(["audit", "--exclude", "a\x00b"], ["--exclude", "\\x00"], id="NUL"),
        pytest.param(["audit", "--subscriptions-from", "/nope"], ["/nope"], id="no file"),
        pytest.param(["audit", "--subscriptions-from", "/"], ["'/'"], id="a folder"),
        pytest.param(["audit", "--jq", ".["], ["--jq", "syntax error"], id="no filter"),
        pytest.param(["audit", "--jq", ".", "-o", "tsv"], ["--jq", "tsv"], id="filter of tsv"),
        pytest.param(["audit", "-r"], ["-r", "--jq"], id="raw what"),
        pytest.param(["audit", "--report", "r.doc"], ["--report", "r.doc"], id="unknown suffix"),
        pytest.param(["audit", "--report", "r.tsv", "--report", "./r.tsv"], ["twice"], id="twice"),
        pytest.param(["audit", "--mask"], ["--mask", "--record"], id="mask what"),
        pytest.param(["audit", "--record", "r", "--replay", "r"], ["--replay"], id="both"),
        pytest.param(["audit", "--replay", "/"], ["--replay"], id="no recording"),
        pytest.param(["audit", "--tenant", "a b"], ["--tenant"], id="no tenant"),
        pytest.param(["audit", "--management-group", "a/b"], ["--management"], id="no group"),
        pytest.param(["doctor", "-o", "table"], ["table"], id="no format of doctor"),
        pytest.param(["audit", "--arm-endpoint", "http://x"], ["--arm-endpoint"], id="http"),
        pytest.param(
            ["audit", "--arm-endpoint", "https://u:p@x"], ["--arm-endpoint"], id="userinfo"
        ),
        pytest.param(["audit", "--authority-host", "https://x:99999"], ["--auth"], id="port"),
        pytest.param(["audit", "--ca-bundle", "/nope"], ["/nope"], id="no bundle"),
        pytest.param(["audit", "--worker", "1"], ["--workers"], id="near miss"),
        pytest.param(["audits"], ["audits"], id="unknown command"),
        pytest.param(["emails", "--input", "/nope"], ["--input", "/nope"], id="no input"),
        pytest.param(["fetch", "--api-version", "a b"], ["--api-version"], id="no version"),
        pytest.param(["fetch", "--api-version", ""], ["--api-version", "''"], id="empty version"),
        pytest.param(["fetch", "--api-version", " "], ["--api-version"], id="blank version"),
        pytest.param(["fetch", "--api-version", "latest"], ["latest"], id="version in words"),
        pytest.param(["fetch", "--api-version", "2017-13-01"], ["2017-13-01"], id="no month"),
        pytest.param(["fetch", "--api-version", "2017-08-01\n"], ["--api"], id="newline behind it"),
        pytest.param(["fetch", "--api-version", "2017-08-01-"], ["--api"], id="dash behind it"),
        pytest.param(["fetch", "--api-version=2017-08-01&x=1"], ["x=1"], id="more than a version"),
        pytest.param(
            ["fetch", "--api-version", "\u0662\u0660\u0661\u0667-08-01"],
            ["--api"],
            id="other digits",
        ),
        pytest.param(["token", "-s", "Prod"], ["Prod"], id="a name for a token"),
        pytest.param(["token", "--tenant", "a", "--tenant", "b"], ["--tenant"], id="two tenants"),
        pytest.param(["token", "--replay", "x"], ["--replay"], id="replayed token"),
    ],
)
def test_wrong_usage_is_one_line_and_no_request(
    azure: AzureDouble, run: Run, arguments: list[str], names: list[str]
) -> None:
    """Exit 2, the value and the option named, before anything is sent."""
    azure.add("Prod")

    ran = run(*arguments)

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert all(name in ran.err for name in names), ran.err


@pytest.mark.parametrize(
    ("content", "names"),
    [
        pytest.param(f"{ID}\nurn:uuid:{ID}\n".encode(), "line 2", id="nearly an id"),
        pytest.param("Prod\n".encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b"\xff\xfe\x00", "UTF-8", id="binary"),
    ],
)
def test_a_bad_file_of_subscriptions_is_named(
    azure: AzureDouble, run: Run, tmp_path: Path, content: bytes, names: str
) -> None:
    """Exit 2 with the file and the line, before anything is sent."""
    path = tmp_path / "ids"
    path.write_bytes(content)

    ran = run("audit", "--subscriptions-from", str(path))

    assert (ran.code, azure.asked) == (2, [])
    assert str(path) in ran.err
    assert names in ran.err


def test_stdin_can_be_read_once(azure: AzureDouble, run: Run) -> None:
    """Two options cannot both read stdin."""
    ran = run("audit", "--subscriptions-from", "-", "--token-file", "-", "--auth", "token")

    assert (ran.code, azure.asked) == (2, [])


def test_a_file_without_end_is_refused(azure: AzureDouble, run: Run) -> None:
    """`/dev/zero` is not read to the end of memory."""
    ran = run("audit", "--subscriptions-from", "/dev/zero")

    assert (ran.code, azure.asked) == (2, [])
    assert "larger than" in ran.err


def test_variables_stand_for_options(azure: AzureDouble, run: Run) -> None:
    """A variable is a default: split where the option repeats, replaced by the command line."""
    for name in ("One", "Two Three", "Four"):
        azure.add(name, contacts_2017=at_2017("a@contoso.com"))

    chosen = run("audit", "-o", "json", CONTACTS_AUDIT_SUBSCRIPTION="Two Three;One\n")
    replaced = run("audit", "-o", "json", "-s", "Four", CONTACTS_AUDIT_SUBSCRIPTION="One")
    flagged = run(
        "audit", CONTACTS_AUDIT_QUIET="Yes", CONTACTS_AUDIT_JQ="", CONTACTS_AUDIT_INPUT="x"
    )

    assert [row["name"] for row in rows(chosen)] == ["One", "Two Three"]
    assert [row["name"] for row in rows(replaced)] == ["Four"]
    assert (flagged.code, flagged.out, flagged.err) == (0, b"", "")


@pytest.mark.parametrize(
    ("variable", "value"), [("WORKERS", "many"), ("QUIET", "perhaps"), ("OUTPUT", "yaml")]
)
def test_a_wrong_variable_is_named(azure: AzureDouble, run: Run, variable: str, value: str) -> None:
    """Who set a variable long ago needs to be told which."""
    ran = run("audit", **{f"CONTACTS_AUDIT_{variable}": value})

    assert (ran.code, azure.asked) == (2, [])
    assert f"CONTACTS_AUDIT_{variable}" in ran.err
    assert value in ran.err


def test_a_report_that_cannot_be_written_costs_no_request(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """74 before the first request, where the folder is missing or the path is one."""
    azure.add("Prod")
    (tmp_path / "folder.json").mkdir()

    missing = run("audit", "--report", str(tmp_path / "no" / "r.json"))
    folder = run("audit", "--report", str(tmp_path / "folder.json"))

    assert (missing.code, folder.code, azure.asked) == (74, 74, [])
    assert os.listdir(tmp_path) == ["folder.json"]  # noqa: PTH208 - names are enough


@pytest.mark.parametrize(
    ("addresses", "code"),
    [
        pytest.param(["a@contoso.com", "b@contoso.com"], 0, id="each has one"),
        pytest.param(["a@contoso.com", ""], 3, id="one has none"),
        pytest.param(["a@contoso.com", ";"], 3, id="one has a separator"),
    ],
)
def test_the_jq_stage_judges_as_the_whole_does(
    azure: AzureDouble, run: Run, addresses: list[str], code: int
) -> None:
    """`fetch | emails --input -` equals `emails`, to the exit code."""
    for address in addresses:
        azure.add(contacts_2017=at_2017(address))

    whole = run("emails")
    staged = run("emails", "--input", "-", stdin=run("fetch").out)

    assert (whole.code, whole.out) == (staged.code, staged.out)
    assert whole.code == code
    assert ("'contacts-audit audit' decides" in whole.err) == (code == 3)


# What is sent


def test_a_request_says_who_asks_and_carries_an_id_of_its_own(azure: AzureDouble, run: Run) -> None:
    """User-Agent, the document's Content-Type, and a fresh id for each attempt, retries too."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    azure.fail("securityContacts", faults.throttle(retry_after="0"), times=1)

    ran = run("audit")

    assert ran.code == 0
    asked = azure.arm_asked()
    assert len({request.headers["x-ms-client-request-id"] for request in asked}) == len(asked) == 3
    assert {request.headers["user-agent"] for request in asked} == {"contacts-audit/0.2.0"}
    assert {request.headers["content-type"] for request in asked} == {"application/json"}
    assert not any("cookie" in request.headers for request in asked)


def test_a_compliant_subscription_costs_one_request(azure: AzureDouble, run: Run) -> None:
    """The list, and one read for each subscription that shows an address at 2017."""
    for number in range(20):
        azure.add(f"S{number}", contacts_2017=at_2017("a@contoso.com"))

    run("audit", "--workers", "4")

    assert len(azure.arm_asked()) == 21
    assert len(azure.token_asked()) == 1


def test_no_secret_is_ever_shown(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Token and secret appear nowhere, at `--debug` either, and whatever fails."""
    azure.add("Prod", contact=newer("a@contoso.com"))
    azure.add("Closed", readable=False)
    azure.fail(V2023, faults.status(500), times=1)

    ran = run("audit", "--debug", "-o", "json", "--record", str(tmp_path / "r"))

    bearer = azure.arm_asked()[0].bearer
    assert bearer
    recorded = "".join(path.read_text() for path in (tmp_path / "r").iterdir())
    for place in (ran.text, ran.err, recorded):
        assert bearer not in place
        assert azure.secret not in place
    assert "GET https://" in ran.err


def test_a_list_that_is_not_whole_is_no_list(azure: AzureDouble, run: Run) -> None:
    """Where the list of subscriptions breaks off, the run fails, and says nothing of any."""
    azure.page_size = 1
    azure.add("One", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Two", contacts_2017=at_2017("a@contoso.com"))

    def second_page(asked: Asked) -> bool:
        return "skiptoken" in asked.query

    azure.fail(second_page, faults.arm_error(403, "AuthorizationFailed", "no"))

    ran = run("audit", "-o", "json")

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.count("\n") == 1


def test_a_subscription_that_is_listed_twice_is_audited_once(azure: AzureDouble, run: Run) -> None:
    """Pages may overlap; rows may not.  A name and a state may be missing, the tenant is known."""
    item = {"subscriptionId": ID.upper()}
    azure.fail("GET /subscriptions?", faults.answer(json.dumps({"value": [item, item]}).encode()))

    (row,) = rows(run("audit", "-o", "json"))

    assert (row["id"], row["name"], row["state"]) == (ID, None, None)
    assert row["tenant_id"] == azure.tenant


def test_the_portal_is_named_where_it_is_known(tmp_path: Path) -> None:
    """`portal_url` is the page of the rule's second step; null for a cloud of one's own."""
    root = ROOT / "fixtures"

    known = run_in({}, "audit", "--replay", str(root / "contoso"), "-o", "json")
    unknown = run_in({}, "audit", "--replay", str(root / "old-cloud"), "-o", "json")

    page = "https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0"
    assert {row["portal_url"] for row in rows(known)} == {page}
    assert {row["portal_url"] for row in rows(unknown)} == {None}


def test_a_crash_is_a_failed_run() -> None:
    """A bug of ours is exit 1 with a traceback to report, never 3 or 4."""
    nowhere: Any = None

    ran = run_in(nowhere, "audit")

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.startswith("Traceback")
    assert "this is a bug of contacts-audit" in ran.err


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Help, and the code of wrong usage, without an empty error."""
    ran = run_in({})

    assert (ran.code, ran.err) == (2, "")
    assert "audit" in capsys.readouterr().out


# Found by a reviewer who looked for trouble


def test_a_slow_subscription_keeps_no_worker_idle(azure: AzureDouble, run: Run) -> None:
    """The others run ahead of it, as far as there are any: one in twelve may be slow."""
    ids = [azure.add(f"S{n}", contacts_2017=at_2017("a@contoso.com")).id for n in range(60)]

    async def after_those_behind_it(exchange: Exchange) -> None:
        first = next(place for place, id_ in enumerate(ids) if id_ in exchange.asked.path) + 1
        behind = ids[first : first + 11]
        while not all(any(id_ in asked.path for asked in azure.asked) for id_ in behind):
            await asyncio.sleep(0.01)
        await as_usual(exchange)

    azure.fail(lambda asked: any(id_ in asked.path for id_ in ids[::12]), after_those_behind_it)

    ran = run("audit", "-o", "json", "--workers", "5", "--deadline", "40")

    assert {row["verdict"] for row in rows(ran)} == {"compliant"}


def test_quiet_does_not_silence_a_fault(azure: AzureDouble, run: Run) -> None:
    """A cron job whose exit code is 4 mails why."""
    azure.add("Closed", readable=False)

    ran = run("audit", "--quiet")

    assert (ran.code, ran.out) == (4, b"")
    assert ran.err.startswith("Closed (")
    assert ran.err.count("\n") == 1


def test_an_echoed_token_is_blotted_out(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Where an answer repeats the token, neither report nor log nor recording does."""
    azure.add("Prod")

    async def echo(exchange: Any) -> None:
        token = exchange.asked.bearer
        body = json.dumps({"error": {"code": "Odd", "message": f"what is {token}?"}}).encode()
        await exchange.send(exchange.reply(403, body, {"x-echo": token}).encode())

    azure.fail("securityContacts", echo)

    ran = run("audit", "-o", "json", "--debug", "--record", str(tmp_path / "r"))

    token = str(azure.arm_asked()[0].bearer)
    kept = "".join(path.read_text() for path in (tmp_path / "r").iterdir())
    assert rows(ran)[0]["error"]["message"] == "what is ***?"
    assert not [place for place in (ran.text, ran.err, kept) if token in place]


def test_a_filter_cannot_halt_unseen(azure: AzureDouble, run: Run) -> None:
    """libjq would end without a word: a halt is a filter that fails."""
    azure.add("Prod")

    for filter_ in ('"x" | halt_error', "halt", '"x" | halt_error(3)'):
        assert run("audit", "-q", "--jq", filter_).code == 1


def test_a_filtered_name_is_inert_but_with_raw(azure: AzureDouble, run: Run) -> None:
    """`-r` is exact, as jq is; without it the same JSON value comes out harmless."""
    azure.add("e\u202eil\x9b")

    spelt = run("audit", "--jq", ".subscriptions[].name")
    raw = run("audit", "--jq", ".subscriptions[].name", "-r")

    assert spelt.text == '"e\\u202eil\\u009b"\n'
    assert raw.text == "e\u202eil\x9b\n"


def test_patience_is_bounded_by_the_budget(azure: AzureDouble, run: Run) -> None:
    """Who is asked to wait a little, and often, waits as long as there is time."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    azure.fail("securityContacts", faults.throttle(headers={"retry-after-ms": "10"}), times=12)

    assert run("audit").code == 0


def test_an_exclusion_means_what_it_names(azure: AzureDouble, run: Run) -> None:
    """A name is looked up among all that are visible, not among those that were chosen."""
    azure.add("prod")
    other = azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))

    ran = run("audit", "-o", "json", "-s", other.id, "--exclude", "prod")

    assert [row["id"] for row in rows(ran)] == [other.id]
    assert "warning: --exclude: 'prod' matches nothing" in ran.err


def test_a_failed_start_leaves_the_recording_to_be_named_again(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Until the first exchange the folder is empty."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    folder = str(tmp_path / "r")

    typo = run("audit", "--record", folder, "-s", f"{{{ID}}}")
    secret = run("audit", "--record", folder, AZURE_CLIENT_SECRET="wrong")
    good = run("audit", "--record", folder)

    assert (typo.code, secret.code, good.code) == (2, 1, 0)


def test_shards_make_a_whole(azure: AzureDouble, run: Run) -> None:
    """Each subscription is in one part, which the report names; an empty part is 0."""
    for number in range(5):
        azure.add(f"S{number}", contacts_2017=at_2017("a@contoso.com"))

    parts = [run("audit", "-o", "json", "--shard", f"{index}/64") for index in range(64)]
    auto = run("audit", "-o", "json", "--shard", "auto/64", JOB_COMPLETION_INDEX="7")

    found = [row["id"] for ran in parts for row in rows(ran)]
    assert {ran.code for ran in parts} == {0}
    assert sorted(found) == sorted(each.id for each in azure.subscriptions)
    assert [json.loads(ran.out)["shard"] for ran in parts] == [f"{at}/64" for at in range(64)]
    assert json.loads(auto.out)["shard"] == "7/64"
    assert not any("skipped" in ran.err for ran in parts)
