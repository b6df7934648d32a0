"""What is in scope is exactly what was asked for: a slip of the pen is said, never guessed at."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.audit.scope import resolve
from contacts_audit.audit.selectors import LONGEST_NAME, Selector, selector, selectors
from contacts_audit.audit.shards import Shard, shard
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.core.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.core.model import Subscription

A, B, C, D = (f"{letter * 8}-0000-4000-8000-{letter * 12}" for letter in "abcd")
WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "-0123456789abcdef"}
PROD = Subscription(A, "Prod", "Enabled")
TEST = Subscription(B, "Test", "Enabled")
DEV = Subscription(C, "prod", "Disabled")
NAMELESS = Subscription(D)
VISIBLE = (PROD, TEST, DEV, NAMELESS)


def asked(*texts: str) -> list[Selector]:
    """Return what *texts* select on the command line."""
    return [selector(text, "--subscription") for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(A, id="lower case"),
        pytest.param(A.upper(), id="upper case"),
        pytest.param("00000000-0000-0000-0000-000000000000", id="nil"),
        pytest.param("ffffffff-ffff-ffff-ffff-ffffffffffff", id="largest"),
        pytest.param(f"/subscriptions/{A}", id="as the portal gives it"),
        pytest.param(f"/SUBSCRIPTIONS/{A.upper()}/", id="with a slash behind, in capitals"),
    ],
)
def test_ids_are_taken_in_any_case(text: str) -> None:
    """An id is its letters, whatever their case, alone or as a resource id."""
    found = selector(text, "--subscription")

    assert found == Selector(text.strip("/").split("/")[-1].lower(), "--subscription")
    assert found.is_id


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Prod", id="plain"),
        pytest.param("Größe 東京 🚀", id="unicode"),
        pytest.param("a", id="one letter"),
        pytest.param("x" * LONGEST_NAME, id="the longest"),
        pytest.param("-1", id="a number"),
        pytest.param("--help", id="an option"),
        pytest.param("../../x", id="a path"),
        pytest.param("%2e%2e", id="an encoded path"),
        pytest.param("Prod;Test, (EU) #1", id="punctuation"),
        pytest.param(A[:-1], id="an id cut short"),
        pytest.param(f"{A} old", id="a name that begins with an id"),
        pytest.param(f"{A}-old", id="an id with a suffix"),
        pytest.param("deadbeef" * 3, id="short hexadecimal"),
    ],
)
def test_names_are_taken_as_they_are(text: str) -> None:
    """A name is compared with names, and goes into no address: it can do no harm."""
    found = selector(text, "--subscription")

    assert found == Selector(text, "--subscription")
    assert not found.is_id


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" ", "empty", id="blank"),
        pytest.param("\u00a0\u3000", "empty", id="blanks of unicode"),
        pytest.param(f"{A}\n", "blank", id="an id with a line break"),
        pytest.param(f" {A}", "blank", id="an id after a blank"),
        pytest.param("Prod ", "blank", id="a name before a blank"),
        pytest.param("Pr\x00od", "control", id="NUL"),
        pytest.param("Pr\x1bod", "control", id="escape"),
        pytest.param("Pr\u202eod", "control", id="bidi"),
        pytest.param("Pr\u2028od", "control", id="line separator"),
        pytest.param("Pr\udcffod", "control", id="a byte that is no UTF-8"),
        pytest.param(f"\ufeff{A}", "control", id="an id behind a byte order mark"),
        pytest.param("x" * (LONGEST_NAME + 1), "longer", id="one letter too many"),
        pytest.param("x" * 10_000, "longer", id="10 kB"),
        pytest.param(f"{{{A}}}", "nearly", id="braces"),
        pytest.param(f"({A})", "nearly", id="brackets"),
        pytest.param(f"urn:uuid:{A}", "nearly", id="URN"),
        pytest.param(f"URN:UUID:{A.upper()}", "nearly", id="URN in capitals"),
        pytest.param(f"subscriptions/{A}", "nearly", id="half a resource id"),
        pytest.param(f"/subscriptions/{A}//", "nearly", id="two slashes"),
        pytest.param(f"/Subscriptions/{A}/resourceGroups/x", "nearly", id="longer resource id"),
        pytest.param(A.replace("-", ""), "nearly", id="no dashes"),
        pytest.param(f"{{{A.replace('-', '')}}}", "nearly", id="braces, no dashes"),
        pytest.param("\u0660" * 8 + A[8:], "nearly", id="Arabic-Indic digits"),
        pytest.param("\uff10" * 8 + A[8:], "nearly", id="fullwidth digits"),
        pytest.param(A.translate(WIDE), "nearly", id="fullwidth letters"),
        pytest.param(f"{A}?x=1", "nearly", id="query"),
        pytest.param(f"{A}#", "nearly", id="fragment"),
        pytest.param(f"{A}/../{B}", "nearly", id="way out"),
        pytest.param(f"{A}%2f", "nearly", id="encoded slash"),
        pytest.param(f"{A},{B}", "nearly", id="two ids"),
        pytest.param(f"{A};", "nearly", id="semicolon"),
        pytest.param(f"/subscriptions/{A.replace('-', '')}", "nearly", id="path, no dashes"),
    ],
)
def test_slips_are_refused_before_anything_is_asked(text: str, problem: str) -> None:
    """Neither an id nor a name, or nearly an id: exit code 2, and the option is named."""
    with pytest.raises(UsageError, match=problem) as caught:
        selector(text, "--subscription")

    assert str(caught.value).startswith("--subscription: ")
    assert len(str(caught.value)) < 2 * LONGEST_NAME
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_what_is_taken_is_an_id_or_harmless(text: str) -> None:
    """Whatever is given, it ends as an id in lower case, as a printable name, or as wrong usage."""
    try:
        found = selector(text, "--exclude")
    except UsageError:
        return

    assert found.text in (text, text.lower().rstrip("/").removeprefix("/subscriptions/"))
    assert found.is_id or (found.text == found.text.strip() and found.text.encode())


def test_lines_of_a_file() -> None:
    """A line each; comments, blank lines, CRLF, indentation and a byte order mark go."""
    lines = (
        f"\ufeff{A}\r\n\n   \r\n# all of them\r\n  # indented\n\t{B.upper()} \nProd\n{C} # why\n"
    )

    found = selectors(lines, "--subscriptions-from FILE")

    assert found == [
        Selector(A, "--subscriptions-from FILE, line 1"),
        Selector(B, "--subscriptions-from FILE, line 6"),
        Selector("Prod", "--subscriptions-from FILE, line 7"),
        Selector(C, "--subscriptions-from FILE, line 8"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(f"{A}\t# tabbed", A, id="a comment behind a tab"),
        pytest.param(f"{A} #", A, id="an empty comment"),
        pytest.param(f"{A} # one # two", A, id="a comment in a comment"),
        pytest.param("Team #1", "Team #1", id="a name with its number"),
        pytest.param("C#", "C#", id="a name that ends so"),
    ],
)
def test_a_hash_is_a_comment_behind_an_id_only(line: str, text: str) -> None:
    """A name may well hold one."""
    (found,) = selectors(line, "FILE")

    assert found.text == text


@pytest.mark.parametrize(
    "lines", ["", "\ufeff", "\n\n", "# nothing", pytest.param(" \t\r\n#\n", id="blanks")]
)
def test_a_file_may_select_nothing(lines: str) -> None:
    """Empty is no error yet."""
    assert selectors(lines, "FILE") == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f"{A}\n{A}#x", id="no blank before the comment"),
        pytest.param(f"\n{A}\r{B}", id="CR alone"),
        pytest.param(f"\n\ufeff{A}", id="a byte order mark further down"),
        pytest.param(f"\n{A}\x0c", id="form feed"),
        pytest.param(f"\n{A}\u0085", id="next line"),
        pytest.param(f"\n{A}\x00", id="NUL"),
        pytest.param(f"\n{A},{B}", id="two on a line"),
    ],
)
def test_a_bad_line_is_named(lines: str) -> None:
    """The file is refused as a whole, with the number of the line."""
    with pytest.raises(UsageError, match=r"^FILE, line 2: "):
        selectors(lines, "FILE")


def test_all_that_is_visible_is_the_default() -> None:
    """In Azure's order."""
    scope = resolve(VISIBLE, None, [])

    assert (scope.subscriptions, scope.warnings) == (VISIBLE, ())


def test_nothing_visible_is_no_audit() -> None:
    """An identity that sees nothing is a failure, whatever was asked for."""
    for wanted in (None, [], asked(A)):
        with pytest.raises(ContactsAuditError, match="no subscription is visible") as caught:
            resolve([], wanted, [])

        assert caught.value.exit_code is ExitCode.FAILED


def test_the_wanted_come_in_azure_s_order_and_once() -> None:
    """However often and in whatever order they are asked for."""
    scope = resolve(VISIBLE, asked("Test", A.upper(), B, "Test", A), [])

    assert scope.subscriptions == (PROD, TEST)


def test_an_id_that_is_not_visible_is_a_row_at_the_end() -> None:
    """It is reported as asked for, after all that can be seen."""
    strangers = [letter * 8 + A[8:] for letter in "ef"]

    scope = resolve(VISIBLE, asked(strangers[1].upper(), B, strangers[0], strangers[1]), [])

    assert scope.subscriptions == (
        TEST,
        Subscription(strangers[1], visible=False),
        Subscription(strangers[0], visible=False),
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("Prod", PROD, id="to the letter"),
        pytest.param("prod", DEV, id="to the letter, in lower case"),
        pytest.param("TEST", TEST, id="in another case"),
    ],
)
def test_a_name_is_matched_to_the_letter_first(name: str, found: Subscription) -> None:
    """Only then does case not matter."""
    assert resolve(VISIBLE, asked(name), []).subscriptions == (found,)


def test_a_name_of_several_is_refused_with_the_ids() -> None:
    """Neither of them is guessed at."""
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'") as caught:
        resolve(VISIBLE, asked("PROD"), [])

    assert caught.value.hint == f"give the id, one of: Prod ({A}), prod ({C})"


@pytest.mark.parametrize("name", ["staging", "*"])
def test_a_name_of_none_is_refused_with_what_there_is(name: str) -> None:
    """Where that is a handful."""
    with pytest.raises(UsageError, match="no subscription is named") as caught:
        resolve(VISIBLE, asked(name), [])

    assert caught.value.hint == f"visible are: Prod ({A}), Test ({B}), prod ({C}), {D}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Prdouction", "did you mean Production ({0})?", id="letters changed places"),
        pytest.param("Prod", "did you mean Production ({0})?", id="its beginning"),
        pytest.param("Production EU", "did you mean Production ({0})?", id="more than it"),
        pytest.param("sandbox", "did you mean Sandbox 1 ({1}), Sandbox 22 ({2})?", id="several"),
        pytest.param(
            "staging", "none of the 1003 that are visible has a name like it", id="nothing like it"
        ),
    ],
)
def test_the_likes_of_a_misspelt_name_are_told(name: str, hint: str) -> None:
    """By likeness, wherever Azure lists them; a thousand subscriptions do not fill the screen."""
    names = [*("x" * 9 + str(at) for at in range(1000)), "Production", "Sandbox 1", "Sandbox 22"]
    many = [Subscription(f"{at:08x}{A[8:]}", each) for at, each in enumerate(names)]

    with pytest.raises(UsageError, match="no subscription is named") as caught:
        resolve(many, asked(name), [])

    assert caught.value.hint == hint.format(*(one.id for one in many[1000:]))


@pytest.mark.parametrize(
    ("text", "option", "hint"),
    [
        pytest.param(
            "Prod,My Test", "--subscription", "-s repeats: -s Prod -s 'My Test'", id="names"
        ),
        pytest.param(f"{A},{B}", "--subscription", f"-s repeats: -s {A} -s {B}", id="ids"),
        pytest.param("a;b", "--exclude", "", id="an exclusion of none is only warned of"),
        pytest.param(f"{A};{B}", "--exclude", f"--exclude repeats: --exclude {A}", id="excluded"),
        pytest.param("Prod, Test", "--subscriptions-from F, line 1", "give one a line", id="file"),
    ],
)
def test_several_in_one_are_told_to_repeat(text: str, option: str, hint: str) -> None:
    """A comma may be of a name, and is no separator."""
    said = ""
    try:
        resolve(VISIBLE, [selector(text, option)] if option != "--exclude" else None, [])
        selector(text, option)
    except UsageError as error:
        said = error.hint

    assert said.startswith(hint)


# Names that a policy holds


def test_names_are_looked_up_among_all_that_is_visible() -> None:
    """Not only in scope: of two shards, each would have one of the two."""
    scope = resolve(VISIBLE, asked(A), [])

    assert scope.ids(asked("Test", "nobody", B, "Prod")) == {"Test": B, "Prod": A}
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'"):
        scope.ids(asked("PROD"))


def test_an_id_is_no_name() -> None:
    """Whoever is called by the id of another is not meant by it."""
    called = Subscription(D, A)

    scope = resolve([PROD, called], asked(A), [selector(D, "--exclude")])

    assert (scope.subscriptions, scope.ids(asked(A, D))) == ((PROD,), {})


def test_the_unwanted_are_left_out() -> None:
    """By id in any case, or by name; what matches nothing is warned of."""
    unwanted = [selector(text, "--exclude") for text in (A.upper(), "test", "nobody", B)]

    scope = resolve(VISIBLE, None, unwanted)

    assert scope.subscriptions == (DEV, NAMELESS)
    assert scope.warnings == ("--exclude: 'nobody' matches nothing",)


def test_an_exclusion_that_matches_nothing_names_what_is_like_it() -> None:
    """What was to be left out is audited, and nobody would see why."""
    scope = resolve(VISIBLE, None, [selector("Tset", "--exclude")])

    assert scope.warnings == (f"--exclude: 'Tset' matches nothing -- did you mean Test ({B})?",)


def test_one_that_is_not_visible_can_be_left_out_too() -> None:
    """What was asked for and is excluded is not in scope."""
    stranger = "e" * 8 + A[8:]

    scope = resolve(VISIBLE, asked(stranger, A), asked(stranger))

    assert (scope.subscriptions, scope.warnings) == ((PROD,), ())


def test_an_ambiguous_exclusion_is_refused() -> None:
    """Leaving out too much would be an audit of too little."""
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'"):
        resolve(VISIBLE, None, asked("PROD"))


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        pytest.param([], [], id="an empty file"),
        pytest.param(asked(A), asked("Prod"), id="all excluded"),
        pytest.param(None, asked(A, B, C, D), id="each excluded"),
    ],
)
def test_an_empty_scope_is_no_audit(
    wanted: list[Selector] | None, unwanted: list[Selector]
) -> None:
    """Nothing to read is never "all compliant"."""
    with pytest.raises(ContactsAuditError, match="no subscription is left") as caught:
        resolve(VISIBLE, wanted, unwanted)

    assert caught.value.exit_code is ExitCode.FAILED


@given(st.lists(st.sampled_from(VISIBLE), unique=True), st.lists(st.sampled_from([A, B, C, D])))
def test_rows_out_are_subscriptions_in(visible: list[Subscription], ids: list[str]) -> None:
    """Each that was asked for is there exactly once, seen or not."""
    try:
        scope = resolve(visible, asked(*ids), [])
    except ContactsAuditError:
        assert not visible or not ids
        return

    rows = [subscription.id for subscription in scope.subscriptions]
    assert sorted(rows) == sorted(set(ids))
    assert all(GUID.fullmatch(row) for row in rows)


# Shards


@pytest.mark.parametrize("count", [1, 2, 7])
def test_each_subscription_is_in_one_part(count: int) -> None:
    """By the SHA-256 of its id in lower case, modulo the number of parts."""
    known = [Subscription(f"{number:08x}-0000-4000-8000-000000000000") for number in range(50)]

    parts = [resolve(known, None, [], Shard(index, count)).subscriptions for index in range(count)]

    for index, part in enumerate(parts):
        assert list(part) == [
            each
            for each in known
            if int(hashlib.sha256(each.id.encode()).hexdigest(), 16) % count == index
        ]


@pytest.mark.parametrize(
    ("text", "index", "part"),
    [("0/1", None, (0, 1)), ("2/3", "1", (2, 3)), ("auto/3", "1", (1, 3)), ("007/8", None, (7, 8))],
)
def test_parts(text: str, index: str | None, part: tuple[int, int]) -> None:
    """By number, or by the index of the job."""
    assert shard(text, index) == part


@pytest.mark.parametrize(
    ("text", "index"),
    [
        *((text, "0") for text in ("", "1", "1/1", "0/0", "-1/2", "a/2", "1/2/3", " 0/1", "0/1\n")),
        *((text, "0") for text in ("٣/9", "1e1/99", "auto", "AUTO/2", "0/9999999999")),
        *(("auto/2", index) for index in (None, "2", "x", "-1", "")),
    ],
)
def test_what_is_no_part(text: str, index: str | None) -> None:
    """Wrong usage, before anything is sent."""
    with pytest.raises(UsageError):
        shard(text, index)
