"""
Looks for known vulnerabilities of what `requirements.lock` pins: `make audit-deps`.

0: none is known, or nobody could be asked, which is said; 1: there is one, or pip-audit failed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = str(Path(__file__).parents[1] / "requirements.lock")
SECONDS = 300
NOBODY = "audit-deps: the advisories cannot be reached: nothing was audited\n"


def verdict(output: str, said: str) -> tuple[int, str]:
    """Return exit code and text for the JSON that pip-audit printed and what it *said* beside."""
    try:
        found: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, LookupError, TypeError):
        unreached = "onnection" in said or "imeout" in said
        return (0, NOBODY) if unreached else (1, f"audit-deps: pip-audit failed:\n{said}")
    asked = [each for each in found if "vulns" in each]
    lines = [
        f"{each['name']} {each['version']}: {one['id']}, mended in {one['fix_versions']}\n"
        for each in asked
        for one in each["vulns"]
    ]
    if not asked:
        return 0, NOBODY  # pip-audit itself would say that no vulnerability is known
    counts = f"audit-deps: {len(asked)} of {len(found)} packages audited"
    return int(bool(lines)), "".join([*lines, f"{counts}, {len(lines)} known vulnerabilities\n"])


def main() -> int:
    """Ask, and say in a line where nobody answers."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-f", "json"]
    command += [
        "--progress-spinner",
        "off",
        "--timeout",
        "15",
        "-r",
        LOCK,
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        code, text = 0, NOBODY
    else:
        code, text = verdict(ran.stdout, ran.stderr)
    sys.stdout.write(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
