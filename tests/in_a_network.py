"""
Runs the program in a network of its own, with a platform at the given address.

azure/auth/test_managed_identity_endpoint.py starts it within `unshare --net`. No real network is
reached.
"""

import json
import socket
import subprocess
import sys

from azure_double import AzureDouble
from conftest import program, surroundings
from gateways import joined, listening

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NOBODY = {"AZURE_TENANT_ID": "", "AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}


def main(address: str, port: int) -> None:
    """Play the platform at *address* and *port*, and print what `audit` makes of it."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    own = [f"{address}/128", "nodad"] if ":" in address else [f"{address}/32"]
    subprocess.run(["ip", "addr", "add", *own, "dev", "lo"], check=True)
    with AzureDouble() as azure:
        azure.add("Prod", contacts_2017=GOOD)
        there = int(azure.platform.rsplit(":", 1)[1])

        def serve(connection: socket.socket) -> None:
            with socket.create_connection(("127.0.0.1", there)) as other:
                joined(connection, other)

        with listening(serve, address, port):
            host = f"[{address}]" if ":" in address else address
            endpoint = f"http://{host}:{port}/msi/token"
            variables = {
                "IDENTITY_ENDPOINT": endpoint,
                "IDENTITY_HEADER": azure.identity_header,
                "http_proxy": "ftp://nobody.judges.it",
                "ALL_PROXY": "http://127.0.0.1:9",
                "NO_PROXY": "localhost",
            }
            arguments = ["audit", "-v", "--auth-timeout", "5"]
            if port == 80:  # a virtual machine's metadata service
                variables = {}
                arguments += ["--auth", "managed-identity"]
            ran = subprocess.run(
                program(*arguments),
                env=surroundings(azure, **NOBODY, **variables),
                capture_output=True,
                text=True,
                check=False,
            )
        print(json.dumps([ran.returncode, ran.stderr, len(azure.identity_asked())]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
