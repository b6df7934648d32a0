"""A merged report takes no link, host or command from its files."""

from pathlib import Path

import pytest
from audit.merges import Document, forged, merged, shards
from conftest import ROOT, run_in

from contacts_audit.report import Format


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("cloud", ["AzureCloud", "evil.example", "Evil", "AZURECLOUD"])
def test_no_link_and_no_command_takes_a_host_from_a_report(
    tmp_path: Path, form: Format, cloud: str
) -> None:
    """Anybody may have written it: links are our own if the cloud is known, else there are none."""
    (name,) = shards(tmp_path, 1, "--profile", "strict")

    def forge(one: Document) -> None:
        one.update(cloud=cloud, tenants=["evil.example", "x"])
        for row in one["subscriptions"]:
            row.update(portal_url="https://evil.example/", tenant_id="evil.example")
            if row["error"] is not None:
                row["error"]["hint"] = "sign in at https://evil.example/"

    forged(name, forge)

    ran = merged(name, "-o", form)

    assert ran.code == 4
    assert "//evil" not in ran.text + ran.err
    assert "-endpoint evil" not in ran.text
    assert "--tenant" not in ran.text


def test_the_portal_of_a_known_cloud_is_in_a_merged_page(tmp_path: Path) -> None:
    """As in the page of the audit."""
    (name,) = shards(tmp_path, 1)

    assert 'href="https://portal.azure.com/#blade/' in merged(name, "-o", "html").text


def test_a_replay_names_no_host_of_its_recording(tmp_path: Path) -> None:
    """A command that the user copies must not send a token to another host."""
    ran = run_in({}, "audit", "--replay", str(ROOT / "fixtures/old-cloud"), "-o", "html")

    assert "--arm-endpoint https" not in ran.text


def test_stdin_is_read_once(tmp_path: Path) -> None:
    """One report may come through a pipe, which cannot be read again."""
    (name,) = shards(tmp_path, 1)
    content = Path(name).read_bytes()

    assert merged("-", "-q", stdin=content).code == 4
    twice = merged("-", "-", stdin=content)

    assert (twice.code, twice.out) == (2, b"")
    assert "stdin is already used by REPORT" in twice.err
