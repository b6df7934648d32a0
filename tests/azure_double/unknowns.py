"""
What is not known of how Azure stores contacts, as switches: a program must work with each setting.

docs/azure-behavior.md says which unknown each switch plays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(kw_only=True, eq=False, repr=False)
class Unknowns:
    """The settings, which tests change. None of them says how Azure behaves."""

    newer_put_on_2017: Literal["shows", "survives", "replaced", "hidden"] = "shows"
    """
    How 2017 sees what a newer api-version writes.  `shows`: all versions are views of one stored
    document, as the etags suggest.  With the others 2017 has a document of its own, on which a
    newer PUT has no effect, which it removes, or which no read at 2017 shows until the newer
    contact is deleted.
    """

    put_2017_on_newer: Literal["keeps", "overwrites"] = "keeps"
    """
    What a PUT at 2017, or at 2020, does to what only a newer version can say of an existing
    contact: nothing, or the contact is left with what the older version says.
    """

    shared_2017: bool = False
    """Whether the flags and the phone of 2017 are those of all contacts, or each has its own."""

    put_status: Literal["by existence", 200, 201] = "by existence"
    """The status of a PUT: 201 where nothing was stored and 200 for the rest, or always one."""

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
    Which names 2017 takes: all, or, as before October 2020, default1, default2 and so on without
    a gap, of which only the first may have a phone, and only the last can be deleted.
    """

    empty_phone: Literal["kept", "emptied"] = "kept"
    """What an empty phone does at 2017 and 2023 to the one that was there; 2020 keeps it."""

    left_out: Literal["refused", "kept", "emptied"] = "refused"
    """
    What becomes of an object or a list that a PUT leaves out: `alertNotifications` at 2020,
    `notificationsByRole` and `notificationsSources` at 2023.  At 2020 a missing
    `notificationsByRole` is refused.  A text that is left out is kept with `kept`, or else empty.
    """

    blank_severity: Literal["refused", "taken"] = "refused"
    """Whether a PUT at 2020 may send back the `"minimalSeverity":""` of what is Off."""

    empty_emails: Literal["taken", "refused"] = "taken"
    """Whether a PUT may leave a contact without any address."""

    emptied_2017: Literal["absent", "empty"] = "absent"
    """What newer versions show once 2017 has deleted every address: no contact, or an empty one."""

    delete_absent: Literal[200, 204, 404] = 204
    """The status of a DELETE of what is not there."""

    remakes_default: bool = False
    """Whether Azure makes a contact without addresses right after a newer version deleted one."""

    drops_unknown: bool = False
    """Whether a PUT loses the properties that the specification of its version does not know."""

    respells: bool = False
    """
    Whether all that is read is spelled another way than it was written: addresses in lower case,
    and backwards with blanks between them, roles and sources backwards.
    """

    readonly_status: Literal[403, 409] = 409
    """The status of `ReadOnlyDisabledSubscription`, which has been seen with either."""
