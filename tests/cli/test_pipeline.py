"""
The document's own pipeline beside ours: the same bytes, and the errors that it swallows.

The real bash, xargs, curl and jq run the published command against the double of Azure; only az
is a script, since nobody is signed in here.  JQ names another jq than the one in PATH.
"""

import dataclasses
import functools
import json
import math
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription, faults
from azure_double.exchange import Fault
from conftest import Run, program, surroundings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# The document's command (SecurityCenter-016, Audit, step 01) in its three stages, to the letter,
# but for the backslashes before its line breaks: the page lost them, and no shell runs it without.
AZ = r"""az account get-access-token \
  --query "{subscription:subscription,accessToken:accessToken}" \
  --out tsv"""
CURL = r"""xargs -L1 bash -c 'curl -X GET -H "Authorization: Bearer $1" -H "Content-Type: application/json" https://management.azure.com/subscriptions/$0/providers/Microsoft.Security/securityContacts?api-version=2017-08-01-preview'"""  # noqa: E501
JQ = r"""jq '.|.value[] | select(.type=="Microsoft.Security/securityContacts")'|jq '.properties.email'"""  # noqa: E501
DOCUMENTED = f"{AZ} | {CURL} | {JQ}"

# What `az account get-access-token` prints, to somebody whose default is $AZ_SUBSCRIPTION.
# https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
STUB = r"""#!/bin/sh
case "$*" in
"account get-access-token --query {subscription:subscription,accessToken:accessToken} --out tsv")
    printf '%s\t%s\n' "$AZ_SUBSCRIPTION" "$AZ_TOKEN" ;;
"account get-access-token --output json"*)
    case "$*" in *" --subscription "*) for AZ_SUBSCRIPTION; do :; done ;; esac
    cat <<.
{
  "accessToken": "$AZ_TOKEN",
  "expiresOn": "2033-05-18 09:03:20.000000",
  "expires_on": 2000000000,
  "subscription": "$AZ_SUBSCRIPTION",
  "tenant": "$AZ_TENANT",
  "tokenType": "Bearer"
}
.
    ;;
*) echo "ERROR: unrecognized arguments: $*" >&2; exit 2 ;;
esac
"""
HERE = "IST-5:30"  # the time zone in which 2000000000 is the time above

V2017 = "2017-08-01-preview"
KIND = "Microsoft.Security/securityContacts"
MARK = b"\xef\xbb\xbf"
EMPTY = b'{"value":[]}'
QUICK = ("--budget", "2", "--timeout", "2")

Start = Callable[..., "subprocess.Popen[bytes]"]


def jq_at_hand() -> str:
    """Return the jq to compare with."""
    return os.environ.get("JQ") or shutil.which("jq") or "jq"


@functools.cache
def keeps_spelling() -> bool:
    """Say whether that jq is 1.7.1 or newer: older ones round numbers and spell them anew."""
    said = subprocess.run([jq_at_hand(), "--version"], capture_output=True, text=True, check=True)
    found = re.match(r"jq-(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return found is None or tuple(int(part or 0) for part in found.groups()) >= (1, 7, 1)


@dataclasses.dataclass(frozen=True)
class Shell:
    """The shell of somebody who works in *azure*, and in no other cloud."""

    azure: AzureDouble
    folder: Path

    @property
    def path(self) -> str:
        """The PATH on which the az is ours, and the jq the one to compare with."""
        return f"{self.folder}:{os.environ['PATH']}"

    def signed_in(self, subscription: Subscription) -> dict[str, str]:
        """Return the variables that tell the az who is signed in, with which default."""
        return {
            "AZ_SUBSCRIPTION": subscription.id,
            "AZ_TENANT": self.azure.tenant,
            "AZ_TOKEN": self.azure.token(),
            "PATH": self.path,
        }

    def __call__(
        self, command: str, variables: Mapping[str, str] | None = None, *, stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run *command* as it is written, but for the host."""
        return subprocess.run(
            ["bash", "-c", command.replace("https://management.azure.com", self.azure.endpoint)],
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
            env=surroundings(self.azure, CURL_HOME=str(self.folder))
            | {"PATH": self.path}
            | dict(variables or {}),
        )

    def documented(self, subscription: Subscription) -> "subprocess.CompletedProcess[bytes]":
        """Run the whole documented pipeline for *subscription*."""
        return self(DOCUMENTED, self.signed_in(subscription))

    def curl(self, subscription: Subscription) -> bytes:
        """Return what the documented curl prints for *subscription*."""
        line = f"{subscription.id}\t{self.azure.token()}\n"
        return self(CURL, stdin=line.encode()).stdout


@pytest.fixture
def shell(azure: AzureDouble, tools: None, tmp_path: Path) -> Shell:
    """Return a shell whose curl trusts the double, and whose stderr holds errors alone."""
    (tmp_path / "az").write_text(STUB)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "jq").symlink_to(jq_at_hand())
    (tmp_path / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')
    return Shell(azure, tmp_path)


@pytest.fixture
def prod(azure: AzureDouble) -> Subscription:
    """Return the only subscription of the organisation."""
    return azure.add("Prod")


def contact(email: str, kind: str = f'"{KIND}"') -> str:
    """Return an item of a list; *email* and *kind* are JSON."""
    return f'{{"type":{kind},"name":"default1","properties":{{"email":{email},"phone":"1"}}}}'


def holding(properties: str) -> str:
    """Return an item of a list with these *properties*, which are JSON."""
    return f'{{"type":"{KIND}","properties":{properties}}}'


def listing(*items: str, more: str = "") -> bytes:
    """Return the body of a list of *items*, which are JSON."""
    return f'{{"value":[{",".join(items)}]{more}}}'.encode()


def documented_contact(name: str, email: str) -> dict[str, Any]:
    """Return a contact as the double remembers it."""
    return {
        "name": name,
        "properties": {
            "email": email,
            "phone": "",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }


def organisation(azure: AzureDouble) -> list[Subscription]:
    """Add three subscriptions that Azure shows, of which one has no contact."""
    several = [
        documented_contact("default1", "soc@contoso.com"),
        documented_contact("default2", "zoë@contoso.com"),
    ]
    return [
        azure.add("Prod", contacts_2017=several),
        azure.add("Empty"),
        azure.add("Test", contacts_2017=[documented_contact("default1", "")]),
    ]


# Stage by stage


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
    """`fetch` changes no byte of what came with a 200; what is not one JSON text is told."""
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


# Bodies by hand: strings, null and missing, which every jq prints alike


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(EMPTY, id="empty list"),
        pytest.param(listing(contact('"a@x.io"'), contact('"b@x.io"')), id="several contacts"),
        pytest.param(
            listing(contact('"a"', '"Microsoft.Security/pricings"'), contact('"b"')),
            id="other type",
        ),
        pytest.param(listing(contact('"a"', f'" {KIND} "')), id="type with blanks"),
        pytest.param(
            listing(contact('"a"', '"Microsoft.Security\\/security\\u0043ontacts"')),
            id="type in escapes",
        ),
        pytest.param(listing(contact("null")), id="email null"),
        pytest.param(listing(holding("{}")), id="email missing"),
        pytest.param(listing(holding('{"Email":"a"}')), id="email in other case"),
        pytest.param(listing(holding('{"\\u0065mail":"a"}')), id="email key in escapes"),
        pytest.param(listing(contact('""')), id="email empty"),
        pytest.param(listing(contact('"  "'), contact('" ; "')), id="email blank"),
        pytest.param(listing(contact('";"')), id="email a semicolon"),
        pytest.param(listing(contact('"a@x.io;b@x.io, c@x.io"')), id="several addresses"),
        pytest.param(listing(holding("null"), contact('"a"')), id="properties null"),
        pytest.param(listing(f'{{"type":"{KIND}"}}', contact('"a"')), id="properties missing"),
        pytest.param(listing(contact('"żółć@münchen.de 漢字 \u202e"')), id="not ASCII"),
        pytest.param(listing(contact('"\\u017c\\u00f3\\u0142\\u0107"')), id="not ASCII, escaped"),
        pytest.param(listing(contact('"\U0001f600 \U0001d518 👩\u200d💻"')), id="emoji"),
        pytest.param(listing(contact('"\\ud83d\\ude00 \\uD835\\uDD18"')), id="emoji, escaped"),
        pytest.param(listing(contact('"a\\/b/c"')), id="escaped slash"),
        pytest.param(listing(contact('"\\"Zo\\" \\\\ \\u0022 \\u005c \'"')), id="quotes"),
        pytest.param(listing(contact('"a\\ud83d b"')), id="lone high surrogate"),
        pytest.param(listing(contact('"a\\ude00b"')), id="lone low surrogate"),
        pytest.param(listing(contact('"a\\ude00\\ud83d b"')), id="surrogates swapped"),
        pytest.param(listing(contact('"a\\ud83d\\u0041"')), id="high surrogate and a letter"),
        pytest.param(listing(contact('"a\\ud83d\\ud83d\\ude00"')), id="high surrogate twice"),
        pytest.param(listing(contact('"a\\ud83d"')), id="high surrogate at the end"),
        pytest.param(listing(contact('"a\x7fb"')), id="DEL"),
        pytest.param(listing(contact('"a\\u007fb"')), id="DEL, escaped"),
        pytest.param(listing(contact('"\\u0000 \\u0001 \\u001b[31m \\u001f"')), id="controls"),
        pytest.param(listing(contact('"a\tb"')), id="a control not escaped, no JSON"),
        pytest.param(listing(contact('"\\b\\f\\n\\r\\t\\u0008\\u000a"')), id="short escapes"),
        pytest.param(listing(contact('"\x80\x9f\\u0085\xa0\xad"')), id="C1 controls"),
        pytest.param(listing(contact('"\u2028\\u2029\ufeff\\ufeff"')), id="line separators"),
        pytest.param(listing(contact('"\ufffe\uffff\\uffff\U0010ffff"')), id="noncharacters"),
        pytest.param(listing(contact("\"<a href='x'>&amp;\"")), id="HTML"),
        pytest.param(
            b' \r\n{\t"value" : [ { "properties":{"x":[],"email" :\n"a" }, "type"\r: '
            b'"Microsoft.Security/securityContacts"} ,\n{"type":"x"}\t]\r}\n\n ',
            id="blanks and key order",
        ),
        pytest.param(MARK + listing(contact('"a"')), id="byte order mark"),
        pytest.param(listing(holding('{"email":"a","email":"b"}')), id="email twice"),
        pytest.param(
            listing(holding('{"email":"a"},"properties":{"email":"b"}')), id="properties twice"
        ),
        pytest.param(listing(holding('{"email":"a"},"type":"x"')), id="type twice"),
        pytest.param(
            listing(contact('"a"'), more=f',"value":[{contact("null")}]'), id="value twice"
        ),
        pytest.param(
            listing(contact('"a"'), more=',"nextLink":null,"count":1e3,"x":{"y":[[-0.0]]}'),
            id="more keys",
        ),
        pytest.param(listing(contact('"a"'), more=',"nextLink":""'), id="nextLink empty"),
        pytest.param(
            listing(holding('{"x":[1e999,12345678901234567890,-0],"email":"a"}')),
            id="odd numbers beside",
        ),
        pytest.param(
            listing(holding(f'{{"x":{"[" * 200}{"]" * 200},"email":"a"}}')), id="deep beside"
        ),
        pytest.param(listing(contact(f'"{"é;" * 500_000}"')), id="very long string"),
        pytest.param(
            listing(*(contact(f'"{number}@x.io"') for number in range(1000))), id="many contacts"
        ),
    ],
)
def test_texts(run: Run, shell: Shell, prod: Subscription, body: bytes) -> None:
    """What a list holds is printed as the two jq programs print it, byte for byte."""
    prod.answers[V2017] = body

    documented = shell.documented(prod)
    ran = run("emails", "-s", prod.id)

    assert ran.out == documented.stdout
    assert (ran.code == 4) == bool(documented.stderr)


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        pytest.param(listing(contact('"a"', f'"{KIND[:-1]}"')), [KIND[:-1]], id="singular"),
        pytest.param(
            listing(contact('"a"', f'"{KIND.lower()}"'), contact('"b"')),
            [KIND.lower()],
            id="lower case",
        ),
        pytest.param(
            listing(contact('"a"', f'"{KIND[:-1].upper()}"')), [KIND[:-1].upper()], id="capitals"
        ),
        pytest.param(listing(contact('"a"', '"securityContact"')), ["securityContact"], id="bare"),
        pytest.param(
            listing('{"properties":{"email":"a"}}', contact('"b"')), ["null"], id="missing"
        ),
        pytest.param(
            listing(contact('"a"', "null"), contact('"b"', "5")), ["null", "5"], id="no string"
        ),
        pytest.param(listing(contact('"a"', f'["{KIND}"]')), [f'["{KIND}"]'], id="an array"),
        pytest.param(
            listing(contact('""', f'"{KIND[:-1]}"')), [KIND[:-1]], id="without an address, too"
        ),
        pytest.param(
            listing(*[contact('"a"', f'"{KIND[:-1]}"')] * 5), ["2 more"], id="more than are shown"
        ),
    ],
)
def test_a_contact_that_the_filter_leaves_out_is_told(
    azure: AzureDouble, run: Run, shell: Shell, prod: Subscription, body: bytes, kinds: list[str]
) -> None:
    """stdout stays the document's; stderr names filter and type, and never says "no address"."""
    prod.answers[V2017] = body
    documented = shell.documented(prod)

    ran = run("emails", "-s", prod.id)
    fed = run("emails", "--input", "-", stdin=body)

    assert ran.out == fed.out == documented.stdout
    assert (ran.code, fed.code) == (4, 4)
    for lines in (ran.err, fed.err):
        (line,) = lines.splitlines()
        assert 'select(.type=="Microsoft.Security/securityContacts")' in line
        assert all(kind in line for kind in kinds)
        assert "no address" not in line
    assert prod.id in ran.err


def test_a_text_without_an_address_is_told_beside_one_that_the_filter_leaves_out(
    run: Run,
) -> None:
    """Each text counts for itself; what is not whole outranks the rest."""
    singular = contact('"a"', f'"{KIND[:-1]}"')

    ran = run("emails", "--input", "-", stdin=EMPTY + listing(singular))
    broken = run("emails", "--input", "-", stdin=listing(singular) + b"{")

    assert (ran.code, ran.out, "2017-08-01-preview may not show" in ran.err) == (4, b"", True)
    assert (broken.code, len(broken.err.splitlines())) == (4, 2)


# What jq 1.8.2 and 1.7.1, both built from their sources, print for e-mails that are no strings; an
# older jq rounds numbers, and is not asked.
@pytest.mark.parametrize(
    ("email", "spelt"),
    [
        pytest.param("true", "true", id="true"),
        pytest.param("false", "false", id="false"),
        pytest.param("0", "0", id="zero"),
        pytest.param("-0", "-0", id="minus zero"),
        pytest.param("-0.0", "-0.0", id="minus zero point zero"),
        pytest.param("0e10", "0E+10", id="zero with an exponent"),
        pytest.param("1.0", "1.0", id="one point zero"),
        pytest.param("-1.10", "-1.10", id="a zero at the end"),
        pytest.param("1e2", "1E+2", id="exponent"),
        pytest.param("1E+2", "1E+2", id="exponent with a plus"),
        pytest.param("1.50e-2", "0.0150", id="exponent undone"),
        pytest.param("1e-7", "1E-7", id="small"),
        pytest.param("0.00000012", "1.2E-7", id="small, written out"),
        pytest.param("9007199254740993", "9007199254740993", id="more than 2**53"),
        pytest.param("100000000000000000000000", "100000000000000000000000", id="large"),
        pytest.param("3.14159265358979323846264338", "3.14159265358979323846264338", id="long"),
        pytest.param("1e1000", "1E+1000", id="more than a double holds"),
        pytest.param("1e-1000", "1E-1000", id="less than a double holds"),
        pytest.param("1e99999999999", "1.7976931348623157E+308", id="more than jq holds"),
        pytest.param("-1e99999999999", "-1.7976931348623157E+308", id="less than jq holds"),
        pytest.param("1e-99999999999", "0E-1147483646", id="smaller than jq holds"),
        pytest.param("[1e99999999999]", "[\n  1.7976931348623157E+308\n]", id="too large, inside"),
        pytest.param("[]", "[]", id="empty array"),
        pytest.param("{}", "{}", id="empty object"),
        pytest.param("[[],{}]", "[\n  [],\n  {}\n]", id="empty inside"),
        pytest.param("[ [ [] ] ]", "[\n  [\n    []\n  ]\n]", id="nested arrays"),
        pytest.param(
            '{"b":{"c":[1.0,null]},"a":"é"}',
            '{\n  "b": {\n    "c": [\n      1.0,\n      null\n    ]\n  },\n  "a": "é"\n}',
            id="nested objects keep their order",
        ),
        pytest.param('["a@x.io","b@x.io"]', '[\n  "a@x.io",\n  "b@x.io"\n]', id="addresses"),
        pytest.param(
            '["[,]{:}\\" \\\\","\\u007f\\/",""]',
            '[\n  "[,]{:}\\" \\\\",\n  "\\u007f/",\n  ""\n]',
            id="marks inside strings",
        ),
        pytest.param('{"a":1,"b":2,"a":3}', '{\n  "a": 3,\n  "b": 2\n}', id="a key twice"),
        pytest.param('{"\\u0000:,\\"":{}}', '{\n  "\\u0000:,\\"": {}\n}', id="an odd key"),
        pytest.param("[" * 3 + "]" * 3, "[\n  [\n    []\n  ]\n]", id="three deep"),
        pytest.param(
            "[" * 200 + "]" * 200,
            "\n".join(
                [" " * 2 * depth + "[" for depth in range(199)]
                + [" " * 2 * 199 + "[]"]
                + [" " * 2 * depth + "]" for depth in reversed(range(199))]
            ),
            id="two hundred deep",
        ),
    ],
)
def test_odd_types(run: Run, shell: Shell, prod: Subscription, email: str, spelt: str) -> None:
    """An e-mail that is no string is printed as a jq from 1.7.1 on prints it."""
    prod.answers[V2017] = listing(contact(email))

    documented = shell.documented(prod)
    ran = run("emails", "-s", prod.id)

    assert ran.text == f"{spelt}\n"
    if keeps_spelling():
        assert ran.out == documented.stdout


# Bodies by chance

KINDS = [KIND[:-1], KIND.lower(), "Microsoft.Security/pricings", "", None, 1.5, [KIND]]


@functools.cache
def strings(escaped: bool) -> st.SearchStrategy[str]:
    """Any strings; halves of surrogate pairs only where they can be *escaped*."""
    letters = st.characters() if escaped else st.characters(exclude_categories=["Cs"])
    odd = st.sampled_from(
        ["\x00", "\x1b", "\x7f", "\u2028", "\ufeff", "\uffff", "\\", '"', "/", ";", "\U0001f600"]
        + (["\ud83d", "\ude00"] if escaped else [])
    )
    return st.lists(letters | odd.map(str), max_size=8).map("".join).map(without_first_halves)


def without_first_halves(text: str) -> str:
    """Return *text* without a first half of a pair that no second follows: jq takes none."""
    return re.sub("[\ud800-\udbff](?![\udc00-\udfff])", "", text)


@functools.cache
def values(escaped: bool) -> st.SearchStrategy[Any]:
    """Any JSON."""
    texts = strings(escaped)
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts
    ).filter(lambda value: value not in (math.inf, -math.inf))
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )


@functools.cache
def emails(escaped: bool) -> st.SearchStrategy[Any]:
    """What the jq at hand prints as ours does."""
    promised = st.one_of(strings(escaped), strings(escaped), st.none())
    return st.one_of(promised, values(escaped)) if keeps_spelling() else promised


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw the body of a list: any strings, any blanks, any order, escaped or not."""
    escaped = draw(st.booleans())
    printed = draw(st.lists(emails(escaped), min_size=1, max_size=6))
    surplus = draw(st.lists(values(escaped), max_size=3))
    chance = draw(st.randoms(use_true_random=True))  # the shape; it need not become simpler

    def shuffled(known: dict[str, Any]) -> dict[str, Any]:
        items = [*known.items(), *((f"x{number}", value) for number, value in enumerate(surplus))]
        return dict(chance.sample(items, len(items)))

    def item(email: Any) -> dict[str, Any]:
        properties = shuffled({"email": email} if chance.random() < 0.9 else {})
        known: dict[str, Any] = {"type": KIND}
        known["properties"] = properties if chance.random() < 0.9 else None
        if chance.random() < 0.2:
            known["type"] = chance.choice(KINDS)
        if chance.random() < 0.1:
            del known[chance.choice(["properties", "type"])]
        return shuffled(known)

    def blanks() -> str:
        return chance.choice(["", "", " ", "\n", "\t \r\n"])

    text = json.dumps(
        shuffled({"value": [item(email) for email in printed]}),
        ensure_ascii=escaped,
        indent=chance.choice([None, 0, 1, 2, "\t"]),
        separators=(f"{blanks()},{blanks()}", f"{blanks()}:{blanks()}"),
    )
    mark = chance.choice([b"", MARK])
    return mark + f"{blanks()}{text}{blanks()}".encode()


def has_contact_of_another_type(body: bytes) -> bool:
    """Say whether *body* holds what a reader takes for a contact, and the filter does not."""
    kinds = [item.get("type") for item in json.loads(body.removeprefix(MARK))["value"]]
    return any(not isinstance(kind, str) or kind in (KIND[:-1], KIND.lower()) for kind in kinds)


@settings(
    max_examples=35,  # of eight bodies each, some 270 different ones in all
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(several=st.lists(bodies(), min_size=8, max_size=8, unique=True))
def test_any_list(azure: AzureDouble, run: Run, shell: Shell, several: list[bytes]) -> None:
    """Whatever lists hold, `emails` prints what the two jq programs print, to a byte."""
    azure.subscriptions = [
        azure.add(f"Sub {number}", answers={V2017: body}) for number, body in enumerate(several)
    ]
    joined = several[0] + b"".join(body.removeprefix(MARK) for body in several[1:])
    documented = shell(JQ, stdin=joined)

    ran = run("emails", "--workers", "1")
    fed = run("emails", "--input", "-", stdin=joined)

    assert documented.stderr == b""
    left_out = "leaves out" in ran.err
    assert ran.out == fed.out == documented.stdout
    assert all(code in ((4,) if left_out else (0, 3)) for code in (ran.code, fed.code))
    assert left_out == any(map(has_contact_of_another_type, several))


# The blind spots


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
def test_nothing_printed(
    azure: AzureDouble, run: Run, shell: Shell, fault: Fault, told: str
) -> None:
    """Where the pipeline shows an error as no contact, `emails` says so; the others are read."""
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
def test_something_printed(
    azure: AzureDouble, run: Run, shell: Shell, body: bytes, printed: bytes, complaint: bytes
) -> None:
    """Of what is no list of contacts the pipeline prints what it can; `emails` prints nothing."""
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


# Pages


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
    """A second page that is no list leaves nothing of the first one on the stdout of `emails`."""
    subscription = paged(azure)
    azure.fail("skiptoken", faults.answer(b'{"value":[5]}'))

    ran = run("emails", "-s", subscription.id)

    assert (ran.out, ran.code) == (b"", 4)


# The jq stage alone


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
    """`emails --input` is the two jq programs on a file; where they fail, so does it."""
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
    """Where jq goes on behind an error of its own, `emails --input` ends, and says so."""
    documented = shell(JQ, stdin=texts)

    ran = run("emails", "--input", "-", stdin=texts)

    assert documented.stdout == b'"a"\n"c"\n'
    assert (ran.out, ran.code) == (b'"a"\n', 4)
    assert ran.err.startswith("error: --input: jq: ")


def test_input_asks_nobody(azure: AzureDouble, run: Run) -> None:
    """The jq stage alone needs neither a credential nor a network."""
    ran = run("emails", "--input", "-", stdin=EMPTY, AZURE_CLIENT_SECRET="")

    assert ran.code == 3
    assert not azure.asked


# What the exit code says of an address


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
    """Exit 3 tells that 2017 shows no address, and that it cannot see all: `audit` decides."""
    azure.add("Prod", answers={V2017: listing(contact('"a@x.io"'))})
    azure.add("Other", answers={V2017: listing(contact(email))})

    ran = run("emails")

    assert ran.code == code
    assert ("audit" in ran.err) == (code == 3)
    assert ("Other" in ran.err) == (code == 3)
