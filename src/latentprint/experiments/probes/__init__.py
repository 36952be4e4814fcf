"""Probes: which label of a photo a linear classifier reads from its embedding."""
