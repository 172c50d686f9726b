"""python-ci: lint and test a project over a matrix of Python versions.

``plan`` chooses the versions and the commands, ``run`` carries out one leg of
the matrix, ``gate`` makes one verdict of all legs. ``versions`` and ``steps``
say what is chosen and why; ``readers`` turn what tools print into checks with
file and line; ``leg`` is what a leg leaves for the gate.
"""
