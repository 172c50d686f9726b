"""What a consumer's command prints on GitHub is text: no line of it is obeyed, and no secret of the job shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "correct-horse-battery"
HOSTILE = (
    "printf '::error file=x::fake\\n::stop-commands::tok\\n::tok::\\n##[error]fake\\n::add-mask::a'; env | grep API_"
)
CALLS = {
    "ci run": {"MLOPS_INPUT_TEST_COMMAND": HOSTILE, "MLOPS_INPUT_LINT_COMMAND": "true"},
    "train": {"MLOPS_INPUT_PYTHON_VERSION": ""},
}


def ran(call: str, folder: Path, **more: str) -> tuple[int, list[str]]:
    """Run the command as a step does; its status and the lines of its log."""
    (folder / "mlops.yaml").write_text(f'training: {{command: "{HOSTILE.replace(chr(92), chr(92) * 2)}"}}\n')
    names = {name for name in os.environ if name.startswith(("GITHUB_", "MLOPS_"))}
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    env = {
        **{name: value for name, value in os.environ.items() if name not in names},
        "PATH": os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)]),
        "MLOPS_INPUT_PYTHON": version,
        "SERVICE_API_KEY": SECRET,
        **CALLS[call],
        **more,
    }
    command = [sys.executable, "-I", "-m", "mlops_actions", *call.split()]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr.splitlines()


def obeyed(lines: list[str]) -> list[str]:
    """The lines that the runner takes for commands; between ``stop-commands`` and its token it takes none."""
    found, token = [], None
    for line in lines:
        if token is not None:
            token = None if line.strip() == f"::{token}::" else token
        elif line.lstrip().startswith("::") or "##[" in line:
            found.append(line)
            if line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
    assert token is None, "commands are still stopped when the step ends"
    return found


@pytest.mark.parametrize("call", CALLS)
def test_what_a_command_prints_is_not_obeyed(tmp_path: Path, call: str) -> None:
    _, lines = ran(call, tmp_path, GITHUB_ACTIONS="true")
    assert "::error file=x::fake" in lines, "the log is shown as it is"
    mask, stop, *ours = obeyed(lines)
    assert mask == f"::add-mask::{SECRET}"
    assert stop.startswith("::stop-commands::") and "tok" not in stop
    assert not any("fake" in each for each in ours)
    assert SECRET not in "\n".join(lines).replace(mask, "")


def test_what_we_say_afterwards_is(tmp_path: Path) -> None:
    code, lines = ran("train", tmp_path, GITHUB_ACTIONS="true")
    assert code == 1
    assert any(each.startswith("::error") and "training.model" in each for each in obeyed(lines))


def test_off_github_nothing_is_added(tmp_path: Path) -> None:
    _, lines = ran("ci run", tmp_path)
    assert not any(SECRET in each or (each.startswith("::stop-commands::") and "tok" not in each) for each in lines)
