"""The rows that break a rule, parted from the others."""
