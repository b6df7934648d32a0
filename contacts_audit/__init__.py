"""Audits and fixes the security contacts of Microsoft Defender for Cloud."""

__version__ = "0.1.0"
