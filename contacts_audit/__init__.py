"""Audits the security contacts of Microsoft Defender for Cloud, subscription by subscription."""

__version__ = "0.1.0"
