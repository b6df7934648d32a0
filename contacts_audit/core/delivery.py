"""What DNS says about the mail of a domain."""

from enum import StrEnum
from typing import NamedTuple


class Delivery(StrEnum):
    """Whether a domain takes mail: RFC 5321, section 5.1, and RFC 7505."""

    TAKES_MAIL = "takes-mail"
    REFUSES_MAIL = "refuses-mail"
    NO_MAIL_HOST = "no-mail-host"
    UNKNOWN = "unknown"


class MailAnswer(NamedTuple):
    """The *delivery* of one domain, and in *why* the records that decided, or what failed."""

    delivery: Delivery
    why: str
