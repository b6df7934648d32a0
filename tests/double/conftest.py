"""Fixtures of the tests of the double."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from azure_double import AzureDouble


@pytest.fixture
def session(azure: AzureDouble) -> Iterator[requests.Session]:
    """Return a session that trusts the double."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(azure.ca)
        yield session
