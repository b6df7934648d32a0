"""Selects subscriptions: those asked for, or all that are visible, in one order. Pure."""

import difflib
import hashlib
import itertools
import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contacts_audit.azure.kinds import GUID
from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.model import Subscription

LONGEST_NAME = 256
CANDIDATES = 5
HIDDEN = frozenset({"Cc", "Cs", "Cf", "Zl", "Zp"})
DASHES = re.compile("[\u2010-\u2015\u2212]")
JOINERS = re.compile("[\u200c\u200d]")  # Persian words and some emoji need them
PATH = re.compile(f"/subscriptions/({GUID.pattern})/?", re.IGNORECASE)  # as the portal shows an id
GROUP = "[A-Za-z0-9][A-Za-z0-9_.()-]{0,89}"
GROUP_PATH = re.compile(
    f"/providers/Microsoft.Management/managementGroups/({GROUP})/?", re.IGNORECASE
)
RUN_ID = "[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}"
MOST_COMPARED = 20_000  # names that are compared with a misspelt one


@dataclass(frozen=True, slots=True)
class Selector:
    """An id in lower case, or a name, as *option* gave it."""

    text: str
    option: str

    @property
    def is_id(self) -> bool:
        """Say whether it is an id."""
        return GUID.fullmatch(self.text) is not None


def selector(text: str, option: str) -> Selector:
    """
    Return what *text* selects, before anything is asked of Azure; an id may be a resource id.

    Raises:
        UsageError: it is neither an id nor a name, or it is nearly an id.
    """
    if GUID.fullmatch(text):
        return Selector(text.lower(), option)
    if path := PATH.fullmatch(text):
        return Selector(path[1].lower(), option)
    problem, hint = None, "give an id (8-4-4-4-12) or a name"
    if not text.strip():
        problem = "is empty"
    elif len(text) > LONGEST_NAME:
        problem = f"is longer than {LONGEST_NAME} characters"
    elif text != text.strip():
        problem = "begins or ends with a blank"
    elif any(unicodedata.category(letter) in HIDDEN for letter in JOINERS.sub("", text)):
        problem = "holds a control character"
    elif _nearly_an_id(text):
        problem = "is nearly a subscription id, but not quite"
        hint = _one_each(text, option) or hint
    if problem is not None:
        shown = text if len(text) <= LONGEST_NAME else text[:40] + "..."
        raise UsageError(f"{option}: {shown!r} {problem}", hint)
    return Selector(text, option)


def selectors(lines: str, option: str) -> list[Selector]:
    """
    Return what a file selects: one a line; blank lines and `#` comments are passed over.

    Raises:
        UsageError: a line is neither an id nor a name.
    """
    found = []
    for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), start=1):
        text = line.strip(" \t\r")
        head = text.split(" #")[0].split("\t#")[0].strip(" \t")
        if GUID.fullmatch(head) or PATH.fullmatch(head):
            text = head  # a comment behind an id; a name may well hold a '#'
        if text and not text.startswith("#"):
            found.append(selector(text, f"{option}, line {number}"))
    return found


def group_id(text: str, option: str = "--management-group") -> str:
    """
    Return the id of a management group that *text* is, alone or as a resource id.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules

    Raises:
        UsageError: it cannot.
    """
    if re.fullmatch(GROUP, text):
        return text
    if path := GROUP_PATH.fullmatch(text):
        return path[1]
    raise UsageError(
        f"{option}: {text[:LONGEST_NAME]!r} is no id of a management group",
        "give the id, not the display name",
    )


class Shard(NamedTuple):
    """One *part* of several *parts*, counted from 0."""

    part: int
    parts: int

    def holds(self, subscription: Subscription) -> bool:
        """Say whether *subscription* is in this part: by its id alone, whoever asks, and when."""
        digest = hashlib.sha256(subscription.id.encode()).digest()
        return int.from_bytes(digest) % self.parts == self.part

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def shard(text: str, index: str | None) -> Shard:
    """
    Return the part that `--shard` *text* names; of `auto/N`, the *index* of the Indexed Job.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: it names none.
    """
    found = re.fullmatch("(auto|[0-9]{1,9})/([0-9]{1,9})", text)
    place = index if found and found[1] == "auto" else found and found[1]
    if found and place is None:
        raise UsageError("--shard auto/N: JOB_COMPLETION_INDEX is not set", "give I/N")
    if found and re.fullmatch("[0-9]{1,9}", place or "") and int(place or "") < int(found[2]):
        return Shard(int(place or ""), int(found[2]))
    raise UsageError(f"--shard: {text!r} is no part", "give I/N, I from 0 to N-1, or auto/N")


def run_id(given: str | None, part: str | None, environment: Mapping[str, str]) -> str | None:
    """
    Return what the shards of one run have in common: `--run-id` as *given*, or the Job's name.

    A pod of a Kubernetes Indexed Job has the host name JOB-INDEX, and a name that adds five
    letters; with `--shard auto/N` as *part* that names the run.
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Raises:
        UsageError: it is no name of a run.
    """
    if given is not None:
        if not re.fullmatch(RUN_ID, given):
            raise UsageError(
                f"--run-id: {given[:LONGEST_NAME]!r} is no name of a run",
                "give up to 128 letters, digits and . _ : / @ + -",
            )
        return given
    index = environment.get("JOB_COMPLETION_INDEX", "")
    pod = re.fullmatch(
        f"({RUN_ID})-{re.escape(index)}(?:-[a-z0-9]{{5}})?", environment.get("HOSTNAME", "")
    )
    return pod[1] if pod and (part or "").startswith("auto/") else None


@dataclass(frozen=True, slots=True)
class Scope:
    """
    The *subscriptions* to report on, each once, *warnings* to give, and which *part* it is.

    *visible* are all that Azure lists: names are looked up among them, whatever is in scope.
    """

    subscriptions: Collection[Subscription]
    warnings: tuple[str, ...]
    part: Shard | None = None
    visible: Collection[Subscription] = ()

    def ids(self, wanted: Collection[Selector]) -> dict[str, str]:
        """
        Return whose each name among *wanted* is; a name of none is left out.

        Raises:
            UsageError: several subscriptions have a name.
        """
        names = {one.text.casefold() for one in wanted if not one.is_id}
        known = Known(one for one in self.visible if (one.name or "").casefold() in names)
        found = {}
        for one in wanted:
            matching = [] if one.is_id else known.matching(one)
            if len(matching) > 1:
                raise _ambiguous(one, matching)
            if matching:
                found[one.text] = matching[0].id
        return found

    def like(self, wanted: Selector) -> str:
        """Return which subscriptions may have been meant by a name of none, if any is like it."""
        return "" if wanted.is_id else _did_you_mean(wanted.text, self.visible)


def resolve(
    visible: Collection[Subscription],
    wanted: Sequence[Selector] | None,
    unwanted: Sequence[Selector],
    part: Shard | None = None,
) -> Scope:
    """
    Return the scope: all of *visible*, or the *wanted*, less the *unwanted*; of that, the *part*.

    Raises:
        UsageError: a name selects no subscription, or several.
        ContactsAuditError: nothing is left to audit.
    """
    if not visible:
        raise ContactsAuditError(
            "no subscription is visible to this identity",
            "grant it a role (Security Reader), or check the tenant",
        )
    left = visible if wanted is None else _chosen(visible, wanted)
    gone, warnings = _excluded(visible, left, unwanted) if unwanted else (set(), [])
    if gone:
        left = tuple(subscription for subscription in left if subscription.id not in gone)
    if not left:
        raise ContactsAuditError("no subscription is left in scope", "check --exclude and files")
    if part is not None:
        left = tuple(subscription for subscription in left if part.holds(subscription))
    return Scope(left, tuple(warnings), part, visible)


def _excluded(
    visible: Collection[Subscription],
    chosen: Collection[Subscription],
    unwanted: Sequence[Selector],
) -> tuple[set[str], list[str]]:
    """Return the ids of the unwanted ones, and what is to be said of those that match nothing."""
    warnings, gone = [], set[str]()
    hidden = [subscription for subscription in chosen if not subscription.visible]
    known = Known([*visible, *hidden])
    in_scope = {subscription.id for subscription in chosen}
    for unwanted_one in unwanted:
        found = known.matching(unwanted_one)
        if len(found) > 1:
            raise _ambiguous(unwanted_one, found)
        if not found or found[0].id not in in_scope:
            near = "" if found or unwanted_one.is_id else _did_you_mean(unwanted_one.text, visible)
            told = f"{unwanted_one.option}: {unwanted_one.text!r} matches nothing"
            warnings.append(told + (near and f" -- {near}"))
        gone.update(subscription.id for subscription in found)
    return gone, warnings


def _chosen(
    visible: Collection[Subscription], wanted: Sequence[Selector]
) -> tuple[Subscription, ...]:
    """Return the wanted ones in Azure's order, then those that are not visible as asked for."""
    ids: dict[str, None] = {}
    listed = Known(visible)
    for wanted_one in wanted:
        found = listed.matching(wanted_one)
        if not wanted_one.is_id and len(found) != 1:
            raise (_ambiguous(wanted_one, found) if found else _unknown(wanted_one, visible))
        ids[found[0].id if found else wanted_one.text] = None
    seen = [subscription for subscription in visible if subscription.id in ids]
    hidden = [Subscription(id_, visible=False) for id_ in ids if id_ not in listed.ids]
    return (*seen, *hidden)


class Known:
    """Subscriptions, to be found by what selects them, however many there are."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.ids: dict[str, Subscription] = {}
        self._named: defaultdict[str, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            self.ids[subscription.id] = subscription
            if subscription.name is not None:
                self._named[subscription.name.casefold()].append(subscription)

    def matching(self, wanted: Selector) -> list[Subscription]:
        """An id matches in any case; a name to the letter, else in any case."""
        if wanted.is_id:
            return [self.ids[wanted.text]] if wanted.text in self.ids else []
        folded = self._named.get(wanted.text.casefold(), [])
        return [each for each in folded if each.name == wanted.text] or list(folded)


def _unknown(wanted: Selector, visible: Collection[Subscription]) -> UsageError:
    """Return the error for a name of none, with those that are most like it."""
    hints = [_one_each(wanted.text, wanted.option)]
    if near := _did_you_mean(wanted.text, visible):
        hints.append(near)
    elif len(visible) <= CANDIDATES:
        hints.append(f"visible are: {_candidates(visible)}")
    else:
        hints.append(f"none of the {len(visible)} that are visible has a name like it")
    hint = "; ".join(filter(None, hints))
    return UsageError(f"{wanted.option}: no subscription is named {wanted.text!r}", hint)


def _did_you_mean(text: str, visible: Collection[Subscription]) -> str:
    """Ask for the few whose names are most like *text*, the most alike first; empty for none."""
    named: defaultdict[str, list[Subscription]] = defaultdict(list)
    for one in itertools.islice(visible, MOST_COMPARED):
        if one.name:
            named[one.name[:LONGEST_NAME].casefold()].append(one)
    wanted = text.casefold()
    near = difflib.get_close_matches(wanted, named, n=CANDIDATES)
    near += [name for name in named if wanted in name or (len(name) > 2 and name in wanted)]
    alike = [one for name in dict.fromkeys(near) for one in named[name]]
    return f"did you mean {_candidates(alike[:CANDIDATES])}?" if alike else ""


def _one_each(text: str, option: str) -> str:
    """Return what to do where *text* seems to be several; a name may hold a comma, too."""
    parts = [part.strip() for part in re.split("[,;]", text)]
    if len(parts) < 2 or not all(parts):
        return ""
    if not option.startswith("--") or " " in option:
        return "give one a line" if " line " in option else "give one"
    short = "-s" if option == "--subscription" else option
    return f"{short} repeats: " + " ".join(f"{short} {shlex.quote(part)}" for part in parts[:3])


def _ambiguous(wanted: Selector, found: Sequence[Subscription]) -> UsageError:
    return UsageError(
        f"{wanted.option}: {len(found)} subscriptions are named {wanted.text!r}",
        f"give the id, one of: {_candidates(found)}",
    )


def _candidates(among: Collection[Subscription]) -> str:
    more = len(among) - CANDIDATES
    labels = [subscription.label for subscription in itertools.islice(among, CANDIDATES)]
    return ", ".join(labels) + (f" and {more} more" if more > 0 else "")


def _nearly_an_id(text: str) -> bool:
    """Braces, a URN, a path, no dashes, digits of another script: not what was meant, surely."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip(" {}()\"'")
    plain = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter
        for letter in DASHES.sub("-", plain)
    )
    plain = plain.removeprefix("urn:uuid:").removeprefix("/").removeprefix("subscriptions/")
    return bool(
        re.fullmatch("[0-9a-f]{32}", plain) or re.match(f"{GUID.pattern}([^\\w -]|$)", plain)
    )
