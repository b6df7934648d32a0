"""What is promised of plan, apply and restore, where Azure or a colleague makes that hard."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription, faults
from azure_double.contacts import view
from azure_double.exchange import Exchange, Fault, as_usual
from conftest import Ran, Run
from remediation.test_apply import SWITCHES, turn, visible

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
CHANGE = ("--email", "soc@contoso.com")
OWNER = {"state": "On", "roles": ["Owner"]}
OFF: dict[str, Any] = {"state": "Off", "roles": []}
HIGH = [{"sourceType": "Alert", "minimalSeverity": "High"}]
FLAGS = {"alertNotifications": "On", "alertsToAdmins": "On", "phone": ""}


def new(emails: str = "", **more: Any) -> dict[str, Any]:
    """Return a whole contact as a newer api-version keeps it."""
    whole = {"isEnabled": True, "notificationsByRole": OWNER, "notificationsSources": HIGH}
    return copy.deepcopy({"emails": emails, "phone": "", **whole, **more})


def old(name: str, email: str, **more: Any) -> dict[str, Any]:
    """Return a contact as 2017 keeps it."""
    return {"name": name, "properties": {"email": email, **FLAGS, **more}}


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a result."""
    found: list[dict[str, Any]] = json.loads(ran.out)["subscriptions"]
    return found


def statuses(ran: Ran) -> list[str]:
    """Return the status of each row."""
    return [row["status"] for row in rows(ran)]


class Desk:
    """Where somebody sits who writes."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.plan_file, self.state = run, folder / "plan.json", folder / "state"

    def saved(self, *arguments: str) -> str:
        """Return the name of a plan that was saved."""
        ran = self.run("plan", "--save", str(self.plan_file), *arguments)
        assert ran.code in {0, 3, 4, 5}, ran.err
        return str(self.plan_file)

    def write(self, command: str, *arguments: str, output: str = "json", **variables: str) -> Ran:
        """Run a command that writes, and is not asked."""
        more = ("--yes", "-o", output, "--state-dir", str(self.state))
        return self.run(command, *arguments, *more, **variables)

    def backup(self) -> str:
        """Return the newest backup."""
        return str(max(self.state.glob("backup-*.json")))


@pytest.fixture
def desk(run: Run, tmp_path: Path) -> Desk:
    """Return the program, and a place to write."""
    return Desk(run, tmp_path)


# What nobody looked at is not `already`


def waiving(folder: Path, subscription: Subscription) -> str:
    """Return the name of a policy that waives what is found of *subscription*."""
    policy = folder / "policy.toml"
    policy.write_text(
        f'[[waiver]]\nsubscription = "{subscription.id}"\nreason = "test"\nowner = "me"\n'
        "expires = 2999-01-01\n"
    )
    return str(policy)


@pytest.mark.parametrize(
    ("then", "change", "now", "said"),
    [
        pytest.param(
            {"contact": new("soc@contoso.com")}, CHANGE, {"contact": new("")}, "conflict", id="done"
        ),
        pytest.param(
            {"contact": new("a@contoso.com")},
            (*CHANGE, "--failing-only"),
            {"contact": new("")},
            "conflict",
            id="complied",
        ),
        pytest.param(
            {"contact": new("")},
            ("policy",),
            {"contact": new("", phone="1")},
            "conflict",
            id="waived",
        ),
        pytest.param(
            {"state": "Disabled"}, CHANGE, {"state": "Enabled"}, "conflict", id="disabled"
        ),
        pytest.param({"readable": False}, CHANGE, {"readable": True}, "conflict", id="unreadable"),
        pytest.param(
            {"contact": new("a@contoso.com")},
            ("--remove-email", "a@contoso.com"),
            {"contact": new("a@contoso.com;b@contoso.com")},
            "conflict",
            id="refused",
        ),
        pytest.param({}, CHANGE, {"state": "Disabled"}, "skipped", id="now disabled"),
        pytest.param(
            {"contact": new("soc@contoso.com")},
            CHANGE,
            {"readable": False},
            "unreadable",
            id="now dark",
        ),
        pytest.param(
            {"contact": new("soc@contoso.com")},
            CHANGE,
            {"visible": False},
            "unreadable",
            id="now gone",
        ),
        pytest.param(
            {"readable": False},
            CHANGE,
            {"readable": True, "contact": new("soc@contoso.com")},
            "already",
            id="now readable, and done",
        ),
        pytest.param(
            {"state": "Disabled"},
            CHANGE,
            {"state": "Enabled", "contact": new("soc@contoso.com")},
            "already",
            id="now enabled, and done",
        ),
    ],
)
def test_every_row_of_a_plan_is_judged_again(
    azure: AzureDouble,
    desk: Desk,
    tmp_path: Path,
    then: dict[str, Any],
    change: tuple[str, ...],
    now: dict[str, Any],
    said: str,
) -> None:
    """By what stands now; what the plan does not show is not written."""
    azure.add("Other", contact=new("soc@contoso.com"))
    subscription = azure.add("Prod", **then)
    if change == ("policy",):
        change = (*CHANGE, "--policy", waiving(tmp_path, subscription))
    name = desk.saved(*change)
    for field, value in now.items():
        setattr(subscription, field, value)
    asked = len(azure.asked)

    ran = desk.write("apply", name)

    (row,) = (row for row in rows(ran) if row["id"] == subscription.id)
    assert row["status"] == said, row
    assert azure.writes() == []
    if said in {"already", "conflict"}:
        assert [each for each in azure.asked[asked:] if f"/{subscription.id}/" in each.path]


@pytest.mark.parametrize("kind", ["waived", "complies"])
def test_what_was_left_alone_and_did_not_change_is_left_alone(
    azure: AzureDouble, desk: Desk, tmp_path: Path, kind: str
) -> None:
    """It is read once more; a waiver that ended since is none."""
    subscription = azure.add("Prod", contact=new("" if kind == "waived" else "a@contoso.com"))
    more = (
        ("--failing-only",) if kind == "complies" else ("--policy", waiving(tmp_path, subscription))
    )
    name = desk.saved(*CHANGE, *more)

    ran = desk.write("apply", name)

    assert statuses(ran) == ["waived" if kind == "waived" else "already"]
    if kind == "waived":
        document = json.loads(Path(name).read_text())
        document["subscriptions"][0]["left_alone"]["until"] = "2020-01-01"
        del document["sha256"]
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        Path(name).write_text(json.dumps(document))
        assert statuses(desk.write("apply", name)) == ["conflict"]


# One comparison


REORDERED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "addresses": (
        {"emails": "a@contoso.com;b@contoso.com"},
        {"emails": "B@contoso.com, a@contoso.com"},
    ),
    "roles": (
        {"notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]}},
        {"notificationsByRole": {"roles": ["Contributor", "Owner"], "state": "On"}},
    ),
    "sources": (
        {"notificationsSources": [*HIGH, {"sourceType": "AttackPath", "minimalRiskLevel": "Low"}]},
        {"notificationsSources": [{"minimalRiskLevel": "Low", "sourceType": "AttackPath"}, *HIGH]},
    ),
    "what is Off": (
        {"notificationsByRole": {"state": "Off", "roles": []}},
        {"notificationsByRole": {"state": "off"}},
    ),
    "an unknown list": ({"someday": [1, {"x": [2, 3]}]}, {"someday": [{"x": [3, 2]}, 1]}),
    "an empty phone": ({"phone": ""}, {"phone": None}),
}


@pytest.mark.parametrize("kind", REORDERED)
@pytest.mark.parametrize("command", ["plan", "apply", "restore"])
def test_an_order_is_no_change(azure: AzureDouble, desk: Desk, command: str, kind: str) -> None:
    """Neither a conflict, nor something to write, nor unconfirmed."""
    then, now = REORDERED[kind]
    subscription = azure.add("Prod", contact=new(**{"emails": "a@contoso.com", **then}))
    change = CHANGE if command != "plan" else ("--email", "a@contoso.com")
    name = desk.saved(*change)
    if command == "restore":
        assert statuses(desk.write("apply", name)) == ["done"]
    subscription.contact = new(**{"emails": "a@contoso.com", **now})

    if command == "plan":
        assert desk.run("plan", *change).code == 0
    elif command == "apply":
        assert statuses(desk.write("apply", name)) == ["done"]
    else:
        assert statuses(desk.write("restore", desk.backup())) == ["already"]


def test_a_restore_is_confirmed_in_whatever_order_it_is_read(
    azure: AzureDouble, desk: Desk
) -> None:
    """Azure spells all of it backwards: it is the same."""
    roles = {"state": "On", "roles": ["Owner", "Contributor"]}
    azure.respells = True
    subscription = azure.add(
        "Prod", contact=new("a@contoso.com;b@contoso.com", notificationsByRole=roles)
    )
    desk.write("apply", *CHANGE)

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])
    assert subscription.contact is not None
    assert "soc@" not in subscription.contact["emails"]


LOSING = {"2017 replaced", "2017 hidden"}  # addresses, which no restore at these can bring back


@pytest.mark.parametrize("switch", [name for name in SWITCHES if name not in LOSING])
@pytest.mark.parametrize("at", [(), ("--api-version", V2017)], ids=["newest", "2017"])
def test_whatever_azure_is_like_a_restore_is_confirmed(
    azure: AzureDouble, desk: Desk, switch: str, at: tuple[str, ...]
) -> None:
    """All is as it was, by what it means; a second one finds nothing, or what Azure made again."""
    turn(azure, SWITCHES[switch])
    states: list[dict[str, Any]] = [
        {},
        {"contact": new("A@contoso.com;b@contoso.com", notificationsByRole=OFF)},
        {"contacts_2017": [old("default1", "A@contoso.com"), old("default2", "b@contoso.com")]},
    ]
    if at:
        states[1:] = [states[2]]
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(states)]
    before = [visible(each) for each in subscriptions]
    applied = desk.write("apply", *CHANGE, *at)
    backup = desk.backup()

    ran = desk.write("restore", backup)
    again = desk.write("restore", backup)

    assert (applied.code, set(statuses(applied))) == (0, {"done"}), applied.err
    assert (ran.code, set(statuses(ran))) == (0, {"done"}), ran.err
    assert [visible(each) for each in subscriptions] == before
    assert again.code == 0
    if switch != "a contact comes again":
        assert set(statuses(again)) == {"already"}


# Telephone numbers


def keeping_phone(subscription: Subscription) -> Fault:
    """Let Azure keep the telephone number that was there, though an empty one is sent."""

    async def fault(exchange: Exchange) -> None:
        phone = (subscription.contact or {}).get("phone")
        _ = exchange.answer
        if subscription.contact is not None and not subscription.contact.get("phone"):
            subscription.contact = {**subscription.contact, "phone": phone}
        await as_usual(exchange)

    return fault


@pytest.mark.parametrize("phone", ["", None])
def test_a_number_that_azure_keeps_is_named_and_recreate_clears_it(
    azure: AzureDouble, desk: Desk, phone: str | None
) -> None:
    """Sending an empty one leaves it: `unconfirmed`; deleted and written anew it is gone."""
    contact = new("a@contoso.com", phone=phone)
    subscription = azure.add("Prod", contact=contact)
    desk.write("apply", "--phone", "(214)275-4038")
    first = desk.backup()
    azure.fail("PUT", keeping_phone(subscription))

    kept = desk.write("restore", first)
    sent = len(azure.writes())
    cleared = desk.write("restore", first, "--recreate")

    assert (kept.code, statuses(kept)) == (5, ["unconfirmed"])
    assert "phone" in rows(kept)[0]["message"]
    assert "--recreate" in kept.err
    assert azure.writes()[sent - 1].json()["properties"]["phone"] == ""
    assert (cleared.code, statuses(cleared)) == (0, ["done"])
    assert [asked.method for asked in azure.writes()[sent:]] == ["DELETE", "PUT"]
    assert "for a moment, there is no contact" in cleared.err
    assert subscription.contact is not None
    assert not subscription.contact["phone"]


def test_recreate_deletes_nothing_that_a_put_can_mend(azure: AzureDouble, desk: Desk) -> None:
    """Only where a telephone number has to go."""
    azure.add("Prod", contact=new("a@contoso.com", phone="1"))
    desk.write("apply", *CHANGE)

    ran = desk.write("restore", desk.backup(), "--recreate")

    assert statuses(ran) == ["done"]
    assert [asked.method for asked in azure.writes()] == ["PUT", "PUT"]


@pytest.mark.parametrize("phone", ["(214)275-4038", "555-0138 ext. <7>", "٠١٢", "-1 5"])
def test_any_line_is_a_telephone_number(azure: AzureDouble, desk: Desk, phone: str) -> None:
    """As Azure takes it: it arrives to the letter."""
    subscription = azure.add("Prod", contact=new("a@contoso.com"))

    ran = desk.write("apply", f"--phone={phone}")

    assert (statuses(ran), (subscription.contact or {})["phone"]) == (["done"], phone)


# What is sent


@pytest.mark.parametrize("version", [V2020, V2023])
def test_every_object_is_sent_each_time(azure: AzureDouble, desk: Desk, version: str) -> None:
    """What is left out may be refused, or become On: but an empty level is left out."""
    subscription = azure.add("Prod")
    azure.offered = {V2017, version}
    alerts = {"alertNotifications": {"state": "Off", "minimalSeverity": ""}}
    properties = {"emails": "a@contoso.com", **(alerts if version == V2020 else {})}
    item = {"name": "default", "properties": properties}
    subscription.answers[version] = json.dumps({"value": [item]}).encode()

    desk.write("apply", *CHANGE)

    (put, *_) = azure.writes()
    sent = put.json()["properties"]
    assert sent["notificationsByRole"] == {"state": "Off", "roles": []}
    if version == V2020:
        assert sent["alertNotifications"] == {"state": "Off"}
    else:
        assert (sent["isEnabled"], sent["notificationsSources"]) == (True, [])


def test_what_is_off_at_2020_is_written_and_put_back(azure: AzureDouble, desk: Desk) -> None:
    """It reads with an empty level, which nobody knows to be taken: it is not sent."""
    azure.offered = {V2017, V2020}
    off = new("a@contoso.com", notificationsByRole=OFF, notificationsSources=[])
    subscription = azure.add("Prod", contact=off)
    before = view(azure, subscription, V2020)[0]["properties"]

    applied = desk.write("apply", *CHANGE)
    restored = desk.write("restore", desk.backup())

    assert (statuses(applied), statuses(restored)) == (["done"], ["done"])
    assert view(azure, subscription, V2020)[0]["properties"] == before
    for put in azure.writes():
        sent = put.json()["properties"]
        assert sent["alertNotifications"] == {"state": "Off"}
        assert sent["notificationsByRole"] == OFF


# 2017


NAMED = [old("alerts24-contoso.com", "alerts24@contoso.com"), old("x-contoso.com", "x@contoso.com")]


@pytest.mark.parametrize(
    ("records", "change", "expected"),
    [
        pytest.param(
            NAMED,
            CHANGE,
            [("PUT", "default1", "soc@contoso.com")],
            id="added beside",
        ),
        pytest.param(
            NAMED,
            (*CHANGE, "--replace"),
            [
                ("PUT", "default1", "soc@contoso.com"),
                ("DELETE", "x-contoso.com", None),
                ("DELETE", "alerts24-contoso.com", None),
            ],
            id="replaced",
        ),
        pytest.param(
            [*NAMED, old("default1", "d@contoso.com")],
            (*CHANGE, "--remove-email", "alerts24@contoso.com", "--remove-email", "d@contoso.com"),
            [("PUT", "default1", "soc@contoso.com"), ("DELETE", "alerts24-contoso.com", None)],
            id="only a numbered place is taken",
        ),
        pytest.param(
            NAMED,
            ("--remove-email", "x@contoso.com"),
            [("DELETE", "x-contoso.com", None)],
            id="by its own name",
        ),
        pytest.param(
            [*reversed(NAMED), old("default1", "d@contoso.com")],
            ("--phone", "(214)275-4038"),
            [("PUT", "x-contoso.com", "x@contoso.com")],
            id="the phone goes to Azure's first",
        ),
        pytest.param(
            [*NAMED, old("default1", "d@contoso.com"), old("default2", "e@contoso.com")],
            ("--remove-email", "d@contoso.com"),
            [("PUT", "default1", "e@contoso.com"), ("DELETE", "default2", None)],
            id="the last numbered one moves into the gap",
        ),
    ],
)
def test_contacts_named_after_addresses_are_nobody_else_s(
    azure: AzureDouble,
    desk: Desk,
    records: list[dict[str, Any]],
    change: tuple[str, ...],
    expected: list[tuple[str, str, str | None]],
) -> None:
    """They stay, or are deleted by their own names; a restore brings them back by these."""
    azure.empty_phone = "emptied"
    subscription = azure.add("Prod", contacts_2017=copy.deepcopy(records))

    ran = desk.write("apply", *change, "--api-version", V2017)
    sent = azure.writes()
    restored = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert [
        (
            asked.method,
            asked.path.rpartition("/")[2],
            asked.json()["properties"]["email"] if asked.method == "PUT" else None,
        )
        for asked in sent
    ] == expected
    deleted = [name for method, name, _ in expected if method == "DELETE"]
    assert all(name in (rows(ran)[0]["message"] or "") for name in deleted)
    assert (restored.code, statuses(restored)) == (0, ["done"])
    named = {each["name"]: each["properties"] for each in view(azure, subscription, V2017)}
    assert named == {each["name"]: each["properties"] for each in records}


def test_a_phone_is_not_lost_with_the_contact_that_had_it(azure: AzureDouble, desk: Desk) -> None:
    """Nobody asked for that: it goes to the first of those that stay."""
    azure.add("Prod", contacts_2017=[old("x-contoso.com", "x@contoso.com", phone="(1) 2")])

    desk.write("apply", *CHANGE, "--replace", "--api-version", V2017)

    put = azure.writes()[0]
    assert put.path.endswith("/default1")
    assert put.json()["properties"]["phone"] == "(1) 2"


# DELETE


def test_a_default_contact_that_azure_makes_again_is_no_failure(
    azure: AzureDouble, desk: Desk
) -> None:
    """It holds no address; what was written is gone."""
    subscription = azure.add("Prod")
    desk.write("apply", *CHANGE)

    async def made_again(exchange: Exchange) -> None:
        _ = exchange.answer
        subscription.contact = new("")
        await as_usual(exchange)

    azure.fail("DELETE", made_again)

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])
    assert "deleted" in rows(ran)[0]["message"]


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("404", "gone", "done"),
        ("NotFound", "Could not find security contact with name default", "done"),
        ("ResourceNotFound", "gone", "refused"),
        ("SubscriptionNotFound", "gone", "refused"),
    ],
)
def test_only_one_404_means_that_a_contact_is_absent(
    azure: AzureDouble, desk: Desk, code: str, message: str, status: str
) -> None:
    """By its code or its words; a colleague deleted it a moment before us."""
    subscription = azure.add("Prod")
    desk.write("apply", *CHANGE)

    async def gone(exchange: Exchange) -> None:
        subscription.contact = None
        await faults.arm_error(404, code, message)(exchange)

    azure.fail("DELETE", gone)

    assert statuses(desk.write("restore", desk.backup())) == [status]


# Variables


SET = {
    "EMAIL": "evil@contoso.com",
    "REMOVE_EMAIL": "a@contoso.com",
    "REPLACE": "1",
    "ALLOW_EMPTY": "1",
    "NOTIFY_OWNERS": "yes",
    "MINIMUM_SEVERITY": "Low",
    "ATTACK_PATHS": "Low",
    "ENABLE": "maybe",
    "PHONE": "555",
    "API_VERSION": V2017,
    "YES": "1",
    "RECREATE": "1",
}


@pytest.mark.parametrize("name", SET)
@pytest.mark.parametrize("command", ["plan", "apply", "restore"])
def test_a_variable_writes_nothing(azure: AzureDouble, desk: Desk, command: str, name: str) -> None:
    """It is told in a line, and changes nothing: not what is sent, nor whether."""
    contact = new("a@contoso.com", isEnabled=False, notificationsSources=[])
    azure.add("Prod", contact=copy.deepcopy(contact))
    desk.write("apply", *CHANGE)
    backup, sent = desk.backup(), len(azure.writes())
    variable = {f"CONTACTS_AUDIT_{name}": SET[name]}
    of_command = {
        "plan": SET.keys() - {"YES", "RECREATE"},
        "apply": SET.keys() - {"RECREATE"},
        "restore": {"YES", "RECREATE"},
    }[command]

    if command == "plan":
        ran = desk.run("plan", "-o", "json", "--email", "b@contoso.com", **variable)
        (row,) = json.loads(ran.out)["subscriptions"]
        after = new("a@contoso.com;soc@contoso.com;b@contoso.com", isEnabled=False)
        assert row["after"] == {**after, "notificationsSources": []}
    else:
        arguments = ("--email", "b@contoso.com") if command == "apply" else (backup,)
        ran = desk.write(command, *arguments, **variable)
        (put,) = azure.writes()[sent:]
        assert statuses(ran) == ["done"]
        assert put.json()["properties"]["isEnabled"] is False
        assert put.json()["properties"]["notificationsSources"] == []
    lines = [line for line in ran.err.splitlines() if f"CONTACTS_AUDIT_{name}" in line]
    assert len(lines) == (name in of_command)


def test_variables_of_scope_and_guards_stay(azure: AzureDouble, desk: Desk) -> None:
    """They say where to look, or keep from writing."""
    azure.add("Good", contact=new("a@contoso.com"))
    azure.add("Bad", contact=new(""))
    azure.add("Out", contact=new(""))
    variables = {"CONTACTS_AUDIT_FAILING_ONLY": "1", "CONTACTS_AUDIT_EXCLUDE": "Out"}

    none = desk.write("apply", *CHANGE, CONTACTS_AUDIT_MAX_CHANGES="0", **variables)
    ran = desk.write("apply", *CHANGE, **variables)

    assert (none.code, statuses(none)) == (5, ["already", "not-sent"])
    assert (ran.code, statuses(ran)) == (0, ["already", "done"])


# What is told


@pytest.mark.parametrize("output", ["json", "markdown", "table"])
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_each_subscription_that_is_not_done_has_its_line(
    azure: AzureDouble, desk: Desk, command: str, output: str
) -> None:
    """Whatever stdout holds: subscription, status, what, and what to do; one line a row."""
    names = ("Mine", "Dark", "Busy", "Fine")
    mine, dark, busy, _ = (azure.add(name) for name in names)
    arguments: tuple[str, ...] = CHANGE
    if command == "restore":
        assert desk.write("apply", *CHANGE).code == 0
        arguments = (desk.backup(),)
    mine.writable, dark.readable = False, False
    method = "PUT" if command == "apply" else "DELETE"
    azure.fail(lambda asked: asked.method == method and busy.id in asked.path, faults.throttle(900))

    ran = desk.write(command, *arguments, output=output)

    lines = {line.partition(" ")[0]: line for line in ran.err.splitlines() if " -- " in line}
    assert {*lines} == {"Mine", "Dark", "Busy"}
    for name, status in (("Mine", "refused"), ("Dark", "unreadable"), ("Busy", "failed")):
        assert f"): {status}: " in lines[name]
    action = "write" if command == "apply" else "delete"
    assert f"Microsoft.Security/securityContacts/{action}" in lines["Mine"]
    assert "Security Admin" in lines["Mine"]
    assert ran.code == 5


@pytest.mark.parametrize("output", ["json", "markdown", "table"])
def test_a_plan_tells_what_it_refuses(azure: AzureDouble, run: Run, output: str) -> None:
    """With the option that would allow it."""
    azure.add("Prod", contact=new("a@contoso.com"))

    ran = run("plan", "--remove-email", "a@contoso.com", "-o", output)

    assert ran.code == 5
    (line,) = (line for line in ran.err.splitlines() if line.startswith("Prod ("))
    assert "--allow-empty" in line


def test_the_plan_that_is_printed_is_the_one_that_is_saved(azure: AzureDouble, desk: Desk) -> None:
    """One document, to the byte: when it was made, and its digest, too."""
    azure.add("Prod")

    ran = desk.run("plan", *CHANGE, "-o", "json", "--save", str(desk.plan_file))

    assert desk.plan_file.read_bytes() == ran.out
