"""An option, its variable and its default say the same thing, whoever says it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import ROOT, run_in

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.cli.host import Host
from contacts_audit.cli.options import azure, checks, output, scope
from contacts_audit.cli.options.azure import (
    AzureOptions,
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
)
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import OPTIONS, count, grouped, seconds
from contacts_audit.cli.options.output import LogOptions, OutputOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.options.variables import defaults_from, variable_of
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.model import Check, Profile
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.report import Format

CONTOSO = str(ROOT / "fixtures/contoso")


@dataclass(frozen=True)
class Given:
    """What a command was called with."""

    scope: ScopeOptions
    azure: AzureOptions
    policy: PolicyOptions
    output: OutputOptions
    alone: bool


def command() -> tuple[Any, list[Given]]:
    """Return a command that takes every group, and where it leaves what it was given."""
    seen: list[Given] = []

    @grouped
    def look(
        host: Host,
        scope: ScopeOptions,
        azure: AzureOptions,
        policy: PolicyOptions,
        output: OutputOptions,
        alone: bool = OPTIONS("--alone", "Stay alone."),
    ) -> None:
        """Look at what is given."""
        seen.append(Given(scope, azure, policy, output, alone))

    app = typer.Typer(add_completion=False)
    app.command()(look)
    return typer.main.get_command(app), seen


def call(*arguments: str, **variables: str) -> Given:
    """Return what the command is given by *arguments* and CONTACTS_AUDIT_*."""
    program, seen = command()
    host = Host({}, None, Screen(None, None), Shutdown())
    environment = {f"CONTACTS_AUDIT_{name}": text for name, text in variables.items()}
    defaults = defaults_from(environment, program)
    program.main(list(arguments), standalone_mode=False, default_map=defaults, obj=host)
    (given,) = seen
    return given


NOTHING = Given(
    ScopeOptions(),
    AzureOptions(),
    PolicyOptions(),
    OutputOptions(),
    False,
)


def test_defaults_are_those_of_the_groups() -> None:
    """A dataclass and the command line have the same defaults."""
    assert call() == NOTHING


def test_an_option_finds_its_group() -> None:
    """Each goes where it belongs, and the others stay as they are."""
    given = call(
        *("-s", "a", "--subscription", "b", "--exclude", "c", "--current"),
        *("--auth", "env", "--tenant", "t", "--cloud", "AzureChinaCloud", "--workers", "7"),
        *("--timeout", "0.5", "--record", "folder", "-v", "--check", "contact-email"),
        *("--profile", "conformity", "-o", "tsv", "--report", "x.json", "-r", "-q", "--alone"),
    )

    assert given == Given(
        ScopeOptions(subscription=["a", "b"], exclude=["c"], current=True),
        AzureOptions(
            LogOptions(verbose=True),
            IdentityOptions(auth=Auth.ENV, tenant=["t"]),
            CloudOptions(cloud=CloudName.CHINA),
            NetworkOptions(workers=7, timeout=0.5, record=Path("folder")),
        ),
        PolicyOptions(check=[Check.CONTACT_EMAIL], profile=Profile.CONFORMITY),
        OutputOptions(output=Format.TSV, report=[Path("x.json")], raw=True, quiet=True),
        True,
    )


def test_a_grouped_command_keeps_its_name_and_its_help() -> None:
    """typer shows both."""
    program, _ = command()

    assert (program.name, program.help) == ("look", "Look at what is given.")


def test_repeatable_options_are_not_shared() -> None:
    """The values of one call are not there in the next."""
    call("-s", "a")

    assert call() == NOTHING


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"SUBSCRIPTION": "a"}, {"subscription": ["a"]}, id="one"),
        pytest.param({"SUBSCRIPTION": "a;b"}, {"subscription": ["a", "b"]}, id="semicolon"),
        pytest.param({"SUBSCRIPTION": "a\nb\n"}, {"subscription": ["a", "b"]}, id="lines"),
        pytest.param({"SUBSCRIPTION": "My Team;b"}, {"subscription": ["My Team", "b"]}, id="blank"),
        pytest.param({"SUBSCRIPTION": ";;a; ;"}, {"subscription": ["a"]}, id="empty parts"),
        pytest.param({"SUBSCRIPTION": "a,b"}, {"subscription": ["a,b"]}, id="comma"),
        pytest.param({"SUBSCRIPTIONS_FROM": "f;-"}, {"subscriptions_from": ["f", "-"]}, id="dash"),
        pytest.param({"EXCLUDE": "c"}, {"exclude": ["c"]}, id="another"),
    ],
)
def test_the_variable_of_a_repeatable_option_is_split(
    variables: dict[str, str], expected: dict[str, Any]
) -> None:
    """At line breaks and semicolons."""
    assert call(**variables).scope == ScopeOptions(**expected)


@pytest.mark.parametrize("word", ["1", "true", "yes", "on", "TRUE", "Yes", "oN"])
def test_a_flag_is_switched_on(word: str) -> None:
    """By 1, true, yes or on."""
    given = call(CURRENT=word, VERBOSE=word, MASK=word, ALONE=word)

    assert given.scope.current
    assert given.azure.log.verbose
    assert given.azure.network.mask
    assert given.alone


@pytest.mark.parametrize("word", ["0", "false", "no", "off", "FALSE", "Off", ""])
def test_a_flag_stays_off(word: str) -> None:
    """By 0, false, no, off, or an empty variable."""
    assert call(CURRENT=word, VERBOSE=word, MASK=word, ALONE=word) == NOTHING


@pytest.mark.parametrize("word", ["2", "-1", "maybe", "y", " yes", "yes\n", "\uff11"])
def test_an_invalid_flag_is_wrong_usage(word: str) -> None:
    """It never counts as "no". The error names the variable."""
    with pytest.raises(typer.BadParameter) as caught:
        call(CURRENT=word)

    assert "CONTACTS_AUDIT_CURRENT" in caught.value.format_message()


def test_a_value_is_read_as_on_the_command_line() -> None:
    """Numbers, choices, paths and words."""
    given = call(
        WORKERS="7", AUTH="env", CA_BUNDLE="ca.pem", ARM_ENDPOINT="https://x", RAW_OUTPUT="1"
    )

    assert given.azure.network.workers == 7
    assert given.azure.identity.auth is Auth.ENV
    assert (given.azure.cloud.ca_bundle, given.azure.cloud.arm_endpoint) == (
        Path("ca.pem"),
        "https://x",
    )
    assert given.output.raw


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"WORKERS": "0"}, id="number"),
        pytest.param({"TIMEOUT": "5s"}, id="seconds"),
        pytest.param({"AUTH": "guess"}, id="choice"),
        pytest.param({"CHECK": "contact-email;x"}, id="one of several"),
    ],
)
def test_a_bad_value_is_wrong_usage(variables: dict[str, str]) -> None:
    """In a variable no less than on the command line."""
    with pytest.raises(typer.BadParameter):
        call(**variables)


@pytest.mark.parametrize("name", [item.name for item in fields(NetworkOptions)])
def test_empty_is_unset(name: str) -> None:
    """A variable that a shell script left empty changes nothing."""
    assert call(**{name.upper(): ""}) == NOTHING


def test_the_command_line_replaces_a_variable() -> None:
    """The values of a repeatable option are not added up."""
    given = call(
        "-s", "c", "--workers", "3", "-o", "json", SUBSCRIPTION="a;b", WORKERS="7", OUTPUT="tsv"
    )

    assert given.scope.subscription == ["c"]
    assert given.azure.network.workers == 3
    assert given.output.output is Format.JSON


@pytest.mark.parametrize("name", ["TOKEN_FILE", "HELP", "S", "NOBODY", "subscription"])
def test_options_without_a_variable(name: str) -> None:
    """The file of a token never comes from a variable, and unknown names are ignored."""
    assert call(**{name: "x"}) == NOTHING


def test_every_other_option_has_a_variable() -> None:
    """In each group."""
    program, _ = command()
    every = {
        item.name.upper()
        for module in (scope, azure, checks, output)
        for group in vars(module).values()
        if is_dataclass(group) and isinstance(group, type)
        for item in fields(group)
        if not is_dataclass(item.type)
    }

    names = {variable_of(parameter) for parameter in program.params} - {""}

    every = every - {"TOKEN_FILE", "RAW"} | {"RAW_OUTPUT", "ALONE"}
    assert names == {f"CONTACTS_AUDIT_{name}" for name in every}


def test_variables_of_other_commands_are_ignored() -> None:
    """Their values are not checked."""

    @grouped
    def short(host: Host, log: LogOptions) -> None:
        """Do little."""

    app = typer.Typer(add_completion=False)
    app.command()(short)
    environment = {"CONTACTS_AUDIT_QUIET": "maybe", "CONTACTS_AUDIT_DEBUG": "1", "HOME": "/"}

    assert defaults_from(environment, typer.main.get_command(app)) == {"debug": True}


def test_any_dataclass_is_a_group() -> None:
    """Its defaults may come from a factory."""

    @dataclass
    class Fruit:
        apples: int = OPTIONS("--apples -a COUNT", "Count the apples.", 1)
        pears: list[str] = OPTIONS("--pears NAME", "Name a pear.", repeated=True)

    seen: list[Fruit] = []

    @grouped
    def eat(host: Host, fruit: Fruit) -> None:
        seen.append(fruit)

    app = typer.Typer(add_completion=False)
    app.command()(eat)
    program = typer.main.get_command(app)
    host = Host({}, None, Screen(None, None), Shutdown())
    program.main(["-a", "2", "--pears", "x"], standalone_mode=False, obj=host)

    said = defaults_from({"CONTACTS_AUDIT_APPLES": "3"}, program)

    assert seen == [Fruit(2, ["x"])]
    assert said == {"apples": "3"}


@pytest.mark.parametrize(
    ("given", "number"), [("1", 1), ("32", 32), ("1024", 1024), ("0007", 7), (32, 32)]
)
def test_a_count(given: str | int, number: int) -> None:
    """A whole number from 1 to 1024."""
    assert count(given) == number


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("0", id="zero"),
        pytest.param("-1", id="negative"),
        pytest.param("1025", id="too many"),
        pytest.param("1e6", id="exponent"),
        pytest.param("1" * 5000, id="too long to convert"),
        pytest.param("1.0", id="fraction"),
        pytest.param("", id="empty"),
        pytest.param(" 5", id="blank"),
        pytest.param("5\n", id="line break"),
        pytest.param("+5", id="sign"),
        pytest.param("1_0", id="underscore"),
        pytest.param("\u0665", id="digits of another script"),
        pytest.param("many", id="word"),
    ],
)
def test_invalid_counts(given: str) -> None:
    """Each is refused, and quoted in the error."""
    with pytest.raises(typer.BadParameter, match="whole number"):
        count(given)


@pytest.mark.parametrize(
    ("given", "number"),
    [("1", 1.0), ("0.001", 0.001), ("1e3", 1000.0), ("1000000", 1e6), (15.0, 15.0)],
)
def test_seconds(given: str | float, number: float) -> None:
    """A positive number, fractions too."""
    assert seconds(given) == number


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("0", id="zero"),
        pytest.param("-0.0", id="negative zero"),
        pytest.param("-1", id="negative"),
        pytest.param("nan", id="not a number"),
        pytest.param("inf", id="for ever"),
        pytest.param("1e309", id="overflow"),
        pytest.param("1000001", id="longer than eleven days"),
        pytest.param("1e-400", id="underflow"),
        pytest.param("5s", id="unit"),
        pytest.param("", id="empty"),
        pytest.param("\u0665", id="digits of another script"),
        pytest.param("1_0", id="underscore"),
    ],
)
def test_invalid_seconds(given: str) -> None:
    """Each is refused, and quoted in the error."""
    with pytest.raises(typer.BadParameter, match="seconds"):
        seconds(given)


def test_without_variables_there_are_no_defaults() -> None:
    """The surroundings of most users say nothing."""
    environment: Mapping[str, str] = {"PATH": "/bin", "CONTACTS_AUDIT_": "y"}

    assert defaults_from(environment, command()[0]) == {}


# Variables of nobody


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SUBSCRIPTON", " -- did you mean CONTACTS_AUDIT_SUBSCRIPTION?"),
        ("SUBSCRIPTIONS", " -- did you mean CONTACTS_AUDIT_SUBSCRIPTION?"),
        ("JQFILTER", ""),
        ("TOKENFILE", " -- did you mean CONTACTS_AUDIT_TOKEN_FILE?"),
    ],
)
def test_an_unknown_variable_is_reported(name: str, near: str) -> None:
    """Otherwise a misspelled variable would audit all subscriptions, and nobody would know why."""
    ran = run_in({f"CONTACTS_AUDIT_{name}": "x"}, "audit", "--replay", CONTOSO, "-o", "json")

    assert ran.err.startswith(
        f"warning: CONTACTS_AUDIT_{name} is not a variable of this program, and is ignored{near}\n"
    )


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        pytest.param({"PROFILE": "cis"}, "fetch", id="of another command"),
        pytest.param({"STATE_DIR": "/x"}, "audit", id="of a command that writes"),
        pytest.param({"SUBSCRIPTON": ""}, "audit", id="empty is unset"),
        pytest.param({"SUBSCRIPTON": "x", "QUIET": "1"}, "audit", id="quiet"),
    ],
)
def test_other_variables_are_not_reported(variables: dict[str, str], command: str) -> None:
    """A shell may export the variables of all commands."""
    named = {f"CONTACTS_AUDIT_{name}": value for name, value in variables.items()}

    assert "not a variable" not in run_in(named, command, "--replay", CONTOSO).err


def test_a_run_without_changes_prints_nothing_whatever_its_variables(tmp_path: Path) -> None:
    """Not a byte. If something changed, all warnings are printed."""
    report = str(tmp_path / "report.json")
    asked = ("audit", "--replay", CONTOSO, "--only-changes", "--baseline", report)
    strange = {"CONTACTS_AUDIT_FOO": "1"}
    first = run_in(strange, *asked, "--report", report)

    second = run_in(strange, *asked)

    assert "CONTACTS_AUDIT_FOO is not a variable" in first.err
    assert (second.out, second.err) == (b"", "")


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["--profile", "CIS"], " Did you mean cis?"),
        (["--check", "contact-mail"], " Did you mean contact-email?"),
        (["--cloud", "azurecloud"], " Did you mean AzureCloud?"),
        (["-o", "jsn"], " Did you mean json?"),
        (["-o", "zzz"], ""),
        (["-o", "'"], ""),
    ],
)
def test_a_misspelled_choice_names_the_nearest(arguments: list[str], near: str) -> None:
    """In any case; the others are listed."""
    ran = run_in({}, "audit", *arguments)

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.endswith(f".{near} -- see --help\n")
