"""The public metadata of a cloud: its endpoints."""

from __future__ import annotations

from .admission import api_version
from .subscriptions import Json
from .wire import Asked
from .world import World

PATH = "/metadata/endpoints"
OLDEST = "2015-01-01"
VERSIONS = {OLDEST, "2019-05-01", "2022-09-01", "latest"}

# A part of the entries of two other clouds. They have no slashes at the end, as recorded.
CHINA: Json = {
    "portal": "https://portal.azure.cn",
    "authentication": {
        "loginEndpoint": "https://login.chinacloudapi.cn",
        "audiences": [
            "https://management.core.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
        ],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "media": "https://rest.media.chinacloudapi.cn",
    "graphAudience": "https://graph.chinacloudapi.cn",
    "graph": "https://graph.chinacloudapi.cn",
    "name": "AzureChinaCloud",
    "suffixes": {"keyVaultDns": "vault.azure.cn", "storage": "core.chinacloudapi.cn"},
    "batch": "https://batch.chinacloudapi.cn",
    "resourceManager": "https://management.chinacloudapi.cn",
}
US_GOVERNMENT: Json = {
    "portal": "https://portal.azure.us",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.us",
        "audiences": [
            "https://management.core.usgovcloudapi.net",
            "https://management.usgovcloudapi.net",
        ],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "media": "https://rest.media.usgovcloudapi.net",
    "graphAudience": "https://graph.windows.net",
    "graph": "https://graph.windows.net",
    "name": "AzureUSGovernment",
    "suffixes": {"keyVaultDns": "vault.usgovcloudapi.net", "storage": "core.usgovcloudapi.net"},
    "batch": "https://batch.core.usgovcloudapi.net",
    "resourceManager": "https://management.usgovcloudapi.net",
}


def body(world: World, asked: Asked) -> Json | list[Json]:
    """
    Return this cloud's endpoints, alone or among those of the other clouds.

    Raises:
        Refused: the api-version is missing, or unknown.
    """
    if api_version(asked, VERSIONS) == OLDEST:
        return _oldest(world, asked)
    ours = _ours(world, asked)
    return [CHINA, ours, US_GOVERNMENT] if world.metadata_shape == "list" else ours


def _ours(world: World, asked: Asked) -> Json:
    return {
        "portal": "https://portal.azure.com",
        "authentication": {
            **_authentication(world, asked),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "name": "AzureCloud",
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "acrLoginServer": "azurecr.io",
            "sqlServerHostname": "database.windows.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "keyVaultDns": "vault.azure.net",
            "storage": "core.windows.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
        },
        "batch": "https://batch.core.windows.net/",
        "resourceManager": f"{asked.origin}/",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/"
        "master/arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
    }


def _oldest(world: World, asked: Asked) -> Json:
    """Return the body of 2015, which an Azure Stack still sends."""
    return {
        "galleryEndpoint": "https://gallery.azure.com/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": "https://portal.azure.com/",
        "authentication": _authentication(world, asked),
    }


def _authentication(world: World, asked: Asked) -> Json:
    login, audiences = world.metadata_login, world.metadata_audiences
    return {
        "loginEndpoint": f"{asked.origin}/" if login is None else login,
        "audiences": [world.audience] if audiences is None else audiences,
    }
