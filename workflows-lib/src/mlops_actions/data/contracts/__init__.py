"""Contracts, held against the standard."""
