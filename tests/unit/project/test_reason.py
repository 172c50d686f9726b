"""The line that says why: with real uv and pip, and what make puts below it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.project import environment, reason

NOWHERE = "http://127.0.0.1:9/simple"


def log(command: str, folder: Path, env: dict[str, str]) -> str:
    """What a Makefile's install prints."""
    (folder / "Makefile").write_text(f"install:\n\t{command}\n", encoding="utf-8")
    done = subprocess.run(["make", "install"], cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    return done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["uv pip install", "pip install --retries 0"])
@pytest.mark.parametrize("package", ["no-such-package-here-1==1", "./no-such-folder"])
def test_an_install_that_fails_names_the_package(
    tmp_path: Path, with_uv: dict[str, str], tool: str, package: str
) -> None:
    made = environment.create(tmp_path, Path(sys.executable), {**with_uv, "NO_PROXY": "127.0.0.1"})
    settings = {"UV_DEFAULT_INDEX": NOWHERE, "PIP_INDEX_URL": NOWHERE, "UV_HTTP_RETRIES": "0"}
    text = log(f"{tool} {package}", tmp_path, {**made.variables, **settings})
    assert text.rstrip().endswith("Error 1") or text.rstrip().endswith("Error 2")
    assert package.removesuffix("==1").removeprefix("./") in reason.of_install(text)


def test_where_no_version_fits_the_cause_names_the_package(tmp_path: Path, with_uv: dict[str, str]) -> None:
    made = environment.create(tmp_path, Path(sys.executable), with_uv)
    (tmp_path / "wheels").mkdir()
    text = log("uv pip install --no-index --find-links wheels no-such-package-here", tmp_path, dict(made.variables))
    assert "no-such-package-here" in reason.of_install(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "one\ntwo\nmake[1]: *** [Makefile:2: all] Error 1\nmake[1]: Leaving directory '/x'\nmake: *** [all] Error 2",
            "two",
        ),
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because a was not found",
            "Because a was not found",
        ),
        ("ERROR: first\nERROR: second\nsomething else", "second"),
        ("make: *** No rule to make target 'x', needed by 'install'.  Stop.", "No rule to make target 'x'"),
        ("", ""),
    ],
)
def test_the_last_error_or_the_last_line(text: str, why: str) -> None:
    assert why in reason.of_install(text)
    assert (why == "") == (reason.of_install(text) == "")


def test_of_another_command_it_is_the_last_line_above_makes() -> None:
    assert reason.last_line("ERROR: logged\nValueError: the reason\nmake: *** [Makefile:2: t] Error 1\n\n") == (
        "ValueError: the reason"
    )
