"""
The child process that runs a `--jq` filter, isolated from the run.

The first line of stdin is JSON, `[filter, raw]`; the rest is the document.  With the argument `try`
the document is a JSON list of texts, and stdout gets what is wrong with the filter, as JSON:
`{"compile": message or null, "runs": [message or null, ...]}`, a run for each text.
"""

import json
import os
import sys
from itertools import islice
from typing import Any

import jq

from contacts_audit.core.jq_text import pretty
from contacts_audit.core.sanitize import sanitized_json

# libjq would end a run that halts without a word.
NO_HALT = 'def halt: error("halt"); def halt_error: error; def halt_error($code): error;'
MOST_TRIED = 1000  # outputs of a trial; a filter may have no last one


def main() -> None:
    """Read a filter and a document from stdin, and print what the filter makes of it."""
    os.environ.clear()  # the filter sees `$ENV`
    program, raw = json.loads(sys.stdin.buffer.readline())
    document = sys.stdin.buffer.read().decode()
    if sys.argv[1:] == ["try"]:
        sys.stdout.write(json.dumps(_tried(program, json.loads(document))))
        return
    try:
        outputs = jq.compile(_spelt(program)).input_text(document).all()
    except ValueError as error:
        sys.exit(str(error))
    for value, spelt in outputs:
        text = value if raw and isinstance(value, str) else sanitized_json(pretty(spelt))
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


def _tried(program: str, texts: list[str]) -> dict[str, Any]:
    try:
        jq.compile(program)  # first as it is, so that the places in an error are right
        compiled = jq.compile(_spelt(program))
    except ValueError as error:
        return {"compile": str(error), "runs": []}
    return {"compile": None, "runs": [_failure(compiled, text) for text in texts]}


def _failure(compiled: Any, text: str) -> str | None:
    try:
        for _ in islice(compiled.input_text(text), MOST_TRIED):
            pass
    except ValueError as error:
        return str(error)
    return None


def _spelt(program: str) -> str:
    """Let each output keep its value, for -r, and jq's own spelling of it."""
    return f"{NO_HALT} ({program}\n) | [., tojson]"
