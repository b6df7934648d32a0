"""A double of Azure on loopback: real TLS, a token service, and ARM over one state."""

from . import faults
from .double import AzureDouble
from .proxy import Proxy
from .subscriptions import Subscription
from .wire import Asked

__all__ = ["Asked", "AzureDouble", "Proxy", "Subscription", "faults"]
