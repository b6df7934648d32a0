"""The options that choose the checks."""

from dataclasses import dataclass
from enum import StrEnum

from contacts_audit.cli.options.declare import CHECKS, NETWORK, count, name_server, seconds
from contacts_audit.core.model import Check, Profile


class RiskLevel(StrEnum):
    """The risk levels of an attack path."""

    CRITICAL = "Critical"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True, slots=True)
class DnsOptions:
    """How the check deliverable asks DNS."""

    dns_timeout: float = NETWORK(
        "--dns-timeout SECONDS",
        "Limit one lookup of a mail domain (check deliverable). Default: 4.",
        4.0,
        parser=seconds,
    )
    dns_server: str | None = NETWORK(
        "--dns-server IP[:PORT]",
        "Ask this name server about mail domains (check deliverable). Default: the name "
        "servers of this machine.",
        parser=name_server,
    )


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """Which checks are run."""

    check: list[Check] = CHECKS(
        "--check NAME", "Run this check: {}. Can be repeated.", repeated=True
    )
    profile: Profile | None = CHECKS(
        "--profile NAME",
        "Run the checks of a profile: {}. Default: conformity, unless --check is given.",
    )
    attack_path_level: RiskLevel | None = CHECKS(
        "--attack-path-level RISK",
        "Set what the check attack-paths requires: mail for attack paths of this risk and "
        "above: {}. Default: Critical.",
    )
    required_email: list[str] = CHECKS(
        "--required-email ADDRESS",
        "Require this email address. Turns on the check required-email. Can be repeated.",
        repeated=True,
    )
    allowed_domain: list[str] = CHECKS(
        "--allowed-domain DOMAIN",
        "Allow only addresses of this domain. Turns on the check allowed-domain. Can be repeated.",
        repeated=True,
    )
    minimum_emails: int | None = CHECKS(
        "--minimum-emails COUNT",
        "Require at least this many addresses. Turns on the check minimum-emails.",
        parser=count,
    )
    policy: str | None = CHECKS(
        "--policy FILE",
        "Read checks, overrides and waivers from this TOML file. Options take precedence.",
    )
    dns: DnsOptions = DnsOptions()
