"""A stub of the Azure CLI: a script that prints what a test says."""

import json
from collections.abc import Callable
from pathlib import Path

from azure_double import AzureDouble

Az = Callable[..., str]
"""Takes the keywords of `make_az`, and returns a PATH that finds the stub."""


def make_az(folder: Path, out: str = "", err: str = "", code: int = 0, sleep: int = 0) -> str:
    """
    Write a stub of az to *folder*, and return a PATH that finds it.

    It prints *out* and *err*, and appends its arguments to `calls` and its stdin to `stdin`.
    """
    folder.mkdir(exist_ok=True)
    (folder / "out").write_text(out)
    (folder / "err").write_text(err)
    script = folder / "az"
    script.write_text(
        f'#!/bin/sh\necho "$PWD $@" >> {folder}/calls\ncat - >> {folder}/stdin\n'
        f"[ {sleep} = 0 ] || sleep {sleep}\n"
        f"cat {folder}/out; cat {folder}/err >&2; exit {code}\n"
    )
    script.chmod(0o755)
    return f"relative:{folder}:/usr/bin:/bin"


def az_output(azure: AzureDouble, **more: object) -> str:
    """Return what az prints for a good token, changed by *more*; None removes a key."""
    output = {
        "accessToken": azure.token(),
        "expiresOn": "2099-01-01 00:00:00.000000",
        "expires_on": 4070908800,
        "subscription": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        "tenant": azure.tenant,
        "tokenType": "Bearer",
        **more,
    }
    return json.dumps({name: value for name, value in output.items() if value is not None})
