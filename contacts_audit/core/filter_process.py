"""
Runs a `--jq` filter, as a child process that is isolated from the run.

The first line of stdin is JSON, `[filter, raw]`; the rest is the document.  With the argument `try`
the document is a JSON list of texts, and stdout gets the errors of the filter as JSON:
`{"compile": message or null, "runs": [message or null, ...]}`, one run for each text.
"""

import json
import os
import sys
from itertools import islice
from typing import Any

import jq

from contacts_audit.core.jq_text import pretty
from contacts_audit.core.sanitize import sanitized_json

# libjq would end the process at a halt, without a message.
NO_HALT = 'def halt: error("halt"); def halt_error: error; def halt_error($code): error;'
MOST_TRIED = 1000  # outputs of a trial; a filter may yield them without end


def main() -> None:
    """Read a filter and a document from stdin, and print the outputs of the filter."""
    os.environ.clear()  # a filter can read `$ENV`
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
        jq.compile(program)  # unchanged first, so that positions in an error are right
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
    """Let the filter yield each output as a value, for -r, and as jq spells it."""
    return f"{NO_HALT} ({program}\n) | [., tojson]"
