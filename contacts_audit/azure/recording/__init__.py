"""Recordings of exchanges with Azure: made, masked, replayed."""
