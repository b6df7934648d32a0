"""Which certificates are trusted, and how strictly they are checked."""

import contextlib
import os
import re
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import certifi

from contacts_audit.core.bounded_read import read_bounded
from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.paths import descriptor, is_folder, kind_of

BEGIN = b"-----BEGIN CERTIFICATE-----"
LARGEST = 64 * 1024 * 1024  # bytes of a file of certificates
HASHED = re.compile(r"[0-9a-f]{8}\.r?[0-9]+")  # as `openssl rehash` names them


def trusted(ca_bundle: str | None) -> str:
    """Return the path of the certificates: *ca_bundle*, the environment's, or certifi's."""
    return (
        ca_bundle
        or os.environ.get("REQUESTS_CA_BUNDLE")
        or os.environ.get("CURL_CA_BUNDLE")
        or certifi.where()
    )


def tls_context(ca_bundle: str | None, *, strict: bool = True) -> ssl.SSLContext:
    """
    Return a context that trusts what requests trusts, and every certificate of a folder.

    Without *strict*, certificates are checked as curl does, and Python before 3.13.

    Raises:
        ContactsAuditError: the certificates cannot be read; a UsageError where *ca_bundle* names
            them.
    """
    path = trusted(ca_bundle)
    try:
        with _without_key_log():
            context = _context_of(Path(path))
    except (OSError, ValueError) as error:
        kind = ContactsAuditError if ca_bundle is None else UsageError
        raise kind(
            f"the CA bundle {path} cannot be used: {error}",
            "name a PEM file by --ca-bundle or REQUESTS_CA_BUNDLE",
        ) from error
    if not strict:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _context_of(path: Path) -> ssl.SSLContext:
    """Return a context that trusts the file *path*, or the files of the folder *path*."""
    if not is_folder(path):
        if not is_small_file(path) and descriptor(path) is None:
            raise ValueError(f"it is no regular file of 1 to {LARGEST} bytes")
        return ssl.create_default_context(cafile=str(path))
    context = ssl.create_default_context(capath=str(path))
    hashed = False
    for each in path.iterdir():
        if HASHED.fullmatch(each.name):  # found by OpenSSL itself, when it is looked for
            hashed = True
        elif _is_certificate(each):
            context.load_verify_locations(cafile=str(each))
    if not hashed and not context.cert_store_stats()["x509_ca"]:
        raise ValueError("the folder holds no certificate (openssl rehash names them)")
    return context


def _is_certificate(path: Path) -> bool:
    """Say whether *path* is a file that holds a certificate."""
    regular = kind_of(path) == stat.S_IFREG
    return regular and is_small_file(path) and BEGIN in read_bounded(path, LARGEST)


def is_small_file(path: Path) -> bool:
    """Return whether *path* is a regular file of sensible size: OpenSSL would wait for a pipe."""
    about = path.stat()
    return stat.S_ISREG(about.st_mode) and 0 < about.st_size <= LARGEST


@contextlib.contextmanager
def _without_key_log() -> Iterator[None]:
    """Ignore SSLKEYLOGFILE, by which OpenSSL would write the keys of our connections."""
    name = os.environ.pop("SSLKEYLOGFILE", None)
    try:
        yield
    finally:
        if name is not None:
            os.environ["SSLKEYLOGFILE"] = name
