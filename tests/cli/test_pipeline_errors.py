"""The errors that the documented pipeline swallows, and the exit codes of `emails`."""

from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from cli.pipeline import (
    EMPTY,
    JQ,
    MARK,
    QUICK,
    V2017,
    Shell,
    contact,
    documented_contact,
    holding,
    listing,
)
from conftest import Run


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(
            faults.arm_error(401, "ExpiredAuthenticationToken", "The access token expired."),
            "unauthorized",
            id="401",
        ),
        pytest.param(
            faults.arm_error(403, "AuthorizationFailed", "No authorization to read."),
            "forbidden",
            id="403",
        ),
        pytest.param(
            faults.arm_error(404, "Subscription Not Registered", "Please register."),
            "not-registered",
            id="404 not registered",
        ),
        pytest.param(
            faults.arm_error(404, "SubscriptionNotFound", "It could not be found."),
            "not-found",
            id="404 not found",
        ),
        pytest.param(faults.throttle(600), "throttled", id="429 with a long Retry-After"),
        pytest.param(
            faults.arm_error(500, "InternalServerError", "Oops."), "server-error", id="500"
        ),
        pytest.param(faults.html(500), "server-error", id="500 with a web page"),
        pytest.param(faults.html(), "html", id="a web page with 200"),
        pytest.param(faults.cut_body(70), "truncated", id="a body cut short"),
        pytest.param(faults.status(200), "truncated", id="no body at all"),
        pytest.param(faults.answer(b'{"value":'), "malformed", id="half a text, framed as whole"),
        pytest.param(
            faults.status(200, {"error": {"code": "Odd", "message": "an error with 200"}}),
            "malformed",
            id="an error with 200",
        ),
        pytest.param(faults.answer(b"null"), "malformed", id="null"),
        pytest.param(faults.answer(b"{}"), "malformed", id="no value"),
        pytest.param(faults.answer(b'{"value":null}'), "malformed", id="value null"),
        pytest.param(faults.answer(b'{"value":5}'), "malformed", id="value a number"),
        pytest.param(faults.answer(b'{"value":[5]}'), "malformed", id="an item a number"),
        pytest.param(
            faults.answer(b"[" + contact('"a@x.io"').encode() + b"]"),
            "malformed",
            id="a bare array",
        ),
    ],
)
def test_errors_with_an_empty_stdout(
    azure: AzureDouble, run: Run, shell: Shell, fault: Fault, told: str
) -> None:
    """The pipeline shows an error as no contact; `emails` reports it, and reads the others."""
    _, broken, _ = (
        azure.add(name, contacts_2017=[documented_contact("default1", f"{name}@x.io")])
        for name in ("before", "broken", "after")
    )
    azure.fail(f"/subscriptions/{broken.id}/providers/", fault)

    documented = shell.documented(broken)
    ran = run("emails", *QUICK)

    assert (documented.stdout, documented.returncode) == (b"", 0)
    assert told.encode() not in documented.stderr
    assert ran.out == b'"before@x.io"\n"after@x.io"\n'
    (line,) = ran.err.splitlines()
    assert line.startswith(f"broken ({broken.id}): {told}: ")
    assert ran.code == 4
    assert not any(token in ran.err for token in azure.tokens)


@pytest.mark.parametrize(
    ("body", "printed", "complaint"),
    [
        pytest.param(
            listing(contact('"a"')) + b"\n" + listing(contact('"b"')),
            b'"a"\n"b"\n',
            b"",
            id="two texts",
        ),
        pytest.param(listing(contact("NaN")), b"null\n", b"", id="e-mail NaN"),
        pytest.param(listing(contact('"a"'), more=',"x":NaN'), b'"a"\n', b"", id="NaN beside"),
        pytest.param(
            b'{"value":{"x":' + contact('"a"').encode() + b"}}",
            b'"a"\n',
            b"",
            id="value an object",
        ),
        pytest.param(
            listing(contact('"a#b"')).replace(b"#", b"\xff"),
            '"a\ufffdb"\n'.encode(),
            b"",
            id="invalid UTF-8",
        ),
        pytest.param(
            listing(contact('"a"')) + b"]", b'"a"\n', b"parse error", id="a bracket too many"
        ),
        pytest.param(
            listing(contact('"a"'), "5", contact('"b"')),
            b'"a"\n',
            b"Cannot index number",
            id="an item a number",
        ),
        pytest.param(
            listing(contact('"a"'), holding('"b"'), contact('"c"')),
            b'"a"\n"c"\n',
            b"Cannot index string",
            id="properties a string",
        ),
        pytest.param(
            listing(contact('"a"'), holding("[]")),
            b'"a"\n',
            b"Cannot index array",
            id="properties an array",
        ),
        pytest.param(listing(contact('"a"'), "null"), b'"a"\n', b"", id="an item null"),
        pytest.param(
            listing(contact('"a"'), '{"type":"other","properties":"b"}'),
            b'"a"\n',
            b"",
            id="properties of another type a string",
        ),
    ],
)
def test_errors_with_a_part_on_stdout(
    azure: AzureDouble, run: Run, shell: Shell, body: bytes, printed: bytes, complaint: bytes
) -> None:
    """The pipeline prints what it can of an invalid list; `emails` prints nothing."""
    azure.add("Before", contacts_2017=[documented_contact("default1", "a@x.io")])
    broken = azure.add("Broken", answers={V2017: body})
    azure.add("After", contacts_2017=[documented_contact("default1", "b@x.io")])

    documented = shell.documented(broken)
    ran = run("emails", *QUICK)

    assert documented.stdout == printed
    assert complaint in documented.stderr
    assert bool(documented.stderr) == bool(complaint)
    assert ran.out == b'"a@x.io"\n"b@x.io"\n'
    (line,) = ran.err.splitlines()
    assert line.startswith(f"Broken ({broken.id}): malformed: ")
    assert ran.code == 4


@pytest.mark.parametrize(
    ("texts", "printed", "code"),
    [
        pytest.param(listing(contact('"a"')), b'"a"\n', 0, id="one text"),
        pytest.param(
            listing(contact('"a"')) + listing(contact("null"), contact('"b"')),
            b'"a"\nnull\n"b"\n',
            0,
            id="texts side by side",
        ),
        pytest.param(
            MARK + b"\n" + listing(contact('"a"')) + b"\n\n" + listing(contact('"b"')) + b"\n",
            b'"a"\n"b"\n',
            0,
            id="texts on lines",
        ),
        pytest.param(
            b'{"value":{"x":' + contact('"a"').encode() + b"}}", b'"a"\n', 0, id="an object"
        ),
        pytest.param(listing(contact("NaN"), contact('"a"')), b'null\n"a"\n', 0, id="NaN"),
        pytest.param(
            listing(contact('"a#b"')).replace(b"#", b"\xff"),
            '"a\ufffdb"\n'.encode(),
            0,
            id="invalid UTF-8",
        ),
        pytest.param(EMPTY, b"", 3, id="no contact"),
        pytest.param(listing(contact('"a"')) + EMPTY, b'"a"\n', 3, id="no contact in one text"),
        pytest.param(listing(contact("null")), b"null\n", 3, id="null"),
        pytest.param(listing(contact('""')), b'""\n', 3, id="empty"),
        pytest.param(listing(contact('";"')), b'";"\n', 3, id="semicolon"),
        pytest.param(b"", b"", 4, id="empty input"),
        pytest.param(b" \n\t", b"", 4, id="blank input"),
        pytest.param(MARK, b"", 4, id="a byte order mark alone"),
        pytest.param(
            listing(contact('"a"'), "5", contact('"b"')), b'"a"\n', 4, id="an item a number"
        ),
        pytest.param(
            listing(contact('"a"')) + b'{"error":{"code":"AuthorizationFailed"}}',
            b'"a"\n',
            4,
            id="an error of Azure's",
        ),
        pytest.param(
            listing(contact('"a"'), contact('"b"')) + b'{"value":[',
            b'"a"\n"b"\n',
            4,
            id="half a text",
        ),
        pytest.param(listing(contact('"a"')) + b"<html>", b'"a"\n', 4, id="a web page"),
        pytest.param(b"<html>" + listing(contact('"a"')), b"", 4, id="a web page first"),
    ],
)
def test_input(
    run: Run, shell: Shell, tmp_path: Path, texts: bytes, printed: bytes, code: int
) -> None:
    """`emails --input` prints what the two jq programs print, and fails where they fail."""
    file = tmp_path / "fetched"
    file.write_bytes(texts)

    documented = shell(JQ, stdin=texts)
    ran = run("emails", "--input", str(file))
    piped = run("emails", "--input", "-", stdin=texts)

    assert (ran.out, ran.code) == (printed, code)
    assert ran.out == documented.stdout
    assert piped == ran


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(
            listing(contact('"a"'), holding('"b"'), contact('"c"')), id="properties a string"
        ),
        pytest.param(
            listing(contact('"a"')) + b'{"value":5}' + listing(contact('"c"')), id="value a number"
        ),
    ],
)
def test_input_ends_at_an_error(run: Run, shell: Shell, texts: bytes) -> None:
    """jq would continue with the next text."""
    documented = shell(JQ, stdin=texts)

    ran = run("emails", "--input", "-", stdin=texts)

    assert documented.stdout == b'"a"\n"c"\n'
    assert (ran.out, ran.code) == (b'"a"\n', 4)
    assert ran.err.startswith("error: --input: jq: ")


def test_input_needs_no_credential_and_no_network(azure: AzureDouble, run: Run) -> None:
    """`--input` runs the jq stage alone."""
    ran = run("emails", "--input", "-", stdin=EMPTY, AZURE_CLIENT_SECRET="")

    assert ran.code == 3
    assert not azure.asked


@pytest.mark.parametrize(
    ("email", "code"),
    [
        pytest.param('"a@x.io"', 0, id="an address"),
        pytest.param('"; a@x.io"', 0, id="an address behind a semicolon"),
        pytest.param('"no address"', 0, id="any other string"),
        pytest.param("null", 3, id="null"),
        pytest.param('""', 3, id="empty"),
        pytest.param('" "', 3, id="blank"),
        pytest.param('";"', 3, id="semicolon"),
        pytest.param("5", 3, id="number"),
        pytest.param('["a@x.io"]', 3, id="array"),
    ],
)
def test_exit_code(azure: AzureDouble, run: Run, email: str, code: int) -> None:
    """3: no address at 2017. stderr says that 2017 may not show all, and names `audit`."""
    azure.add("Prod", answers={V2017: listing(contact('"a@x.io"'))})
    azure.add("Other", answers={V2017: listing(contact(email))})

    ran = run("emails")

    assert ran.code == code
    assert ("audit" in ran.err) == (code == 3)
    assert ("Other" in ran.err) == (code == 3)
