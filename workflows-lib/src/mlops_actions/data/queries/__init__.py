"""Queries that stand in a contract, run apart from everything else."""
