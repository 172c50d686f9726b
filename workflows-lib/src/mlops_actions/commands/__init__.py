"""What commands there are: a row each, and how its options become the call of a stage.

``table`` is the list of all; each other module holds the rows of one group of
stages beside the functions that read their options. A stage is imported by the
function that calls it, so that a command needs no more than its own extra, and
the list of commands needs nothing.
"""
