"""Where home is, and how az is started: systemd, cron and containers know less than a shell."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.auth.test_sign_in import az, az_says
from azure_double import AzureDouble
from conftest import ROOT, Ran, Run, coverage_variables, program, surroundings

from contacts_audit.core.home import home

__all__ = ["az"]
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NOBODY = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
STRANGER = "54321"  # whom no list of users knows
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
Az = Callable[..., str]


def test_home_is_that_of_the_variable_or_of_the_list_of_users() -> None:
    """As for az; an empty variable is none."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)

    assert home({"HOME": "/x"}) == Path("/x")
    assert home({"HOME": ""}) == own
    assert home({}) == own


@pytest.fixture
def as_a_stranger(azure: AzureDouble) -> Callable[..., Ran]:
    """Return the program, run by a user without name and home, as containers do."""
    tools = os.geteuid() == 0 and shutil.which("setpriv")
    if not tools and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS") and os.geteuid() == 0:
        pytest.fail("setpriv is missing")
    if not tools:
        pytest.skip("only root can be somebody else")
    azure.folder.chmod(0o755)

    def runner(*arguments: str, **variables: str) -> Ran:
        kept = {**surroundings(azure, **variables), **coverage_variables()}
        del kept["HOME"]
        ran = subprocess.run(
            [
                *("setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups"),
                *("--bounding-set", "+dac_read_search", "--inh-caps", "+dac_read_search"),
                *("--ambient-caps", "+dac_read_search"),  # our own files may be root's
                *program(*arguments),
            ],
            env=kept,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr.decode())

    return runner


@pytest.mark.parametrize("command", [["apply", "--email", "a@contoso.com"], ["restore", "x.json"]])
def test_without_any_home_the_state_folder_must_be_named(
    azure: AzureDouble, as_a_stranger: Callable[..., Ran], command: list[str]
) -> None:
    """One line, no traceback, no folder called `~`; nothing was sent."""
    ran = as_a_stranger(*command, "--yes")

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (2, b"", 1, [])
    assert "--state-dir" in ran.err
    assert not Path("/~").exists()


def test_without_any_home_all_else_works(
    azure: AzureDouble, as_a_stranger: Callable[..., Ran], tmp_path: Path
) -> None:
    """Reading, and writing where the state has a folder."""
    azure.add("Prod", contacts_2017=GOOD)
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, int(STRANGER), int(STRANGER))

    audit = as_a_stranger("audit")
    apply = as_a_stranger("apply", "--email", "b@contoso.com", "--yes", "--state-dir", str(state))
    current = as_a_stranger("audit", "--current")

    assert (audit.code, apply.code) == (0, 0), apply.err
    assert (current.code, current.err.count("\n")) == (1, 1)
    assert "set HOME or AZURE_CONFIG_DIR" in current.err


def profile(folder: Path, *accounts: dict[str, object], **files: str) -> str:
    """Write az's profile to *folder*, and its other settings."""
    folder.mkdir(exist_ok=True)
    text = json.dumps({"subscriptions": accounts})
    (folder / "azureProfile.json").write_text("\ufeff" + text)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return str(folder)


def account(cloud: str, default: bool = True, id_: str = ID) -> dict[str, object]:
    """Return an account as az keeps it."""
    return {"id": id_, "isDefault": default, "environmentName": cloud, "tenantId": "t"}


GOV, CHINA = "AzureUSGovernment", "AzureChinaCloud"
ACTIVE = "[cloud]\nname = {}\n"
STACK = "[Stack]\nendpoint_resource_manager = https://management.stack.example\n"


@pytest.mark.parametrize(
    ("clouds", "files", "variables", "cure"),
    [
        pytest.param([GOV], {"config": ACTIVE.format(GOV)}, {}, f"--cloud {GOV}", id="set"),
        pytest.param([CHINA], {}, {}, f"--cloud {CHINA}", id="by its default alone"),
        pytest.param(
            [GOV, "AzureCloud"],
            {"config": ACTIVE.format(GOV)},
            {},
            f"--cloud {GOV}",
            id="set, with a default of both",
        ),
        pytest.param([CHINA], {}, {"AZURE_CLOUD_NAME": CHINA}, f"--cloud {CHINA}", id="variable"),
        pytest.param(
            ["Stack"],
            {"config": ACTIVE.format("Stack"), "clouds_config": STACK},
            {},
            "--arm-endpoint https://management.stack.example",
            id="one's own",
        ),
    ],
)
def test_another_cloud_of_az_is_named(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    clouds: list[str],
    files: dict[str, str],
    variables: dict[str, str],
    cure: str,
) -> None:
    """`--current` is az's, so the clouds must be one."""
    folder = profile(tmp_path / "azure", *map(account, clouds), **files)

    ran = run(
        *("audit", "--current"),
        AZURE_CONFIG_DIR=folder,
        CONTACTS_AUDIT_ARM_ENDPOINT="",
        CONTACTS_AUDIT_AUTHORITY_HOST="",
        CONTACTS_AUDIT_AUDIENCE="",
        **variables,
    )

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert cure in ran.err


def test_a_known_cloud_of_az_is_not_one_s_own(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """An endpoint of one's own shows no subscription of Azure Government."""
    folder = profile(tmp_path / "azure", account(GOV), config=ACTIVE.format(GOV))

    ran = run("audit", "--current", AZURE_CONFIG_DIR=folder)

    assert (ran.code, azure.asked) == (1, [])
    assert f"--cloud {GOV}" in ran.err


@pytest.mark.parametrize(
    "config", ["", "no section\n", "[cloud]\n", "[cloud]\nname = AzureCloud\n", "\x00%(x)s"]
)
def test_odd_settings_of_az_are_no_error(run: Run, tmp_path: Path, config: str) -> None:
    """They are az's."""
    folder = profile(tmp_path / "azure", account("AzureCloud"), config=config)

    ran = run(
        "token",
        "--auth",
        "token",
        "--current",
        "-o",
        "tsv",
        AZURE_CONFIG_DIR=folder,
        AZURE_ACCESS_TOKEN="a.b.c",
        CONTACTS_AUDIT_ARM_ENDPOINT="",
        CONTACTS_AUDIT_AUTHORITY_HOST="",
        CONTACTS_AUDIT_AUDIENCE="",
    )

    assert ran.text == f"{ID}\ta.b.c\n", ran.err


def test_the_profile_is_looked_for_at_home(run: Run, tmp_path: Path) -> None:
    """In HOME, and where that is empty in the home of the list of users."""
    profile(tmp_path / ".azure", account("AzureCloud"))
    own = {
        "AZURE_ACCESS_TOKEN": "a.b.c",
        "CONTACTS_AUDIT_ARM_ENDPOINT": "",
        "CONTACTS_AUDIT_AUTHORITY_HOST": "",
        "CONTACTS_AUDIT_AUDIENCE": "",
    }

    ran = run("token", "--auth", "token", "--current", "-o", "tsv", HOME=str(tmp_path), **own)

    assert ran.text == f"{ID}\ta.b.c\n", ran.err


# az


def test_az_gets_its_paths_whole(
    azure: AzureDouble, az: Az, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in another folder than we do; what is whole already, or is no path, stays."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_says(azure))
    script = Path(path.split(":")[1]) / "az"
    script.write_text(
        script.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\nenv > {tmp_path}/env\n")
    )
    relative = {
        "AZURE_CONFIG_DIR": "config",
        "AZURE_EXTENSION_DIR": "./ext",
        "REQUESTS_CA_BUNDLE": "../ca.pem",
        "SSL_CERT_FILE": "x.pem",
        "AZURE_CLIENT_CERTIFICATE_PATH": "app.pem",
    }
    variables = {
        **surroundings(azure, **NOBODY),
        **relative,
        "PATH": path,
        "CURL_CA_BUNDLE": "/whole.pem",
        "AZURE_CORE_OUTPUT": "tsv",
        "CONTACTS_AUDIT_AUTH": "azure-cli",
    }
    del variables["CONTACTS_AUDIT_CA_BUNDLE"]
    (tmp_path / "here").mkdir()
    shutil.copy(azure.ca, tmp_path / "ca.pem")

    ran = subprocess.run(
        program("audit"),
        env=variables | coverage_variables() | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path / "here",
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    seen = dict(
        line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line
    )
    here = tmp_path / "here"
    assert {name: seen[name] for name in relative} == {
        name: str(here / text) for name, text in relative.items()
    }
    assert (seen["CURL_CA_BUNDLE"], seen["AZURE_CORE_OUTPUT"]) == ("/whole.pem", "tsv")


def test_nothing_configured_names_the_ways_az_first(azure: AzureDouble, run: Run, az: Az) -> None:
    """az is there, and nobody signed in."""
    path = az(err="ERROR: Please run 'az login' to setup account.\n", code=1)

    ran = run("audit", **{**NOBODY, "PATH": path})

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    hint = ran.err.split(" -- ")[1]
    ways = (
        "az login",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
        "managed-identity",
        "device-code",
        "token",
    )
    places = [hint.index(way) for way in ways]
    assert places == sorted(places)
    assert hint.startswith("run: az login; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and ")


@pytest.mark.parametrize("auth", ["auto", "azure-cli"])
def test_a_missing_az_is_not_one_that_is_signed_out(
    azure: AzureDouble, run: Run, auth: str, tmp_path: Path
) -> None:
    """PATH is shown: cron's has no az; where it is elsewhere, that is told."""
    elsewhere = tmp_path / ".local" / "bin"
    elsewhere.mkdir(parents=True)
    nowhere = {**NOBODY, "PATH": "/nonexistent", "HOME": str(tmp_path)}

    missing = run("audit", "--auth", auth, **nowhere)
    (elsewhere / "az").write_text("#!/bin/sh\n")
    (elsewhere / "az").chmod(0o755)
    found = run("audit", "--auth", auth, **nowhere)

    assert (missing.code, found.code, azure.asked) == (1, 1, [])
    assert "the Azure CLI was not found (no az in PATH=/nonexistent)" in missing.err
    if not any(Path(folder, "az").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        assert "install it, and run: az login; or set AZURE_TENANT_ID" in missing.err
        assert f"add {elsewhere} to PATH: az is there" in found.err


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"expires_on": None, "expiresOn": None}, id="null"),
        pytest.param({"expires_on": "x", "expiresOn": "tomorrow"}, id="words"),
        pytest.param({"expires_on": {}, "expiresOn": []}, id="odd"),
    ],
)
def test_the_token_of_az_says_when_it_expires(
    azure: AzureDouble, run: Run, az: Az, told: dict[str, object]
) -> None:
    """Where az does not, or does so in words."""
    said = json.loads(az_says(azure)) | told

    ran = run("token", **{**NOBODY, "PATH": az(json.dumps(said))})

    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["expires_on"] is not None


def test_a_bad_authority_is_judged_by_whoever_needs_it(
    azure: AzureDouble, run: Run, az: Az
) -> None:
    """az and a given token sign in elsewhere; the variable may be another tool's."""
    azure.add("Prod", contacts_2017=GOOD)
    bad = {"AZURE_AUTHORITY_HOST": "http://x y/", "CONTACTS_AUDIT_AUTHORITY_HOST": ""}

    given = run("audit", **{**NOBODY, **bad, "AZURE_ACCESS_TOKEN": azure.token()})
    of_az = run("audit", **{**NOBODY, **bad, "PATH": az(az_says(azure))})
    principal = run("audit", **bad)

    assert (given.code, of_az.code) == (0, 0), of_az.err
    assert (principal.code, principal.err.count("\n")) == (1, 1)
    assert "AZURE_AUTHORITY_HOST: 'http://x y/' is not of the form" in principal.err


def test_a_unit_without_home_reads_and_says_so_once(azure: AzureDouble) -> None:
    """`env -i`, as systemd starts a service without User=."""
    azure.add("Prod", contacts_2017=GOOD)
    kept = {
        name: text
        for name, text in surroundings(azure).items()
        if name.startswith(("AZURE_", "CONTACTS_AUDIT_"))
    }

    ran = subprocess.run(
        [sys.executable, "-m", "contacts_audit", "audit"],
        env=kept | coverage_variables(),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("audit", "--report", "r.json"), 74, "r.json cannot be written: No such file"),
        (("plan", "--email", "a@contoso.com", "--save", "p.json"), 74, "p.json cannot be written"),
        (("audit", "--ca-bundle", "ca.pem"), 2, "CA bundle ca.pem cannot be used"),
        (("audit", "--jq", ".summary.in_scope"), 0, "1\n"),
    ],
)
def test_a_current_folder_that_was_deleted_is_no_bug_of_ours(
    azure: AzureDouble, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """What is relative is not found there; all else works."""
    azure.add("Prod", contacts_2017=GOOD)
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec "$0" "$@"'

    ran = subprocess.run(
        ["sh", "-c", script, str(Path(sys.executable).parent / "contacts-audit"), *arguments],
        env=surroundings(azure) | {"LD_LIBRARY_PATH": "lib"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr.count("\n") <= 2) == (code, True), ran.stderr
    assert says in ran.stdout + ran.stderr
