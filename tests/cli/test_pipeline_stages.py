"""Each stage beside the documented one: the same bytes, page by page."""

import json
import shlex

import pytest
from azure_double import AzureDouble, Subscription, faults
from azure_double.exchange import Fault
from cli.pipeline import (
    AZ,
    CURL,
    EMPTY,
    HERE,
    JQ,
    MARK,
    QUICK,
    V2017,
    Shell,
    Start,
    contact,
    documented_contact,
    listing,
    organisation,
)
from conftest import Run, program


@pytest.mark.parametrize("auth", ["azure-cli", "token"])
def test_token_tsv(run: Run, shell: Shell, prod: Subscription, auth: str) -> None:
    """Stage 1: `token -o tsv` is the document's az with its query."""
    variables = shell.signed_in(prod)

    documented = shell(AZ, variables)
    ran = run(
        *("token", "-o", "tsv", "-s", prod.id, "--auth", auth),
        **variables,
        AZURE_ACCESS_TOKEN=variables["AZ_TOKEN"],
    )

    assert documented.stdout == f"{prod.id}\t{variables['AZ_TOKEN']}\n".encode()
    assert (ran.out, ran.err, ran.code) == (documented.stdout, "", 0)


def test_token_tsv_default(run: Run, shell: Shell, prod: Subscription) -> None:
    """Signed in through az, the subscription need not be named: it is az's own."""
    variables = shell.signed_in(prod)

    documented = shell(AZ, variables)
    ran = run("token", "-o", "tsv", "--auth", "azure-cli", **variables)

    assert documented.stdout
    assert (ran.out, ran.code) == (documented.stdout, 0)


@pytest.mark.parametrize("named", [False, True], ids=["default", "named"])
def test_token_json(
    azure: AzureDouble, start: Start, shell: Shell, prod: Subscription, named: bool
) -> None:
    """Without a format `token` prints the JSON of `az account get-access-token`."""
    other = azure.add("Other")
    variables = shell.signed_in(prod)
    asked = f"az account get-access-token --output json --subscription {other.id}"
    documented = shell(asked if named else asked.partition(" --subscription")[0], variables)

    with start(
        *("token", "--auth", "azure-cli", *(("-s", other.id) if named else ())),
        **variables,
        TZ=HERE,
    ) as process:
        out, err = process.communicate(timeout=30)

    assert (other.id if named else prod.id) in documented.stdout.decode()
    assert (out, err, process.returncode) == (documented.stdout, b"", 0)


def test_token_feeds_curl(shell: Shell, azure: AzureDouble) -> None:
    """`token -o tsv` takes the place of az in the document's pipeline."""
    prod, *_ = organisation(azure)
    documented = shell.documented(prod)

    ours = shell(f"{shlex.join(program('token', '-o', 'tsv', '-s', prod.id))} | {CURL} | {JQ}")

    assert documented.stdout == '"soc@contoso.com"\n"zoë@contoso.com"\n'.encode()
    assert ours.stdout == documented.stdout


def test_fetch(azure: AzureDouble, run: Run, shell: Shell) -> None:
    """Stage 2: `fetch` prints the bodies that curl prints, one after the other."""
    bodies = [shell.curl(subscription) for subscription in organisation(azure)]

    ran = run("fetch")

    assert all(body.startswith(b'{"value":[') for body in bodies)
    assert (ran.out, ran.err, ran.code) == (b"".join(bodies), "", 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(EMPTY, 0, id="empty list"),
        pytest.param(MARK + EMPTY, 0, id="byte order mark"),
        pytest.param(b'\r\n{ "value":\t[ ]}\n\n', 0, id="blanks around"),
        pytest.param(listing(contact('"\\ud83d\\ude00 \\/ \\u0000 \x7f"')), 0, id="escapes"),
        pytest.param(listing(*[contact('"é@contoso.com"')] * 20_000), 0, id="two megabytes"),
        pytest.param(b'{"value":[]}{"value":[]}', 4, id="two texts"),
        pytest.param(b'{"value":[],"odd":NaN}', 4, id="NaN"),
        pytest.param(b'{"value":["\xff"]}', 4, id="invalid UTF-8"),
        pytest.param(faults.GATEWAY_PAGE, 4, id="a web page"),
    ],
)
def test_fetch_any_body(run: Run, shell: Shell, prod: Subscription, body: bytes, code: int) -> None:
    """Every byte of a 200 is printed. A body that is not one JSON text is reported."""
    prod.answers[V2017] = body

    printed = shell.curl(prod)
    ran = run("fetch", "-s", prod.id)

    assert printed == body
    assert (ran.out, ran.code) == (printed, code)


def test_emails(azure: AzureDouble, run: Run, shell: Shell) -> None:
    """The whole: `emails -s ID` is the document's command, for one subscription after another."""
    for subscription in organisation(azure):
        documented = shell.documented(subscription)

        ran = run("emails", "-s", subscription.id)

        assert documented.stderr == b""
        assert ran.out == documented.stdout


def test_emails_of_all(azure: AzureDouble, run: Run, shell: Shell) -> None:
    """`emails` does what the document's step 03 asks for: again for each subscription."""
    subscriptions = organisation(azure)
    azure.add("Gone", state="Disabled", contacts_2017=[documented_contact("default1", "x@y.zz")])
    documented = [shell.documented(subscription).stdout for subscription in subscriptions]

    ran = run("emails")

    assert documented == ['"soc@contoso.com"\n"zoë@contoso.com"\n'.encode(), b"", b'""\n']
    assert (ran.out, ran.code) == (b"".join(documented), 3)
    assert "Gone" in ran.err


def test_fetch_feeds_emails(azure: AzureDouble, run: Run) -> None:
    """`fetch | emails --input -` prints what `emails` prints."""
    organisation(azure)
    whole = run("emails")

    fed = run("emails", "--input", "-", stdin=run("fetch").out)

    assert whole.out
    assert fed.out == whole.out


def paged(azure: AzureDouble) -> Subscription:
    """Add a subscription whose contacts come on three pages."""
    azure.contacts_page_size = 1
    contacts = [documented_contact(f"default{n}", f"{n}@x.io") for n in (1, 2, 3)]
    return azure.add("Paged", contacts_2017=contacts)


def pages(shell: Shell, subscription: Subscription) -> list[bytes]:
    """Return the pages that curl prints, each found in the one before."""
    found = [shell.curl(subscription)]
    token = shell.azure.token()
    while link := json.loads(found[-1]).get("nextLink"):
        found.append(shell(f'curl -H "Authorization: Bearer {token}" "{link}"').stdout)
    return found


def test_pages(azure: AzureDouble, run: Run, shell: Shell) -> None:
    """`fetch` prints the pages in order with nothing between them, and `emails` reads them all."""
    subscription = paged(azure)
    bodies = pages(shell, subscription)

    fetched = run("fetch")
    ran = run("emails")

    assert len(bodies) == 3
    assert (fetched.out, fetched.code) == (b"".join(bodies), 0)
    assert ran.out == shell(JQ, stdin=fetched.out).stdout == b'"1@x.io"\n"2@x.io"\n"3@x.io"\n'
    assert ran.code == 0
    assert run("emails", "--input", "-", stdin=fetched.out).out == ran.out


def test_document_reads_one_page(azure: AzureDouble, shell: Shell) -> None:
    """The document's pipeline shows the first page alone, and does not say that there are more."""
    documented = shell.documented(paged(azure))

    assert (documented.stdout, documented.stderr) == (b'"1@x.io"\n', b"")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.arm_error(403, "AuthorizationFailed", "No."), id="403"),
        pytest.param(faults.throttle(600), id="429"),
        pytest.param(faults.cut_body(20), id="cut short"),
    ],
)
def test_broken_page(azure: AzureDouble, run: Run, shell: Shell, fault: Fault) -> None:
    """A page that cannot be read leaves `fetch` with those before it, and `emails` with nothing."""
    azure.add("Before", contacts_2017=[documented_contact("default1", "a@x.io")])
    subscription = paged(azure)
    azure.add("After", contacts_2017=[documented_contact("default1", "b@x.io")])
    first = pages(shell, subscription)[0]
    azure.fail("skiptoken", fault)

    fetched = run("fetch", "-s", subscription.id, *QUICK)
    ran = run("emails", *QUICK)

    assert (fetched.out, fetched.code) == (first, 4)
    assert (ran.out, ran.code) == (b'"a@x.io"\n"b@x.io"\n', 4)
    assert [line.split(" ")[0] for line in ran.err.splitlines()] == ["Paged"]


def test_odd_page(azure: AzureDouble, run: Run) -> None:
    """If the second page is not a list, `emails` prints nothing of the first."""
    subscription = paged(azure)
    azure.fail("skiptoken", faults.answer(b'{"value":[5]}'))

    ran = run("emails", "-s", subscription.id)

    assert (ran.out, ran.code) == (b"", 4)
