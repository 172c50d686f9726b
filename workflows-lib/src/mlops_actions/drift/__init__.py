"""Drift: current data against the profile of the training data.

``check`` is the stage: what a ``request`` asks, it has ``sides`` read, and
judged. ``compare`` turns two profiles of a column into shifts, with the sizes
of ``effects`` and p-values: of ``statistics`` where rows are independent, and
of ``clusters`` and ``series`` where rows of one time resemble each other, as far
as ``rhythm`` finds blocks of time (and ``seasons``) to tell by; ``memory`` is
how much one block resembles the next. ``decision`` says
which shifts are real and material over all columns; ``pairs`` does so for
correlations, ``arrivals`` and ``volume`` for when rows came and how many,
``performing`` for how well predictions fit their labels, or should without
(``performance``, with the ``intervals`` of its metrics).

``report`` and ``sentence`` say all that in words, tables and charts, and
``findings`` as checks of the verdict. ``history`` keeps earlier checks;
``response`` says what is to happen then, and ``respond`` does it.
"""
