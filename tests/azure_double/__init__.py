"""A simulated Azure on loopback: real TLS, a token service, and Resource Manager (ARM)."""

from . import faults, recorded
from .double import AzureDouble
from .groups import Group
from .principals import ManagedIdentity, Tenant, User
from .proxy import Proxy
from .subscriptions import Subscription
from .wire import Asked

__all__ = [
    "Asked",
    "AzureDouble",
    "Group",
    "ManagedIdentity",
    "Proxy",
    "Subscription",
    "Tenant",
    "User",
    "faults",
    "recorded",
]
