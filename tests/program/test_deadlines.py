"""Every run ends: by its deadline with what it has, by a signal at once, and in little memory."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, Fault
from conftest import begin, run_in, surroundings, wait_for

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
MOST_MEMORY = 300 << 20
ENDLESS: dict[str, Fault] = {
    "black hole": faults.hang(),
    "headers drip": faults.drip_headers(0.1),
    "body drips": faults.drip_body(0.1),
    "100 Continue": faults.continue_storm(0.05),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_run_cut_by_its_deadline_reports_what_it_has(
    azure: AzureDouble, tmp_path: Path, name: str
) -> None:
    """Finished rows stay, the others have the reason `deadline`: 4, in each report."""
    done = azure.add("Done", contacts_2017=GOOD)
    for number in range(4):
        azure.add(f"Endless {number}", contacts_2017=GOOD)
    azure.fail(
        lambda asked: "securityContacts" in asked.path and done.id not in asked.path, ENDLESS[name]
    )
    file, began = tmp_path / "report.json", time.monotonic()

    ran = run_in(
        surroundings(azure),
        *("audit", "-o", "jsonl", "--report", str(file), "--workers", "2"),
        *("--deadline", "2", "--timeout", "600", "--budget", "600"),
    )

    *rows, last = [json.loads(line) for line in ran.text.splitlines()]
    whole = json.loads(file.read_text())
    for found in (rows, whole["subscriptions"]):
        reasons = [row["error"] and row["error"]["reason"] for row in found]
        assert reasons == [None, *["deadline"] * 4]
    assert (ran.code, last["record"], last["exit_code"], whole["exit_code"]) == (4, "summary", 4, 4)
    assert whole["summary"] == last["summary"]
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *((name, signal.SIGTERM) for name in (*ENDLESS, "TLS handshake")),
        ("body drips", signal.SIGINT),
        ("body drips", signal.SIGHUP),
    ],
)
def test_a_signal_ends_a_run_with_slow_answers(
    azure: AzureDouble, name: str, number: signal.Signals
) -> None:
    """It ends soon, whatever arrives, and sends nothing afterwards."""
    for index in range(20):
        azure.add(f"S{index}", contacts_2017=GOOD)
    if name == "TLS handshake":
        azure.fail("GET /subscriptions?", faults.last(lambda: azure.meet("silence")))
    else:
        azure.fail("securityContacts", ENDLESS[name])
    process = begin(azure, "audit", "--workers", "4")
    wait_for(lambda: len(azure.arm_asked()) >= (1 if name == "TLS handshake" else 1 + 4))
    time.sleep(0.3)  # so that it trickles
    asked = len(azure.asked)

    process.send_signal(number)
    sent = time.monotonic()
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out, time.monotonic() - sent < 10) == (CODES[number], b"", True)
    assert b"Traceback" not in err
    assert len(azure.asked) == asked


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("where", ["stdout", "a FIFO"])
def test_a_signal_ends_a_run_that_nobody_reads(
    azure: AzureDouble, tmp_path: Path, where: str, number: signal.Signals
) -> None:
    """A full pipe or a FIFO without a reader does not delay it."""
    for index in range(300):
        azure.add(f"S{index}", contacts_2017=GOOD)
    fifo = tmp_path / "report.json"
    os.mkfifo(fifo)
    more = ("-o", "json") if where == "stdout" else ("--report", str(fifo))
    process = begin(azure, "audit", *more)
    wait_for(lambda: len(azure.arm_asked()) == 1 + 300)
    time.sleep(0.5)  # so that it mostly hangs: earlier, it must end as well
    still = process.poll()

    process.send_signal(number)
    sent = time.monotonic()
    while process.poll() is None and time.monotonic() - sent < 20:
        time.sleep(0.01)

    assert (still, process.returncode) == (None, CODES[number])
    assert time.monotonic() - sent < 10
    assert len(azure.arm_asked()) == 1 + 300
    process.communicate()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(faults.gzip_bomb(512), "too-large", id="gzip bomb"),
        pytest.param(faults.endless_body(), "too-large", id="endless body"),
        pytest.param(
            faults.endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), "unreachable", id="header"
        ),
        pytest.param(faults.answer(b"[" * (8 << 20)), "malformed", id="8 MiB of brackets"),
        pytest.param(
            faults.answer(b'{"value":[' + b"0," * (3 << 20) + b"0]}"), "too-large", id="numbers"
        ),
    ],
)
def test_memory_stays_small(azure: AzureDouble, fault: Fault, reason: str) -> None:
    """Four bodies are read at a time, each up to its limit: peak memory is bounded."""
    for index in range(4):
        azure.add(f"S{index}", contacts_2017=GOOD)
    azure.fail("securityContacts", fault)
    budget = "2" if reason == "unreachable" else "60"
    process = begin(azure, "audit", "-o", "tsv", "--workers", "4", "--budget", budget)
    peak = peak_of(process)
    out, _ = process.communicate()

    assert (process.returncode, out.decode().count(f"\t{reason}\t")) == (4, 4)
    assert 0 < peak < MOST_MEMORY


def peak_of(process: "subprocess.Popen[bytes]") -> int:
    """Return the most memory, in bytes, that *process* used until it ended."""
    peak = 0
    while process.poll() is None:  # rusage would tell the peak of who started it, too
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *map(int, re.findall(r"VmHWM:\s*(\d+) kB", status))])
        time.sleep(0.005)
    return peak << 10


def long_list(pages: int, size: int) -> Fault:
    """Answer with a list on *pages* of *size* bytes each."""

    async def fault(exchange: Exchange) -> None:
        asked, page = exchange.asked, int(exchange.asked.params.get("page", "1"))
        link = f"{asked.origin}{asked.path}?api-version=2017-08-01-preview&page={page + 1}"
        more = {"nextLink": link} if page < pages else {}
        body = json.dumps({"value": [], "blanks": " " * size, **more}).encode()
        await exchange.send(exchange.reply(200, body).encode())

    return fault


@pytest.mark.parametrize(
    ("many", "pages"),
    [pytest.param(2, 40, id="long lists"), pytest.param(60, 1, id="many behind a slow one")],
)
def test_fetch_streams(azure: AzureDouble, tmp_path: Path, many: int, pages: int) -> None:
    """Hundreds of megabytes pass through it, and few of them are in memory."""
    slow = azure.add("Slow", contacts_2017=GOOD)
    for number in range(many):
        azure.add(f"Long {number}")
    size = 6 << 20
    azure.fail(slow.id, faults.slow(4))
    azure.fail("securityContacts", long_list(pages, size))
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        process = begin(azure, "fetch", "--workers", "4", "--budget", "300", stdout=out)
        peak = peak_of(process)
        process.communicate()

    assert process.returncode == 0
    assert printed.stat().st_size > many * pages * size
    assert 0 < peak < MOST_MEMORY
