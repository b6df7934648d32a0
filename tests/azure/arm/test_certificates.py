"""A server certificate is checked strictly, unless an option drops one flag."""

import ssl
import sys
from pathlib import Path

import pytest
from azure_double import AzureDouble
from certificate_files import certificate_of, pem
from conftest import Run
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


@pytest.fixture
def corporate(azure: AzureDouble, tmp_path: Path) -> Path:
    """Return an authority without key usage and key identifiers; the double uses it."""
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
    """Let Python check certificates as it does from 3.13 on."""
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
    """curl accepts such an authority. From Python 3.13 on, the program needs the option."""
    azure.add("Prod", contacts_2017=GOOD)

    refused = run("audit", "--ca-bundle", str(corporate))
    taken = run("audit", "--ca-bundle", str(corporate), "--no-strict-certificates")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "Python 3.13" in refused.err
    assert "--no-strict-certificates" in refused.err
    assert taken.code == 0, taken.err


@pytest.mark.usefixtures("strict", "corporate")
def test_the_option_drops_one_flag_only(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """An unknown authority, another host and an expired certificate are still refused."""
    unknown = run("audit", "--no-strict-certificates")
    others = []
    for how in ("expired", "of another host", "self-signed", "untrusted"):
        azure.meet(how)  # each is one of its literals
        others.append(run("audit", "--no-strict-certificates"))

    assert [each.code for each in (unknown, *others)] == [1] * 5
    assert all("certificate" in each.err for each in (unknown, *others))
    assert azure.asked == []


def test_the_flags_differ_in_one_only(strict: None) -> None:
    """All other settings are equal."""
    from contacts_audit.azure.arm.trust import tls_context

    one, other = tls_context(None), tls_context(None, strict=False)

    assert one.verify_flags ^ other.verify_flags == ssl.VERIFY_X509_STRICT
    assert (one.verify_mode, one.check_hostname) == (other.verify_mode, other.check_hostname)
    assert (one.options, one.minimum_version) == (other.options, other.minimum_version)
