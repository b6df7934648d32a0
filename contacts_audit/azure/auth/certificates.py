"""
Reads the certificate of an application, PEM or PFX, for MSAL.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit.azure.auth import credential_file
from contacts_audit.core.errors import AuthError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

_CONTENT = rb"[^-]*+(?:-(?!----)[^-]*+)*+"  # up to the next five dashes
KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----" + _CONTENT + rb"-----END \1-----")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----" + _CONTENT + rb"-----END CERTIFICATE-----")
EITHER = "give a PEM file with key and certificate, or a PFX file (decoded, if it is base64)"
RSA_HINT = (
    "make an RSA key of 2048 bits or more, and upload its certificate to the app registration"
)
LEAST_BITS = 2048  # Entra ID: AADSTS700027, RSA key size 1024 is less than the minimum


class File(NamedTuple):
    """A certificate file: its *path*, and the variables that name it and its *password*."""

    path: Path
    variable: str
    password: str

    def unusable(self, why: str, hint: str = EITHER) -> AuthError:
        """Return the error that says *why* the file cannot be used."""
        return credential_file.unusable("certificate", self.path, why, self.variable, hint)

    def locked(self, password: str | None) -> AuthError:
        """Return the error of a file that *password* does not open."""
        wrong = "is wrong" if password else "is not set, and it is encrypted"
        return self.unusable(f"its password ({self.password}) {wrong}", f"set {self.password}")


def credential(file: File, password: str | None) -> dict[str, str]:
    """
    Return key and certificate as MSAL's `client_credential`.

    Raises:
        AuthError: the file cannot be used. Nothing was sent yet.
    """
    content = credential_file.read(file.path, "certificate", file.variable)
    read = _read_pem if b"-----BEGIN " in content else _read_pfx
    keys, certificates = read(file, content, password)
    return _as_msal(*_matching(file, keys, certificates))


def _read_pem(
    file: File, content: bytes, password: str | None
) -> "tuple[Sequence[Any], Sequence[Certificate]]":
    from cryptography.x509 import load_pem_x509_certificate

    keys, failures = [], []
    for found in KEY.finditer(content):
        try:
            keys.append(_read_pem_key(file, found[0], password))
        except AuthError as error:
            failures.append(error)
    if not keys:
        raise failures[0] if failures else file.unusable("no private key found")
    try:
        certificates = [load_pem_x509_certificate(one[0]) for one in CERTIFICATE.finditer(content)]
    except ValueError as error:
        raise file.unusable("a certificate in it is damaged") from error
    return keys, certificates


def _read_pem_key(file: File, pem: bytes, password: str | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"ENCRYPTED" not in pem:
        password = None  # the variable is for something else
    elif password is None:
        raise file.locked(None)
    try:
        return load_pem_private_key(pem, password.encode() if password else None)
    except UnsupportedAlgorithm as error:
        raise file.unusable("its kind of key or encryption is not supported") from error
    except (ValueError, TypeError) as error:
        if password is not None:
            raise file.locked(password) from error
        raise file.unusable("its private key is damaged") from error


def _read_pfx(
    file: File, content: bytes, password: str | None
) -> "tuple[Sequence[Any], Sequence[Certificate]]":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    for tried in dict.fromkeys((password, None)):  # a file without a password ignores the variable
        try:
            key, own, others = load_key_and_certificates(content, tried.encode() if tried else None)
        except UnsupportedAlgorithm as error:
            raise file.unusable("its encryption is not supported: export it with AES") from error
        except ValueError as error:
            failure = error
            continue
        if key is None:
            raise file.unusable("no private key found")
        return [key], [*([own] if own else []), *others]
    if "password" in str(failure).lower():
        raise file.locked(password) from failure
    raise file.unusable(_other_kind(content)) from failure


def _other_kind(content: bytes) -> str:
    from cryptography.x509 import load_der_x509_certificate

    try:
        load_der_x509_certificate(content)
    except ValueError:
        return "it is neither PEM nor PFX"
    return "no private key found"


def _matching(
    file: File, keys: Sequence[Any], certificates: "Sequence[Certificate]"
) -> "tuple[RSAPrivateKey, Certificate]":
    """
    Return the first pair of key and certificate that Entra ID accepts: RSA, 2048 bits or more.

    Other certificates in the file may be those of its authorities, and other keys EC keys.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    rsa_keys = [key for key in keys if isinstance(key, RSAPrivateKey)]
    if not rsa_keys:
        kind = type(keys[0]).__name__.removesuffix("PrivateKey").lstrip("_")
        raise file.unusable(f"its key is {kind}, and Entra ID requires RSA", RSA_HINT)
    if not certificates:
        raise file.unusable("no certificate found")
    pairs = [(key, one) for key in rsa_keys for one in certificates if _belongs(one, key)]
    if not pairs:
        raise file.unusable("no certificate in it belongs to its private key")
    for key, one in pairs:
        if key.key_size >= LEAST_BITS:
            return key, one
    raise file.unusable(
        f"its RSA key has {pairs[0][0].key_size} bits, and Entra ID requires {LEAST_BITS} or more",
        RSA_HINT,
    )


def _belongs(certificate: "Certificate", key: "RSAPrivateKey") -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        public = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False  # it is of another kind, such as an authority's on an unknown curve
    return (
        isinstance(public, RSAPublicKey)
        and public.public_numbers() == key.public_key().public_numbers()
    )


def _as_msal(key: "RSAPrivateKey", certificate: "Certificate") -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "private_key": private.decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
