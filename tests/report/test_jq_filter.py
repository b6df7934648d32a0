"""The process of `--jq`: isolated from where it is started, and tried before the audit."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import jsonschema
import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run

from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.model import Verdict
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.core.workers import in_thread
from contacts_audit.report import jq_filter

CONTOSO = str(ROOT / "fixtures/contoso")
SHADOWS = ("jq", "json", "queue", "re", "contacts_audit", "encodings", "site", "sitecustomize")
INTERPRETER = Path(sys.base_prefix)


def planted(folder: Path, *names: str) -> Path:
    """Put modules into *folder* that leave a trace where they are imported."""
    for name in names:
        path = folder / f"{name}.py"
        path.write_text(f"open({str(folder / 'EXECUTED')!r}, 'a').write({name!r})\n")
    return folder


def filtered(command: list[str], folder: Path, **variables: str) -> str:
    """Run *command* with a filter in *folder*; return what it printed, which must be all there."""
    ran = subprocess.run(
        [*command, "audit", "--replay", CONTOSO, "-q", "--jq", ".summary.read"],
        env={"PATH": os.environ["PATH"], **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "error:" in ran.stderr) == (4, False), ran.stderr
    return ran.stdout


CONSOLE = [str(Path(sys.executable).parent / "contacts-audit")]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        pytest.param(CONSOLE, (*SHADOWS, "types", "os", "enum"), id="console script"),
        pytest.param([sys.executable, "-m", "contacts_audit"], ("jq", "json", "queue"), id="-m"),
        pytest.param([sys.executable, "-P", "-m", "contacts_audit"], (*SHADOWS, "types"), id="-P"),
    ],
)
def test_nothing_in_the_current_folder_is_executed(
    tmp_path: Path, command: list[str], names: tuple[str, ...]
) -> None:
    """This holds for any module name, even if PYTHONPATH has an empty part."""
    planted(tmp_path, *names)

    assert filtered(command, tmp_path) == "7\n"
    assert not (tmp_path / "EXECUTED").exists()


def test_variables_that_the_interpreter_needs_are_passed_on() -> None:
    """They name its libraries and its home, as absolute paths; nothing else is passed on."""
    given = {
        "LD_LIBRARY_PATH": "/opt/lib::lib",
        "LD_PRELOAD": "libfoo.so",
        "DYLD_LIBRARY_PATH": "/opt/lib",
        "PYTHONHOME": "/opt/python",
        "PYTHONPATH": "/evil",
        "AZURE_CLIENT_SECRET": "hunter2",
    }

    assert jq_filter.needed(given) == {
        "LD_LIBRARY_PATH": f"/opt/lib:{Path.cwd() / 'lib'}",
        "LD_PRELOAD": "libfoo.so",
        "DYLD_LIBRARY_PATH": "/opt/lib",
        "PYTHONHOME": "/opt/python",
    }


@pytest.fixture
def needy(tmp_path: Path) -> Path:
    """Make an interpreter that finds its shared library by LD_LIBRARY_PATH alone."""
    library = str(sysconfig.get_config_var("INSTSONAME") or "")
    if ".so" not in library or shutil.which("patchelf") is None:
        pytest.skip("this Python has no shared library, or patchelf is missing")
    copy = tmp_path / "python"
    shutil.copy(Path(sys.executable).resolve(), copy)
    (tmp_path / "lib").mkdir()
    own = tmp_path / "lib" / "libours.so"
    shutil.copy(Path(str(sysconfig.get_config_var("LIBDIR"))) / library, own)
    subprocess.run(["patchelf", "--set-soname", own.name, own], check=True)
    change = ["--remove-rpath", "--replace-needed", library, own.name]
    subprocess.run(["patchelf", *change, copy], check=True)
    return copy


def test_an_interpreter_that_needs_a_path_to_its_library_starts(
    needy: Path, tmp_path: Path
) -> None:
    """It is built with --enable-shared."""
    site = sysconfig.get_path("purelib")

    shown = filtered(
        [str(needy), "-m", "contacts_audit"],
        tmp_path,
        LD_LIBRARY_PATH="lib",
        PYTHONHOME=str(INTERPRETER),
        PYTHONPATH=f"{site}:{ROOT}",
    )

    assert shown == "7\n"


def test_a_filter_does_not_see_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are gone when the filter runs."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib")

    assert jq_filter.shape("{}", "$ENV, env", Shutdown(), raw=False) == b"{}\n{}\n"


def test_jq_and_the_package_may_be_in_different_folders(tmp_path: Path) -> None:
    """Here the package is a zip file, and jq is in a folder beside it."""
    lone = tmp_path / "lone"
    lone.mkdir()
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as zipped:
        for path in (ROOT / "contacts_audit").rglob("*"):
            if path.suffix in {".py", ".jinja", ".html", ".json"}:
                zipped.write(path, path.relative_to(ROOT))
        zipped.writestr("__main__.py", "from contacts_audit.__main__ import main\nmain()\n")
    site = Path(sysconfig.get_path("purelib"))
    for path in site.iterdir():
        if "contacts_audit" not in path.name and not path.name.endswith((".pth", "__pycache__")):
            (lone / path.name).symlink_to(path)

    shown = filtered(
        [str(Path(sys.executable).resolve()), "app.pyz"], tmp_path, PYTHONPATH=str(lone)
    )

    assert shown == "7\n"


def test_a_process_that_does_not_start_is_an_error_before_any_request(
    azure: AzureDouble, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line has the message of the system."""
    azure.add("Prod")
    for broken, why in (("/nonexistent/python", "No such file"), ("/bin/false", "ended with 1")):
        monkeypatch.setattr(sys, "executable", broken)

        ran = run("audit", "--jq", ".")

        assert (ran.code, ran.out, azure.asked) == (1, b"", [])
        assert ran.err.startswith("error: --jq: the filter's process does not start: ")
        assert why in ran.err


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(".x|@cvs", id="a format that jq has not"),
        pytest.param('.cloud | @base32d "a\\(.)"', id="a format, in a text"),
        pytest.param(
            '.subscriptions[]|select(.verdict=="non-compliant")|[.name]|@tvs', id="for some rows"
        ),
        pytest.param('.subscriptions[]|select(.name|test("pr(od"))', id="a pattern that is none"),
        pytest.param('.cloud|test("x"; "q")', id="a modifier that is none"),
    ],
)
def test_a_filter_that_fails_on_every_report_is_wrong_usage(
    azure: AzureDouble, run: Run, program: str
) -> None:
    """jq compiles it; the error comes before the first request."""
    azure.add("Prod")

    ran = run("audit", "--jq", program)

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    assert ran.err.startswith("error: --jq: ")


@pytest.mark.parametrize(
    "program",
    [
        ".summary | .[0]",
        ".subscriptions.name",
        ".subscriptions[].name.first",
        "[.subscriptions[].emails] | @csv",
        ".cloud + 1",
        ".cloud | .[]",
        '.exit_code | test("3")',
        "input",
    ],
)
def test_a_filter_that_fits_no_report_fails_before_the_audit(
    azure: AzureDouble, run: Run, program: str
) -> None:
    """It would fail on the real report, too."""
    azure.add("Prod")

    ran = run("audit", "--jq", program)

    assert (ran.code, ran.out, azure.asked) == (1, b"", [])
    assert ran.err.startswith("error: --jq: ")


@pytest.mark.parametrize(
    "program",
    [
        ".subscriptions[0].name",
        ".subscriptions[7].name | ascii_downcase",
        '.subscriptions[7].name | test("a")',
        '.subscriptions[0].emails[0] | split("@")[1]',
        '(.subscriptions | map(select(.name == "Prod")))[0].emails[0] | split("@")[1]',
        '.subscriptions | map(select(.name == "Prod").emails) | add | join(",")',
        ".subscriptions[].name | tonumber",
        ".summary.compliant / .summary.skipped",
        '1 / (.subscriptions | map(select(.name == "Prod")) | length)',
        '"x" - .subscriptions[7].name',
        'error("not today")',
        'if .exit_code == 0 then . else error("bad") end',
        "if .exit_code == 3 then .summary else .subscriptions end | .compliant",
        ".subscriptions[7].contacts[0].emails | @csv",
        "halt",
        "repeat(1)",
    ],
)
def test_a_filter_that_other_data_may_suit_is_not_refused(program: str) -> None:
    """The samples are not the report of the user."""
    jq_filter.check(program, Shutdown())


def test_a_filter_that_takes_long_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it ends is known only with the real report, so the trial gives up."""
    monkeypatch.setattr(jq_filter, "LONGEST_TRIAL", 0.2)

    jq_filter.check("def f: f; f", Shutdown())


def test_a_process_that_starts_slowly_gets_the_whole_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also if the report is larger than a pipe holds: the rest is not forgotten."""
    monkeypatch.setattr(jq_filter, "START", f"import time; time.sleep(0.5); {jq_filter.START}")
    report = json.dumps(["x" * 1_000_000])

    def shaped() -> bytes:
        return jq_filter.shape(report, ".[0] | length", Shutdown(), raw=False)

    assert in_thread(shaped, deadline=time.monotonic() + 30) == b"1000000\n"


def test_samples_are_reports() -> None:
    """They follow the schema, and have each verdict."""
    schema = json.loads((ROOT / "contacts_audit/report/schema.json").read_text())
    found = [json.loads(text) for text in jq_filter.sample_reports()]

    for report in found:
        jsonschema.validate(report, schema)
    assert {row["verdict"] for row in found[-1]["subscriptions"]} == set(Verdict)
    assert len(found) == len(Verdict) + 1


def test_errors_of_jq_are_classified() -> None:
    """A flaw is wrong usage, a wrong type is not."""
    with pytest.raises(UsageError):
        jq_filter.check(".[", Shutdown())
    with pytest.raises(ContactsAuditError) as caught:
        jq_filter.check(".cloud.x", Shutdown())
    assert not isinstance(caught.value, UsageError)
