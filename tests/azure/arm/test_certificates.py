"""Certificates: those that an application signs in with, and those that servers show."""

import datetime
import os
import re
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import Ran, Run
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
VARIABLE = "AZURE_CLIENT_CERTIFICATE_PATH"
SignIn = Callable[..., Ran]


@pytest.fixture
def sign_in(azure: AzureDouble, run: Run, tmp_path: Path) -> SignIn:
    """Return `audit` with a certificate file of this content."""
    azure.add("Prod", contacts_2017=GOOD)

    def runner(content: bytes, **variables: str) -> Ran:
        path = tmp_path / "app.pem"
        path.write_bytes(content)
        return run("audit", AZURE_CLIENT_SECRET="", **{VARIABLE: str(path), **variables})

    return runner


def certificate_of(
    key: "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey",
    *,
    name: str = "x",
    issuer: "tuple[str, rsa.RSAPrivateKey] | None" = None,
    extensions: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return a certificate for *key*, by itself or by its *issuer*."""
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
    """Return certificates and keys in their order."""
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return b"".join(
        part.public_bytes(Encoding.PEM)
        if isinstance(part, x509.Certificate)
        else part.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        for part in parts
    )


def parts_of(azure: AzureDouble) -> tuple[bytes, bytes]:
    """Return key and certificate of the application that the double knows."""
    content = azure.app_certificate.pem.read_bytes()
    found = re.findall(rb"-----BEGIN.*?-----END [A-Z ]+-----\n", content, re.DOTALL)
    return found[0], found[1]


def test_the_certificate_that_fits_the_key_is_chosen(azure: AzureDouble, sign_in: SignIn) -> None:
    """Its authority may stand before it, and others behind it."""
    key, own = parts_of(azure)
    other = pem(certificate_of(rsa.generate_private_key(65537, 2048)))
    authority = Path(azure.ca).read_bytes()

    for content in (authority + own + key, key + other + own, own + other + key + authority):
        assert sign_in(content).code == 0


def test_the_pair_that_entra_accepts_is_chosen(azure: AzureDouble, sign_in: SignIn) -> None:
    """EC, short and damaged keys in the file are skipped, wherever they are."""
    key, own = parts_of(azure)
    good = key + own
    curve, short = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused
    others = [
        pem(curve, certificate_of(curve)),
        pem(curve),
        pem(short, certificate_of(short)),
        pem(rsa.generate_private_key(65537, 2048)),
        b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    ]

    for other in others:
        assert [sign_in(other + good).code, sign_in(good + other).code] == [0, 0], other


def test_line_ends_and_remarks_do_no_harm(azure: AzureDouble, sign_in: SignIn) -> None:
    """`openssl pkcs12` writes "Bag Attributes" between them, Windows its own line ends."""
    key, own = parts_of(azure)
    content = b"\xef\xbb\xbfBag Attributes\n    friendlyName: app\n" + own + b"\nBag\n" + key

    assert sign_in(content).code == 0
    assert sign_in(content.replace(b"\n", b"\r\n")).code == 0


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_password_that_is_not_needed_does_no_harm(
    azure: AzureDouble, sign_in: SignIn, kind: str
) -> None:
    """It may be another's."""
    content = getattr(azure.app_certificate, kind).read_bytes()

    assert sign_in(content, AZURE_CLIENT_CERTIFICATE_PASSWORD="of another").code == 0


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Return files that nobody can sign in with, and what is said of each."""
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
        "EC": (pem(curve, certificate_of(curve)), "of kind EC, and Entra ID wants RSA"),
        "EC in a PFX": (ec_pfx, "of kind EC, and Entra ID wants RSA"),
        "Ed25519": (pem(edwards, certificate_of(edwards)), "Ed25519, and Entra ID wants RSA"),
        "DSA": (pem(odd, own), "of kind DSA, and Entra ID wants RSA"),
        "1024 bits": (pem(small, certificate_of(small)), "1024 bits, and Entra ID wants 2048"),
        "1024 bits in a PFX": (small_pfx, "1024 bits, and Entra ID wants 2048 or more"),
        "1024 bits, after EC": (
            pem(curve, certificate_of(curve), small, certificate_of(small)),
            "its RSA key has 1024 bits, and Entra ID wants 2048 or more",
        ),
    }


BAD = bad_files()


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_sign_in_is_named_before_anything_is_sent(
    azure: AzureDouble, sign_in: SignIn, tmp_path: Path, name: str
) -> None:
    """What is wrong with it, its name and its variable, in one line."""
    content, says = BAD[name]

    ran = sign_in(content)

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert ran.err.startswith(f"error: cannot read certificate {tmp_path / 'app.pem'}: ")
    assert f"({VARIABLE}) -- " in ran.err
    assert says in ran.err
    assert "generator" not in ran.err


@pytest.mark.parametrize("kind", ["encrypted_pem", "encrypted_pfx"])
@pytest.mark.parametrize("names", ["AZURE", "ARM"])
def test_a_wrong_password_is_said_and_not_shown(
    azure: AzureDouble, run: Run, kind: str, names: str
) -> None:
    """Its variable is named, of whichever set it is."""
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
def test_what_is_no_file_is_named_with_its_variable(
    azure: AzureDouble, run: Run, tmp_path: Path, kind: str, variable: str
) -> None:
    """Nothing is sent, and nobody waits for a pipe."""
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
def test_a_federated_token_that_is_none_is_not_sent(
    azure: AzureDouble, run: Run, tmp_path: Path, content: bytes
) -> None:
    """An empty file would be sent as no assertion at all, and the error speak of secrets."""
    path = tmp_path / "assertion"
    path.write_bytes(content)

    ran = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert f"cannot read federated token {path}: " in ran.err
    assert "(AZURE_FEDERATED_TOKEN_FILE)" in ran.err
    assert "SECRET" not in ran.err


# What servers show


@pytest.fixture
def corporate(azure: AzureDouble, tmp_path: Path) -> Path:
    """Return an authority without key usage and key identifiers, by which Azure now is."""
    key, leaf = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    basic = x509.BasicConstraints(ca=True, path_length=None)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    authority = certificate_of(key, name="Corp", extensions=[basic])
    own = certificate_of(leaf, name="localhost", issuer=("Corp", key), extensions=[names])
    (tmp_path / "server.pem").write_bytes(pem(own, leaf))
    (tmp_path / "corp.pem").write_bytes(pem(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    azure._listener.tls = context
    return tmp_path / "corp.pem"


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python check certificates as from 3.13 on; later ones do so by themselves."""
    if sys.version_info >= (3, 13):
        return
    usual = ssl.create_default_context

    def stricter(*given: object, **more: object) -> ssl.SSLContext:
        context = usual(*given, **more)  # type: ignore[arg-type]
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", stricter)


@pytest.mark.usefixtures("strict")
def test_a_strict_refusal_names_its_cause_and_the_option(
    azure: AzureDouble, run: Run, corporate: Path
) -> None:
    """curl takes such an authority; from Python 3.13 on we do not, unless told to."""
    azure.add("Prod", contacts_2017=GOOD)

    refused = run("audit", "--ca-bundle", str(corporate))
    taken = run("audit", "--ca-bundle", str(corporate), "--no-strict-certificates")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "Python 3.13" in refused.err
    assert "--no-strict-certificates" in refused.err
    assert taken.code == 0, taken.err


@pytest.mark.usefixtures("strict", "corporate")
def test_the_option_drops_that_one_flag_and_nothing_else(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """An unknown authority, another host, an expired certificate: all of them are refused."""
    unknown = run("audit", "--no-strict-certificates")
    others = []
    for how in ("expired", "of another host", "self-signed", "untrusted"):
        azure.meet(how)  # each is one of its literals
        others.append(run("audit", "--no-strict-certificates"))

    assert [each.code for each in (unknown, *others)] == [1] * 5
    assert all("certificate" in each.err for each in (unknown, *others))
    assert azure.asked == []


def test_the_flags_differ_by_that_one_alone(strict: None) -> None:
    """To the bit."""
    from contacts_audit.azure.arm.trust import tls_context

    one, other = tls_context(None), tls_context(None, strict=False)

    assert one.verify_flags ^ other.verify_flags == ssl.VERIFY_X509_STRICT
    assert (one.verify_mode, one.check_hostname) == (other.verify_mode, other.check_hostname)
    assert (one.options, one.minimum_version) == (other.options, other.minimum_version)
