"""Asks DNS whether the domains of email addresses take mail."""
