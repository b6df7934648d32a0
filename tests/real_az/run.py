"""
The real Azure CLI beside ours, in the double of Azure: `make test-az`.

It runs the document's own pipeline with nothing put in anybody's place: az, xargs, curl and jq are
the user's.  AZ_VENV names the virtual environment in which az is installed.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure_double import AzureDouble, Subscription
from azure_double.exchange import Exchange
from azure_double.wire import compact
from cli.pipeline import AZ, CURL, DOCUMENTED, JQ, V2017, contact, documented_contact, listing
from conftest import surroundings
from deploy.manifests import DEPLOY

PATH = os.pathsep.join(
    [
        str(Path(sys.executable).parent),
        str(Path(os.environ["AZ_VENV"]).absolute() / "bin"),
        os.environ["PATH"],
    ]
)
NOBODY = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
ELSEWHERE = "https://elsewhere.example/"  # an audience of which az keeps no token


@dataclass(frozen=True)
class Desk:
    """The shell of somebody who has az and ours, and works in *azure* alone."""

    azure: AzureDouble
    home: Path

    def __call__(self, command: str) -> "subprocess.CompletedProcess[bytes]":
        """Run *command* as it is written, but for the host."""
        return subprocess.run(
            ["bash", "-c", command.replace("https://management.azure.com", self.azure.endpoint)],
            capture_output=True,
            check=False,
            cwd=self.home,
            timeout=60,
            env=surroundings(
                self.azure,
                **NOBODY,
                PATH=PATH,
                HOME=str(self.home),
                AZURE_CONFIG_DIR=str(self.home / "az"),
                AZURE_CORE_COLLECT_TELEMETRY="false",
                AZURE_CORE_INSTANCE_DISCOVERY="false",  # which asks Microsoft
                REQUESTS_CA_BUNDLE=str(self.azure.ca),
                CONTACTS_AUDIT_AUTH="azure-cli",
            ),
        )

    def done(self, command: str) -> bytes:
        """Return what *command* prints, which must succeed."""
        ran = self(command)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    def login(self, options: str = "") -> None:
        """Sign in as the application of the double."""
        azure = self.azure
        self.done(
            f"az login --service-principal --tenant {azure.tenant} "
            f"--username {azure.client_id} --password {shlex.quote(azure.secret)} {options}"
        )

    def login_as_user(self, command: str = "az login") -> None:
        """Sign in as the user of the double, who types in a code elsewhere."""
        self.done(f"{command} --use-device-code --tenant {self.azure.tenant}")


@pytest.fixture
def fresh(azure: AzureDouble, tools: None, tmp_path: Path) -> Desk:
    """Return a desk whose az knows the double, and nobody in it."""
    desk = Desk(azure, tmp_path)
    (tmp_path / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')
    desk.done(f"az cloud register --name double --endpoint-resource-manager {azure.endpoint}")
    desk.done("az cloud set --name double")
    azure.asked.clear()
    return desk


@pytest.fixture
def organisation(azure: AzureDouble) -> list[Subscription]:
    """Return four subscriptions, of which the last has no contact."""
    return [
        azure.add("Prod", contacts_2017=[documented_contact("default1", "soc@contoso.com")]),
        azure.add(
            "Zoë's",
            contacts_2017=[
                documented_contact("default1", "zoë@contoso.com"),
                documented_contact("default2", ""),
            ],
        ),
        azure.add("Odd", answers={V2017: listing(contact("null"), contact("15"))}),
        azure.add("Empty"),
    ]


@pytest.fixture
def desk(fresh: Desk, organisation: list[Subscription]) -> Desk:
    """Return a desk at which somebody has signed in."""
    fresh.login()
    return fresh


def one_line(ran: "subprocess.CompletedProcess[bytes]") -> str:
    """Return the one line that a failed run says; it prints nothing, and its code is 1."""
    assert (ran.returncode, ran.stdout) == (1, b""), ran
    (line,) = ran.stderr.decode().splitlines()
    return line


# What the document does


def test_emails(desk: Desk, organisation: list[Subscription]) -> None:
    """Step after step, `emails --current` prints the pipeline's bytes for the default of az."""
    printed = []
    for subscription in organisation:
        desk.done(f"az account set --subscription {shlex.quote(str(subscription.name))}")

        documented = desk(DOCUMENTED)
        ours = desk("contacts-audit emails --current")

        assert documented.stderr == b""
        assert ours.stdout == documented.stdout
        printed.append(documented.stdout.decode())
    assert printed == ['"soc@contoso.com"\n', '"zoë@contoso.com"\n""\n', "null\n15\n", ""]


def test_emails_of_all(desk: Desk, organisation: list[Subscription]) -> None:
    """`emails` is what the document's step 03 asks for."""
    documented = b""
    for subscription in organisation:
        desk.done(f"az account set --subscription {subscription.id}")
        documented += desk.done(DOCUMENTED)

    ours = desk("contacts-audit emails")

    assert (ours.stdout, ours.returncode) == (documented, 3)


@pytest.mark.parametrize("options", ["", " --current"])
def test_token_tsv(desk: Desk, organisation: list[Subscription], options: str) -> None:
    """`token -o tsv` prints what the document's az prints, to a byte: az keeps its token."""
    desk.done(f"az account set --subscription {organisation[1].id}")

    documented = desk.done(AZ)
    ours = desk(f"contacts-audit token -o tsv{options}")

    assert documented.startswith(f"{organisation[1].id}\t".encode())
    assert (ours.stdout, ours.stderr, ours.returncode) == (documented, b"", 0)


@pytest.mark.parametrize("named", [False, True], ids=["default", "named"])
def test_token_json(desk: Desk, organisation: list[Subscription], named: bool) -> None:
    """`token` prints the JSON of az, whose expiry is a second off now and then."""
    options = f" --subscription {organisation[2].id}" if named else ""
    expiry = re.compile(rb'(?m)^  "expires.*$')

    documented = desk.done(f"az account get-access-token{options}")
    ours = desk.done(f"contacts-audit token{options}")

    before, after = (json.loads(each)["expires_on"] for each in (documented, ours))
    assert expiry.sub(b"", ours) == expiry.sub(b"", documented)
    assert [line[:15] for line in expiry.findall(ours)] == [b'  "expiresOn": ', b'  "expires_on":']
    assert abs(after - before) <= 2


def test_token_feeds_curl(desk: Desk) -> None:
    """`token -o tsv` takes the place of az in the pipeline."""
    documented = desk.done(DOCUMENTED)

    ours = desk.done(f"contacts-audit token -o tsv | {CURL} | {JQ}")

    assert ours == documented == b'"soc@contoso.com"\n'


# The audit


@pytest.mark.parametrize("auth", ["auto", "azure-cli"])
def test_audit(azure: AzureDouble, desk: Desk, organisation: list[Subscription], auth: str) -> None:
    """The audit reads what az lists, with the token that az had from signing in."""
    listed = json.loads(desk.done("az account list --query '[].id'"))

    ours = desk(f"contacts-audit audit --auth {auth} -o json")

    rows = json.loads(ours.stdout)["subscriptions"]
    assert ours.returncode == 3, ours.stderr
    assert [row["id"] for row in rows] == listed == [each.id for each in organisation]
    assert [row["verdict"] for row in rows] == [
        *("compliant", "compliant", "non-compliant", "non-compliant")
    ]
    assert len(azure.token_asked()) == 1


def test_tenants(azure: AzureDouble, fresh: Desk) -> None:
    """From one sign-in az has tokens of every tenant, whichever its default is of."""
    other = azure.add_tenant("fabrikam.example")
    here, there = azure.add("Here"), azure.add("There", tenant_id=other.id)
    fresh.login()

    ours = fresh(f"contacts-audit audit -o json --tenant {other.id} --tenant {azure.tenant}")

    rows = json.loads(ours.stdout)["subscriptions"]
    assert ours.returncode == 3, ours.stderr
    assert [row["id"] for row in rows] == [there.id, here.id]


def test_scope(azure: AzureDouble, desk: Desk) -> None:
    """Signing in by a secret, ours asks for the very scope that az asks for."""
    desk.done(
        f"AZURE_TENANT_ID={azure.tenant} AZURE_CLIENT_ID={azure.client_id} "
        f"AZURE_CLIENT_SECRET={shlex.quote(azure.secret)} contacts-audit token --auth env"
    )

    by_az, by_us = (asked.form["scope"] for asked in azure.token_asked())

    assert by_us == by_az == "https://management.core.windows.net//.default"


# The double, which az takes for Azure


def test_contact(azure: AzureDouble, desk: Desk, organisation: list[Subscription]) -> None:
    """The life of a contact in `az security contact`, which ours then sees as az wrote it."""
    desk.done(f"az account set --subscription {organisation[3].id}")
    contact = "az security contact"
    alerts = """--alert-notifications '{"state":"On","minimalSeverity":"Low"}'"""
    roles = """--notifications-by-role '{"state":"On","roles":["Owner"]}'"""
    emails = "--emails 'soc@contoso.com;ciso@contoso.com' --phone '(214) 275-4038'"

    none = json.loads(desk.done(f"{contact} list"))
    created = json.loads(desk.done(f"{contact} create -n default {emails} {alerts} {roles}"))
    listed = json.loads(desk.done(f"{contact} list"))
    desk.done(f"{contact} update -n default --emails soc@contoso.com")
    shown = json.loads(desk.done(f"{contact} show -n default"))
    audited = json.loads(desk(f"contacts-audit audit -s {organisation[3].id} -o json").stdout)
    deleted = desk.done(f"{contact} delete -n default --yes")
    gone = desk(f"{contact} show -n default")

    assert (none, listed, deleted) == ([], [created], b"")
    assert shown == {**created, "emails": "soc@contoso.com"}
    assert audited["subscriptions"][0]["emails"] == ["soc@contoso.com"]
    assert gone.returncode == 3
    assert b"Code: 404" in gone.stderr
    assert [asked.method for asked in azure.writes()] == ["PUT", "PUT", "DELETE"]


# The role that docs/deploy/ hands out


async def keep_role(exchange: Exchange) -> None:
    """
    Answer the PUT of a role definition as Azure was recorded to: it adds the type CustomRole.

    Source: `test_custom_role_definition_scenario.yaml`, a recording of azure-cli's own tests.
    """
    asked = exchange.asked
    kind, name = asked.path.split("/")[-2:]
    role = {
        "properties": {**asked.json()["properties"], "type": "CustomRole"},
        **{"id": asked.path, "type": f"Microsoft.Authorization/{kind}", "name": name},
    }
    await exchange.send(exchange.reply(201, compact(role)).encode())


def test_role(azure: AzureDouble, desk: Desk) -> None:
    """The README's command asks Azure for a role of the file's actions, at the group alone."""
    (command,) = re.findall("az role definition create .*", (DEPLOY / "README.md").read_text())
    text = (DEPLOY / "reader-role.json").read_text().replace("REPLACE-WITH-YOUR-GROUP", "Contoso")
    (desk.home / "reader-role.json").write_text(text)
    group = "/providers/Microsoft.Management/managementGroups/Contoso"
    azure.fail(f"PUT {group}/providers/Microsoft.Authorization/roleDefinitions/", keep_role)

    created = json.loads(desk.done(command))

    (put,) = azure.writes()
    role = json.loads(text)
    assert put.json()["properties"] == {
        "roleName": "Security Contact Reader",
        "description": role["Description"],
        "permissions": [
            {"actions": role["Actions"], "notActions": [], "dataActions": [], "notDataActions": []}
        ],
        "assignableScopes": [group],
    }
    assert (created["id"], created["roleType"]) == (put.path, "CustomRole")


# A user


def test_user(desk: Desk) -> None:
    """The token of a user serves as well as an application's."""
    desk.done("az logout")
    desk.login_as_user()

    documented = desk.done(DOCUMENTED)
    ours = desk("contacts-audit emails --current")

    assert (ours.stdout, ours.returncode) == (documented, 0)
    assert documented == b'"soc@contoso.com"\n'


def test_claims(azure: AzureDouble, fresh: Desk) -> None:
    """Where Azure asks for a stronger sign-in, the command that is told brings it."""
    azure.add("Prod", contacts_2017=[documented_contact("default1", "soc@contoso.com")])
    fresh.login_as_user()
    azure.challenge('{"access_token":{"acrs":{"essential":true,"value":"c1"}}}')

    before = fresh("contacts-audit audit")
    fresh.login_as_user(one_line(before).partition(" -- ")[2])
    after = fresh("contacts-audit audit")

    assert after.returncode == 0, after.stderr


def test_inactive(azure: AzureDouble, fresh: Desk) -> None:
    """The sign-in that az advises, tenant and scope and all, is advised by ours."""
    azure.add("Prod")
    fresh.login_as_user()
    azure.refresh_dead = True

    ours = fresh(f"contacts-audit audit --audience {ELSEWHERE}")

    assert one_line(ours).startswith("error: az failed: AADSTS700082: ")
    assert one_line(ours).endswith(
        f' -- sign in: az login --tenant "{azure.tenant}" --scope "{ELSEWHERE}/.default"'
    )


# Nobody is signed in


@pytest.mark.parametrize("command", ["audit", "emails", "token"])
def test_never_signed_in(azure: AzureDouble, fresh: Desk, command: str) -> None:
    """The document asks for a subscription named bash and prints nothing; ours says what to do."""
    documented = fresh(DOCUMENTED)
    (asked,) = azure.asked

    ours = fresh(f"contacts-audit {command}")

    assert b"Please run 'az login' to setup account." in documented.stderr
    assert (documented.stdout, documented.returncode) == (b"", 0)
    assert (asked.path.split("/")[2], asked.bearer) == ("bash", "")
    assert "az login" in one_line(ours)
    assert azure.asked == [asked]


@pytest.mark.parametrize("end", ["az logout", "az account clear", "az cloud set -n AzureCloud"])
def test_signed_out(desk: Desk, end: str) -> None:
    """Who signed out, or turned to another cloud, is told to sign in."""
    desk.done(end)

    ours = desk("contacts-audit audit")

    assert "az login" in one_line(ours)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("az account clear", id="signed out"),
        pytest.param("rm az/azureProfile.json", id="no profile"),
        pytest.param("rm az/azureProfile.json; az account list", id="a profile without accounts"),
    ],
)
def test_current_signed_out(desk: Desk, end: str) -> None:
    """`--current` without any account says how to get one."""
    desk.done(end)

    ours = desk("contacts-audit audit --current")

    assert "az login" in one_line(ours)
    assert "cannot be read" not in one_line(ours)


def test_current_is_a_tenant(fresh: Desk) -> None:
    """The account of a tenant without subscriptions is no subscription to audit."""
    fresh.login("--allow-no-subscriptions")

    ours = fresh("contacts-audit audit --current")

    assert "az account set" in one_line(ours)


# az fails


def test_refused(azure: AzureDouble, desk: Desk) -> None:
    """What Entra says of a secret that has expired reaches the user in one line."""
    azure.secret_expired = True

    ours = desk(f"contacts-audit audit --audience {ELSEWHERE}")

    assert one_line(ours).startswith("error: az failed: AADSTS7000222: ")
    assert "az login" in one_line(ours)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        pytest.param(
            "HTTPS_PROXY=http://127.0.0.1:9 contacts-audit token",
            "Unable to connect to proxy",
            id="no network",
        ),
        pytest.param(
            "REQUESTS_CA_BUNDLE= CONTACTS_AUDIT_CA_BUNDLE= contacts-audit token",
            "CERTIFICATE_VERIFY_FAILED",
            id="no trust",
        ),
        pytest.param(
            "contacts-audit token --tenant 11111111-2222-4333-8444-555555555555",
            "Unable to get authority configuration",
            id="no such tenant",
        ),
    ],
)
def test_traceback(desk: Desk, trouble: str, told: str) -> None:
    """Where az prints a traceback, its cause is told, not that there is one."""
    ours = desk(f"{trouble} --audience {ELSEWHERE}")

    assert told in one_line(ours)
    assert "traceback" not in one_line(ours)


def test_unknown_subscription(desk: Desk) -> None:
    """A subscription that az does not know is named."""
    unknown = "11111111-2222-4333-8444-555555555555"

    ours = desk(f"contacts-audit token --subscription {unknown}")

    assert f"Subscription '{unknown}' not found." in one_line(ours)
