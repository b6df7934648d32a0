"""What nobody knows of how Azure writes, as switches: a program must bear every setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(kw_only=True, eq=False, repr=False)
class Unknowns:
    """The settings, which tests turn; none of them says how Azure is."""

    newer_put_on_2017: Literal["survives", "replaced", "hidden"] = "survives"
    """
    What a PUT at a newer api-version does to the records of 2017: nothing, it removes them,
    or no read at 2017 shows them until the newer contact is deleted.
    """

    put_2017_on_newer: Literal["beside", "overwrites"] = "beside"
    """
    What a PUT at 2017 does to an existing newer contact, besides writing its own record:
    nothing, or what the record says replaces the whole contact.
    """

    put_status: Literal["by existence", 200, 201] = "by existence"
    """The status of a PUT: 201 for what is new and 200 for the rest, or always the same."""

    put_body: Literal["whole", "empty", "request"] = "whole"
    """What a PUT that was applied is answered with: the contact, nothing, its own body."""

    honours_if_match: bool = False
    """Whether `If-Match` and `If-None-Match: *` keep a PUT or a DELETE from being applied."""

    stale_reads: int = 0
    """
    How many lists of a subscription, at any api-version, a write does not show in yet. Each page
    is a list, and a contact that is read by its name is never stale.
    """

    names_2017: Literal["any", "sequence"] = "any"
    """
    Which names 2017 takes: all, or default1, default2 and so on without a gap, of which only
    the last can be deleted.
    """

    drops_unknown: bool = False
    """Whether a PUT loses the properties that the specification of its version does not know."""

    respells: bool = False
    """
    Whether all that is read is spelled another way than it was written: addresses in lower case,
    and backwards with blanks between them, roles and sources backwards.
    """

    readonly_status: Literal[403, 409] = 409
    """The status of `ReadOnlyDisabledSubscription`, which has been seen with either."""
