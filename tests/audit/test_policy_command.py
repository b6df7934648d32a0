"""policy check, and the list of checks."""

import json
import re
from pathlib import Path

from audit.policy_texts import WHOLE, waiver
from azure_double import AzureDouble
from conftest import Run, run_in

from contacts_audit.core.model import Check, Profile


def test_a_policy_is_checked_offline(tmp_path: Path) -> None:
    """It needs no network, credentials or variables, and prints what the policy says."""
    file = tmp_path / "policy.toml"
    file.write_text(WHOLE.replace('"Prod"\nrequired_emails = []', '"Prod"\nchecks = []'))

    ran = run_in({}, "policy", "check", str(file))

    assert ran.code == 0
    assert ran.text.splitlines()[0] == f"{file} is valid"
    assert "  override of management group sandboxes: contact-email, reachable" in ran.text
    assert "  waiver of Prod: owner-notified until 0001-01-01\n" in ran.text
    assert ran.err.startswith(
        "warning: the waiver of Prod (no owner, nobody) expired on 0001-01-01"
    )


def test_check_and_audit_report_every_mistake(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """One line each, exit code 2, and no request."""
    file = tmp_path / "policy.toml"
    file.write_text('profil = "cis"\nminimum_emails = 0\n[[waiver]]\nowner = 1\n')

    for command in (("policy", "check"), ("audit", "--policy")):
        ran = run(*command, str(file))

        assert (ran.code, ran.out, azure.asked) == (2, b"", [])
        lines = ran.err.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error"] * 6
        assert [re.findall(r"line (\d+)", line) for line in lines] == [
            ["1"],
            ["2"],
            ["3"],
            ["3"],
            ["3"],
            ["4"],
        ]


def test_only_fifty_mistakes_are_printed(tmp_path: Path) -> None:
    """The last line says how many more there are."""
    file = tmp_path / "policy.toml"
    file.write_text("".join(f"x{number} = 1\n" for number in range(1000)))

    ran = run_in({}, "policy", "check", str(file))

    assert (ran.code, ran.err.count("\n")) == (2, 51)
    assert ran.err.endswith("error: and 950 more\n")


def test_checks_and_profiles_are_listed() -> None:
    """Offline; each check with what it demands, and which ones hold without any address."""
    ran = run_in({}, "audit", "--list-checks")

    *table, remark = ran.text.splitlines()
    assert ran.code == 0
    assert [line.split()[0] for line in table] == ["CHECK", *Check]
    assert remark == (
        "allowed-domain and deliverable judge the addresses that there are, and hold if there is "
        "none: contact-email says whether there is one."
    )
    assert all(profile in ran.text for profile in Profile)


def test_hostile_text_in_a_policy_is_sanitized(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Whoever may edit the file must not control a terminal or add a line to a log."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text(waiver(subscription='"Prod"', reason='"\\u001b[2J\\nx"', owner='"\\u202e\\t"'))

    table = run("audit", "--policy", str(file))
    shown = run("audit", "-o", "json", "--policy", str(file))

    (row,) = json.loads(shown.out)["subscriptions"]
    assert row["waiver"]["reason"] == "\x1b[2J\nx"
    assert not re.search("[\x1b\u202e]", table.text + table.err + shown.text + shown.err)
    assert "\\x1b[2J\\x0ax, \\u202e\\x09" in table.text
