"""The file of a certificate signs in, or the error names what is wrong with it."""

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.auth.shared import GOOD
from azure_double import AzureDouble
from certificate_files import certificate_of, pem
from conftest import Ran, Run
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs12,
)

VARIABLE = "AZURE_CLIENT_CERTIFICATE_PATH"
SignIn = Callable[..., Ran]


@pytest.fixture
def sign_in(azure: AzureDouble, run: Run, tmp_path: Path) -> SignIn:
    """Return a run of `audit` with a certificate file of the given content."""
    azure.add("Prod", contacts_2017=GOOD)

    def runner(content: bytes, **variables: str) -> Ran:
        path = tmp_path / "app.pem"
        path.write_bytes(content)
        return run("audit", AZURE_CLIENT_SECRET="", **{VARIABLE: str(path), **variables})

    return runner


def parts_of(azure: AzureDouble) -> tuple[bytes, bytes]:
    """Return key and certificate of the application of the double."""
    content = azure.app_certificate.pem.read_bytes()
    found = re.findall(rb"-----BEGIN.*?-----END [A-Z ]+-----\n", content, re.DOTALL)
    return found[0], found[1]


def test_the_certificate_of_the_key_is_chosen(azure: AzureDouble, sign_in: SignIn) -> None:
    """Its authority may be before it, and others after it."""
    key, own = parts_of(azure)
    other = pem(certificate_of(rsa.generate_private_key(65537, 2048)))
    authority = Path(azure.ca).read_bytes()

    for content in (authority + own + key, key + other + own, own + other + key + authority):
        assert sign_in(content).code == 0


def unknown_curve(certificate: x509.Certificate) -> bytes:
    """Return *certificate*, whose curve is P-256, as PEM with a curve that nothing supports."""
    p256 = bytes.fromhex("06082a8648ce3d030107")
    der = certificate.public_bytes(Encoding.DER)
    changed = base64.encodebytes(der.replace(p256, p256[:-1] + b"\x7f"))
    return b"-----BEGIN CERTIFICATE-----\n" + changed + b"-----END CERTIFICATE-----\n"


def test_the_pair_that_entra_accepts_is_chosen(azure: AzureDouble, sign_in: SignIn) -> None:
    """EC, short and damaged keys in the file are skipped, wherever they are."""
    key, own = parts_of(azure)
    good = key + own
    curve, short = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused
    others = [
        pem(curve, certificate_of(curve)),
        pem(curve),
        unknown_curve(certificate_of(curve)),
        pem(short, certificate_of(short)),
        pem(rsa.generate_private_key(65537, 2048)),
        b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    ]

    for other in others:
        assert [sign_in(other + good).code, sign_in(good + other).code] == [0, 0], other


def test_line_ends_and_comments_are_ignored(azure: AzureDouble, sign_in: SignIn) -> None:
    """`openssl pkcs12` writes "Bag Attributes", and Windows other line ends."""
    key, own = parts_of(azure)
    content = b"\xef\xbb\xbfBag Attributes\n    friendlyName: app\n" + own + b"\nBag\n" + key

    assert sign_in(content).code == 0
    assert sign_in(content.replace(b"\n", b"\r\n")).code == 0


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_an_unneeded_password_is_ignored(azure: AzureDouble, sign_in: SignIn, kind: str) -> None:
    """It may be for another file."""
    content = getattr(azure.app_certificate, kind).read_bytes()

    assert sign_in(content, AZURE_CLIENT_CERTIFICATE_PASSWORD="of another").code == 0


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Return files that cannot sign in, and a part of the error for each."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    own = certificate_of(key)
    no_lock = NoEncryption()
    pfx = pkcs12.serialize_key_and_certificates(b"x", key, own, None, no_lock)
    locked = pkcs12.serialize_key_and_certificates(
        b"x", key, own, None, BestAvailableEncryption(b"right")
    )
    keyless = pkcs12.serialize_key_and_certificates(None, None, own, None, no_lock)
    ec_pfx = pkcs12.serialize_key_and_certificates(
        b"x", curve, certificate_of(curve), None, no_lock
    )
    odd = dsa.generate_private_key(2048)
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused
    small_pfx = pkcs12.serialize_key_and_certificates(
        b"x", small, certificate_of(small), None, no_lock
    )
    return {
        "no key": (pem(own), "no private key found"),
        "no certificate": (pem(key), "no certificate found"),
        "another's certificate": (pem(other, own), "no certificate in it belongs to its"),
        "empty": (b"", "the file is empty"),
        "blank": (b" \r\n", "the file is empty"),
        "text": (b"hello", "it is neither PEM nor PFX"),
        "base64": (b"MIIKUQIBAzCCCh0GCSqGSIb3DQEHAaCC", "it is neither PEM nor PFX"),
        "half a PFX": (pfx[: len(pfx) // 2], "it is neither PEM nor PFX"),
        "damaged key": (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + pem(own),
            "its private key is damaged",
        ),
        "damaged certificate": (
            pem(key) + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "a certificate in it is damaged",
        ),
        "DER": (own.public_bytes(Encoding.DER), "no private key found"),
        "PFX without key": (keyless, "no private key found"),
        "locked PEM": (pem(key, own, password=b"right"), "is not set, and it is encrypted"),
        "locked PFX": (locked, "is not set, and it is encrypted"),
        "EC": (pem(curve, certificate_of(curve)), "is EC, and Entra ID requires RSA"),
        "EC in a PFX": (ec_pfx, "is EC, and Entra ID requires RSA"),
        "Ed25519": (pem(edwards, certificate_of(edwards)), "Ed25519, and Entra ID requires RSA"),
        "DSA": (pem(odd, own), "is DSA, and Entra ID requires RSA"),
        "1024 bits": (pem(small, certificate_of(small)), "1024 bits, and Entra ID requires 2048"),
        "1024 bits in a PFX": (small_pfx, "1024 bits, and Entra ID requires 2048 or more"),
        "1024 bits, after EC": (
            pem(curve, certificate_of(curve), small, certificate_of(small)),
            "its RSA key has 1024 bits, and Entra ID requires 2048 or more",
        ),
    }


BAD = bad_files()


@pytest.mark.parametrize("name", BAD)
def test_an_unusable_file_is_named_before_anything_is_sent(
    azure: AzureDouble, sign_in: SignIn, tmp_path: Path, name: str
) -> None:
    """One line has the reason, the file and the variable."""
    content, says = BAD[name]

    ran = sign_in(content)

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert ran.err.startswith(f"error: cannot read certificate {tmp_path / 'app.pem'}: ")
    assert f"({VARIABLE}) -- " in ran.err
    assert says in ran.err
    assert "generator" not in ran.err


@pytest.mark.parametrize("kind", ["encrypted_pem", "encrypted_pfx"])
@pytest.mark.parametrize("names", ["AZURE", "ARM"])
def test_a_wrong_password_is_reported_and_not_shown(
    azure: AzureDouble, run: Run, kind: str, names: str
) -> None:
    """The error names its variable, of either set."""
    nobody = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
    variables = {
        f"{names}_TENANT_ID": azure.tenant,
        f"{names}_CLIENT_ID": azure.client_id,
        f"{names}_CLIENT_CERTIFICATE_PATH": str(getattr(azure.app_certificate, kind)),
        f"{names}_CLIENT_CERTIFICATE_PASSWORD": "hunter2",
    }

    ran = run("audit", **{**nobody, **variables})

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert f"its password ({names}_CLIENT_CERTIFICATE_PASSWORD) is wrong" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
@pytest.mark.parametrize("variable", [VARIABLE, "AZURE_FEDERATED_TOKEN_FILE"])
def test_a_file_that_cannot_be_read_is_named_with_its_variable(
    azure: AzureDouble, run: Run, tmp_path: Path, kind: str, variable: str
) -> None:
    """Nothing is sent, and the run does not wait for a pipe."""
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)

    ran = run("audit", AZURE_CLIENT_SECRET="", **{variable: str(path)})

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert f"{path}: " in ran.err
    assert f"({variable})" in ran.err


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"two words", b"<html>", b"secret"])
def test_an_invalid_federated_token_is_not_sent(
    azure: AzureDouble, run: Run, tmp_path: Path, content: bytes
) -> None:
    """An empty file would be sent as no assertion, and Entra ID would ask for a secret."""
    path = tmp_path / "assertion"
    path.write_bytes(content)

    ran = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert f"cannot read federated token {path}: " in ran.err
    assert "(AZURE_FEDERATED_TOKEN_FILE)" in ran.err
    assert "SECRET" not in ran.err
