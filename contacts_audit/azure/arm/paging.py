"""
The items of a list, which page of it comes next, and whether that may be asked for.

https://learn.microsoft.com/rest/api/azure/#async-operations-throttling-and-paging
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from contacts_audit.azure.arm.protocol import SHOWN, Answer, document, error_of, malformed
from contacts_audit.core.errors import AzureError, Reason

LONGEST_LINK = 65_536  # characters of a nextLink


def items(pages: Iterable[Answer], what: str) -> Iterator[tuple[Any, Answer]]:
    """
    Yield each item of the list *what*, and the page that it is on.

    Raises:
        AzureError: a page has no items, or cannot be read.
        AuthError: there is no token.
    """
    for page in pages:
        match document(page):
            case {"value": list(found)}:
                yield from ((item, page) for item in found)
            case _:
                raise malformed(page, f"{what} has no array 'value'")


def is_last(answer: Answer) -> bool:
    """Return whether *answer* certainly names no next page, in any spelling."""
    return b"nextlink" not in answer.body.lower() and b"\\u" not in answer.body


def next_link(answer: Answer, endpoint: str) -> str | None:
    """
    Return the address of the page after *answer*, a JSON text, as Azure wrote it; None at the end.

    Raises:
        AzureError: it leaves *endpoint*, and would take our token there.
    """
    if is_last(answer):
        return None
    match document(answer):
        case {"nextLink": str(url)} if url:
            if len(url) > LONGEST_LINK or not stays_on(url, endpoint):
                raise _refused(answer, f"the next page is not on {endpoint}: {url[:SHOWN]}")
            return url
        case {"nextLink": link} if link not in (None, ""):
            raise _refused(answer, "the nextLink is not an address")
        case dict() as page:
            others = [key for key in page if key.casefold().endswith("nextlink")]
            if found := [key for key in others if page[key] not in (None, "")]:
                what = f"it goes on at {found[0][:SHOWN]!r}, and nobody knows how to follow that"
                raise _refused(answer, what)
    return None


def _refused(answer: Answer, what: str) -> AzureError:
    return error_of(Reason.PAGING, what, answer)


def stays_on(url: str, endpoint: str) -> bool:
    """Return whether *url* is on the origin *endpoint*."""
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return False
    try:
        same = _origin(url) == _origin(endpoint)
    except ValueError:
        return False
    return same and "@" not in urlsplit(url).netloc


def _origin(url: str) -> tuple[str, str | None, int]:
    """https://www.rfc-editor.org/rfc/rfc6454#section-4."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, 443 if parts.port is None else parts.port
