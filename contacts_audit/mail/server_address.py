"""The address of a name server, as an option gives it."""

import ipaddress
import re

PORT = 53


def parse_server(text: str) -> tuple[str, int]:
    """
    Return the IP address and the port in *text*: `10.0.0.1`, `10.0.0.1:5353`, `::1`, `[::1]:5353`.

    Raises:
        ValueError: it is not an IP address, or the port is not from 1 to 65535.
    """
    host, port = text, str(PORT)
    if found := re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?|([0-9.]+):([0-9]{1,5})", text):
        host, port = found[1] or found[3], found[2] or found[4] or port
    address = ipaddress.ip_address(host)
    if not 0 < int(port) < 65536:
        raise ValueError(f"{port} is not a port")
    return str(address), int(port)
