"""Shared values and effects: model, errors, files, threads, shutdown, sanitized text."""
