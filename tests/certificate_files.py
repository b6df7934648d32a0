"""Makes certificates and PEM files."""

import datetime
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


def certificate_of(
    key: "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey",
    *,
    name: str = "x",
    issuer: "tuple[str, rsa.RSAPrivateKey] | None" = None,
    extensions: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return a certificate for *key*, signed by itself or by its *issuer*."""
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    of = issuer or (name, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of[0])]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 30 * day)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    digest = None if isinstance(of[1], ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(of[1], digest)


def pem(*parts: Any, password: bytes | None = None) -> bytes:
    """Return certificates and keys as one PEM file, in this order."""
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return b"".join(
        part.public_bytes(Encoding.PEM)
        if isinstance(part, x509.Certificate)
        else part.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        for part in parts
    )
