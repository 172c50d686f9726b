"""The command that runs a step's script, as GitHub writes it, and as act can bear it on the host."""

from __future__ import annotations

GITHUB = {
    None: "bash -e {0}",
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}
"""GitHub's own on Linux; act asks for bash's pipefail where nobody did."""

READ = "mlops-dry-run-read-"
"""A step that fails prints this and a word of letters, and waits for the file ``read-<word>`` beside its context."""

_WAIT = (
    """w=$(printf %s $$ | tr 0-9 a-j); r="${MLOPS_DRYRUN_CONTEXT%/*}/read-$w"; rm -f "$r"; """
    f"""printf "%s\\n" "{READ}$w"; n=0; """
    """while [ ! -e "$r" ] && [ $n -lt 1500 ]; do n=$((n+1)); sleep 0.02; done"""
)

_SET = """export RUNNER_WORKSPACE="${GITHUB_WORKSPACE%/*}"; [ -n "$DOCKER_HOST" ] || unset DOCKER_HOST"""

ON_HOST = f"""sh -c '{_SET}; "$0" "$@" </dev/null || {{ status=$?; {_WAIT}; exit $status; }}' """
"""On the host act gives each step a terminal: a question would wait there for ever, so nothing can be read from it.
And act stops reading as soon as a step has failed, so a step that fails waits until its last words have been read.
Where the workspace lies is known here alone, and act names a Docker engine (or none) that nobody asked for."""


def line(shell: str | None, *, on_host: bool, in_container: bool = False) -> str:
    """The command for the shell that a workflow names, or for the default one; ``{0}`` is the script.

    ``in_container``: the job names a container of its own, where GitHub's default is sh.
    """
    command = GITHUB["sh"] if shell is None and in_container else GITHUB.get(shell, shell or "")
    return ON_HOST + command if on_host and not in_container and "{0}" in command else command
