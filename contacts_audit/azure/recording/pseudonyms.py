"""
Makes the pseudonym of one name, id or address: in one recording, always the same for it.

They are keyed by a secret that is never written down, so nobody can test a guess.
"""

import hashlib
import hmac
import re
import secrets
from uuid import UUID

from contacts_audit.azure.kinds import GUID
from contacts_audit.core.mailbox import is_address, key


class Pseudonyms:
    """The pseudonyms of one recording. A pseudonym has the form of what it replaces."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._issued: set[str] = set()

    def name(self, name: str) -> str:
        """
        Return the pseudonym of the name of a contact, a group or a tenant.

        2017 takes any name for a contact, also a person's. `default` and its numbers stay, and so
        does a pseudonym.
        """
        if GUID.fullmatch(name):
            return self.guid(name)
        keeps = name in self._issued or re.fullmatch(r"default\d*", name)
        return name if keeps else self.labeled("name", name.casefold())

    def labeled(self, label: str, text: str) -> str:
        """Return the pseudonym of *text*, which shows the *label* of its kind."""
        pseudonym = f"{label}-{self.digest(text)}"
        self._issued.add(pseudonym)
        return pseudonym

    def email(self, text: str) -> str:
        """Return the pseudonym of an email address; what is not well-formed stays malformed."""
        if not is_address(text):
            return f"no-address-{self.digest(text)}"
        local, _, domain = key(text).rpartition("@")
        return f"user-{self.digest(local)}@{self.mail_domain(domain)}"

    def mail_domain(self, domain: str) -> str:
        """Return the pseudonym of the domain of an email address, in ASCII and lower case."""
        return f"{self.digest(domain)}.example"

    def host(self, host: str) -> str:
        """Return the pseudonym of a host, with or without the brackets of IPv6."""
        return f"host-{self.digest(host.strip('[]').casefold())}.example"

    def guid(self, text: str) -> str:
        """Return the pseudonym of an id, with or without dashes: an id with dashes."""
        return str(UUID(bytes=self._hash(UUID(text).hex)[:16]))

    def number(self, value: float) -> int:
        """Return the pseudonym of a number, below 2**40."""
        return int.from_bytes(self._hash(str(value))[:5])

    def digest(self, text: str) -> str:
        """Return ten hexadecimal digits that stand for *text*."""
        return self._hash(text).hex()[:10]

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
