"""Each subscription that is not done has a line on stderr."""

import pytest
from azure_double import AzureDouble, faults
from conftest import Run
from remediation.workspace import CHANGE, Workspace, full_contact


@pytest.mark.parametrize("output", ["json", "markdown", "table"])
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_each_subscription_that_is_not_done_has_its_line(
    azure: AzureDouble, workspace: Workspace, command: str, output: str
) -> None:
    """Whatever stdout holds: subscription, status, what, and what to do; one line a row."""
    names = ("Mine", "Dark", "Busy", "Fine")
    mine, dark, busy, _ = (azure.add(name) for name in names)
    arguments: tuple[str, ...] = CHANGE
    if command == "restore":
        assert workspace.write("apply", *CHANGE).code == 0
        arguments = (workspace.backup(),)
    mine.writable, dark.readable = False, False
    method = "PUT" if command == "apply" else "DELETE"
    azure.fail(lambda asked: asked.method == method and busy.id in asked.path, faults.throttle(900))

    ran = workspace.write(command, *arguments, output=output)

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
    azure.add("Prod", contact=full_contact("a@contoso.com"))

    ran = run("plan", "--remove-email", "a@contoso.com", "-o", output)

    assert ran.code == 5
    (line,) = (line for line in ran.err.splitlines() if line.startswith("Prod ("))
    assert "--allow-empty" in line
