"""The commands that plan, write and take back, as their users meet them."""

import hashlib
import json
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.contacts import view
from azure_double.exchange import Exchange, Fault
from conftest import Ran, Run, run_in, surroundings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
GHOST = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
CHANGE = ("--email", "soc@contoso.com")
DOCUMENTED = """\
cat enable-additional-email-addresses.json > /dev/null && \
printf '%s\\t%s\\n' "$ID" "$TOKEN" | xargs -L1 bash -c 'curl -X PUT \
-H "Authorization: Bearer $1" -H "Content-Type: application/json" \
https://management.azure.com/subscriptions/$0/providers/Microsoft.Security/securityContacts/\
default1?api-version=2017-08-01-preview -d@"enable-additional-email-addresses.json"'
"""


def old(*emails: str, **more: Any) -> list[dict[str, Any]]:
    """Return contacts as 2017 keeps them."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On"}
    return [
        {"name": f"default{number}", "properties": {"email": email, **flags, **more}}
        for number, email in enumerate(emails, start=1)
    ]


def new(emails: Any, **more: Any) -> dict[str, Any]:
    """Return a contact as the portal writes it."""
    return {
        "emails": emails,
        "phone": "",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        **more,
    }


@dataclass(frozen=True)
class Desk:
    """Where somebody sits who writes: the program, and a *folder* for plans and state."""

    run: Run
    folder: Path

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    def plan(self, *arguments: str) -> Ran:
        """Run `plan`, by default for JSON."""
        return self.run("plan", "-o", "json", *arguments)

    def saved(self, *arguments: str) -> str:
        """Return the name of a plan that was saved."""
        name = str(self.folder / "plan.json")
        assert self.run("plan", "--save", name, *arguments).code in {0, 3, 4, 5}
        return name

    def apply(self, *arguments: str, stdin: bytes = b"") -> Ran:
        """Run `apply`, not asked, and for JSON."""
        more = ("--yes", "-o", "json", "--state-dir", str(self.state))
        return self.run("apply", *more, *arguments, stdin=stdin)

    def restore(self, *arguments: str) -> Ran:
        """Run `restore`, not asked, and for JSON."""
        more = ("--yes", "-o", "json", "--state-dir", str(self.state))
        return self.run("restore", *more, *arguments)

    def backups(self) -> list[Path]:
        """Return the backups, the oldest first."""
        return sorted(self.state.glob("backup-*.json"))

    def journal(self) -> list[dict[str, Any]]:
        """Return the lines of the last journal."""
        last = max(self.state.glob("journal-*.jsonl"))
        return [json.loads(line) for line in last.read_text().splitlines()]


@pytest.fixture
def desk(run: Run, tmp_path: Path) -> Desk:
    """Return the program and a place to write."""
    return Desk(run, tmp_path)


def statuses(ran: Ran) -> list[str]:
    """Return the status of each row of a result, which must say the exit code itself."""
    document = json.loads(ran.out)
    assert document["exit_code"] == ran.code
    return [row["status"] for row in document["subscriptions"]]


def message(ran: Ran) -> str:
    """Return what is said of the only row."""
    (row,) = json.loads(ran.out)["subscriptions"]
    return str(row["message"])


def puts(azure: AzureDouble) -> list[str]:
    """Return the id of the subscription of each write, in order."""
    return [asked.path.split("/")[2] for asked in azure.writes()]


def requests_for(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the methods of the requests for the contacts of *subscription*, in order."""
    return [
        asked.method
        for asked in azure.arm_asked()
        if f"/subscriptions/{subscription.id}/" in asked.path
    ]


def kept(subscription: Subscription) -> tuple[Any, Any]:
    """Return all that Azure keeps of *subscription*: a value, which no later write changes."""
    copied = json.loads(json.dumps([subscription.contacts_2017, subscription.contact]))
    return copied[0], copied[1]


def shown(azure: AzureDouble, subscription: Subscription) -> dict[str, list[tuple[str, Any]]]:
    """Return the names and properties that each version shows of *subscription*."""
    return {
        version: [(one["name"], one["properties"]) for one in view(azure, subscription, version)]
        for version in (V2017, V2023)
    }


def meanwhile(change: Callable[[], Any]) -> Fault:
    """Let *change* happen when a request arrives, and answer it as usual."""

    async def fault(exchange: Exchange) -> None:
        change()
        await faults.slow(0)(exchange)

    return fault


def write_of(subscription: Subscription) -> Callable[[Asked], bool]:
    """Match the writes to *subscription*."""
    return lambda asked: asked.method != "GET" and subscription.id in asked.path


# plan


@pytest.mark.parametrize(
    ("subscriptions", "code", "expected"),
    [
        pytest.param([{"contact": new("soc@contoso.com")}], 0, ["nothing"], id="nothing to do"),
        pytest.param([{"contact": new("a@contoso.com")}, {}], 3, ["change", "change"], id="change"),
        pytest.param([{}, {"readable": False}], 4, ["change", "unreadable"], id="unreadable"),
        pytest.param(
            [{}, {"readable": False}, {"contact": new(7)}],
            5,
            ["change", "unreadable", "refused"],
            id="refused",
        ),
        pytest.param([{"state": "Disabled"}], 0, ["skipped"], id="skipped"),
    ],
)
def test_the_code_of_a_plan(
    azure: AzureDouble, desk: Desk, subscriptions: list[Any], code: int, expected: list[str]
) -> None:
    """Nothing 0, changes 3, unreadable 4, refused 5: the larger one wins; nothing is written."""
    for fields in subscriptions:
        azure.add("Prod", **fields)

    ran = desk.plan(*CHANGE)

    assert (ran.code, [row["status"] for row in json.loads(ran.out)["subscriptions"]]) == (
        code,
        expected,
    )
    assert azure.writes() == []


def test_a_plan_says_all_that_the_contract_promises(azure: AzureDouble, desk: Desk) -> None:
    """The whole schema, before and after of what would be written, and a digest."""
    contact = new("a@contoso.com", phone="+1-425-555-0100")
    subscription = azure.add("Prod", contact=contact)

    document = json.loads(desk.plan(*CHANGE, "--notify-owners").out)

    (row,) = document["subscriptions"]
    assert (document["schema"], document["kind"], document["cloud"]) == (
        1,
        "plan",
        document["cloud"],
    )
    assert (document["arm_endpoint"], document["tenants"]) == (azure.endpoint, [azure.tenant])
    assert {"tool", "created", "wish", "sha256"} <= document.keys()
    assert (row["id"], row["name"], row["tenant_id"]) == (subscription.id, "Prod", azure.tenant)
    assert (row["status"], row["api_version"], row["contact"]) == ("change", V2023, "default")
    assert (row["before"], row["error"]) == (contact, None)
    by_role = {"state": "On", "roles": ["Owner"]}
    emails = "a@contoso.com;soc@contoso.com"
    assert row["after"] == {**contact, "emails": emails, "notificationsByRole": by_role}


def test_a_saved_plan_is_the_printed_one_private_and_atomic(azure: AzureDouble, desk: Desk) -> None:
    """0600 in place of an old file of another mode; nothing else is left in the folder."""
    azure.add("Prod")
    file = desk.folder / "plan.json"
    file.write_text("old")
    file.chmod(0o644)

    ran = desk.plan(*CHANGE, "--save", str(file))

    saved, printed = json.loads(file.read_text()), json.loads(ran.out)
    for each in (saved, printed):
        del each["created"], each["sha256"]
    assert (ran.code, saved) == (3, printed)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in desk.folder.iterdir()] == ["plan.json"]


def test_a_plan_that_cannot_be_saved_is_74_before_the_first_request(
    azure: AzureDouble, desk: Desk
) -> None:
    """A folder that does not exist, and a folder in place of a file."""
    azure.add("Prod")

    nowhere = desk.plan(*CHANGE, "--save", str(desk.folder / "none" / "plan.json"))
    folder = desk.plan(*CHANGE, "--save", str(desk.folder))

    assert (nowhere.code, folder.code, nowhere.out) == (74, 74, b"")
    assert azure.asked == []


@pytest.mark.parametrize("output", ["table", "markdown"])
def test_a_plan_for_people_names_each_field_that_changes(
    azure: AzureDouble, run: Run, output: str
) -> None:
    """Before and after stand in one line; what stays is not in it."""
    azure.add("Prod", contact=new("a@contoso.com", phone="+1-425-555-0100"))
    azure.add("Dark", readable=False)

    ran = run("plan", "-o", output, *CHANGE)

    (line,) = (line for line in ran.text.splitlines() if "emails" in line)
    assert re.search(r"change.*Prod.*a@contoso\.com\W.*a@contoso\.com;soc@contoso\.com", line)
    assert "555-0100" not in ran.text
    assert "forbidden" in ran.text
    assert (ran.code, ran.err.count("Dark (")) == (4, 1)


def test_hostile_text_of_azure_is_inert_in_a_plan_and_whole_in_what_is_sent(
    azure: AzureDouble, desk: Desk
) -> None:
    """Escape codes and bidi characters survive a saved plan to the letter."""
    weird = {"kept": "\x1b[31m\u202e", "n": [1, 2.5, None, True]}
    item = {"name": "default", "properties": new("a@contoso.com", weird=weird)}
    subscription = azure.add("\x1b[2JProd")
    subscription.answers[V2023] = json.dumps({"value": [item]}).encode()
    azure.fail("PUT", faults.arm_error(400, "Bad", "\x1b[2J\u202eno"))

    name = desk.saved(*CHANGE)
    table = desk.run("plan", *CHANGE)
    ran = desk.apply(name)

    shown = table.text + ran.text + ran.err + Path(name).read_text()
    assert not {"\x1b", "\u202e"} & {*shown}
    assert statuses(ran) == ["refused"]
    assert azure.writes()[0].json()["properties"]["weird"] == weird


def test_failing_only_leaves_alone_what_complies(azure: AzureDouble, desk: Desk) -> None:
    """A subscription with another address complies, and is not written to."""
    azure.add("Good", contact=new("a@contoso.com"))
    azure.add("Old", contacts_2017=old("a@contoso.com"))
    bad = azure.add("Bad", contact=new(""))

    ran = desk.apply(*CHANGE, "--failing-only")

    assert (ran.code, statuses(ran)) == (0, ["already", "already", "done"])
    assert puts(azure) == [bad.id]


def test_what_is_waived_is_left_alone(azure: AzureDouble, desk: Desk) -> None:
    """A policy that waives a finding keeps `plan` and `apply` away from it: 0."""
    waived = azure.add("Waived", contact=new(""))
    azure.add("Bad", contact=new(""))
    policy = desk.folder / "policy.toml"
    policy.write_text(
        f'[[waiver]]\nsubscription = "{waived.id}"\nreason = "test"\nowner = "me"\n'
        "expires = 2999-01-01\n"
    )

    planned = desk.plan(*CHANGE, "--policy", str(policy))
    ran = desk.apply(*CHANGE, "--policy", str(policy))

    rows = json.loads(planned.out)["subscriptions"]
    assert (planned.code, [row["status"] for row in rows]) == (3, ["waived", "change"])
    assert (ran.code, statuses(ran), len(azure.writes())) == (0, ["waived", "done"], 1)


def test_a_plan_can_be_made_of_a_recording(azure: AzureDouble, desk: Desk) -> None:
    """Offline, without credentials, and the same but for its date."""
    azure.add("Prod", contacts_2017=old("a@contoso.com"))
    azure.add("Dark", readable=False)
    tape = str(desk.folder / "tape")
    recorded = json.loads(desk.plan(*CHANGE, "--record", tape).out)
    asked = len(azure.asked)

    ran = run_in({}, "plan", "-o", "json", *CHANGE, "--replay", tape)

    replayed = json.loads(ran.out)
    assert (ran.code, len(azure.asked)) == (4, asked)
    assert replayed["subscriptions"] == recorded["subscriptions"]
    assert (recorded["recorded"], replayed["recorded"] is None) == (None, False)
    assert f"recorded {replayed['recorded']}" in ran.err
    ticket = run_in({}, "plan", "-o", "markdown", *CHANGE, "--replay", tape).text
    assert ticket.startswith(f"recorded: {replayed['recorded']}; this is not the current state\n")


def test_a_forgotten_replay_writes_nothing_and_is_named(azure: AzureDouble, desk: Desk) -> None:
    """A variable of an environment file is named where it keeps a change from being made."""
    azure.add("Prod")

    ran = run_in(surroundings(azure, CONTACTS_AUDIT_REPLAY="tape"), "apply", *CHANGE, "--yes")

    assert (ran.code, azure.asked) == (2, [])
    assert "CONTACTS_AUDIT_REPLAY" in ran.err


def test_a_write_that_is_throttled_to_the_end_says_so(azure: AzureDouble, desk: Desk) -> None:
    """What took all the time is told, not that none was left; nothing was changed."""
    azure.add("Prod")
    azure.fail("PUT", faults.throttle("0.05"))
    azure.fail(lambda asked: asked.method == "GET" and bool(azure.writes()), faults.slow(0.6))

    ran = desk.apply(*CHANGE, "--budget", "1.5")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["status"]) == (5, "failed")
    assert "429" in row["message"]
    assert "was not changed" in row["message"]
    assert "no time was left" not in row["message"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param([], id="none"),
        pytest.param(["--email", "no address"], id="no address"),
        pytest.param(["--email", "a@contoso.com;b@contoso.com"], id="two in one"),
        pytest.param(["--email", "a@b@c"], id="two ats"),
        pytest.param(["--email", "a@contoso.com\r\nBcc: x@y.zz"], id="header"),
        pytest.param(["--replace"], id="replace what"),
        pytest.param(["--email", "a@contoso.com", "--remove-email", "A@contoso.com"], id="both"),
        pytest.param(["--phone", "call\nme"], id="phone"),
        pytest.param(["--minimum-severity", "Worst"], id="severity"),
        pytest.param(["--attack-paths", "All"], id="risk"),
        pytest.param([*CHANGE, "--api-version", "2099-01-01"], id="version"),
        pytest.param([*CHANGE, "--api-version", V2017, "--attack-paths", "High"], id="not at 2017"),
        pytest.param(["--allow-empty"], id="only leave"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_wrong_wish_is_2_before_any_request(
    azure: AzureDouble, desk: Desk, command: str, change: list[str]
) -> None:
    """Nothing is asked of anybody, and one line says what is wrong."""
    azure.add("Prod")
    more = ["--yes", "--state-dir", str(desk.state)] if command == "apply" else []

    ran = desk.run(command, *change, *more)

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    assert ran.err.count("\n") == 1, ran.err
    assert not desk.state.exists()


# apply


@pytest.mark.parametrize("saved", [False, True], ids=["in one go", "from a plan"])
def test_apply_makes_the_wish_true_and_a_second_one_sends_nothing(
    azure: AzureDouble, desk: Desk, saved: bool
) -> None:
    """One PUT a subscription; afterwards `audit` finds all compliant, and nothing is left to do."""
    subscriptions = [azure.add(f"S{number}") for number in range(3)]
    arguments = (desk.saved(*CHANGE),) if saved else CHANGE

    first = desk.apply(*arguments)
    written = puts(azure)
    second = desk.apply(*arguments)
    audit = desk.run("audit")

    assert (first.code, statuses(first)) == (0, ["done"] * 3)
    assert written == [subscription.id for subscription in subscriptions] == puts(azure)
    assert (second.code, statuses(second)) == (0, ["already"] * 3)
    assert audit.code == 0
    assert json.loads(second.out)["backup"] is None


def test_a_plan_is_read_from_stdin_too(azure: AzureDouble, desk: Desk) -> None:
    """`plan -o json | apply - --yes` is a pipeline."""
    azure.add("Prod")
    planned = desk.plan(*CHANGE)

    ran = desk.apply("-", stdin=planned.out)

    assert (ran.code, statuses(ran)) == (0, ["done"])


def test_what_arrives(azure: AzureDouble, desk: Desk) -> None:
    """A PUT of what was read, changed where asked: unknown fields stay, read-only ones go."""
    contact = new("a@contoso.com", someday={"x": [1, 2.5]}, phone="+1-425-555-0100")
    subscription = azure.add("Prod", contact=contact)

    desk.apply(*CHANGE, "--minimum-severity", "Low", "--attack-paths", "Critical")

    (put,) = azure.writes()
    path = f"/subscriptions/{subscription.id}/providers/Microsoft.Security/securityContacts/default"
    assert (put.method, put.path, put.query) == ("PUT", path, f"api-version={V2023}")
    assert put.headers["content-type"] == "application/json"
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "Low"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ]
    assert put.json() == {
        "properties": {
            **contact,
            "emails": "a@contoso.com;soc@contoso.com",
            "notificationsSources": sources,
        }
    }


def test_a_new_contact_says_what_the_document_says(azure: AzureDouble, desk: Desk) -> None:
    """Enabled, Owner notified, high alerts; at 2020 in its own terms."""
    azure.add("Prod")

    desk.apply(*CHANGE)
    azure.offered = {V2017, V2020}
    other = azure.add("Other")
    desk.apply(*CHANGE, "-s", other.id)

    at_2023, at_2020 = azure.writes()
    by_role = {"state": "On", "roles": ["Owner"]}
    assert at_2023.json()["properties"] == {
        "emails": "soc@contoso.com",
        "isEnabled": True,
        "notificationsByRole": by_role,
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    }
    assert at_2020.query == f"api-version={V2020}"
    assert at_2020.json()["properties"] == {
        "emails": "soc@contoso.com",
        "notificationsByRole": by_role,
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
    }


def test_the_requests_of_a_subscription_are_counted(azure: AzureDouble, desk: Desk) -> None:
    """Two reads, at both api-versions, again before the PUT and after it; and one to judge it."""
    subscription = azure.add("Prod")

    desk.apply(*CHANGE)

    asked = requests_for(azure, subscription)
    assert asked == ["GET", "GET", "GET", "GET", "PUT", "GET", "GET", "GET"]


@pytest.mark.parametrize(
    "option",
    [
        *(["--email", "b@contoso.com"], ["--replace"], ["--remove-email", "x@contoso.com"]),
        *(["--failing-only"], ["--enable"], ["--phone", "+1-425-555-0100"], ["--allow-empty"]),
        *(["-s", "Prod"], ["--exclude", "Dev"], ["--current"], ["--api-version", V2017]),
    ],
    ids=lambda option: option[0],
)
def test_a_plan_has_a_wish_and_a_scope_of_its_own(
    azure: AzureDouble, desk: Desk, option: list[str]
) -> None:
    """An option that the plan would not obey is 2, before any request."""
    azure.add("Prod")
    name = desk.saved(*CHANGE)
    asked = len(azure.asked)

    ran = desk.apply(name, *option)

    assert (ran.code, len(azure.asked)) == (2, asked)


def edited(name: str, change: Callable[[dict[str, Any]], Any], *, seal: bool = True) -> str:
    """Return the name of a file that is as *name* but for a *change*, its digest made anew."""
    document = json.loads(Path(name).read_text())
    change(document)
    if seal:
        document.pop("sha256", None)
        spelt = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        document["sha256"] = hashlib.sha256(spelt).hexdigest()
    other = Path(name).with_name("edited.json")
    other.write_text(json.dumps(document))
    return str(other)


def row_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the first row of a plan or a backup."""
    found: dict[str, Any] = document["subscriptions"][0]
    return found


DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "schema": lambda plan: plan.update(schema=2),
    "kind": lambda plan: plan.update(kind="report"),
    "after": lambda plan: row_of(plan)["after"].update(emails="evil@example.com"),
    "step": lambda plan: row_of(plan)["steps"][0]["after"].update(emails="evil@example.com"),
    "more steps": lambda plan: row_of(plan)["steps"].append(row_of(plan)["steps"][0]),
    "contact": lambda plan: row_of(plan).update(contact="../../x"),
    "id": lambda plan: row_of(plan).update(id="../../x"),
    "status": lambda plan: row_of(plan).update(status="nothing"),
    "no status": lambda plan: row_of(plan).pop("status"),
    "api-version": lambda plan: row_of(plan).update(api_version="2099-01-01"),
    "no wish": lambda plan: plan.update(wish={}),
    "bad wish": lambda plan: plan["wish"].update(emails=["a@contoso.com\nBcc: x"]),
    "wish of another type": lambda plan: plan["wish"].update(emails=7),
    "unknown wish": lambda plan: plan["wish"].update(evil=True),
    "rows": lambda plan: plan.update(subscriptions={}),
    "a row": lambda plan: plan.update(subscriptions=[7]),
    "read": lambda plan: row_of(plan).update(read={"2017-08-01-preview": [{"name": 7}]}),
    "no tenants": lambda plan: plan.pop("tenants"),
    "tenants": lambda plan: plan.update(tenants=7),
}


@dataclass(frozen=True)
class Gone:
    """A plan and a backup of a cloud that is no more: whoever asks it anything fails with 1."""

    plan: Path
    backup: Path
    environment: dict[str, str]


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    """Write a plan and a backup that are as they should be."""
    folder = tmp_path_factory.mktemp("gone")
    with AzureDouble() as azure:
        azure.add("Prod", contact=new("a@contoso.com"))
        environment = surroundings(azure)

        def run(*arguments: str, stdin: bytes = b"") -> Ran:
            return run_in(environment, *arguments, stdin=stdin)

        desk = Desk(run, folder)
        plan = desk.saved(*CHANGE)
        assert desk.apply(plan).code == 0
        ca = folder / "ca.pem"
        ca.write_bytes(azure.ca.read_bytes())
        environment["CONTACTS_AUDIT_CA_BUNDLE"] = str(ca)
        return Gone(Path(plan), desk.backups()[0], environment)


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_what_is_whole_is_asked_for(gone: Gone, tmp_path: Path, command: str) -> None:
    """The files of the tests below are good but for their damage: they lead to a request."""
    file = gone.plan if command == "apply" else gone.backup
    name = edited(str(shutil.copy(str(file), tmp_path)), lambda document: None)

    quick = ("--auth-timeout", "0.5", "--deadline", "0.5", "--state-dir", str(tmp_path / "state"))
    ran = run_in(gone.environment, command, name, "--yes", *quick)

    assert ran.code == 1, ran.err


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_plan_that_was_edited_is_2_even_with_a_right_digest(
    gone: Gone, tmp_path: Path, damage: str
) -> None:
    """What it would write must follow from what was read and wished; nothing is asked before."""
    name = edited(str(shutil.copy(str(gone.plan), tmp_path)), DAMAGES[damage])

    ran = run_in(gone.environment, "apply", name, "--yes", "--state-dir", str(tmp_path / "state"))

    assert (ran.code, ran.out) == (2, b""), ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b"7", b"\xff\xfe", b"\x00" * 100, b"[" * 100_000),
        *(b'{"kind": "plan"}', b'{"kind": "plan", "schema": 1, "sha256": NaN}', b"9" * 5000),
    ],
    ids=lambda content: repr(content[:12]),
)
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_file_that_is_none_of_ours_is_2(
    gone: Gone, tmp_path: Path, command: str, content: bytes
) -> None:
    """Whatever it holds: one line, and no request."""
    file = tmp_path / "file"
    file.write_bytes(content)
    state = str(tmp_path / "state")

    ran = run_in(gone.environment, command, "--yes", "--state-dir", state, str(file))

    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.count("\n") == 1, ran.err


def test_a_plan_whose_digest_is_wrong_or_that_is_cut_is_2(azure: AzureDouble, desk: Desk) -> None:
    """One letter is enough; so are a missing file, a folder, and a backup in a plan's place."""
    azure.add("Prod")
    name = desk.saved(*CHANGE)
    cut = desk.folder / "cut.json"
    cut.write_bytes(Path(name).read_bytes()[:-40])
    desk.apply(name)
    written = len(azure.writes())

    named = edited(name, lambda plan: row_of(plan).update(name="Evil"), seal=False)
    codes = [
        desk.apply(named).code,
        desk.apply(str(cut)).code,
        desk.apply(str(desk.folder / "none.json")).code,
        desk.apply(str(desk.folder)).code,
        desk.apply(str(desk.backups()[0])).code,
        desk.restore(name).code,
    ]

    assert (codes, len(azure.writes())) == ([2] * 6, written)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plan: plan.update(tenants=[GHOST]), id="tenant"),
        pytest.param(lambda plan: plan.update(cloud="AzureChinaCloud"), id="cloud"),
        pytest.param(lambda plan: plan.update(arm_endpoint="https://x.example"), id="endpoint"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_file_of_another_tenant_or_cloud_is_2(
    azure: AzureDouble, desk: Desk, command: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    """Nothing is written, whatever its digest says."""
    subscription = azure.add("Prod")
    plan = desk.saved(*CHANGE)
    desk.apply(plan)
    subscription.contact = None
    name = edited(plan if command == "apply" else str(desk.backups()[0]), change)
    written = len(azure.writes())

    ran = desk.apply(name) if command == "apply" else desk.restore(name)

    assert (ran.code, ran.out, len(azure.writes())) == (2, b"", written)


CHANGES: dict[str, Callable[[Subscription], Any]] = {
    "at 2023": lambda s: setattr(s, "contact", new("portal@contoso.com")),
    "at 2017": lambda s: setattr(s, "contacts_2017", old("other@contoso.com")),
    "away at 2017": lambda s: setattr(s, "contacts_2017", []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_the_plan_is_left_alone(
    azure: AzureDouble, desk: Desk, change: str
) -> None:
    """The row is a conflict, and nothing of it is sent; the others are done."""
    first = azure.add("First")
    changed = azure.add("Changed", contacts_2017=old("a@contoso.com"))
    last = azure.add("Last")
    name = desk.saved(*CHANGE)
    CHANGES[change](changed)
    before = kept(changed)

    ran = desk.apply(name)

    assert (ran.code, statuses(ran)) == (5, ["done", "conflict", "done"])
    assert (puts(azure), kept(changed)) == ([first.id, last.id], before)


@pytest.mark.parametrize(
    "change",
    [
        "at 2023",
        "at 2017",
    ],
)
def test_what_changes_while_others_are_written_is_left_alone(
    azure: AzureDouble, desk: Desk, change: str
) -> None:
    """Each is read once more right before its PUT, which is refused where something changed."""
    first = azure.add("First")
    changed = azure.add("Changed", contacts_2017=old("a@contoso.com"))
    azure.fail(write_of(first), meanwhile(lambda: CHANGES[change](changed)), times=1)

    ran = desk.apply(*CHANGE)

    assert (ran.code, statuses(ran), puts(azure)) == (5, ["done", "conflict"], [first.id])


def test_what_is_as_wished_by_now_is_no_conflict(azure: AzureDouble, desk: Desk) -> None:
    """Somebody else did it, and changed more: `already`, and no PUT."""
    done = azure.add("Prod")
    name = desk.saved(*CHANGE)
    done.contact = new("other@contoso.com;SOC@contoso.com", phone="+1-425-555-0199")

    ran = desk.apply(name)

    assert (ran.code, statuses(ran), puts(azure)) == (0, ["already"], [])


def test_already_is_said_only_of_what_was_looked_at(azure: AzureDouble, desk: Desk) -> None:
    """It was as wished when the plan was made and is no more: `already` and 0 would be a lie."""
    azure.add("Bad", contact=new("x@contoso.com"))
    good = azure.add("Good", contact=new("soc@contoso.com"))
    name = desk.saved(*CHANGE)
    good.contact = new("")

    ran = desk.apply(name)

    assert (ran.code, statuses(ran)[1]) != (0, "already")


def test_an_etag_that_changed_alone_is_no_conflict(azure: AzureDouble, desk: Desk) -> None:
    """The properties decide; so does no order of keys."""
    subscription = azure.add("Prod", contact=new("a@contoso.com"))
    name = desk.saved(*CHANGE)
    assert subscription.contact is not None
    subscription.contact = dict(reversed(subscription.contact.items()))

    ran = desk.apply(name)

    assert statuses(ran) == ["done"]


@pytest.mark.parametrize(("most", "code", "sent"), [(1, 5, 0), (2, 0, 2)])
def test_more_changes_than_allowed_are_none(
    azure: AzureDouble, desk: Desk, most: int, code: int, sent: int
) -> None:
    """Over `--max-changes` nothing at all is sent; what is as wished does not count."""
    azure.add("Good", contact=new("soc@contoso.com"))
    for number in range(2):
        azure.add(f"S{number}")

    ran = desk.apply(*CHANGE, "--max-changes", str(most))

    assert (ran.code, len(azure.writes())) == (code, sent)
    assert statuses(ran) == ["already", *(["done"] if sent else ["not-sent"]) * 2]


@pytest.mark.parametrize("most", ["0", "5000"])
def test_any_whole_number_of_changes_can_be_the_most(
    azure: AzureDouble, desk: Desk, most: str
) -> None:
    """None at all, and more than a large organisation has subscriptions."""
    azure.add("Good", contact=new("soc@contoso.com"))

    ran = desk.apply(*CHANGE, "--max-changes", most)

    assert ran.code == 0, ran.err


def test_the_last_address_is_not_taken_away_unasked(azure: AzureDouble, desk: Desk) -> None:
    """Refused with the option that allows it; the others are done; with the option it is done."""
    last = azure.add("Last", contact=new("x@contoso.com"))
    azure.add("More", contact=new("x@contoso.com;y@contoso.com"))

    planned = desk.plan("--remove-email", "x@contoso.com")
    ran = desk.apply("--remove-email", "X@contoso.com")
    allowed = desk.apply("--remove-email", "x@contoso.com", "--allow-empty")

    assert planned.code == 5
    assert (ran.code, statuses(ran)) == (5, ["refused", "done"])
    assert "--allow-empty" in json.loads(ran.out)["subscriptions"][0]["message"]
    assert (allowed.code, last.contact and last.contact["emails"]) == (0, "")


def test_the_codes_of_apply_outrank_each_other(azure: AzureDouble, desk: Desk) -> None:
    """Unreadable is 4; what was refused is 5, and outranks it."""
    azure.add("Good")
    azure.add("Dark", readable=False)
    azure.add("Off", state="Disabled")

    unreadable = desk.apply(*CHANGE)
    azure.add("Odd", contact=new(7))
    refused = desk.apply(*CHANGE)

    assert (unreadable.code, statuses(unreadable)) == (4, ["done", "unreadable", "skipped"])
    assert (refused.code, statuses(refused)) == (5, ["already", "unreadable", "skipped", "refused"])


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_without_a_terminal_and_without_yes_nothing_begins(
    azure: AzureDouble, desk: Desk, command: str
) -> None:
    """2, before any request; a variable cannot say yes."""
    azure.add("Prod")
    name = desk.saved(*CHANGE)
    desk.apply(name)
    asked = len(azure.asked)
    file = name if command == "apply" else str(desk.backups()[0])

    ran = desk.run(
        command, file, "--state-dir", str(desk.state), stdin=b"y\n", CONTACTS_AUDIT_YES="1"
    )

    assert (ran.code, len(azure.asked)) == (2, asked)
    assert "--yes" in ran.err


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_recording_cannot_be_written_to(azure: AzureDouble, desk: Desk, command: str) -> None:
    """2, before anything is read."""
    ran = desk.run(command, "x", "--yes", "--replay", "fixtures/contoso")

    assert (ran.code, azure.asked) == (2, [])


# Backup and journal


def test_the_backup_is_there_before_the_first_put(azure: AzureDouble, desk: Desk) -> None:
    """Both versions of every subscription that is to change, for us alone, and named on stderr."""
    azure.newer_put_on_2017 = "survives"
    first = azure.add("First", contacts_2017=old("a@contoso.com"))
    second = azure.add("Second", contact=new("b@contoso.com", someday=1))
    azure.add("Good", contact=new("soc@contoso.com"))
    found: list[dict[str, Any]] = []

    def look() -> None:
        found.extend(json.loads(file.read_text()) for file in desk.backups())

    azure.fail("PUT", meanwhile(look), times=1)

    ran = desk.apply(*CHANGE)

    (document,) = found
    (file,) = desk.backups()
    assert json.loads(file.read_text()) == document
    assert (document["kind"], document["schema"], document["tenants"]) == (
        "backup",
        1,
        [azure.tenant],
    )
    assert {row["id"]: row["versions"] for row in document["subscriptions"]} == {
        first.id: {V2017: old("a@contoso.com", phone=""), V2023: []},
        second.id: {
            V2017: [],
            V2023: [{"name": "default", "properties": new("b@contoso.com", someday=1)}],
        },
    }
    assert str(file) in ran.err
    assert json.loads(ran.out)["backup"] == str(file)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in desk.state.iterdir()}
    assert (modes, stat.S_IMODE(desk.state.stat().st_mode)) == ({0o600}, 0o700)


def test_no_backup_no_put(azure: AzureDouble, desk: Desk) -> None:
    """Where the state folder cannot be made, nothing is sent: 74."""
    azure.add("Prod")
    desk.state.write_text("a file")

    ran = desk.apply(*CHANGE)

    assert (ran.code, azure.writes()) == (74, [])


def test_the_journal_is_ahead_of_azure(azure: AzureDouble, desk: Desk) -> None:
    """Wanted and sent are on disk when the PUT arrives; then answered, then read back."""
    subscription = azure.add("Prod")
    seen: list[list[str]] = []
    azure.fail("PUT", meanwhile(lambda: seen.append([line["event"] for line in desk.journal()])))

    ran = desk.apply(*CHANGE)

    lines = desk.journal()
    assert seen == [["wanted", "sent"]]
    assert [line["event"] for line in lines] == ["wanted", "sent", "answered", "read back"]
    assert {line["subscription"] for line in lines} == {subscription.id}
    assert (lines[0]["before"], lines[0]["after"]["emails"]) == (None, "soc@contoso.com")
    assert (lines[2]["status"], bool(lines[2]["request_id"])) == (201, True)
    assert json.loads(ran.out)["journal"] in ran.err


def test_nothing_to_do_leaves_nothing_behind(azure: AzureDouble, desk: Desk) -> None:
    """No backup and no journal: the lock that was held while reading, and nothing else."""
    azure.add("Good", contact=new("soc@contoso.com"))

    ran = desk.apply(*CHANGE)

    assert (ran.code, [file.name for file in desk.state.iterdir()]) == (0, ["lock"])


def test_no_secret_is_kept_or_shown(azure: AzureDouble, desk: Desk) -> None:
    """Neither token nor secret: in `--debug`, plan, backup, journal, recording or result."""
    azure.add("Prod", contacts_2017=old("a@contoso.com"))
    azure.fail("PUT", faults.arm_error(401, "ExpiredAuthenticationToken", "expired"), times=1)
    name = desk.saved(*CHANGE, "--debug")

    ran = desk.apply(name, "--debug", "--record", str(desk.folder / "tape"))

    texts = [ran.err, ran.text, Path(name).read_text()]
    kept_files = [*desk.state.iterdir(), *(desk.folder / "tape").iterdir()]
    texts += [each.read_text() for each in kept_files if each.is_file()]
    assert statuses(ran) == ["done"]
    assert len(azure.tokens) > 1
    for secret in (azure.secret, *azure.tokens):
        assert not [text for text in texts if secret in text]


# The tenants


def test_each_row_is_written_with_the_token_of_its_tenant(azure: AzureDouble, desk: Desk) -> None:
    """Of the one that listed it: in one go, from a plan, and back again."""
    other = azure.add_tenant("fabrikam.example")
    theirs = azure.add("Theirs", tenant_id=other.id)
    ours = azure.add("Ours")
    shared = azure.add("Shared", tenant_id=other.id, delegated_to=[azure.tenant])
    both = ("--tenant", azure.tenant, "--tenant", other.id)
    name = desk.saved(*CHANGE, *both)

    ran = desk.apply(name, *both)
    restored = desk.restore(str(desk.backups()[0]), *both)
    alone = desk.apply(name)

    assert (ran.code, restored.code, alone.code) == (0, 0, 2)
    issued = [
        (asked.path.split("/")[2], azure.tokens[asked.bearer or ""].tenant)
        for asked in azure.writes()
    ]
    expected = [(ours.id, azure.tenant), (shared.id, azure.tenant), (theirs.id, other.id)]
    assert issued == expected * 2


# When something goes wrong


def refusal(status: int, code: str) -> Fault:
    """Answer with an error as ARM words it."""
    return faults.arm_error(status, code, f"{code} it is.")


FAULTS: dict[str, tuple[Fault, int | None, str, int, bool]] = {
    # name: the fault, how often, the status, how many PUTs, whether it is written at the end
    "reset after": (faults.applied(faults.reset()), 1, "done", 1, True),
    "reset before": (faults.reset(), 1, "done", 2, True),
    "reset before, always": (faults.reset(), None, "failed", 2, False),
    "closed before": (faults.close(), 1, "done", 2, True),
    "hangs after": (faults.applied(faults.hang()), 1, "done", 1, True),
    "hangs before": (faults.hang(), 1, "done", 2, True),
    "cut after the status": (faults.cut_after_status(), 1, "done", 1, True),
    "cut in the headers": (faults.cut_headers(), 1, "done", 1, True),
    "cut in the body": (faults.cut_body(5), 1, "done", 1, True),
    "500 after": (faults.applied(refusal(500, "Oops")), 1, "done", 1, True),
    "500 before": (refusal(500, "Oops"), 1, "done", 2, True),
    "500 always": (refusal(500, "Oops"), None, "failed", 2, False),
    "502 after": (faults.applied(faults.html(502)), 1, "done", 1, True),
    "504 before": (refusal(504, "GatewayTimeout"), 1, "done", 2, True),
    "408 before": (refusal(408, "Timeout"), 1, "done", 2, True),
    "503 once": (refusal(503, "Busy"), 1, "done", 2, True),
    "503, for too long": (
        faults.arm_error(503, "Busy", "Later.", {"Retry-After": "1000"}),
        None,
        "failed",
        1,
        False,
    ),
    "429 with milliseconds": (
        faults.throttle(headers={"Retry-After-ms": "50"}),
        2,
        "done",
        3,
        True,
    ),
    "429, for too long": (faults.throttle(1000), None, "failed", 1, False),
    "400": (refusal(400, "InvalidInputJson"), None, "refused", 1, False),
    "403 of a policy": (refusal(403, "RequestDisallowedByPolicy"), None, "refused", 1, False),
    "404": (refusal(404, "SubscriptionNotFound"), None, "refused", 1, False),
    "409": (refusal(409, "Conflict"), None, "conflict", 1, False),
    "409, read-only": (refusal(409, "ReadOnlyDisabledSubscription"), None, "refused", 1, False),
    "403, read-only": (refusal(403, "ReadOnlyDisabledSubscription"), None, "refused", 1, False),
    "409, locked": (refusal(409, "ScopeLocked"), None, "refused", 1, False),
    "412": (refusal(412, "PreconditionFailed"), None, "conflict", 1, False),
    "401 once": (refusal(401, "ExpiredAuthenticationToken"), 1, "done", 2, True),
    "401 always": (refusal(401, "InvalidAuthenticationToken"), None, "refused", 2, False),
    "301": (faults.redirect(301, "https://localhost:1/x"), None, "failed", 1, False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_put_that_goes_wrong(azure: AzureDouble, desk: Desk, name: str) -> None:
    """It is sent twice at most, and after a lost answer only when nothing has changed."""
    fault, times, expected, sent, written = FAULTS[name]
    subscription = azure.add("Prod")
    azure.fail("PUT", fault, times=times)

    ran = desk.apply(*CHANGE, "--timeout", "2", "--budget", "8")

    assert (statuses(ran), len(azure.writes())) == ([expected], sent), ran.text
    assert (ran.code, subscription.contact is not None) == (0 if written else 5, written)
    assert (message(ran) == "None") is (expected == "done")
    assert ("PUT", "PUT") not in pairwise(requests_for(azure, subscription))


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_body_follows_no_redirect(azure: AzureDouble, desk: Desk, status: int) -> None:
    """Nobody else gets it, and a GET of the other place is no success."""
    azure.add("Prod")
    elsewhere = f"{azure.endpoint}/elsewhere"
    azure.fail("PUT", faults.redirect(status, elsewhere))

    ran = desk.apply(*CHANGE)

    assert (ran.code, statuses(ran), len(azure.writes())) == (5, ["failed"], 1)
    assert not [asked for asked in azure.asked if "elsewhere" in asked.path]
    assert azure.unknown == []


def test_retry_after_is_honoured(azure: AzureDouble, desk: Desk) -> None:
    """The second PUT comes as late as Azure asks, and not earlier."""
    azure.add("Prod")
    azure.fail("PUT", faults.throttle(1), times=1)

    ran = desk.apply(*CHANGE)

    first, second = azure.writes()
    assert statuses(ran) == ["done"]
    assert second.at - first.at >= 1


def test_who_may_read_but_not_write_is_told_which_role_is_missing(
    azure: AzureDouble, desk: Desk
) -> None:
    """Azure's own words, with the action; the others are done."""
    azure.add("Mine", writable=False)
    azure.add("Good")

    ran = desk.apply(*CHANGE)

    rows = json.loads(ran.out)["subscriptions"]
    assert (ran.code, statuses(ran)) == (5, ["refused", "done"])
    assert "Microsoft.Security/securityContacts/write" in rows[0]["message"]


def test_a_lost_answer_and_somebody_else_s_change_are_a_conflict(
    azure: AzureDouble, desk: Desk
) -> None:
    """A second PUT would overwrite what a person wrote in between."""
    subscription = azure.add("Prod")
    theirs = new("portal@contoso.com")

    def change() -> None:
        subscription.contact = theirs

    async def fault(exchange: Exchange) -> None:
        change()
        exchange.reset()

    azure.fail("PUT", fault)

    ran = desk.apply(*CHANGE)

    assert (ran.code, statuses(ran), len(azure.writes())) == (5, ["conflict"], 1)
    assert subscription.contact is theirs


def test_a_lost_answer_that_cannot_be_read_back_is_unknown(azure: AzureDouble, desk: Desk) -> None:
    """Nobody knows, and the journal says so; the next run finds out."""
    subscription = azure.add("Prod")

    async def fault(exchange: Exchange) -> None:
        subscription.readable = False
        exchange.reset()

    azure.fail("PUT", fault, times=1)

    ran = desk.apply(*CHANGE)
    events = [line["event"] for line in desk.journal()]
    subscription.readable = True
    again = desk.apply(*CHANGE)

    assert (ran.code, statuses(ran), events[-1]) == (5, ["unknown"], "unknown")
    assert (again.code, statuses(again)) == (0, ["done"])


def test_three_failures_in_a_row_stop_the_rest(azure: AzureDouble, desk: Desk) -> None:
    """The others are not sent; the same command does the rest when Azure is well again."""
    subscriptions = [azure.add(f"S{number}") for number in range(6)]
    azure.fail("PUT", faults.throttle(1000), times=3)

    ran = desk.apply(*CHANGE)
    written = puts(azure)
    again = desk.apply(*CHANGE)

    assert (ran.code, statuses(ran)) == (5, ["failed"] * 3 + ["not-sent"] * 3)
    assert written == [subscription.id for subscription in subscriptions[:3]]
    assert (again.code, statuses(again)) == (0, ["done"] * 6)


def test_a_success_between_failures_is_no_row(azure: AzureDouble, desk: Desk) -> None:
    """Two fail, one is done, two fail: the sixth is still written."""
    for number in range(6):
        azure.add(f"S{number}")
    no = faults.throttle(1000)
    azure.fail("PUT", faults.sequence(no, no, None, no, no))

    ran = desk.apply(*CHANGE)

    assert statuses(ran) == ["failed", "failed", "done", "failed", "failed", "done"]


# What takes seconds, all at once


@dataclass(frozen=True)
class Case:
    """A run that waits: what stands in a subscription, and how Azure is."""

    fields: dict[str, Any]
    switches: dict[str, Any]
    fault: Fault | None = None
    options: tuple[str, ...] = CHANGE
    match: Callable[[Asked], bool] | str = "PUT"


def after_a_put() -> Callable[[Asked], bool]:
    """Match every read after the first write."""
    written: list[Asked] = []

    def match(asked: Asked) -> bool:
        if asked.method == "PUT":
            written.append(asked)
            return False
        return bool(written) and asked.to_arm

    return match


BOTH = {"contact": new("a@contoso.com"), "contacts_2017": old("x@contoso.com")}
SLOW: dict[str, Case] = {
    "replaced": Case(BOTH, {"newer_put_on_2017": "replaced"}),
    "hidden": Case(BOTH, {"newer_put_on_2017": "hidden"}),
    "overwritten": Case(
        BOTH, {"put_2017_on_newer": "overwrites"}, options=(*CHANGE, "--api-version", V2017)
    ),
    "an unknown field is dropped": Case(
        {"contact": new("a@contoso.com", someday=1)}, {"drops_unknown": True}
    ),
    "200 and nothing done": Case({}, {}, faults.status(200, {})),
    "201 and nothing done": Case({}, {}, faults.status(201, {})),
    "a web page": Case({}, {}, faults.html()),
    "an unknown list holds null": Case({"contact": new("a@contoso.com", someday=[None])}, {}),
    "no more to read": Case({}, {}, refusal(403, "Gone"), match=after_a_put()),
    "stale for ever": Case({}, {"stale_reads": 1000}),
    "stale at first": Case({}, {"stale_reads": 5}),
}


@dataclass(frozen=True)
class Slow:
    """What came of a case."""

    ran: Ran
    writes: int
    reads: list[str]
    backup: dict[str, Any]


def slowly(case: Case, folder: Path) -> Slow:
    """Run one case in a cloud of its own."""
    with AzureDouble() as azure:
        for name, value in case.switches.items():
            setattr(azure, name, value)
        subscription = azure.add("Prod", **case.fields)
        if case.fault is not None:
            azure.fail(case.match, case.fault)

        def run(*arguments: str, stdin: bytes = b"") -> Ran:
            return run_in(surroundings(azure), *arguments, stdin=stdin)

        desk = Desk(run, folder)
        ran = desk.apply(*case.options)
        (backup,) = desk.backups()
        return Slow(
            ran,
            len(azure.writes()),
            requests_for(azure, subscription),
            json.loads(backup.read_text()),
        )


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Slow]:
    """Run all that waits for seconds, at once."""
    with ThreadPoolExecutor(len(SLOW)) as pool:
        running = {
            name: pool.submit(slowly, case, tmp_path_factory.mktemp("slow"))
            for name, case in SLOW.items()
        }
        return {name: each.result() for name, each in running.items()}


@pytest.mark.parametrize("name", ["replaced", "hidden", "overwritten"])
def test_an_address_that_is_lost_is_unconfirmed_and_named(slow: dict[str, Slow], name: str) -> None:
    """It was visible before at either version, and is at neither now; the backup holds it."""
    lost = "a@contoso.com" if name == "overwritten" else "x@contoso.com"

    assert (slow[name].ran.code, statuses(slow[name].ran)) == (5, ["unconfirmed"])
    assert lost in message(slow[name].ran)
    assert lost in json.dumps(slow[name].backup)
    assert slow[name].writes == 1


@pytest.mark.parametrize(
    "name",
    [
        *("200 and nothing done", "201 and nothing done", "a web page", "stale for ever"),
        "an unknown field is dropped",
    ],
)
def test_an_answer_is_no_success(slow: dict[str, Slow], name: str) -> None:
    """What does not read back, after 1, 2 and 4 more seconds either, is unconfirmed."""
    assert (slow[name].ran.code, statuses(slow[name].ran)) == (5, ["unconfirmed"])
    assert (slow[name].writes, slow[name].reads[4:]) == (1, ["PUT", *["GET"] * 8])
    assert message(slow[name].ran) != "None"


def test_a_list_that_lags_is_waited_for(slow: dict[str, Slow]) -> None:
    """It shows the contact at the third look: done, and nothing was sent twice."""
    assert (slow["stale at first"].ran.code, slow["stale at first"].writes) == (0, 1)


def test_what_cannot_be_read_back_is_unconfirmed(slow: dict[str, Slow]) -> None:
    """The PUT was answered, and then nothing is readable any more: 5, and never done."""
    found = slow["no more to read"]

    assert (found.ran.code, statuses(found.ran)) == (5, ["unconfirmed"])
    assert "could not be read back" in message(found.ran)


def test_null_in_a_list_reads_back(slow: dict[str, Slow]) -> None:
    """A field that nobody asked to change, and that came back to the letter, is no objection."""
    found = slow["an unknown list holds null"]

    assert (found.ran.code, statuses(found.ran)) == (0, ["done"])


# What nobody knows of Azure

SWITCHES: dict[str, dict[str, Any]] = {
    "as it seems": {},
    "2017 replaced": {"newer_put_on_2017": "replaced"},
    "2017 hidden": {"newer_put_on_2017": "hidden"},
    "newer overwritten": {"put_2017_on_newer": "overwrites"},
    "always 200": {"put_status": 200},
    "always 201": {"put_status": 201},
    "empty body": {"put_body": "empty"},
    "own body": {"put_body": "request"},
    "If-Match": {"honours_if_match": True},
    "stale": {"stale_reads": 1},
    "names in sequence": {"names_2017": "sequence"},
    "drops unknown": {"drops_unknown": True},
    "respells": {"respells": True},
    "two documents": {"newer_put_on_2017": "survives"},
    "2017 shares its flags": {"shared_2017": True},
    "2017 deletes leave a contact": {"emptied_2017": "empty"},
    "absent is 404": {"delete_absent": 404},
    "absent is 200": {"delete_absent": 200},
    "a phone can be emptied": {"empty_phone": "emptied"},
    "what is left out is emptied": {"left_out": "emptied"},
    "what is left out is kept": {"left_out": "kept"},
    "an empty severity is taken": {"blank_severity": "taken"},
    "no contact without addresses": {"empty_emails": "refused"},
    "a contact comes again": {"remakes_default": True},
    "2020 alone": {"offered": {V2017, V2020}},
}

STATES: list[dict[str, Any]] = [
    {},
    {"contact": new("A@contoso.com;b@contoso.com")},
    {"contact": new("", phone="+1-425-555-0100")},
    {"contacts_2017": old("A@contoso.com", "b@contoso.com")},
    {"contact": new("c@contoso.com"), "contacts_2017": old("C@contoso.com")},
    {"contact": new("SOC@contoso.com")},
]


def turn(azure: AzureDouble, switches: dict[str, Any]) -> None:
    """Turn *switches*."""
    for name, value in switches.items():
        setattr(azure, name, value)


def visible(subscription: Subscription) -> set[str]:
    """Return the addresses that stand in what is kept of *subscription* and shown."""
    records = [] if subscription.hides_2017 else subscription.contacts_2017
    texts = [record["properties"]["email"] for record in records]
    texts += [] if subscription.contact is None else [subscription.contact["emails"]]
    return {one.strip().casefold() for text in texts for one in text.split(";") if one.strip()}


@pytest.mark.parametrize("switch", SWITCHES)
def test_whatever_azure_is_like_a_wish_comes_true_once(
    azure: AzureDouble, desk: Desk, switch: str
) -> None:
    """Every row is done, no address is lost, and a second run sends nothing."""
    turn(azure, SWITCHES[switch])
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(STATES)]
    before = [visible(subscription) for subscription in subscriptions]

    first = desk.apply(*CHANGE)
    written = puts(azure)
    second = desk.apply(*CHANGE)

    assert (first.code, statuses(first)) == (0, ["done"] * 5 + ["already"]), first.text
    assert written == [subscription.id for subscription in subscriptions[:5]] == puts(azure)
    assert (second.code, statuses(second)) == (0, ["already"] * 6)
    for subscription, there in zip(subscriptions, before, strict=True):
        assert visible(subscription) == there | {"soc@contoso.com"}


@pytest.mark.parametrize(
    "switch",
    ["as it seems", "2017 hidden", "empty body", "drops unknown", "respells", "2020 alone"],
)
def test_whatever_azure_is_like_a_list_is_replaced(
    azure: AzureDouble, desk: Desk, switch: str
) -> None:
    """`--replace` leaves exactly these at the newest version; a second run sends nothing."""
    turn(azure, SWITCHES[switch])
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(STATES[:3])]
    change = (*CHANGE, "--email", "on-call@contoso.com", "--replace")

    first = desk.apply(*change)
    written = len(azure.writes())
    second = desk.apply(*change)

    assert (first.code, statuses(first)) == (0, ["done"] * 3), first.text
    assert (written, len(azure.writes()), statuses(second)) == (3, 3, ["already"] * 3)
    for subscription in subscriptions:
        assert subscription.contact is not None
        assert subscription.contact["emails"] == "soc@contoso.com;on-call@contoso.com"


@pytest.mark.parametrize(
    "switch",
    [
        *("as it seems", "always 201", "empty body", "names in sequence", "drops unknown"),
        *("respells", "two documents", "2017 shares its flags", "2020 alone"),
    ],
)
def test_whatever_azure_is_like_2017_is_written_one_address_a_contact(
    azure: AzureDouble, desk: Desk, switch: str
) -> None:
    """Added in the next place, removed from the end; a phone stays on the first."""
    turn(azure, SWITCHES[switch])
    none = azure.add("None")
    two = azure.add("Two", contacts_2017=old("a@contoso.com", "b@contoso.com"))
    phone = azure.add("Phone", contacts_2017=old("c@contoso.com", phone="+1-425-555-0100"))
    at_2017 = ("--api-version", V2017)

    added = desk.apply(*CHANGE, *at_2017)
    removed = desk.apply("--remove-email", "a@contoso.com", *at_2017)
    again = desk.apply("--remove-email", "a@contoso.com", *at_2017)

    assert (added.code, statuses(added)) == (0, ["done"] * 3), added.text
    assert (removed.code, statuses(removed)) == (0, ["already", "done", "already"]), removed.text
    assert statuses(again) == ["already"] * 3
    assert none.contacts_2017 == old("soc@contoso.com")
    assert sorted(visible(two)) == ["b@contoso.com", "soc@contoso.com"]
    assert [each["name"] for each in two.contacts_2017] == ["default1", "default2"]
    phones = [each["properties"].get("phone") for each in phone.contacts_2017]
    assert phones == ["+1-425-555-0100", None]


# The document's own request


def test_at_2017_the_documents_own_request_is_sent(
    azure: AzureDouble, desk: Desk, tools: None
) -> None:
    """Method, path, query, Content-Type and parsed JSON are those of the document's curl."""
    subscription = azure.add("Prod")
    documented = {
        "id": f"/subscriptions/{subscription.id}"
        "/providers/Microsoft.Security/securityContacts/default",
        "name": "default",
        "type": "Microsoft.Security/securityContacts",
        "properties": {
            "email": "soc@contoso.com",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }
    name = "enable-additional-email-addresses.json"
    (desk.folder / name).write_text(json.dumps(documented, indent=2))
    (desk.folder / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')

    subprocess.run(
        ["bash", "-c", DOCUMENTED.replace("https://management.azure.com", azure.endpoint)],
        cwd=desk.folder,
        env=surroundings(azure, CURL_HOME=str(desk.folder))
        | {"ID": subscription.id, "TOKEN": azure.token()},
        check=True,
        capture_output=True,
        timeout=60,
    )
    by_curl = kept(subscription)
    subscription.contacts_2017 = []
    ran = desk.apply(*CHANGE, "--api-version", V2017)

    theirs, ours = azure.writes()
    assert statuses(ran) == ["done"]
    assert (ours.method, ours.target) == (theirs.method, theirs.target)
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert ours.json() == theirs.json() == documented
    assert kept(subscription) == by_curl


def test_the_printed_curl_sends_what_apply_sends(
    azure: AzureDouble, desk: Desk, tools: None
) -> None:
    """Run by a shell, the commands of `plan --curl` arrive as the PUTs and DELETEs of `apply`."""
    states: list[dict[str, Any]] = [
        {"contact": new("x@contoso.com;y'$(id)`@contoso.com", someday="\u202e\n'\"END\nEND")},
        {"contacts_2017": old("x@contoso.com", "y@contoso.com")},
    ]
    first, second = (azure.add("$(touch /x)", **state) for state in states)
    before = kept(first), kept(second)
    (desk.folder / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')
    change = ("--remove-email", "x@contoso.com")
    runs = [("-s", first.id, *change), ("-s", second.id, *change, "--api-version", V2017)]

    for arguments in runs:
        printed = desk.run("plan", "--curl", *arguments)
        assert not [token for token in azure.tokens if token in printed.text]
        subprocess.run(
            ["bash", "-euc", printed.text],
            cwd=desk.folder,
            env=surroundings(azure, CURL_HOME=str(desk.folder)) | {"TOKEN": azure.token()},
            check=True,
            capture_output=True,
            timeout=60,
        )
    by_curl = azure.writes()
    for subscription, (contacts_2017, contact) in zip((first, second), before, strict=True):
        subscription.contacts_2017, subscription.contact = contacts_2017, contact
    for arguments in runs:
        desk.apply(*arguments)

    by_us = azure.writes()[len(by_curl) :]
    assert [asked.line for asked in by_us] == [asked.line for asked in by_curl]
    for ours, theirs in zip(by_us, by_curl, strict=True):
        assert ours.headers["content-type"] == theirs.headers["content-type"]
        assert (ours.body and ours.json()) == (theirs.body and theirs.json())


# restore


def last_backup(desk: Desk) -> str:
    """Return the name of the newest backup."""
    return str(desk.backups()[-1])


def test_restore_puts_back_and_deletes(azure: AzureDouble, desk: Desk) -> None:
    """To the letter; what was not there is deleted; a second one sends nothing; it is undone."""
    created = azure.add("Created")
    changed = azure.add("Changed", contact=new("a@contoso.com", someday={"x": 1}))
    other = azure.add("Other", contact=new("soc@contoso.com"))
    before = [kept(each) for each in (created, changed, other)]
    desk.apply(*CHANGE, "--notify-owners")
    after = [kept(each) for each in (created, changed, other)]
    backup, written = last_backup(desk), len(azure.writes())

    restored = desk.restore(backup)
    sent = azure.writes()[written:]
    found = [kept(each) for each in (created, changed, other)]
    again = desk.restore(backup)
    still = len(azure.writes())
    redone = desk.restore(last_backup(desk))

    assert (restored.code, statuses(restored), found) == (0, ["done"] * 3, before)
    assert [asked.method for asked in sent] == ["DELETE", "PUT", "PUT"]
    assert (again.code, statuses(again), still) == (0, ["already"] * 3, written + 3)
    assert (redone.code, [kept(each) for each in (created, changed, other)]) == (0, after)
    assert len(desk.backups()) == 3


def test_restore_deletes_from_the_highest_down(azure: AzureDouble, desk: Desk) -> None:
    """Where 2017 lets only the last be deleted, what `apply` added there goes again."""
    azure.names_2017, azure.newer_put_on_2017 = "sequence", "survives"
    subscription = azure.add("Prod", contacts_2017=old("a@contoso.com"))
    before = kept(subscription)
    more = [word for n in range(1, 12) for word in ("--email", f"a{n}@contoso.com")]
    desk.apply(*more, "--api-version", V2017)

    ran = desk.restore(last_backup(desk))

    assert (ran.code, kept(subscription)) == (0, before)


def test_restore_takes_its_own_backup_before_it_writes(azure: AzureDouble, desk: Desk) -> None:
    """What it overwrites is on disk when its first write arrives."""
    subscription = azure.add("Prod")
    desk.apply(*CHANGE)
    found: list[str] = []
    azure.fail("DELETE", meanwhile(lambda: found.append(Path(last_backup(desk)).read_text())))

    ran = desk.restore(last_backup(desk))

    (row,) = json.loads(found[0])["subscriptions"]
    assert (statuses(ran), subscription.contact) == (["done"], None)
    assert row["versions"][V2023][0]["properties"]["emails"] == "soc@contoso.com"


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        pytest.param(faults.applied(faults.reset()), 1, id="reset after"),
        pytest.param(faults.reset(), 2, id="reset before"),
        pytest.param(faults.cut_after_status(), 1, id="cut"),
        pytest.param(refusal(503, "Busy"), 2, id="503"),
    ],
)
def test_a_deletion_that_goes_wrong(
    azure: AzureDouble, desk: Desk, fault: Fault, sent: int
) -> None:
    """A DELETE is as careful as a PUT: it is read before it is sent again."""
    subscription = azure.add("Prod")
    desk.apply(*CHANGE)
    azure.fail("DELETE", fault, times=1)

    ran = desk.restore(last_backup(desk))

    assert (ran.code, statuses(ran), subscription.contact) == (0, ["done"], None)
    assert len([asked for asked in azure.writes() if asked.method == "DELETE"]) == sent


BACKUP_DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "schema": lambda backup: backup.update(schema=2),
    "kind": lambda backup: backup.update(kind="plan"),
    "id": lambda backup: row_of(backup).update(id="../x"),
    "version": lambda backup: row_of(backup)["versions"].update({"2099-01-01": []}),
    "no version": lambda backup: row_of(backup).update(versions={}),
    "contact": lambda backup: row_of(backup)["versions"].update({V2023: [{"name": "default"}]}),
    "properties": lambda backup: row_of(backup)["versions"].update(
        {V2023: [{"name": "default", "properties": []}]}
    ),
    "rows": lambda backup: backup.update(subscriptions="x"),
}


@pytest.mark.parametrize("damage", BACKUP_DAMAGES)
def test_a_damaged_backup_is_2(gone: Gone, tmp_path: Path, damage: str) -> None:
    """Even with a right digest: before any request."""
    name = edited(str(shutil.copy(str(gone.backup), tmp_path)), BACKUP_DAMAGES[damage])

    ran = run_in(gone.environment, "restore", name, "--yes", "--state-dir", str(tmp_path / "state"))

    assert (ran.code, ran.out) == (2, b""), ran.err


def test_restore_stops_short_of_more_changes_than_allowed(azure: AzureDouble, desk: Desk) -> None:
    """`--max-changes` guards the way back, too."""
    for number in range(2):
        azure.add(f"S{number}")
    desk.apply(*CHANGE)
    written = len(azure.writes())

    ran = desk.restore(last_backup(desk), "--max-changes", "1")

    assert (ran.code, statuses(ran), len(azure.writes())) == (5, ["not-sent"] * 2, written)


def test_a_subscription_that_is_gone_is_unreadable(azure: AzureDouble, desk: Desk) -> None:
    """The others are restored, and the code is 4."""
    gone, there = azure.add("Gone"), azure.add("There")
    desk.apply(*CHANGE)
    gone.visible = False

    ran = desk.restore(last_backup(desk))

    assert (ran.code, statuses(ran), there.contact) == (4, ["unreadable", "done"], None)


addresses_ = st.sampled_from(["a@contoso.com", "B@contoso.com", "soc@contoso.com", "ü@contoso.com"])
lists = st.lists(addresses_, max_size=3, unique_by=str.casefold)
contacts = st.none() | st.builds(
    new,
    lists.map(";".join),
    phone=st.sampled_from(["", "+1-425-555-0100"]),
    isEnabled=st.booleans(),
    notificationsByRole=st.sampled_from(
        [{"state": "On", "roles": ["Owner"]}, {"state": "Off", "roles": []}]
    ),
)
states = st.fixed_dictionaries({"contact": contacts, "contacts_2017": lists.map(lambda a: old(*a))})
changes = st.sampled_from(
    [
        CHANGE,
        (*CHANGE, "--replace"),
        ("--remove-email", "a@contoso.com", "--allow-empty"),
        ("--notify-owners", "--minimum-severity", "Medium", "--enable"),
        ("--attack-paths", "High", *CHANGE, "--remove-email", "B@contoso.com"),
    ]
)
# Not here: where addresses are lost (tested above), what is read is never what was written, or
# what was there cannot be written again; and a DELETE of what another write took with it.
COMES_BACK = [
    name
    for name in SWITCHES
    if name
    not in {
        "2017 hidden",
        "respells",
        "2017 replaced",
        "2020 alone",
        "stale",
        "a contact comes again",
        "no contact without addresses",
        "absent is 404",
    }
]


@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    furnished=st.lists(states, min_size=3, max_size=6),
    switch=st.sampled_from(COMES_BACK),
    change=changes,
)
def test_round_trips(
    azure: AzureDouble,
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
    furnished: list[dict[str, Any]],
    switch: str,
    change: tuple[str, ...],
) -> None:
    """Plan, apply, apply, restore, restore: as wished, still so, as before, still so."""
    desk = Desk(run, tmp_path_factory.mktemp("round"))
    azure.subscriptions.clear()
    for name, value in {**vars(AzureDouble()), **SWITCHES[switch]}.items():
        if any(name in each for each in SWITCHES.values()):
            setattr(azure, name, value)
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(furnished)]
    before = [shown(azure, subscription) for subscription in subscriptions]
    name = desk.saved(*change)

    applied = desk.apply(name)
    written = len(azure.writes())
    again = desk.apply(*change)

    good = {"done", "already", "refused"}
    assert set(statuses(applied)) <= good, applied.text
    assert "done" not in statuses(again)
    assert len(azure.writes()) == written
    if "done" in statuses(applied):
        restored = desk.restore(last_backup(desk))
        assert (restored.code, set(statuses(restored))) == (0, {"done"}), restored.text
        assert [shown(azure, subscription) for subscription in subscriptions] == before
        assert set(statuses(desk.restore(str(desk.backups()[0])))) == {"already"}
