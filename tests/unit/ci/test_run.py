from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.ci import leg, run
from mlops_actions.ci.leg import Leg
from mlops_actions.ci.run import RunRequest
from mlops_actions.ci.steps import Commands
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.project import interpreters
from mlops_actions.verdict import Check, Status

Make = Callable[[dict[str, str]], Path]

pytestmark = pytest.mark.usefixtures("with_uv")

# The scaffold of the book "Practical MLOps" (chapter 1), as it stands there.
SCAFFOLD = {
    "Makefile": (
        "install:\n\tpip install --upgrade pip &&\\\n\t\tpip install -r requirements.txt\n\n"
        "lint:\n\tpylint --disable=R,C hello.py\n\n"
        "test:\n\tpython -m pytest -vv --cov=hello test_hello.py\n"
    ),
    "requirements.txt": "pylint\npytest\npytest-cov\n",
    "hello.py": 'def add(x, y):\n    """This is an add function"""\n\n    return x + y\n\n\nprint(add(1, 1))\n',
    "test_hello.py": "from hello import add\n\n\ndef test_add():\n    assert 2 == add(1, 1)\n",
}


def carry_out(folder: Path, out: Path, python: str, *commands: str | None) -> tuple[Outcome, Leg, str]:
    """Run a leg; the outcome, what it left, and all that a person saw."""
    echo = io.StringIO()
    outcome = run.run(RunRequest(python, folder, Commands(*commands), echo), out)
    return outcome, leg.read(out / "leg.json"), echo.getvalue()


def finding(outcome: Outcome, rule: str) -> Check:
    (check,) = [check for check in outcome.verdict.findings if check.rule == rule]
    return check


def statuses(done: Leg) -> dict[str, Status]:
    return {step.name: step.status for step in done.steps}


def test_the_four_file_scaffold_untouched(project: Make, out: Path, here: str) -> None:
    folder = project(SCAFFOLD)
    outcome, done, seen = carry_out(folder, out, here)
    assert outcome.verdict.status is Status.PASS, seen
    assert statuses(done) == {"install": Status.PASS, "lint": Status.PASS, "test": Status.PASS}
    assert [step.command for step in done.steps] == ["make install", "make lint", "make test"]
    assert done.tests is not None
    assert (done.tests.passed, done.tests.failed, done.coverage) == (1, 0, 100.0)
    assert {path.name for path in out.iterdir()} == {"install.log", "lint.log", "test.log", "junit.xml", "leg.json"}
    assert "pylint --disable=R,C hello.py" in (out / "lint.log").read_text(encoding="utf-8")
    # What the project itself did not write, its own tools did: nothing of ours lies in its folder.
    assert {path.name for path in folder.iterdir()} - set(SCAFFOLD) <= {".coverage", ".pytest_cache", "__pycache__"}


def test_lint_and_test_findings_have_their_lines_and_lint_does_not_hide_tests(
    project: Make, out: Path, here: str
) -> None:
    files = {
        "requirements.txt": "pytest\npylint\n",
        "hello.py": "def add(x, y):\n    unused = 1\n    return x - y\n",
        "tests/test_hello.py": "from hello import add\n\n\ndef test_add():\n    total = add(1, 1)\n    assert total == 2\n",
    }
    outcome, done, seen = carry_out(project(files), out, here)
    assert outcome.verdict.status is Status.FAIL
    assert statuses(done) == {"install": Status.PASS, "lint": Status.FAIL, "test": Status.FAIL}
    lint = finding(outcome, "pylint.unused-variable")
    assert (lint.status, lint.where.file, lint.where.line) == (Status.FAIL, "hello.py", 2)
    test = finding(outcome, "test.failure")
    assert (test.where.object, test.where.file, test.where.line) == ("test_add", "tests/test_hello.py", 6)
    assert "lint and test failed" in outcome.headline
    assert "uv pip install -r requirements.txt" in seen
    assert "assert total == 2" in seen


def test_an_install_that_fails_ends_the_leg(project: Make, out: Path, here: str) -> None:
    folder = project({"requirements.txt": "./no-such-folder\n", "test_a.py": ""})
    outcome, done, _ = carry_out(folder, out, here)
    assert statuses(done) == {"install": Status.FAIL, "lint": Status.NOT_CHECKED, "test": Status.NOT_CHECKED}
    failed = finding(outcome, "install.command")
    assert failed.message.startswith("`uv pip install -r requirements.txt` ended with status")
    assert "no-such-folder" in outcome.sections[0].blocks[-1].text  # type: ignore[union-attr]
    assert not (out / "test.log").exists()


def test_under_make_the_message_says_what_failed_not_which_target(project: Make, out: Path, here: str) -> None:
    makefile = "install:\n\t@echo 'error: no wheel of x' >&2; echo more; exit 3\nlint:\n\t@echo 'no y'; exit 3\n"
    outcome, _, _ = carry_out(project({"Makefile": makefile, "a.py": ""}), out, here, None, None, "true")
    assert finding(outcome, "install.command").message == "`make install` ended with status 2: no wheel of x"
    outcome, _, _ = carry_out(project({}), out, here, "true", None, "true")
    assert finding(outcome, "lint.command").message == "`make lint` ended with status 2: no y"


def test_a_python_that_is_neither_here_nor_to_be_had_fails_by_name(project: Make, out: Path) -> None:
    outcome, done, seen = carry_out(project({"test_a.py": ""}), out, "3.99")
    check = finding(outcome, "python.version")
    assert check.where.object == "3.99"
    assert "Python 3.99 is not on this machine and could not be fetched" in check.message
    assert "looked in the runner's tool cache, PATH, pyenv" in check.message
    assert check.message in seen
    assert (done.python, done.interpreter, done.steps) == ("3.99", None, ())


def test_a_python_that_is_here_and_cannot_be_isolated_is_not_said_to_be_missing(
    project: Make, out: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CONFIG_FILE", str(out.parent / "nowhere.toml"))
    outcome, done, _ = carry_out(project({"test_a.py": ""}), out, here)
    assert finding(outcome, "python.version").message.startswith(f"Python {here} could not be isolated: ")
    assert "is here, and no environment could be made" in outcome.headline
    assert done.interpreter is not None and done.interpreter.startswith(here)


def test_a_project_that_never_calls_uv_may_ask_for_another_uv(
    project: Make, out: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "pyproject.toml": '[tool.uv]\nrequired-version = "<0.1"\n',
        "Makefile": "install:\n\ttrue\n",
        "test_a.py": "def test_a():\n    assert True\n",
    }
    folder = project(files)
    monkeypatch.chdir(folder)
    outcome, done, seen = carry_out(folder, out, here, None, "true")
    assert outcome.verdict.status is Status.PASS, seen
    assert done.tests is not None and done.tests.passed == 1


@pytest.mark.parametrize("python", ["3.1", "3.12; id", ""])
def test_what_is_no_version_is_a_wrong_call(project: Make, out: Path, python: str) -> None:
    with pytest.raises(CallError):
        carry_out(project({"test_a.py": ""}), out, python)
    assert list(out.iterdir()) == []


def test_each_leg_has_the_interpreter_that_it_names_and_an_environment_of_its_own(project: Make, out: Path) -> None:
    found = [
        version for version in interpreters.find_all() if tuple(map(int, version.rstrip("t").split("."))) >= (3, 8)
    ]
    folder = project({"hello.py": ""})
    for version in {found[0], found[-1]}:
        probe = (
            'python -c "import sys; print(sys.version_info[:2], sys.prefix != sys.base_prefix)"; command -v python pip'
        )
        _, done, _ = carry_out(folder, out, version, "true", "true", probe)
        numbers = ", ".join(version.rstrip("t").split("."))
        lines = (out / "test.log").read_text(encoding="utf-8").splitlines()
        assert lines[0] == f"({numbers}) True"
        assert not any(line.startswith(str(folder)) or not Path(line).is_absolute() for line in lines[1:])
        assert not Path(lines[1]).exists(), "the environment is gone when the leg has ended"
        assert (done.interpreter or "").startswith(f"{version.rstrip('t')}.")


def test_groups_and_a_lock_file_are_installed_and_missing_tools_added(project: Make, out: Path, here: str) -> None:
    files = {
        "pyproject.toml": (
            f'[project]\nname = "thing"\nversion = "1"\nrequires-python = ">={here}"\n'
            '[dependency-groups]\ntest = ["iniconfig"]\n[tool.ruff]\n'
        ),
        "thing.py": "def one():\n    return 1\n",
        "test_thing.py": "import iniconfig\n\nimport thing\n\n\ndef test_one():\n    assert iniconfig and thing.one() == 1\n",
    }
    folder = project(files)
    subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=True)
    outcome, done, seen = carry_out(folder, out, here)
    assert outcome.verdict.status is Status.PASS, seen
    install = done.step("install")
    assert install is not None
    assert install.command == "uv sync --locked --inexact --group test"
    assert install.reason == "uv.lock is there; ruff and pytest added, since the project has none"
    assert not (folder / ".venv").exists()


def test_a_finding_of_a_step_that_passes_warns(project: Make, out: Path, here: str) -> None:
    folder = project({"hello.py": "x = 1\n"})
    outcome, _, _ = carry_out(folder, out, here, "true", "echo 'hello.py:1:1: E100 something'", "true")
    assert outcome.verdict.status is Status.WARN
    check = finding(outcome, "lint.E100")
    assert (check.status, check.where.file, check.where.line) == (Status.WARN, "hello.py", 1)


def test_more_findings_than_can_be_listed_are_said(project: Make, out: Path, here: str) -> None:
    folder = project({"hello.py": "x = 1\n"})
    many = 'for i in $(seq 1 600); do echo "hello.py:$i:1: E100 something"; done; exit 1'
    outcome, _, _ = carry_out(folder, out, here, "true", many, "true")
    listed = [check for check in outcome.verdict.findings if check.rule == "lint.E100"]
    assert len(listed) == 500
    assert "more than 500 findings" in finding(outcome, "lint.command").message


def test_a_projects_own_junit_file_is_read_and_left_in_place(project: Make, out: Path, here: str) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = --junitxml=reports/own.xml -o junit_family=xunit2\n",
        "requirements.txt": "pytest\n",
        "test_a.py": "def test_a():\n    assert 1 == 2\n",
    }
    folder = project(files)
    outcome, _, _ = carry_out(folder, out, here, None, "true")
    own = folder / "reports" / "own.xml"
    assert own.read_bytes() == (out / "junit.xml").read_bytes()
    check = finding(outcome, "test.failure")
    assert (check.where.file, check.where.line) == ("test_a.py", 2)


def test_without_a_junit_file_the_text_is_read(project: Make, out: Path, here: str) -> None:
    test = (
        "import unittest\n\n\nclass Case(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(False)\n"
    )
    folder = project({"test_a.py": test})
    outcome, done, _ = carry_out(folder, out, here, "true", "true", "python -m unittest")
    check = finding(outcome, "test.failure")
    assert (check.where.file, check.where.line, done.tests) == ("test_a.py", 6, None)


def test_names_and_output_that_look_like_commands_stay_data(project: Make, out: Path, here: str) -> None:
    name = "a$(touch owned)`touch owned`.py"
    folder = project({name: "", "hello.py": ""})
    text = f"{name}:1:1: E100 ::error::$(touch owned) | <b>"
    (folder / "say.txt").write_text(text, encoding="utf-8")
    outcome, _, _ = carry_out(folder, out, here, "true", "cat say.txt; exit 1", "true")
    check = finding(outcome, "lint.E100")
    assert (check.where.file, check.message) == (name, "::error::$(touch owned) | <b>")
    assert not (folder / "owned").exists()
    json.loads((out / "leg.json").read_text(encoding="utf-8"))


def test_a_project_without_tests_is_warned_of(project: Make, out: Path, here: str) -> None:
    outcome, done, _ = carry_out(project({"hello.py": ""}), out, here, "true", "true")
    assert outcome.verdict.status is Status.WARN
    assert statuses(done)["test"] is Status.NOT_CHECKED
    assert "looked for a Makefile target `test`" in finding(outcome, "test.command").message


@pytest.mark.parametrize("text", ["no xml", "<!DOCTYPE x><testsuite/>"])
def test_a_junit_file_that_is_none_is_a_finding(project: Make, out: Path, here: str, text: str) -> None:
    folder = project({"hello.py": "", "text": text})
    outcome, done, _ = carry_out(folder, out, here, "true", "true", "cp text j.xml # --junitxml=j.xml")
    assert outcome.verdict.status is Status.WARN
    assert finding(outcome, "test.report").message.startswith("the JUnit file ")
    assert done.tests is None


def test_an_old_report_is_not_taken_for_a_new_one(project: Make, out: Path, here: str) -> None:
    case = '<testsuite><testcase name="old"/></testsuite>'
    folder = project({"hello.py": "", "j.xml": case, "coverage.xml": '<coverage line-rate="0.5">'})
    for name in ("j.xml", "coverage.xml"):
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
    _, done, _ = carry_out(folder, out, here, "true", "true", "true # --junitxml=j.xml")
    assert (done.tests, done.coverage) == (None, None)
    _, done, _ = carry_out(folder, out, here, "true", "true", "touch j.xml coverage.xml # --junitxml=j.xml")
    assert done.tests is not None
    assert (done.tests.passed, done.coverage) == (1, 50.0)


def test_without_an_install_step_and_without_findings_the_last_line_says_why(
    project: Make, out: Path, here: str
) -> None:
    folder = project({"hello.py": ""})
    outcome, done, _ = carry_out(folder, out, here, None, "echo one; echo the reason; exit 9", "exit 3")
    assert statuses(done)["install"] is Status.NOT_CHECKED
    assert finding(outcome, "lint.command").message.endswith("ended with status 9: the reason")
    assert finding(outcome, "test.command").message == "`exit 3` ended with status 3: it printed nothing"


# --- a private index -----------------------------------------------------------------------------


def no_index(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    """Take out what this machine says about indexes."""
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("UV_CACHE_DIR", str(out.parent / "cache"))


TESTED = 'python -c "import secretsauce; print(secretsauce.NAME)"; env | grep INDEX'


@pytest.mark.parametrize("install", [None, "pip install -v -r requirements.txt"])
def test_a_private_requirement_file_and_no_secret_in_any_log(
    project: Make, out: Path, here: str, private_index: Any, monkeypatch: pytest.MonkeyPatch, install: str | None
) -> None:
    no_index(monkeypatch, out)
    monkeypatch.setenv("PIP_INDEX_URL", private_index.url)
    folder = project({"requirements.txt": "secretsauce==1.0\n", "hello.py": ""})
    outcome, _, seen = carry_out(folder, out, here, install, "true", TESTED)
    assert outcome.verdict.status is Status.PASS, seen
    log = (out / "test.log").read_text(encoding="utf-8")
    assert log.startswith("sauce\n")
    assert f"PIP_INDEX_URL={private_index.masked}" in log
    left = "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    assert private_index.password not in left + seen + repr(outcome)


@pytest.mark.parametrize("install", [None, "pip install -v -r requirements.txt"])
def test_an_index_that_is_given_as_a_secret_is_used_and_wins(
    project: Make, out: Path, here: str, private_index: Any, monkeypatch: pytest.MonkeyPatch, install: str | None
) -> None:
    no_index(monkeypatch, out)
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    folder = project({"requirements.txt": "secretsauce==1.0\n", "hello.py": ""})
    echo = io.StringIO()
    commands = Commands(install, "true", TESTED)
    outcome = run.run(RunRequest(here, folder, commands, echo, private_index.url), out)
    assert outcome.verdict.status is Status.PASS, echo.getvalue()
    log = (out / "test.log").read_text(encoding="utf-8").splitlines()
    assert sorted(log) == ["PIP_INDEX_URL=***", "UV_DEFAULT_INDEX=***", "sauce"]
    left = "".join(path.read_text(encoding="utf-8") for path in out.iterdir()) + echo.getvalue() + repr(outcome)
    assert private_index.password not in left and private_index.url not in left


def test_a_secret_that_a_test_shows_is_not_in_its_report(
    project: Make, out: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The JUnit file is written by the project's process, past the log."""
    secret = 'a&b<"c">defgh'
    monkeypatch.setenv("SERVICE_PASSWORD", secret)
    test = (
        "import os\n\n\ndef test_a(record_property):\n"
        "    record_property('service', os.environ['SERVICE_PASSWORD'])\n"
        "    print(os.environ['SERVICE_PASSWORD'])\n    assert os.environ['SERVICE_PASSWORD'] == 1\n"
    )
    outcome, done, seen = carry_out(
        project({"test_a.py": test, "requirements.txt": "pytest\n"}), out, here, None, "true"
    )
    assert done.tests is not None and done.tests.failed == 1, seen
    assert finding(outcome, "test.failure").where.line == 7
    report = (out / "junit.xml").read_text(encoding="utf-8")
    assert "***" in report and "defgh" not in report
    assert "defgh" not in repr(outcome) + seen


def test_a_target_that_is_the_name_of_a_folder_is_no_test(project: Make, out: Path, here: str) -> None:
    """make then runs nothing and is content; the gate must not say that the tests passed."""
    folder = project({"Makefile": "test:\n\texit 1\n", "test/README.md": "No target.\n"})
    outcome, _, _ = carry_out(folder, out, here, "true", "true")
    assert outcome.verdict.status is Status.WARN
    assert ".PHONY" in finding(outcome, "test.command").message
    (folder / "Makefile").write_text(".PHONY: test\ntest:\n\techo \"make: 'test' is up to date.\"; exit 1\n")
    outcome, _, _ = carry_out(folder, out, here, "true", "true")
    assert outcome.verdict.status is Status.FAIL
