"""Makes the certificates of the double: for its server and for its application."""

from __future__ import annotations

import datetime
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

NAMES = (
    "localhost",
    "127.0.0.1",
    "management.azure.com",
    "login.microsoftonline.com",
    "management.usgovcloudapi.net",
    "login.microsoftonline.us",
    "management.chinacloudapi.cn",
    "login.chinacloudapi.cn",
    "management.old-cloud.example",
    "login.old-cloud.example",
)
UNLOCKING = "pass word+1"


Kind = Literal["good", "expired", "not yet valid", "of another host", "self-signed", "untrusted"]


@cache
def authority() -> trustme.CA:
    """Return one authority for the whole process, because each test starts a double."""
    return trustme.CA()


@cache
def server_tls(authority: trustme.CA, kind: Kind = "good") -> ssl.SSLContext:
    """Return the TLS context of the server, with a certificate of that *kind*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _certificate(authority, kind).configure_cert(context)
    return context


def _certificate(authority: trustme.CA, kind: Kind) -> trustme.LeafCert:
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    match kind:
        case "expired":
            return authority.issue_cert(*NAMES, not_before=now - 2 * day, not_after=now - day)
        case "not yet valid":
            return authority.issue_cert(*NAMES, not_before=now + day, not_after=now + 2 * day)
        case "of another host":
            return authority.issue_cert("elsewhere.example")
        case "untrusted":
            return trustme.CA().issue_cert(*NAMES)
        case "self-signed":
            root = trustme.CA()
            return trustme.LeafCert(root.private_key_pem.bytes(), root.cert_pem.bytes(), [])
    return authority.issue_cert(*NAMES)


@dataclass(frozen=True, slots=True)
class AppCertificate:
    """The certificate of the application, in four kinds of file."""

    pem: Path
    encrypted_pem: Path
    pfx: Path
    encrypted_pfx: Path
    password: str
    certificate: x509.Certificate

    @property
    def thumbprint(self) -> str:
        """The SHA-1 in hexadecimal, as the portal shows it."""
        encoded = self.certificate.public_bytes(Encoding.DER)
        return hashlib.sha1(encoded, usedforsecurity=False).hexdigest().upper()


def app_certificate(folder: Path) -> AppCertificate:
    """Write the certificate of the application to *folder*, in each kind of file."""
    key, certificate = _app_key()
    sealed = BestAvailableEncryption(UNLOCKING.encode())
    writers: dict[str, Callable[[KeySerializationEncryption], bytes]] = {
        "pem": lambda how: _pem(key, certificate, how),
        "pfx": lambda how: pkcs12.serialize_key_and_certificates(
            b"app", key, certificate, None, how
        ),
    }
    files = {}
    for kind, written in writers.items():
        for name, how in ((f"app.{kind}", NoEncryption()), (f"encrypted.{kind}", sealed)):
            files[name] = folder / name
            files[name].write_bytes(written(how))
    return AppCertificate(
        pem=files["app.pem"],
        encrypted_pem=files["encrypted.pem"],
        pfx=files["app.pfx"],
        encrypted_pfx=files["encrypted.pfx"],
        password=UNLOCKING,
        certificate=certificate,
    )


def _pem(
    key: rsa.RSAPrivateKey, certificate: x509.Certificate, how: KeySerializationEncryption
) -> bytes:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return private + certificate.public_bytes(Encoding.PEM)


@cache
def _app_key() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return one key for the whole process, because making a key is slow."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contacts-audit")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return key, certificate
