"""Security contacts at each api-version: read, and written."""
