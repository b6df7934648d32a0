"""The shell that runs the documented pipeline."""

from pathlib import Path

import pytest
from azure_double import AzureDouble, Subscription
from cli.pipeline import Shell, jq_at_hand

# What `az account get-access-token` prints, to somebody whose default is $AZ_SUBSCRIPTION.
# https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
STUB = r"""#!/bin/sh
case "$*" in
"account get-access-token --query {subscription:subscription,accessToken:accessToken} --out tsv")
    printf '%s\t%s\n' "$AZ_SUBSCRIPTION" "$AZ_TOKEN" ;;
"account get-access-token --output json"*)
    case "$*" in *" --subscription "*) for AZ_SUBSCRIPTION; do :; done ;; esac
    cat <<.
{
  "accessToken": "$AZ_TOKEN",
  "expiresOn": "2033-05-18 09:03:20.000000",
  "expires_on": 2000000000,
  "subscription": "$AZ_SUBSCRIPTION",
  "tenant": "$AZ_TENANT",
  "tokenType": "Bearer"
}
.
    ;;
*) echo "ERROR: unrecognized arguments: $*" >&2; exit 2 ;;
esac
"""


@pytest.fixture
def shell(azure: AzureDouble, tools: None, tmp_path: Path) -> Shell:
    """Return a shell whose curl trusts the double, and whose stderr holds errors alone."""
    (tmp_path / "az").write_text(STUB)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "jq").symlink_to(jq_at_hand())
    (tmp_path / ".curlrc").write_text(f'cacert = "{azure.ca}"\nno-progress-meter\n')
    return Shell(azure, tmp_path)


@pytest.fixture
def prod(azure: AzureDouble) -> Subscription:
    """Return the only subscription of the organisation."""
    return azure.add("Prod")
