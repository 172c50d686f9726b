"""Model training: the consumer's own command, run in its own environment, and what it made.

``train`` is the stage. ``inputs`` finds what the command reads, ``place`` makes
room for what it writes, ``metrics`` and ``gates`` judge its numbers, ``pickles``
looks for code in the model's files, ``card`` describes the model for people.
"""
