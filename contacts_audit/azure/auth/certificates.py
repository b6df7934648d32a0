"""
Reads the certificate of an application (PEM or PFX) for MSAL.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit.azure.auth.sign_in import content, unreadable
from contacts_audit.core.errors import AuthError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

_INNER = rb"[^-]*+(?:-(?!----)[^-]*+)*+"  # up to the next five dashes, and no further
KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----" + _INNER + rb"-----END \1-----")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----" + _INNER + rb"-----END CERTIFICATE-----")
EITHER = "give a PEM file with key and certificate, or a PFX file (decoded, where it is base64)"


class File(NamedTuple):
    """A certificate file: its *path*, the *variable* that names it, and that of its *password*."""

    path: Path
    variable: str
    password: str

    def unusable(self, why: str, hint: str = EITHER) -> AuthError:
        """Return the error that tells *why* it cannot be used."""
        return unreadable("certificate", self.path, why, self.variable, hint)

    def locked(self, password: str | None) -> AuthError:
        """Return the error of a file that the *password* does not open."""
        wrong = "is wrong" if password else "is not set, and it is encrypted"
        return self.unusable(f"its password ({self.password}) {wrong}", f"set {self.password}")


def credential(file: File, password: str | None) -> dict[str, str]:
    """
    Return key and certificate as MSAL takes them, whichever kind of file holds them.

    Raises:
        AuthError: it cannot be used, and why: nothing was sent yet.
    """
    kept = content(file.path, "certificate", file.variable)
    read = _of_pem if b"-----BEGIN " in kept else _of_pfx
    key, certificates = read(file, kept, password)
    return _as_msal(*_matching(file, key, certificates))


def _of_pem(file: File, kept: bytes, password: str | None) -> "tuple[Any, Sequence[Certificate]]":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    key = KEY.search(kept)
    if key is None:
        raise file.unusable("no private key found")
    if b"ENCRYPTED" not in key[0]:
        password = None  # the variable is then of something else
    elif password is None:
        raise file.locked(None)
    try:
        private = load_pem_private_key(key[0], password.encode() if password else None)
    except UnsupportedAlgorithm as error:
        raise file.unusable("its kind of key or encryption is not supported") from error
    except (ValueError, TypeError) as error:
        if password is not None:
            raise file.locked(password) from error
        raise file.unusable("its private key is damaged") from error
    try:
        found = [load_pem_x509_certificate(one[0]) for one in CERTIFICATE.finditer(kept)]
    except ValueError as error:
        raise file.unusable("a certificate in it is damaged") from error
    return private, found


def _of_pfx(file: File, kept: bytes, password: str | None) -> "tuple[Any, Sequence[Certificate]]":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    for tried in dict.fromkeys((password, None)):  # a password that it does not need does no harm
        try:
            key, own, others = load_key_and_certificates(kept, tried.encode() if tried else None)
        except UnsupportedAlgorithm as error:
            raise file.unusable("its encryption is not supported: export it with AES") from error
        except ValueError as error:
            failure = error
            continue
        if key is None:
            raise file.unusable("no private key found")
        return key, [*([own] if own else []), *others]
    if "password" in str(failure).lower():
        raise file.locked(password) from failure
    raise file.unusable(_other_kind(kept)) from failure


def _other_kind(kept: bytes) -> str:
    from cryptography.x509 import load_der_x509_certificate

    try:
        load_der_x509_certificate(kept)
    except ValueError:
        return "it is neither PEM nor PFX"
    return "no private key found"


def _matching(
    file: File, key: "Any", certificates: "Sequence[Certificate]"
) -> "tuple[RSAPrivateKey, Certificate]":
    """Return the key and the one certificate that belongs to it: others may be its authorities'."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(key, RSAPrivateKey):
        kind = type(key).__name__.removesuffix("PrivateKey").lstrip("_")
        hint = "make an RSA key and certificate, and upload that to the app registration"
        raise file.unusable(f"its key is of kind {kind}, and Entra ID wants RSA", hint)

    def spelt(public: "Any") -> bytes:
        found: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return found

    if not certificates:
        raise file.unusable("no certificate found")
    for one in certificates:
        if spelt(one.public_key()) == spelt(key.public_key()):
            return key, one
    raise file.unusable("no certificate in it belongs to its private key")


def _as_msal(key: "RSAPrivateKey", certificate: "Certificate") -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "private_key": private.decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
