"""python-ci.yml, called by strangers' repositories: the four-file scaffold, a monorepo, and each way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_actions.project import interpreters
from mlops_actions.verdict import Status

# No step installs what the next needs from an index: what is looked at here is what becomes of the steps.
API = "my services/api v2"
MONOREPO = {
    f"{API}/api.py": "def double(x):\n    return 2 * x\n",
    f"{API}/test_api.py": "import api\n\n\ndef test_double():\n    assert api.double(2) == 4\n",
    f"{API}/mlops.yaml": "ci: {install-command: 'true', lint-command: 'python -m py_compile api.py'}\n",
    "README.md": "Nothing at the root is a project.\n",
}

WAYS_TO_FAIL = {
    "bad/test/test_sum.py": "def test_right():\n    assert 1 + 1 == 2\n\n\ndef test_wrong():\n    x = 2\n    assert x == 3, 'the sum'\n",
    "bad/lint/Makefile": "lint:\n\t@echo 'app.py:2:8: F401 [*] `os` imported but unused'; exit 1\n",
    "bad/lint/app.py": "X = 1\nimport os\n",
    "bad/install/Makefile": "install:\n\t@echo 'no such package' >&2; exit 3\nlint:\n\ttouch linted\ntest:\n\ttouch tested\n",
    "bad/version/app.py": "X = 1\n",
    "bad/nothing/README.md": "Nothing to lint or test.\n",
}
NOTHING = {"install-command": "true", "lint-command": "true"}


def _here() -> list[str]:
    """The two newest versions of this machine, or the one that there is, the older first."""
    lines = [version for version in interpreters.find_all() if version[-1] != "t"]
    return sorted({".".join(version.split(".")[:2]) for version in lines}, key=lambda each: int(each[2:]))[-2:]


VERSIONS = _here()


@pytest.fixture(scope="module")
def ran(repository: Callable[..., Any], calls: Callable[..., str], scaffold: dict[str, str]) -> Any:
    """One dry run of one file: a job for each caller."""
    one = {"python-versions": json.dumps(VERSIONS[:1])}
    api = {"working-directory": API, "runs-on": '["self-hosted", "linux"]', "fail-fast": False}
    yaml_list = "".join(f'- "{version}"\n' for version in VERSIONS)
    fails = {
        "test": NOTHING,
        "lint": {"install-command": "true", "test-command": "true"},
        "install": {},
    }
    jobs: dict[str, Any] = {
        "scaffold": ("python-ci", {"name": "python-ci"}),
        "api-yaml": ("python-ci", {**api, "python-versions": yaml_list}),
        "api-json": (
            "python-ci",
            {**api, **one, "test-command": "python -c 'import test_api; test_api.test_double()'"},
        ),
        **{
            f"bad-{way}": ("python-ci", {"working-directory": f"bad/{way}", **one, **with_})
            for way, with_ in fails.items()
        },
        "bad-version": (
            "python-ci",
            {
                "working-directory": "bad/version",
                "python-versions": json.dumps([VERSIONS[0], "3.99"]),
                **NOTHING,
                "test-command": "true",
            },
        ),
        "bad-nothing": ("python-ci", {"working-directory": "bad/nothing", **one}),
        "bad-name": ("python-ci", {"name": "ci/api", **one}),
        "bad-folder": ("python-ci", {"working-directory": "no such/folder", **one}),
        "bad-words": ("python-ci", {"working-directory": "bad/version", "python-versions": "[3.10]"}),
    }
    files = {**scaffold, **MONOREPO, **WAYS_TO_FAIL, ".github/workflows/ci.yml": calls(jobs)}
    return repository(files).dry_run()


def legs(*versions: str, result: str = "success") -> dict[str, str]:
    return {f"Python {version}": result for version in versions}


def test_the_whole(ran: Any) -> None:
    assert (ran.code, ran.verdict.status) == (1, Status.FAIL)
    good = {job for job, outputs in ran.outputs.items() if outputs["verdict"] == "pass"}
    assert good == {"scaffold", "api-yaml", "api-json"}


def test_the_four_file_scaffold_untouched(ran: Any) -> None:
    (leg,) = [name for name in ran.artifacts if name.startswith("python-ci-leg-")]
    version = leg.removeprefix("python-ci-leg-")
    assert ran.of("scaffold") == {"Plan": "success", f"Python {version}": "success", "python-ci": "success"}
    assert ran.kept(leg) == {"leg.json", "junit.xml", "install.log", "lint.log", "test.log"}
    assert ran.kept("python-ci-plan") == {"plan.json"}
    assert ran.kept("python-ci") == set()
    leg_json = json.loads((ran.artifact(leg) / "leg.json").read_text())
    assert [step["command"] for step in leg_json["steps"]] == ["make install", "make lint", "make test"]
    assert (leg_json["tests"]["passed"], leg_json["coverage"]) == (1, 100)
    assert ran.annotations("scaffold") == []


@pytest.mark.parametrize("job", ["api-yaml", "api-json"])
def test_a_folder_with_a_space_and_labels_as_an_array(ran: Any, job: str) -> None:
    versions = VERSIONS if job == "api-yaml" else VERSIONS[:1]
    assert ran.of(job) == {"Plan": "success", **legs(*versions), job: "success"}
    for version in versions:
        assert "test.log" in ran.kept(f"{job}-leg-{version}")
    plan = json.loads((ran.artifact(f"{job}-plan") / "plan.json").read_text())
    assert plan["versions"] == versions


def test_calls_with_names_keep_their_results_apart(ran: Any) -> None:
    """One workflow, called many times in a run: artifacts by name, and each gate judges its own."""
    for job in ("api-yaml", "api-json", "bad-test"):
        assert {job, f"{job}-plan", f"{job}-leg-{VERSIONS[0]}"} <= ran.artifacts
    assert ran.judged("api-json").status is Status.PASS
    assert ran.judged("bad-test").status is Status.FAIL


def test_a_failing_test_is_annotated_at_its_line(ran: Any) -> None:
    version = VERSIONS[0]
    assert ran.of("bad-test") == {"Plan": "success", **legs(version, result="failure"), "bad-test": "failure"}
    assert ran.outputs["bad-test"] == {"verdict": "fail"}
    places = {(each["level"], each["file"], each["line"]) for each in ran.annotations("bad-test")}
    assert ("error", "bad/test/test_sum.py", "7") in places
    assert not any(line == "2" for _, _, line in places)
    finding = ran.broken("bad-test")["test.failure"]
    assert (finding.where.file, finding.where.line) == ("test_sum.py", 7)
    assert "the sum" in finding.message


def test_a_lint_finding_is_annotated_at_its_line(ran: Any) -> None:
    assert ran.outputs["bad-lint"] == {"verdict": "fail"}
    (row,) = {
        (each["level"], each["file"], each["line"])
        for each in ran.annotations("bad-lint")
        if "imported but unused" in each["message"] and each["file"]
    }
    assert row == ("error", "bad/lint/app.py", "2")
    leg = ran.judged(f"bad-lint-leg-{VERSIONS[0]}")
    assert {each.rule: each.status for each in leg.checks if each.rule == "test.command"} == {"test.command": "pass"}


def test_an_install_that_fails_ends_its_leg(ran: Any) -> None:
    leg = f"bad-install-leg-{VERSIONS[0]}"
    found = ran.broken(leg)
    assert found["install.command"].status is Status.FAIL
    assert "no such package" in (ran.artifact(leg) / "install.log").read_text()
    assert {found["lint.command"].status, found["test.command"].status} == {Status.NOT_CHECKED}
    assert ran.kept(leg) == {"leg.json", "install.log"}
    assert ran.of("bad-install")["bad-install"] == "failure"


def test_a_version_that_does_not_exist_fails_its_leg_by_name(ran: Any) -> None:
    """And no other: the matrix goes on, since `fail-fast` is off."""
    assert ran.of("bad-version") == {
        "Plan": "success",
        **legs(VERSIONS[0]),
        **legs("3.99", result="failure"),
        "bad-version": "failure",
    }
    assert "Python 3.99" in ran.broken("bad-version")["leg.verdict"].message
    assert any("3.99" in each["message"] for each in ran.annotations("bad-version / Python 3.99"))


def test_a_project_with_nothing_to_run(ran: Any) -> None:
    """Whatever follows is skipped, and the gate fails all the same."""
    of = ran.of("bad-nothing")
    assert (of["Plan"], of["bad-nothing"]) == ("failure", "failure")
    (message,) = {each["message"] for each in ran.annotations("bad-nothing / Plan")}
    assert "Looked for" in message and "working-directory" in message


def test_a_version_that_yaml_reads_as_a_number_is_refused_with_its_cure(ran: Any) -> None:
    of = ran.of("bad-words")
    assert (of["Plan"], of["bad-words"]) == ("failure", "failure")
    (message,) = {each["message"] for each in ran.annotations("bad-words / Plan")}
    assert "python-versions" in message and "3.1" in message and "Quote" in message
    assert "bad-words-plan" not in ran.artifacts


@pytest.mark.parametrize(("job", "input_"), [("bad-name", "name"), ("bad-folder", "working-directory")])
def test_a_name_or_folder_that_cannot_be_is_refused_by_the_first_step(ran: Any, job: str, input_: str) -> None:
    (message,) = {
        each["message"] for each in ran.annotations(job) if each["job"] == f"{job} / Plan" and each["level"] == "error"
    }
    assert f"input `{input_}`" in message
    assert ran.of(job)["Plan"] == "failure"


def test_what_a_person_reads(ran: Any) -> None:
    """The log of a step that failed stands whole where it failed; the last words are the verdict and the report."""
    lines = ran.printed.splitlines()
    start = next(index for index, line in enumerate(lines) if "✗" in line and "bad-install / Python" in line)
    assert any("│" in line and "no such package" in line for line in lines[start : start + 12])
    end = next(index for index, line in enumerate(lines) if line.startswith("dry-run: fail"))
    assert "bad-version / Python 3.99" in lines[end]
    assert lines[-1].endswith("report.html")
