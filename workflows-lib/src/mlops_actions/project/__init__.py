"""The consumer's project: what its folder holds, and how its own commands run in its own environment.

Shared by the stages that run a consumer's code (``ci``, ``training``).
``layout`` reads the folder, ``requires`` which Pythons it allows, ``interpreters`` finds Pythons, ``environment``
makes an isolated one, ``install`` says how the project is installed there,
``shell`` runs a command and keeps its log, ``secrets`` keeps credentials out
of that log, ``reason`` finds in it why the command failed. Nothing of the consumer is imported here.
"""
