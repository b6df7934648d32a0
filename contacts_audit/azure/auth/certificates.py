"""
Reads the certificate of an application, PEM or PFX, for MSAL.

Import it late: cryptography takes long to load.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import re
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate

from contacts_audit.azure.auth.credential_file import CredentialFile
from contacts_audit.core.errors import AuthError

_CONTENT = rb"[^-]*+(?:-(?!----)[^-]*+)*+"  # up to the next five dashes
KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----" + _CONTENT + rb"-----END \1-----")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----" + _CONTENT + rb"-----END CERTIFICATE-----")
EITHER = "give a PEM file with key and certificate, or a PFX file (decoded, if it is base64)"
RSA_HINT = (
    "make an RSA key of 2048 bits or more, and upload its certificate to the app registration"
)
LEAST_BITS = 2048  # Entra ID: AADSTS700027, RSA key size 1024 is less than the minimum


@dataclass(frozen=True, slots=True)
class CertificateFile(CredentialFile):
    """A file with a certificate, the variable of its password, and that *password*."""

    kind = "certificate"
    password_variable: str
    password: str | None = field(repr=False)

    def refused(self, why: str, hint: str = EITHER) -> AuthError:
        """Return the error that says *why* the content cannot be used."""
        return self.unusable(why, hint)

    def locked(self) -> AuthError:
        """Return the error of a file that the password does not open."""
        wrong = "is wrong" if self.password else "is not set, and it is encrypted"
        why = f"its password ({self.password_variable}) {wrong}"
        return self.unusable(why, f"set {self.password_variable}")


def credential(file: CertificateFile) -> dict[str, str]:
    """
    Return key and certificate as MSAL's `client_credential`.

    Raises:
        AuthError: the file cannot be used. Nothing was sent yet.
    """
    content = file.read()
    read = _read_pem if b"-----BEGIN " in content else _read_pfx
    key, certificate = _matching(file, *read(file, content))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "private_key": private.decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }


def _read_pem(file: CertificateFile, content: bytes) -> tuple[list[Any], list[Certificate]]:
    keys, failures = [], []
    for found in KEY.finditer(content):
        try:
            keys.append(_read_pem_key(file, found[0]))
        except AuthError as error:
            failures.append(error)
    if not keys:
        raise failures[0] if failures else file.refused("no private key found")
    try:
        return keys, [load_pem_x509_certificate(one[0]) for one in CERTIFICATE.finditer(content)]
    except ValueError as error:
        raise file.refused("a certificate in it is damaged") from error


def _read_pem_key(file: CertificateFile, pem: bytes) -> Any:
    password = file.password if b"ENCRYPTED" in pem else None  # else it is for something else
    if password is None and b"ENCRYPTED" in pem:
        raise file.locked()
    try:
        return load_pem_private_key(pem, password.encode() if password else None)
    except UnsupportedAlgorithm as error:
        raise file.refused("its kind of key or encryption is not supported") from error
    except (ValueError, TypeError) as error:
        damaged = file.refused("its private key is damaged")
        raise file.locked() if password is not None else damaged from error


def _read_pfx(file: CertificateFile, content: bytes) -> tuple[list[Any], list[Certificate]]:
    for password in dict.fromkeys((file.password, None)):  # it may be for something else
        try:
            key, own, others = load_key_and_certificates(
                content, password.encode() if password else None
            )
        except UnsupportedAlgorithm as error:
            raise file.refused("its encryption is not supported: export it with AES") from error
        except ValueError as error:
            failure = error
            continue
        if key is None:
            raise file.refused("no private key found")
        return [key], [*([own] if own else []), *others]
    if "password" in str(failure).lower():
        raise file.locked() from failure
    try:
        load_der_x509_certificate(content)
    except ValueError:
        raise file.refused("it is neither PEM nor PFX") from failure
    raise file.refused("no private key found") from failure


def _matching(
    file: CertificateFile, keys: list[Any], certificates: list[Certificate]
) -> tuple[RSAPrivateKey, Certificate]:
    """
    Return the first pair of key and certificate that Entra ID accepts: RSA, 2048 bits or more.

    Other certificates in the file may be those of its authorities, and other keys EC keys.
    """
    rsa_keys = [key for key in keys if isinstance(key, RSAPrivateKey)]
    if not rsa_keys:
        kind = type(keys[0]).__name__.removesuffix("PrivateKey").lstrip("_")
        raise file.refused(f"its key is {kind}, and Entra ID requires RSA", RSA_HINT)
    if not certificates:
        raise file.refused("no certificate found")
    pairs = [(key, one) for key in rsa_keys for one in certificates if _belongs(one, key)]
    if not pairs:
        raise file.refused("no certificate in it belongs to its private key")
    for key, one in pairs:
        if key.key_size >= LEAST_BITS:
            return key, one
    bits = pairs[0][0].key_size
    raise file.refused(
        f"its RSA key has {bits} bits, and Entra ID requires {LEAST_BITS} or more", RSA_HINT
    )


def _belongs(certificate: Certificate, key: RSAPrivateKey) -> bool:
    try:
        public = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False  # it is of another kind, such as an authority's on an unknown curve
    own = key.public_key().public_numbers()
    return isinstance(public, RSAPublicKey) and public.public_numbers() == own
