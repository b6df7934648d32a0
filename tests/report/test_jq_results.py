"""A filter prints what jq prints, and fails like jq."""

import pytest
from report.basic_report import REPORT, text

from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.report import Format, jq_filter


def shape(program: str, *, raw: bool = False) -> str:
    """Return what the filter makes of the report of all kinds."""
    return jq_filter.shape(text(REPORT, Format.JSON), program, Shutdown(), raw=raw).decode()


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(".summary.read", "3\n", id="a number"),
        pytest.param(".subscriptions[1].name", '"Müller & Söhne 東京 🚀"\n', id="a text"),
        pytest.param(
            ".tool", '{\n  "name": "contacts-audit",\n  "version": "1.0.0"\n}\n', id="object"
        ),
        pytest.param(".subscriptions[:2][].verdict", '"compliant"\n"non-compliant"\n', id="two"),
        pytest.param("empty", "", id="nothing"),
        pytest.param(".nothing", "null\n", id="null"),
        pytest.param("1 # a comment", "1\n", id="a comment"),
        pytest.param("def f: 2; f", "2\n", id="a definition"),
        pytest.param("1, 2 | . + 1", "2\n3\n", id="a pipe behind a comma"),
    ],
)
def test_a_filter_shapes_the_report(program: str, printed: str) -> None:
    """The output is that of jq."""
    jq_filter.check(program, Shutdown())

    assert shape(program) == printed


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        pytest.param(".cloud", "AzureCloud\n", id="a text is bare"),
        pytest.param('"a\\nb"', "a\nb\n", id="to the letter"),
        pytest.param(".exit_code", "4\n", id="a number"),
        pytest.param("[.cloud]", '[\n  "AzureCloud"\n]\n', id="a text within"),
    ],
)
def test_raw_output_has_no_quotes(program: str, printed: str) -> None:
    """A shell can use it."""
    assert shape(program, raw=True) == printed


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(".[", id="cut"),
        pytest.param("nobody", id="unknown function"),
        pytest.param(".a)", id="one bracket too many"),
        pytest.param('"', id="a quote"),
        pytest.param("", id="empty"),
        pytest.param("\udcff", id="no UTF-8"),
        pytest.param('import "x" as x; .', id="a module"),
    ],
)
def test_an_invalid_filter_is_wrong_usage(program: str) -> None:
    """The error comes before the first request."""
    with pytest.raises(UsageError, match=r"^--jq: "):
        jq_filter.check(program, Shutdown())


@pytest.mark.parametrize("program", [".tool | .[0]", "error", 'error("a\\nb")', ".cloud.x"])
def test_a_filter_that_fails_on_the_data(program: str) -> None:
    """One line, and no output."""
    with pytest.raises(ContactsAuditError, match=r"^--jq: [^\n]+$") as caught:
        shape(program)

    assert not isinstance(caught.value, UsageError)


def test_a_filter_sees_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot print the environment."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")

    shown = shape("[$ENV, env]")

    assert "hunter2" not in shown
    assert "AZURE" not in shown
