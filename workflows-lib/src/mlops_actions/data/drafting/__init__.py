"""A contract drafted from data."""
