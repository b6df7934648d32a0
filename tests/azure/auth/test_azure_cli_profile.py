"""`--current` reads the default subscription from the profile of az."""

import json
from pathlib import Path

import pytest
from azure.auth.shared import NO_CREDENTIAL
from azure_double import AzureDouble
from conftest import Run

GOV, CHINA = "AzureUSGovernment", "AzureChinaCloud"
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def profile(folder: Path, *accounts: dict[str, object], **files: str) -> str:
    """Write the profile and the settings of az to *folder*."""
    folder.mkdir(exist_ok=True)
    text = json.dumps({"subscriptions": accounts})
    (folder / "azureProfile.json").write_text("\ufeff" + text)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return str(folder)


def account(cloud: str, default: bool = True, id_: str = ID) -> dict[str, object]:
    """Return an account in the form of the profile."""
    return {"id": id_, "isDefault": default, "environmentName": cloud, "tenantId": "t"}


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
    """`--current` is a subscription of az, so az must be set to the cloud of the run."""
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


def test_a_known_cloud_of_az_is_not_the_users_own(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """The user's own endpoint has no subscription of Azure Government."""
    folder = profile(tmp_path / "azure", account(GOV), config=ACTIVE.format(GOV))

    ran = run("audit", "--current", AZURE_CONFIG_DIR=folder)

    assert (ran.code, azure.asked) == (1, [])
    assert f"--cloud {GOV}" in ran.err


@pytest.mark.parametrize(
    "config", ["", "no section\n", "[cloud]\n", "[cloud]\nname = AzureCloud\n", "\x00%(x)s"]
)
def test_odd_settings_of_az_are_ignored(run: Run, tmp_path: Path, config: str) -> None:
    """They are for az only."""
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


def test_the_profile_is_found_at_home(run: Run, tmp_path: Path) -> None:
    """In HOME; if that is empty, in the home folder of the user database."""
    profile(tmp_path / ".azure", account("AzureCloud"))
    own = {
        "AZURE_ACCESS_TOKEN": "a.b.c",
        "CONTACTS_AUDIT_ARM_ENDPOINT": "",
        "CONTACTS_AUDIT_AUTHORITY_HOST": "",
        "CONTACTS_AUDIT_AUDIENCE": "",
    }

    ran = run("token", "--auth", "token", "--current", "-o", "tsv", HOME=str(tmp_path), **own)

    assert ran.text == f"{ID}\ta.b.c\n", ran.err


@pytest.mark.parametrize("auth", ["auto", "azure-cli"])
def test_a_missing_az_is_not_called_signed_out(
    azure: AzureDouble, run: Run, auth: str, tmp_path: Path
) -> None:
    """The error shows PATH, which is short in cron, and where az is."""
    elsewhere = tmp_path / ".local" / "bin"
    elsewhere.mkdir(parents=True)
    nowhere = {**NO_CREDENTIAL, "PATH": "/nonexistent", "HOME": str(tmp_path)}

    missing = run("audit", "--auth", auth, **nowhere)
    (elsewhere / "az").write_text("#!/bin/sh\n")
    (elsewhere / "az").chmod(0o755)
    found = run("audit", "--auth", auth, **nowhere)

    assert (missing.code, found.code, azure.asked) == (1, 1, [])
    assert "the Azure CLI was not found (no az in PATH=/nonexistent)" in missing.err
    if not any(Path(folder, "az").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        assert "install it, and run: az login; or set AZURE_TENANT_ID" in missing.err
        assert f"add {elsewhere} to PATH: az is there" in found.err
