"""Any body that Azure may send: printed as the documented jq prints it."""

import functools
import json
import math
import re
from typing import Any

import pytest
from azure_double import AzureDouble, Subscription
from cli.pipeline import (
    EMPTY,
    JQ,
    KIND,
    MARK,
    V2017,
    Shell,
    contact,
    holding,
    keeps_spelling,
    listing,
)
from conftest import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


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
    """Any list is printed as the two jq programs print it, byte for byte."""
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
def test_a_contact_that_the_filter_leaves_out_is_reported(
    azure: AzureDouble, run: Run, shell: Shell, prod: Subscription, body: bytes, kinds: list[str]
) -> None:
    """stdout stays as documented. stderr names filter and type, and never says "no address"."""
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


def test_no_address_and_a_contact_left_out_are_both_reported(
    run: Run,
) -> None:
    """Each text counts for itself. An incomplete result outranks "no address"."""
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
