"""Shared types and functions: model, errors, files, threads, shutdown, sanitized text."""
