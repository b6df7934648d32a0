"""Changes: planned, backed up, applied one at a time, verified."""
