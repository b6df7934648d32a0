"""One verdict explained: what was asked, what was answered, which rule decided."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import Run

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"


def test_a_finding_is_explained(azure: AzureDouble, run: Run) -> None:
    """Each request, each answer, each check. The exit code is that of an audit of this one."""
    azure.add("Other", contacts_2017=GOOD)
    found = azure.add("Prod", contact={"emails": "", "isEnabled": True})

    text, document = run("explain", "Prod"), run("explain", found.id, "-o", "json")

    told = json.loads(document.out)
    assert (text.code, document.code, told["exit_code"]) == (3, 3, 3)
    assert text.text.count("GET https://") == 2
    assert "fails          contact-email at 2023-12-01-preview: no email address" in text.text
    assert [each["url"][-18:] for each in told["exchanges"]] == [V2017, V2023]
    assert [each["status"] for each in told["exchanges"]] == [200, 200]
    assert json.loads(told["exchanges"][1]["body"])["value"][0]["properties"]["emails"] == ""
    assert told["checks"][0]["holds"] is False
    assert told["subscription"]["id"] == found.id
    assert azure.subscriptions[0].id not in document.text


@pytest.mark.parametrize(
    ("state", "code"), [("good", 0), ("locked", 4), ("disabled", 0), ("unknown", 4)]
)
def test_explain_has_the_exit_code_of_audit(
    azure: AzureDouble, run: Run, state: str, code: int
) -> None:
    """Whatever its verdict is; what cannot be judged holds neither."""
    azure.add(
        "Prod",
        contacts_2017=GOOD,
        readable=state != "locked",
        state="Disabled" if state == "disabled" else "Enabled",
    )
    name = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" if state == "unknown" else "Prod"

    ran = run("explain", name, "-o", "json")

    assert (ran.code, run("audit", "-s", name).code) == (code, code)
    assert json.loads(ran.out)["checks"][0]["holds"] is (True if state == "good" else None)


def test_an_answer_that_did_not_come_is_explained(azure: AzureDouble, run: Run) -> None:
    """Each attempt is shown."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.status(503), times=1)
    azure.fail("securityContacts", faults.reset(), times=1)

    ran = run("explain", "Prod")

    assert ran.code == 0
    assert "  503, request id" in ran.text
    assert "  no answer: " in ran.text


def test_a_policy_is_explained(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Which override counts, and until when it is waived."""
    azure.add("Prod")
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[override]]\nsubscription = "prod"\nprofile = "cis"\n'
        '[[waiver]]\nsubscription = "Prod"\nreason = "r"\nowner = "o"\nexpires = 9999-12-31\n'
    )

    ran = run("explain", "Prod", "--policy", str(path))

    assert ran.code == 0
    assert "override       prod" in ran.text
    assert "fails          attack-paths" in ran.text
    assert "waived until 9999-12-31: r, o" in ran.text


@pytest.mark.parametrize("command", [["explain"], ["explain", "a", "b"], ["explain", "nope"]])
def test_one_subscription_is_explained(azure: AzureDouble, run: Run, command: list[str]) -> None:
    """Exactly the one that is named."""
    azure.add("Prod")

    assert run(*command).code == 2


@pytest.mark.usefixtures("tools")
def test_the_printed_commands_fetch_the_same_bodies(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """With TOKEN set. Hostile text has no effect, and the token is in no argument."""
    hostile = "'; touch pwned; $(touch pwned) `touch pwned` \n\x1b[2J</script>"
    found = azure.add(hostile, contact={"emails": hostile, "phone": hostile, "isEnabled": True})
    token = azure.token()
    spy = tmp_path / "curl"
    spy.write_text(
        '#!/bin/sh\ntr "\\0" " " < /proc/$$/cmdline >> cmdline\n'
        f'exec $(PATH=/usr/bin:/bin command -v curl) --cacert {azure.ca} "$@"\n'
    )
    spy.chmod(0o755)

    script = run("explain", found.id, "--curl")
    ran = subprocess.run(
        ["bash", "-c", script.text],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "TOKEN": token},
        capture_output=True,
        check=True,
    )

    exchanges = json.loads(run("explain", found.id, "-o", "json").out)["exchanges"]
    assert script.code == 3
    assert ran.stdout.decode() == "".join(each["body"] for each in exchanges)
    assert not (tmp_path / "pwned").exists()
    assert "touch" not in script.text
    assert token not in (tmp_path / "cmdline").read_text()


def test_explain_says_how_to_fix_a_finding(azure: AzureDouble, run: Run) -> None:
    """With the command of the reports. A version without an address says so."""
    one = azure.add("Prod")

    lines = run("explain", "Prod").text.splitlines()

    assert f"{'decided by':<14} {V2023}: no address" in lines
    (fix,) = (line for line in lines if line.startswith("fix "))
    assert f"contacts-audit apply -s {one.id} --failing-only" in fix
    assert any("ADDRESS = an email address" in line for line in lines)


def test_explain_shows_who_is_signed_in(azure: AzureDouble, run: Run) -> None:
    """As a report does. A replay has no identity."""
    azure.add("Prod")
    asked = run("explain", "Prod", "-o", "json")

    (identity,) = json.loads(asked.out)["identities"]
    assert identity["application_id"] == azure.client_id
    assert identity["tenant_id"] == azure.tenant
