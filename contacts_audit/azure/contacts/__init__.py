"""Security contacts at each API version: how they are read, compared and written."""
