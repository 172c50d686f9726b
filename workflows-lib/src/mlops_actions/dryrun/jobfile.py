"""One leg of a job as a workflow file of its own, which act runs.

Steps stay as they are written but for three things: values that are known
before the job starts stand in the expressions (:mod:`.bake`), ``$/x`` is
written out, and a shell gets GitHub's exact options and, on the host, no
terminal to read from. A last step hands the job's outputs over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlops_actions.dryrun import act, bake, rewrite, shells

FINISH = "mlops_dry_run_finish"
"""The id of the step that is added to every job."""

_FINISH_SCRIPT = """\
if [ "$MLOPS_OUTPUT_NAMES" != "[]" ] || [ -e "$MLOPS_DRYRUN_PENDING" ]; then
  "$MLOPS_DRYRUN_PYTHON" -I "$MLOPS_DRYRUN_STANDINS/run.py" finish
fi
"""


def build(
    job_id: str,
    job: Mapping[str, Any],
    workflow: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    workflow_name: str,
    unique_name: str,
    own: tuple[str, str],
    on_host: bool,
) -> dict[str, Any]:
    """The workflow file, as data.

    ``job`` and ``workflow`` are as written; ``values`` are the contexts to put
    in; ``own`` is the (repository, ref) that ``$/`` stands for.
    """
    in_container = bool(job.get("container"))
    shell = _default_shell(workflow, job)
    steps = [
        _step(step, values, own, shell, on_host=on_host, in_container=in_container) for step in job.get("steps") or []
    ]
    kept = {key: bake.bake(job[key], values) for key in ("env", "container", "services") if key in job}
    folder = _at(job, "defaults", "run", "working-directory") or _at(workflow, "defaults", "run", "working-directory")
    if folder:
        kept["defaults"] = {"run": {"working-directory": bake.bake(folder, values)}}
    steps.append(_finish(job.get("outputs") or {}, values, "sh -e {0}" if in_container else "bash -e {0}"))
    whole: dict[str, Any] = {"name": workflow_name, "on": "push"}
    if workflow.get("env"):
        whole["env"] = bake.bake(workflow["env"], values)
    whole["jobs"] = {job_id: {"name": unique_name, "runs-on": act.PLATFORM, **kept, "steps": steps}}
    return whole


def _at(data: Any, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _default_shell(workflow: Mapping[str, Any], job: Mapping[str, Any]) -> Any:
    return _at(job, "defaults", "run", "shell") or _at(workflow, "defaults", "run", "shell")


def _step(
    step: Mapping[str, Any],
    values: Mapping[str, Any],
    own: tuple[str, str],
    default_shell: Any,
    *,
    on_host: bool,
    in_container: bool,
) -> dict[str, Any]:
    baked: dict[str, Any] = {key: bake.bake(value, values) for key, value in step.items() if key != "if"}
    if "if" in step:
        baked["if"] = bake.condition(step["if"], values)
    if isinstance(step.get("uses"), str):
        baked["uses"] = rewrite.absolute(step["uses"], *own)
    if "run" in step:
        shell = bake.bake(step.get("shell") or default_shell, values)
        baked["shell"] = shells.line(shell, on_host=on_host, in_container=in_container)
    return baked


def _finish(outputs: Mapping[str, Any], values: Mapping[str, Any], shell: str) -> dict[str, Any]:
    environment = {f"MLOPS_OUTPUT_{number}": bake.bake(value, values) for number, value in enumerate(outputs.values())}
    return {
        "name": "Finish the dry run of this job",
        "id": FINISH,
        "if": "always()",
        "shell": shell,
        "working-directory": "${{ github.workspace }}",
        "env": {
            **environment,
            "MLOPS_OUTPUT_NAMES": json.dumps(list(outputs)),
            "MLOPS_JOB_STATUS": "${{ job.status }}",
        },
        "run": _FINISH_SCRIPT,
    }
