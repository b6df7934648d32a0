"""Audits and fixes the security contacts of Microsoft Defender for Cloud."""

import sys

__version__ = "0.2.0"

if sys.version_info < (3, 11):  # noqa: UP036 - started from a copy, where no installer refuses
    # Every Python 3 can read this file, and it is read before any other.
    sys.exit("error: contacts-audit needs Python 3.11 or newer; this is " + sys.version.split()[0])
