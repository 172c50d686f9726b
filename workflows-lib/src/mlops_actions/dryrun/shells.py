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

ON_HOST = """sh -c '. "$MLOPS_DRYRUN_STANDINS/step.sh"' """
"""On the host a step's command is started by ``standins/step.sh``, which says why."""


def line(shell: str | None, *, on_host: bool, in_container: bool = False) -> str:
    """The command for the shell that a workflow names, or for the default one; ``{0}`` is the script.

    ``in_container``: the job names a container of its own, where GitHub's default is sh.
    """
    command = GITHUB["sh"] if shell is None and in_container else GITHUB.get(shell, shell or "")
    return ON_HOST + command if on_host and not in_container and "{0}" in command else command
