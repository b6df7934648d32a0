"""What changed since the plan was made stays as it is."""

from collections.abc import Callable
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription
from remediation.workspace import (
    CHANGE,
    Workspace,
    kept,
    meanwhile,
    numbered_contacts,
    portal_contact,
    puts,
    result_statuses,
    write_of,
)

CHANGES: dict[str, Callable[[Subscription], Any]] = {
    "at 2023": lambda s: setattr(s, "contact", portal_contact("portal@contoso.com")),
    "at 2017": lambda s: setattr(s, "contacts_2017", numbered_contacts("other@contoso.com")),
    "away at 2017": lambda s: setattr(s, "contacts_2017", []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_the_plan_is_left_alone(
    azure: AzureDouble, workspace: Workspace, change: str
) -> None:
    """The row is a conflict, and nothing of it is sent; the others are done."""
    first = azure.add("First")
    changed = azure.add("Changed", contacts_2017=numbered_contacts("a@contoso.com"))
    last = azure.add("Last")
    name = workspace.saved(*CHANGE)
    CHANGES[change](changed)
    before = kept(changed)

    ran = workspace.apply(name)

    assert (ran.code, result_statuses(ran)) == (5, ["done", "conflict", "done"])
    assert (puts(azure), kept(changed)) == ([first.id, last.id], before)


@pytest.mark.parametrize(
    "change",
    [
        "at 2023",
        "at 2017",
    ],
)
def test_what_changes_while_others_are_written_is_left_alone(
    azure: AzureDouble, workspace: Workspace, change: str
) -> None:
    """Each is read once more right before its PUT, which is refused where something changed."""
    first = azure.add("First")
    changed = azure.add("Changed", contacts_2017=numbered_contacts("a@contoso.com"))
    azure.fail(write_of(first), meanwhile(lambda: CHANGES[change](changed)), times=1)

    ran = workspace.apply(*CHANGE)

    assert (ran.code, result_statuses(ran), puts(azure)) == (5, ["done", "conflict"], [first.id])


def test_what_is_as_requested_is_no_conflict(azure: AzureDouble, workspace: Workspace) -> None:
    """Somebody else did it, and changed more: `already`, and no PUT."""
    done = azure.add("Prod")
    name = workspace.saved(*CHANGE)
    done.contact = portal_contact("other@contoso.com;SOC@contoso.com", phone="+1-425-555-0199")

    ran = workspace.apply(name)

    assert (ran.code, result_statuses(ran), puts(azure)) == (0, ["already"], [])


def test_already_is_said_only_of_what_was_looked_at(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A row that was as requested, and is no longer, is not `already`."""
    azure.add("Bad", contact=portal_contact("x@contoso.com"))
    good = azure.add("Good", contact=portal_contact("soc@contoso.com"))
    name = workspace.saved(*CHANGE)
    good.contact = portal_contact("")

    ran = workspace.apply(name)

    assert (ran.code, result_statuses(ran)[1]) != (0, "already")


def test_an_etag_that_changed_alone_is_no_conflict(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The properties decide; so does no order of keys."""
    subscription = azure.add("Prod", contact=portal_contact("a@contoso.com"))
    name = workspace.saved(*CHANGE)
    assert subscription.contact is not None
    subscription.contact = dict(reversed(subscription.contact.items()))

    ran = workspace.apply(name)

    assert result_statuses(ran) == ["done"]
