"""No value and no text in a report ends the program."""

import copy
import json
from typing import Any

from audit.report_readers import (
    WHOLE,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.audit import merge, report_file
from contacts_audit.core.errors import ContactsAuditError
from contacts_audit.report import RENDERERS, Format

some_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01", "compliant", "1/2", "AzureCloud"])
    | st.integers(10**30, 10**40),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value in a document."""
    found = [at] if at else []
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        found += [each for key, one in inner for each in paths(one, (*at, key))]
    return found


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(paths(WHOLE)), some_value), min_size=1, max_size=3))
def test_every_value_is_refused_or_rendered(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """A report is refused in one line, or rendered in every format."""
    document = copy.deepcopy(WHOLE)
    for path, value in changes:
        place: Any = document
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
        except (LookupError, TypeError):
            continue  # an earlier change took it away
    try:
        read = report_file.read(json.dumps(document).encode(), "x")
        report = merge.merged([("x", merge.report_from(read, "x"))])
        report_file.check_counts(read, "x")
    except ContactsAuditError as error:
        assert 0 < len(str(error)) < 1000  # noqa: PT017
        return

    for form in Format:
        assert "".join(RENDERERS[form](report)) or form is Format.TSV


@settings(max_examples=200)
@given(st.binary(max_size=50) | st.text(max_size=50).map(str.encode), st.integers(0, 10_000))
def test_every_text_is_refused_or_read(noise: bytes, at: int) -> None:
    """Bytes are damaged at any place."""
    text = json.dumps(WHOLE).encode()
    at %= len(text)
    try:
        report_file.read(text[:at] + noise + text[at + len(noise) :], "x")
    except ContactsAuditError as error:
        assert 0 < len(str(error)) < 1000  # noqa: PT017
