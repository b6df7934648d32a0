"""`emails --input` on the bodies of several subscriptions."""

import pytest
from azure_double import AzureDouble
from cli.contacts import at_2017
from conftest import Run


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
