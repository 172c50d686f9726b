"""Drift: current data against the profile of the training data.

``check`` is the order of a run. ``request`` and ``settings`` are what it is
asked; ``sides`` reads and scans the reference and the current data; ``compare``
turns two profiles of a column into shifts with effect sizes and p-values, and
``decision`` says which of them are real and material over all columns;
``findings`` makes the verdict's checks of that, and ``report`` says it in words,
tables and charts.

``statistics`` holds the tests, ``rhythm`` says what blocks of time the reference
has to tell by, ``clusters`` and ``series`` test shares and single numbers by
them, and ``memory`` is how much one block resembles the next. ``performance``
asks how well predictions fit their labels, or should without, ``intervals``
makes metrics with intervals of the sums, by rows or by blocks of time, and
``performing`` judges that. ``pairs`` looks at columns two at a time,
``arrivals`` at when rows came.

``history`` keeps earlier checks; ``response`` says what is to happen then, and
``respond`` does it.
"""
