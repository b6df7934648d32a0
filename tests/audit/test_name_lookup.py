"""A name is found exactly, then in any case; for a misspelt one the nearest are named."""

import pytest
from audit.subscriptions import DEV, PROD, TEST, VISIBLE, A, B, C, D, asked

from contacts_audit.audit.scope import resolve_scope
from contacts_audit.audit.selectors import parse_selector
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("Prod", PROD, id="to the letter"),
        pytest.param("prod", DEV, id="to the letter, in lower case"),
        pytest.param("TEST", TEST, id="in another case"),
    ],
)
def test_an_exact_name_is_matched_first(name: str, found: Subscription) -> None:
    """Otherwise case does not matter."""
    assert resolve_scope(VISIBLE, asked(name), []).subscriptions == (found,)


def test_an_ambiguous_name_is_refused_with_the_ids() -> None:
    """The program does not guess."""
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'") as caught:
        resolve_scope(VISIBLE, asked("PROD"), [])

    assert caught.value.hint == f"give the id, one of: Prod ({A}), prod ({C})"


@pytest.mark.parametrize("name", ["staging", "*"])
def test_an_unknown_name_is_refused_with_the_visible_ones(name: str) -> None:
    """A handful of subscriptions is listed."""
    with pytest.raises(UsageError, match="no subscription is named") as caught:
        resolve_scope(VISIBLE, asked(name), [])

    assert caught.value.hint == f"visible are: Prod ({A}), Test ({B}), prod ({C}), {D}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Prdouction", "did you mean Production ({0})?", id="letters changed places"),
        pytest.param("Prod", "did you mean Production ({0})?", id="its beginning"),
        pytest.param("Production EU", "did you mean Production ({0})?", id="more than it"),
        pytest.param("sandbox", "did you mean Sandbox 1 ({1}), Sandbox 22 ({2})?", id="several"),
        pytest.param(
            "staging", "none of the 1003 visible ones has a similar name", id="nothing like it"
        ),
    ],
)
def test_similar_names_are_suggested(name: str, hint: str) -> None:
    """The most similar come first; of a thousand subscriptions only five are listed."""
    names = [*("x" * 9 + str(at) for at in range(1000)), "Production", "Sandbox 1", "Sandbox 22"]
    many = [Subscription(f"{at:08x}{A[8:]}", each) for at, each in enumerate(names)]

    with pytest.raises(UsageError, match="no subscription is named") as caught:
        resolve_scope(many, asked(name), [])

    assert caught.value.hint == hint.format(*(one.id for one in many[1000:]))


@pytest.mark.parametrize(
    ("text", "option", "hint"),
    [
        pytest.param(
            "Prod,My Test", "--subscription", "repeat -s: -s Prod -s 'My Test'", id="names"
        ),
        pytest.param(f"{A},{B}", "--subscription", f"repeat -s: -s {A} -s {B}", id="ids"),
        pytest.param("a;b", "--exclude", "", id="an exclusion of none is only warned of"),
        pytest.param(f"{A};{B}", "--exclude", f"repeat --exclude: --exclude {A}", id="excluded"),
        pytest.param("Prod, Test", "--subscriptions-from F, line 1", "give one a line", id="file"),
    ],
)
def test_a_list_in_one_value_gets_a_hint_to_repeat_the_option(
    text: str, option: str, hint: str
) -> None:
    """A comma may be part of a name, so it does not separate."""
    said = ""
    try:
        resolve_scope(
            VISIBLE, [parse_selector(text, option)] if option != "--exclude" else None, []
        )
        parse_selector(text, option)
    except UsageError as error:
        said = error.hint

    assert said.startswith(hint)


def test_names_are_looked_up_among_all_visible_subscriptions() -> None:
    """Two shards must find the same two subscriptions of one name."""
    scope = resolve_scope(VISIBLE, asked(A), [])

    assert scope.resolve_names(asked("Test", "nobody", B, "Prod")) == {"Test": B, "Prod": A}
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'"):
        scope.resolve_names(asked("PROD"))


def test_an_id_never_matches_a_name() -> None:
    """A subscription that is named like the id of another is not meant."""
    called = Subscription(D, A)

    scope = resolve_scope([PROD, called], asked(A), [parse_selector(D, "--exclude")])

    assert (scope.subscriptions, scope.resolve_names(asked(A, D))) == ((PROD,), {})


def test_an_exclusion_that_matches_nothing_suggests_similar_names() -> None:
    """Otherwise the subscription is audited, and nobody sees why."""
    scope = resolve_scope(VISIBLE, None, [parse_selector("Tset", "--exclude")])

    assert scope.warnings == (f"--exclude: 'Tset' matches nothing -- did you mean Test ({B})?",)
