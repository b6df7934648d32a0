"""Options, variables and the policy file together say what is judged."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from audit.policy_texts import OVERRIDE, WHOLE
from azure_double import AzureDouble
from conftest import Ran, Run

from contacts_audit.audit.policy import Policy
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.policy_source import load_policy
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.model import Check, Profile
from contacts_audit.core.shutdown import Shutdown


def asked_nothing(ran: Ran, azure: AzureDouble) -> str:
    """Return the only line on stderr of a run that was wrong usage, and sent nothing."""
    assert (ran.code, ran.out, azure.asked) == (2, b"", []), ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("command", [("audit",), ("plan", "--email", "a@contoso.com")])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="not found"),
        pytest.param("folder", "cannot be read: Is a directory", id="a directory"),
        pytest.param(WHOLE.encode("utf-16"), "'utf-8' codec", id="UTF-16"),
        pytest.param(b"\x7fELF\x00\x80", "'utf-8' codec", id="binary"),
        pytest.param(b"# " + b"x" * 16 * 1024 * 1024, "is larger than", id="huge"),
        pytest.param(b"profil = 1", "did you mean profile?", id="an unknown key"),
        pytest.param(b'"\x1b[2J\n" = 1', "Illegal character", id="escape codes"),
        pytest.param(
            b'"\\u001b[2J\\n" = 1', "'\\x1b[2J\\n' is not a known key", id="an escaped key"
        ),
        pytest.param(b"x = 1\nx = 2\n", "at line 2", id="a key twice"),
        pytest.param(b'checks = ["minimum-emails"]', "has no value", id="no value"),
    ],
)
def test_a_wrong_policy_is_2_before_any_request(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    command: tuple[str, ...],
    content: bytes | str | None,
    said: str,
) -> None:
    """One line, and no token is acquired."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)

    ran = run(*command, "--policy", str(file))

    assert said in asked_nothing(ran, azure)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--check", "required-email"], "required-email has no value", id="no address"),
        pytest.param(["--check", "allowed-domain"], "allowed-domain has no value", id="no domain"),
        pytest.param(["--check", "minimum-emails"], "minimum-emails has no value", id="no number"),
        pytest.param(
            ["--profile", "strict", "--check", "minimum-emails"], "has no value", id="beside strict"
        ),
        pytest.param(["--check", "contact-mail"], "contact-mail", id="an unknown check"),
        pytest.param(["--check", ""], "", id="an empty check"),
        pytest.param(["--profile", "CIS!"], "CIS!", id="an unknown profile"),
        pytest.param(
            ["--required-email", "a@"], "'a@' is not an email address", id="no address at all"
        ),
        pytest.param(["--required-email", ""], "'' is empty", id="an empty address"),
        pytest.param(["--allowed-domain", "@b.com"], "is not a domain", id="no domain at all"),
        pytest.param(["--allowed-domain", ""], "'' is empty", id="an empty domain"),
        pytest.param(["--minimum-emails", "0"], "'0'", id="no count"),
        pytest.param(["--minimum-emails", "1.5"], "'1.5'", id="no whole count"),
        pytest.param(["--attack-path-level", "Severe"], "Severe", id="an unknown level"),
    ],
)
def test_a_wrong_option_is_2_before_any_request(
    azure: AzureDouble, run: Run, arguments: list[str], said: str
) -> None:
    """One line, too."""
    azure.add("Prod")

    ran = run("audit", *arguments)

    assert said in asked_nothing(ran, azure)


def test_the_policy_may_come_from_stdin(azure: AzureDouble, run: Run) -> None:
    """As other files may."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", "--policy", "-", stdin=b'checks = ["owner-notified"]')

    assert json.loads(ran.out)["checks"] == ["owner-notified"]


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        pytest.param("owner-notified", ["owner-notified"], id="one"),
        pytest.param("owner-notified;reachable", ["owner-notified", "reachable"], id="semicolon"),
        pytest.param(
            "\nreachable\n owner-notified ;\n", ["reachable", "owner-notified"], id="lines"
        ),
        pytest.param("reachable;reachable", ["reachable"], id="twice"),
        pytest.param("", ["contact-email"], id="empty"),
        pytest.param(" ; ", ["contact-email"], id="blank"),
    ],
)
def test_a_variable_names_checks(
    azure: AzureDouble, run: Run, text: str, checks: list[str]
) -> None:
    """Semicolons and line feeds separate them; an empty variable is unset."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", CONTACTS_AUDIT_CHECK=text)

    assert json.loads(ran.out)["checks"] == checks


def test_a_variable_that_names_no_check_is_2(azure: AzureDouble, run: Run) -> None:
    """The error names the variable."""
    ran = run("audit", CONTACTS_AUDIT_CHECK="reachable;reached")

    line = asked_nothing(ran, azure)
    assert "reached" in line
    assert "(from CONTACTS_AUDIT_CHECK)" in line


def test_the_command_line_goes_before_the_variables(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """It replaces their values and never adds to them."""
    azure.add("Prod")
    ours, theirs = tmp_path / "ours.toml", tmp_path / "theirs.toml"
    ours.write_text('required_emails = ["a@b.com"]')
    theirs.write_text("nonsense")

    ran = run(
        *("audit", "-o", "json", "--policy", str(ours), "--check", "required-email"),
        CONTACTS_AUDIT_CHECK="owner-notified;reachable",
        CONTACTS_AUDIT_POLICY=str(theirs),
    )

    assert json.loads(ran.out)["checks"] == ["required-email"]


def test_a_variable_names_the_policy(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """No policy is read unless it is named."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text('profile = "cis"')

    named = run("audit", "-o", "json", CONTACTS_AUDIT_POLICY=str(file))
    unset = run("audit", "-o", "json", CONTACTS_AUDIT_POLICY="")

    assert json.loads(named.out)["profile"] == "cis"
    assert json.loads(unset.out)["profile"] == "conformity"


def test_a_variable_that_names_no_policy_is_2(azure: AzureDouble, run: Run) -> None:
    """A cron job does not go on without its policy."""
    ran = run("audit", CONTACTS_AUDIT_POLICY="/nonexistent/policy.toml")

    assert "'/nonexistent/policy.toml' cannot be read" in asked_nothing(ran, azure)


def test_the_values_have_variables_too(azure: AzureDouble, run: Run) -> None:
    """Repeatable values are separated by semicolons."""
    azure.add("Prod", contact={"emails": "a@b.com;c@d.com"})

    ran = run(
        *("audit", "-o", "json"),
        CONTACTS_AUDIT_PROFILE="strict",
        CONTACTS_AUDIT_REQUIRED_EMAIL="a@b.com;e@f.com",
        CONTACTS_AUDIT_ALLOWED_DOMAIN="b.com\nf.com",
        CONTACTS_AUDIT_MINIMUM_EMAILS="3",
        CONTACTS_AUDIT_ATTACK_PATH_LEVEL="High",
    )

    report = json.loads(ran.out)
    said = {one["check"]: one["message"] for one in report["subscriptions"][0]["findings"]}
    assert report["checks"] == [str(check) for check in Check if check is not Check.DELIVERABLE]
    assert said["required-email"] == "not configured: e@f.com"
    assert said["allowed-domain"] == "in a domain that is not allowed: c@d.com"
    assert said["minimum-emails"] == "2 of at least 3 addresses"
    assert said["attack-paths"] == "no email is sent for attack paths of risk High"


@pytest.mark.parametrize(
    ("arguments", "content", "profile", "checks"),
    [
        pytest.param([], 'profile = "cis"', "cis", 4, id="the policy's profile"),
        pytest.param(["--profile", "strict"], 'profile = "cis"', "strict", 5, id="the option's"),
        pytest.param(
            [], 'checks = ["reachable"]', None, ["reachable"], id="the policy's check alone"
        ),
        pytest.param(
            [], 'profile = "cis"\nchecks = ["reachable"]', "cis", 5, id="the policy's add up"
        ),
        pytest.param(
            ["--check", "owner-notified"],
            'profile = "cis"\nchecks = ["reachable"]',
            None,
            ["owner-notified"],
            id="an option's check is alone",
        ),
        pytest.param(
            ["--profile", "conformity"],
            'checks = ["reachable"]',
            "conformity",
            ["contact-email"],
            id="an option's profile is alone",
        ),
        pytest.param(
            ["--check", "reachable", "--profile", "conformity"],
            "",
            "conformity",
            ["contact-email", "reachable"],
            id="options add up",
        ),
        pytest.param(
            ["--check", "minimum-emails"],
            "minimum_emails = 2",
            None,
            ["minimum-emails"],
            id="a value of the policy",
        ),
        pytest.param(
            ["--minimum-emails", "2"],
            'checks = ["minimum-emails"]\nminimum_emails = 1',
            None,
            ["minimum-emails"],
            id="a value of the option",
        ),
        pytest.param(
            ["--minimum-emails", "2"],
            'checks = ["minimum-emails"]',
            None,
            ["minimum-emails"],
            id="the option's value makes the policy whole",
        ),
    ],
)
def test_options_go_before_the_policy(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    arguments: list[str],
    content: str,
    profile: str | None,
    checks: list[str] | int,
) -> None:
    """A check or a profile replaces all checks and the profile of the policy."""
    azure.add("Prod")
    file = tmp_path / "policy.toml"
    file.write_text(content)

    report = json.loads(run("audit", "-o", "json", "--policy", str(file), *arguments).out)

    assert report["profile"] == profile
    assert (len(report["checks"]) if isinstance(checks, int) else report["checks"]) == checks


class Sheet:
    """A stderr that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Keep *text*."""
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def judged(now: datetime, content: str, tmp_path: Path, **options: Any) -> tuple[Policy, str]:
    """Return the policy at *now* with this *content*, and what was warned of."""
    file = tmp_path / "policy.toml"
    file.write_text(content)
    sheet: Any = Sheet()
    host = Host({}, None, Screen(None, sheet), Shutdown())
    return load_policy(host, PolicyOptions(policy=str(file), **options), now), sheet.text


@pytest.mark.parametrize(
    ("hours", "hour", "day"),
    [
        pytest.param(14, 1, date(2026, 1, 30), id="east of Greenwich"),
        pytest.param(-11, 23, date(2026, 2, 1), id="west of it"),
        pytest.param(0, 0, date(2026, 1, 31), id="in Greenwich"),
    ],
)
def test_the_day_of_a_waiver_is_that_of_utc(
    tmp_path: Path, hours: int, hour: int, day: date
) -> None:
    """The time zone of the machine does not matter."""
    now = datetime(2026, 1, 31, hour, tzinfo=timezone(timedelta(hours=hours)))

    policy, _ = judged(now, "", tmp_path)

    assert policy.day == day


NOW = datetime(2026, 1, 31, tzinfo=UTC)
OVERRIDE_CIS = f'{OVERRIDE}profile = "cis"\n'


@pytest.mark.parametrize(
    ("options", "check"),
    [
        pytest.param({"required_email": ["a@b.com"]}, "required-email", id="an address"),
        pytest.param({"allowed_domain": ["b.com"]}, "allowed-domain", id="a domain"),
        pytest.param({"minimum_emails": 2}, "minimum-emails", id="a count"),
    ],
)
@pytest.mark.parametrize("content", ["", 'profile = "cis"', 'checks = ["reachable"]', OVERRIDE_CIS])
def test_a_value_is_judged_whatever_the_policy_says(
    tmp_path: Path, content: str, options: dict[str, Any], check: str
) -> None:
    """An option is nearer than the whole file, and is never left unjudged."""
    policy, said = judged(NOW, content, tmp_path, **options)

    assert all(check in one.checks for one in policy.all_criteria)
    assert said == ""


def test_a_level_that_nothing_judges_is_warned_of(tmp_path: Path) -> None:
    """It has a default, and switches no check on."""
    level = {"attack_path_level": "Low"}
    _, said = judged(NOW, "", tmp_path, **level)
    _, strict = judged(NOW, 'profile = "strict"', tmp_path, **level)
    _, in_file = judged(NOW, 'attack_path_level = "Low"', tmp_path)

    assert said == "warning: --attack-path-level has no effect -- add --check attack-paths\n"
    assert strict == ""
    assert in_file.endswith("attack_path_level has no effect -- add --check attack-paths\n")


@pytest.mark.parametrize(
    "options", [{"profile": Profile.CIS}, {"check": [Check.REACHABLE]}], ids=["profile", "check"]
)
def test_a_value_of_the_file_that_the_options_leave_out_is_warned_of(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """Options replace the checks of the file, so its value is no longer judged."""
    policy, said = judged(NOW, 'required_emails = ["a@b.com"]', tmp_path, **options)

    assert Check.REQUIRED_EMAIL not in policy.criteria.checks
    assert said.endswith("required_emails has no effect -- add --check required-email\n")


def test_a_value_that_an_override_judges_is_not_warned_of(tmp_path: Path) -> None:
    """The warning would be wrong."""
    content = f'{OVERRIDE}profile = "strict"\n'

    _, said = judged(NOW, content, tmp_path, minimum_emails=2)

    assert said == ""
