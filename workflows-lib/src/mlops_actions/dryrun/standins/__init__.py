"""Stand-ins for GitHub's own actions, which act cannot run or reach without a network and Node.

Each is a composite action over a script of the standard library alone, so it
runs in a job's container as well. They behave as the real ones do in what
workflows here and ordinary consumers use; ``FIDELITY`` in
:mod:`mlops_actions.dryrun.report` says where they do not. They import nothing
of the library (:mod:`run` puts this folder's parent on the path) and keep to
Python 3.8.
"""
