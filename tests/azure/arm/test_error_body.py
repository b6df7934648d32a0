"""Azure's own words reach a row, in whatever shape a provider says them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.arm import error_body

INNER = json.dumps({"error": {"code": "Inner", "message": "Deep."}})


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param({"error": {"code": "A", "message": "B"}}, "A", "B", id="envelope"),
        pytest.param({"Error": {"Code": "A", "Message": "B"}}, "A", "B", id="in capitals"),
        pytest.param({"ERROR": {"CODE": "A", "MESSAGE": "B"}}, "A", "B", id="all in capitals"),
        pytest.param({"code": "A", "message": "B"}, "A", "B", id="bare"),
        pytest.param(
            {"HttpStatusCode": 404, "ErrorCode": "Not There", "Message": "B", "Details": None},
            "Not There",
            "B",
            id="with an ErrorCode",
        ),
        pytest.param({"HttpStatusCode": 404, "Message": "B"}, "404", "B", id="status alone"),
        pytest.param(
            {"error": {"httpStatusCode": "NotFound", "errorMessage": "B"}},
            "NotFound",
            "B",
            id="both, nested",
        ),
        pytest.param(
            {"Code": "A", "Message": "B", "Target": None, "Details": [{"Code": "C"}]},
            "A",
            "B",
            id="details do not replace it",
        ),
        pytest.param(
            {"error": {"details": [{"code": "C", "message": "D"}]}}, "C", "D", id="details alone"
        ),
        pytest.param(
            {"error": {"code": "A", "innererror": {"code": "C", "message": "D"}}},
            "A",
            "D",
            id="an inner error has the message",
        ),
        pytest.param({"error": {"error": {"code": "A", "message": "B"}}}, "A", "B", id="twice"),
        pytest.param([{"error": {"code": "A", "message": "B"}}], "A", "B", id="in an array"),
        pytest.param(
            {"odata.error": {"code": "A", "message": {"lang": "en", "value": "B"}}},
            "A",
            "B",
            id="OData",
        ),
        pytest.param({"code": "Outer", "message": INNER}, "Outer", "Deep.", id="JSON in JSON"),
        pytest.param({"error": INNER}, "Inner", "Deep.", id="JSON in place of the envelope"),
        pytest.param({"CODE": "", "code": "A", "Code": "B"}, "A", None, id="several, one empty"),
        pytest.param(
            {"error": {"code": " A ", "message": "{B"}}, "A", "{B", id="no JSON after all"
        ),
        pytest.param({"code": True, "message": 5.5}, None, "5.5", id="no text"),
        pytest.param({"error": "no_way", "error_description": "B"}, "no_way", "B", id="OAuth"),
        pytest.param({"error": None, "code": "A", "message": "B"}, "A", "B", id="error is null"),
        pytest.param(
            {"code": "A", "message": ["B", {}, "C"]}, "A", "B; C", id="a list of messages"
        ),
        pytest.param(
            {"code": "A", "message": {"text": "B"}}, "A", "B", id="a message in an object"
        ),
        pytest.param({"errors": [{"code": "A", "message": "B"}]}, "A", "B", id="errors"),
        pytest.param({"title": "Bad", "status": 400, "detail": "B"}, None, "B", id="RFC 9457"),
        pytest.param("text", None, None, id="text alone"),
        pytest.param(None, None, None, id="null"),
    ],
)
def test_code_and_message(body: Any, code: str | None, message: str | None) -> None:
    """They are read in any case, with and without `error`, nested or not."""
    found = error_body.said(json.dumps(body))

    assert (found.code, found.message) == (code, message)


def test_half_a_surrogate_pair_is_no_part_of_a_message() -> None:
    """No UTF-8 could carry it, and jq would refuse the report."""
    assert error_body.said(r'{"message": "a\ud83d"}').message == "a\ufffd"


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "code", "message", "details", "x"]), inner)
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_is_too_strange(body: bytes) -> None:
    """Whatever it is, it has a code and a message or none, and both are short."""
    found = error_body.said(body.decode("utf-8", "replace"))

    assert len(found.code or "") <= error_body.LONGEST_CODE + 3
    assert len(found.message or "") <= error_body.LONGEST_MESSAGE + 3


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        pytest.param("Please try again after '6' seconds.", 6, id="in quotes"),
        pytest.param(
            "The request exceeded the limit of '150' for time interval '01:00:00'. Please try "
            "again after '324' seconds.",
            324,
            id="behind a limit",
        ),
        pytest.param("The call can be retried in 11 seconds.", 11, id="retried in"),
        pytest.param("Retry after 5 seconds", 5, id="retry after"),
        pytest.param("100 requests in 60 seconds are allowed; retry after 7 sec", 7, id="a window"),
        pytest.param("wait 1.5 s", 1.5, id="a fraction"),
        pytest.param("TRY AGAIN IN 2 MINUTES", 120, id="minutes"),
        pytest.param("try again after '0' seconds", None, id="0 is our own backoff"),
        pytest.param("try again later", None, id="no number"),
        pytest.param("100 requests in 60 seconds are allowed", None, id="only a window"),
        pytest.param("after 1200 requests in 300 seconds", None, id="a count first"),
        pytest.param(f"try again after '{'9' * 5000}' seconds", None, id="5,000 digits"),
        pytest.param("try again after 10 ms", None, id="another unit"),
        pytest.param("Please try again after 1 hour.", 3600, id="an hour"),
        pytest.param("wait 1,200 seconds", 1200, id="thousands"),
        pytest.param("try again after '00:10:05'", 605, id="a clock"),
        pytest.param("try again after 00:00:00", None, id="a clock at 0"),
        pytest.param("Too many requests. Retry-After: 7", 7, id="a header in words"),
        pytest.param("retry after 7 requests", None, id="a number of something else"),
        pytest.param(f"try again after '{'9' * 30}' seconds", float("9" * 30), id="for ever"),
    ],
)
def test_the_seconds_that_a_message_names(message: str, seconds: float | None) -> None:
    """A 429 without Retry-After says them in words."""
    assert error_body.named_seconds(message) == seconds


@pytest.mark.parametrize(
    ("message", "versions"),
    [
        pytest.param(
            "The supported api-versions are '2020-01-01-preview, 2023-12-01-preview'. "
            "The supported locations are ', westeurope2'.",
            {"2020-01-01-preview", "2023-12-01-preview"},
            id="with blanks, and locations behind",
        ),
        pytest.param(
            "The supported versions are '2022-12-01,2022-11-01-preview'.",
            {"2022-12-01", "2022-11-01-preview"},
            id="without blanks",
        ),
        pytest.param("Supported API versions: [2020-01-01, 1.0].", {"2020-01-01", "1.0"}, id="[]"),
        pytest.param(
            "supported api-versions are '2020-01-01', \"2021-02-02\" and 2022-03-03. You asked at "
            "2017-08-01-preview.",
            {"2020-01-01", "2021-02-02", "2022-03-03"},
            id="each in quotes of its own",
        ),
        pytest.param(
            "SUPPORTED API-VERSIONS ARE '2020-01-01-PREVIEW'", {"2020-01-01-preview"}, id="A"
        ),
        pytest.param("The supported api-version is '2020-01-01'.", {"2020-01-01"}, id="one"),
        pytest.param(
            "Valid versions:\n- 2020-01-01\n- 2021-01-01", {"2020-01-01", "2021-01-01"}, id="-"
        ),
        pytest.param(
            "The supported api-versions are ''. Locations: 'x2'", set(), id="an empty list"
        ),
        pytest.param("... for api version '2017-08-01-preview'.", set(), id="ours, and no list"),
        *(
            pytest.param(f"Supported versions: {text}.", {"2020-01-01", "2021-02-02"}, id=text)
            for text in (
                "2020-01-01 | 2021-02-02",
                "2020-01-01/2021-02-02",
                "`2020-01-01`, `2021-02-02`",
                "<2020-01-01>, <2021-02-02>",
                "\u20182020-01-01\u2019, \u20182021-02-02\u2019",
            )
        ),
        pytest.param("Supported API version(s): 2020-01-01", {"2020-01-01"}, id="version(s)"),
        pytest.param('supportedApiVersions: ["2020-01-01"]', {"2020-01-01"}, id="in one word"),
    ],
)
def test_the_versions_that_a_message_lists(message: str, versions: set[str]) -> None:
    """Commas with blanks and without, quotes, brackets: a list is a list."""
    assert error_body.listed_versions(message) == versions


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param("not found for api version '2020-01-01'.", True, id="in quotes"),
        pytest.param("NOT AT 2020-01-01", True, id="at the end"),
        pytest.param("not found for api version '2020-01-01-preview'.", False, id="a longer one"),
        pytest.param("not found for api version '2021-01-01'.", False, id="another"),
    ],
)
def test_whether_a_message_names_a_version(message: str, named: bool) -> None:
    """As a whole word. A 404 of an unknown type that names ours refuses it."""
    said = error_body.Said(None, message, frozenset({"invalidresourcetype"}), message)
    assert error_body.refuses_version(said, 404, "2020-01-01") is named
