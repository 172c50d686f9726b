"""GitHub's language service: what it says arrives as checks, and its absence is said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.dryrun import event, judge, languageservice, plan
from mlops_actions.verdict import Check, Severity, Status

Repository = Callable[..., Path]
FOLDER = ".github/workflows"
RESOURCES = Path(languageservice.__file__).parent / "resources"
STEPS = "runs-on: ubuntu-24.04, steps: [{run: echo}]"


NEEDY = "on: {workflow_call: {inputs: {must: {type: string, required: true}}}}\njobs: {j: {runs-on: x, steps: [{run: echo}]}}\n"
PLAIN = "uses: acme/mlops-actions/.github/workflows/plain.yml@v1"
MIDDLE = """\
    on: {{workflow_call: {{outputs: {{out: {{value: "${{{{ jobs.inner.outputs.{output} }}}}"}}}}}}}}
    jobs: {{inner: {{uses: acme/mlops-actions/.github/workflows/plain.yml@v1}}}}
    """

CASES = {
    "an unknown key": (f"a: {{colour: red, {STEPS}}}", 3, "Unexpected value 'colour'"),
    "an unknown function": (f"a: {{if: nope(), {STEPS}}}", 3, "Unrecognized function: 'nope'"),
    "a context not allowed": (f"a: {{if: secrets.X != '', {STEPS}}}", 3, "Unrecognized named-value: 'secrets'"),
    "an unknown need": (f"a: {{{STEPS}}}\n  b: {{needs: c, {STEPS}}}", 4, "Job 'b' depends on unknown job 'c'"),
    "a circle": (f"a: {{{STEPS}}}\n  b: {{needs: c, {STEPS}}}\n  c: {{needs: b, {STEPS}}}", 4, "creates a cycle"),
    "not closed": ("a: {runs-on: x, steps: [{run: '${{ github.ref'}]}", 3, "not closed"),
    "no YAML": ("a: b: c", 3, "Nested mappings are not allowed in compact mappings at line 3, column 6"),
    "a duplicate key": (f"a: {{{STEPS}}}\n  a: {{{STEPS}}}", 4, "'a' is already defined"),
    "an unknown input": (f"a: {{{PLAIN}, with: {{nope: 1}}}}", 3, "nope is not defined"),
    "a missing input": (f"a: {{uses: ./{FOLDER}/needy.yml}}", 3, "Input must is required"),
    "a wrong secret": (
        f"a: {{uses: ./{FOLDER}/needy.yml, with: {{must: x}}, secrets: {{T: x}}}}",
        3,
        "T is not defined",
    ),
    "a forgiven call": (f"a: {{{PLAIN}, continue-on-error: true}}", 3, "Unexpected value 'continue-on-error'"),
    "a wrong level": (f"a: {{permissions: {{contents: reed}}, {STEPS}}}", 3, "Unexpected value 'reed'"),
    "no reference": ("a: {uses: nonsense}", 3, "Invalid workflow reference"),
    "an output of no job": (f"a: {{uses: ./{FOLDER}/wrong-output.yml}}", None, ""),
    "a good output": (f"a: {{uses: ./{FOLDER}/good-output.yml}}", None, ""),
    "an output of a call": (
        f"a: {{{PLAIN}}}\n  b: {{needs: a, runs-on: x, steps: [{{run: '${{{{ needs.a.outputs.nope }}}}'}}]}}",
        4,
        "Context access might be invalid: nope",
    ),
    "a missing file": (f"a: {{uses: ./{FOLDER}/none.yml}}", 3, "cannot be called"),
    "another repository": ("a: {uses: else/where/.github/workflows/x.yml@v1}", 3, "not at hand"),
    "outside of the repository": (f"a: {{uses: ./{FOLDER}/../../../secret.yml}}", 3, "Invalid workflow reference"),
    "an action": ("a: {runs-on: x, steps: [{uses: actions/checkout@v7}, {uses: ./tools/greet}]}", None, ""),
    "a broken called file": (f"a: {{uses: ./{FOLDER}/broken.yml}}", None, ""),
}
CALLED = {
    "needy.yml": NEEDY,
    "wrong-output.yml": MIDDLE.format(output="verdikt"),
    "good-output.yml": MIDDLE.format(output="verdict"),
    "broken.yml": "on: workflow_call\njobs:\n  x:\n    runs-on: x\n    colour: red\n    steps: [{run: echo}]\n",
}


def file_of(case: str) -> str:
    return case.replace(" ", "-") + ".yml"


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, languageservice_folder: Path) -> dict[str, list[Check]]:
    """All cases judged at once, whole, as `mlops dry-run` does: the findings of each file."""
    assert languageservice_folder.is_dir()
    folder = tmp_path_factory.mktemp("judged")
    library, repo = folder / "library", folder / "shop"
    called = {
        "on": {"workflow_call": {"outputs": {"verdict": {"value": "${{ jobs.j.outputs.x }}"}}}},
        "jobs": {"j": {"runs-on": "x", "outputs": {"x": "1"}, "steps": [{"run": "echo"}]}},
    }
    for where in (library, repo):
        (where / FOLDER).mkdir(parents=True)
    (library / FOLDER / "plain.yml").write_text(json.dumps(called))
    (folder / "secret.yml").write_text("on: workflow_call\njobs: {TOPSECRET: 1}\n")
    for case, (jobs, _, _) in CASES.items():
        (repo / FOLDER / file_of(case)).write_text(f"on: push\njobs:\n  {jobs}\n")
    for name, text in CALLED.items():
        (repo / FOLDER / name).write_text(textwrap.dedent(text))
    (repo / "tools/greet").mkdir(parents=True)
    (repo / "tools/greet/action.yml").write_text("name: greet\nruns:\n  using: composite\n  steps:\n    - run: echo\n")
    made = plan.make(repo, library, event.read(repo, "push"))
    found: dict[str, list[Check]] = {}
    for check in judge.judge(made, repo, library, install=False):
        if check.is_finding:
            found.setdefault(Path(check.where.file or "").name, []).append(check)
    return found


@pytest.mark.parametrize("case", [case for case, (_, line, _) in CASES.items() if line])
def test_what_is_wrong_is_said_at_its_line(findings: dict[str, list[Check]], case: str) -> None:
    _, line, said = CASES[case]
    assert any(said in check.message and check.where.line == line for check in findings[file_of(case)])


def test_what_is_wrong_is_said_on_one_line(findings: dict[str, list[Check]]) -> None:
    assert not [check.message for checks in findings.values() for check in checks if "\n" in check.message]


def test_what_is_wrong_is_said_once(findings: dict[str, list[Check]]) -> None:
    rules = {case: [check.rule for check in findings.get(file_of(case), [])] for case in CASES}
    assert rules["a duplicate key"] == ["workflow.invalid"]
    assert rules["a missing file"] == ["call.missing"]
    assert rules["another repository"] == ["call.not-followed"]  # which is not checked, and no failure
    assert rules["a good output"] == []


def test_what_is_wrong_in_a_called_file_is_said_there(findings: dict[str, list[Check]]) -> None:
    assert file_of("a broken called file") not in findings
    assert [(check.rule, check.where.line) for check in findings["broken.yml"]] == [("workflow.invalid", 5)]


def test_outputs_are_followed_through_nested_calls(findings: dict[str, list[Check]]) -> None:
    assert "good-output.yml" not in findings
    (check,) = findings["wrong-output.yml"]
    assert (check.rule, check.status, check.where.line) == ("workflow.doubtful", Status.WARN, 1)
    assert "verdikt" in check.message


def test_an_action_of_the_repository_is_judged_with_the_step_that_uses_it(findings: dict[str, list[Check]]) -> None:
    found = findings["action.yml"]
    assert {(check.rule, check.status, check.where.file) for check in found} == {
        ("workflow.doubtful", Status.WARN, "tools/greet/action.yml")
    }
    assert 5 in [check.where.line for check in found]  # a composite action's `run` names its shell


def test_nothing_outside_of_the_repository_is_read(findings: dict[str, list[Check]]) -> None:
    assert not any("TOPSECRET" in check.message for checks in findings.values() for check in checks)


def test_nothing_that_a_link_leads_to_outside_is_read(
    repository: Repository, library: Path, languageservice_folder: Path, tmp_path: Path
) -> None:
    assert languageservice_folder.is_dir()
    (tmp_path / "secret.yml").write_text("on: workflow_call\njobs: {TOPSECRET: 1}\n")
    calls = f"jobs: {{a: {{uses: ./{FOLDER}/link.yml}}}}\n"
    steps = "{runs-on: x, steps: [{uses: actions/checkout@v7}, {uses: ./act}]}"
    repo = repository({"caller.yml": f"on: push\n{calls}", "user.yml": f"on: push\njobs: {{b: {steps}}}\n"})
    (repo / "act").mkdir()
    for name in (f"{FOLDER}/link.yml", "act/action.yml"):
        (repo / name).symlink_to(tmp_path / "secret.yml")
    checks = judge.judge(plan.make(repo, library, event.read(repo, "push")), repo, library, install=False)
    assert not any("TOPSECRET" in check.message for check in checks)
    found = {(check.rule, check.where.file) for check in checks if check.status is Status.FAIL}
    assert found == {("workflow.invalid", f"{FOLDER}/link.yml"), ("call.missing", f"{FOLDER}/caller.yml")}


def test_an_accepted_file_is_a_check_that_passed(
    repository: Repository, library: Path, languageservice_folder: Path
) -> None:
    assert languageservice_folder.is_dir()
    repo = repository({"a.yml": f"on: push\njobs: {{a: {{{STEPS}}}}}\n"})
    (check,) = languageservice.check(repo, [f"{FOLDER}/a.yml"], library, install=False)
    assert (check.rule, check.status, check.where.file) == ("workflow.valid", Status.PASS, f"{FOLDER}/a.yml")


# --- where it is not at hand ---------------------------------------------------------------------


def not_checked(checks: list[Check]) -> str:
    (check,) = checks
    assert (check.rule, check.status, check.severity) == ("workflow.valid", Status.NOT_CHECKED, Severity.WARNING)
    return check.message


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of its own, an empty cache, and no Node from a Python package."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(languageservice, "_wheel", lambda: None)
    return folder


def script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def check(repo: Path, install: bool) -> list[Check]:
    return languageservice.check(repo, [f"{FOLDER}/a.yml"], repo, install=install)


def test_without_node_it_says_how_to_get_one(tools: Path, tmp_path: Path) -> None:
    assert not list(tools.iterdir())
    assert "there is no Node 20.6 or newer. Install one" in not_checked(check(tmp_path, True))


def test_without_node_a_file_that_cannot_be_read_is_still_refused(tools: Path, tmp_path: Path) -> None:
    assert tools.is_dir()
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "a.yml").write_text("on: push\njobs:\n  a: {}\n  a: {}\n")
    made = plan.make(tmp_path, tmp_path, event.read(tmp_path, "push"))
    checks = judge.judge(made, tmp_path, tmp_path, install=False)
    assert [(check.rule, check.status.value, check.where.line) for check in checks] == [
        ("workflow.valid", "not-checked", None),
        ("workflow.invalid", "fail", 4),
    ]


def test_an_old_node_is_named(tools: Path, tmp_path: Path) -> None:
    script(tools, "node", "echo v18.19.0")
    assert "(the one on PATH is 18.19.0)" in not_checked(check(tmp_path, True))


def test_nothing_is_fetched_unless_allowed(tools: Path, tmp_path: Path) -> None:
    script(tools, "node", "echo v24.0.0")
    script(tools, "npm", f"echo called > {tmp_path}/called; exit 1")
    assert "nothing may be fetched" in not_checked(check(tmp_path, False))
    assert not (tmp_path / "called").exists()


def test_it_is_installed_from_the_lock_without_running_a_script(tools: Path, tmp_path: Path) -> None:
    script(tools, "node", "echo v24.0.0")
    script(tools, "npm", f'echo "$@" > {tmp_path}/called; /bin/ls > {tmp_path}/files; /bin/mkdir node_modules')
    folder = languageservice.installed()
    assert (tmp_path / "called").read_text().split()[:2] == ["ci", "--ignore-scripts"]
    assert {"package-lock.json", "package.json"} <= set((tmp_path / "files").read_text().split())
    (tmp_path / "called").unlink()
    assert languageservice.installed(install=False) == folder  # once is enough
    assert not (tmp_path / "called").exists()


@pytest.fixture
def broken_npm(tools: Path, tmp_path: Path) -> Callable[[], int]:
    """An npm that finds no network; how often it was called."""
    script(tools, "node", "echo v24.0.0")
    script(tools, "npm", f"echo 1 >> {tmp_path}/calls; echo 'npm error network is down' >&2; exit 1")
    return lambda: len((tmp_path / "calls").read_text().splitlines())


def test_a_failed_installation_is_not_paid_for_twice(broken_npm: Callable[[], int], tmp_path: Path) -> None:
    assert "npm error network is down" in not_checked(check(tmp_path, True))
    (note,) = (tmp_path / "cache/mlops-actions").iterdir()  # and nothing half installed
    again = not_checked(check(tmp_path, True))
    assert "npm error network is down (0 minutes ago; it is tried again" in again
    assert f"when {note} is removed" in again and broken_npm() == 1


@pytest.mark.parametrize("change", ["an hour", "removed", "another registry", "a clock set back"])
def test_a_failed_installation_is_tried_again(
    broken_npm: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    check(tmp_path, True)
    (note,) = (tmp_path / "cache/mlops-actions").iterdir()
    now = note.stat().st_mtime
    if change == "removed":
        note.unlink()
    elif change == "another registry":
        monkeypatch.setenv("npm_config_registry", "https://npm.example.org")
    else:
        then = now - 3601 if change == "an hour" else now + 3600
        os.utime(note, (then, then))
    check(tmp_path, True)
    assert broken_npm() == 2


def test_what_is_waited_for_is_said(broken_npm: Callable[[], int], tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        languageservice.check(tmp_path, [f"{FOLDER}/a.yml"], tmp_path, install=True, say=said.append)
    assert len(said) == broken_npm() == 1 and "with npm" in said[0]


def test_a_registry_that_does_not_answer_costs_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real npm, against a server that refuses each connection: its own patience would be half a minute."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)
        began = time.monotonic()
        assert "npm could not install it" in not_checked(check(tmp_path, True))
        assert time.monotonic() - began < 20


def test_a_script_that_fails_is_not_taken_for_an_answer(tools: Path, tmp_path: Path) -> None:
    script(tools, "node", 'case "$1" in --version) echo v24.0.0;; *) echo "Error: no memory" >&2; exit 7;; esac')
    script(tools, "npm", "/bin/mkdir node_modules")
    assert "Error: no memory" in not_checked(check(tmp_path, True))
    script(tools, "node", 'case "$1" in --version) echo v24.0.0;; *) echo "no json";; esac')
    assert "no JSON" in not_checked(check(tmp_path, True))


def test_no_files_ask_nobody(tools: Path, tmp_path: Path) -> None:
    assert languageservice.check(tmp_path, [], tmp_path, install=True) == []
    assert tools.is_dir()


def test_both_ways_of_loading_json_work(
    repository: Repository, library: Path, languageservice_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Node of the wheel has `registerHooks`; an older one on PATH has not."""
    assert languageservice_folder.is_dir()
    repo = repository({"a.yml": f"on: push\njobs: {{a: {{{STEPS}}}}}\n"})
    found = [each.node for each in languageservice._candidates()]
    for node in found:
        if languageservice._version(node) >= languageservice.MIN_NODE:
            monkeypatch.setattr(
                languageservice, "_candidates", lambda node=node: iter([languageservice.Node(node, None)])
            )
            checks = languageservice.check(repo, [f"{FOLDER}/a.yml"], library, install=False)
            assert [each.status for each in checks] == [Status.PASS], node


def test_the_lock_names_no_registry_and_every_package_has_its_digest() -> None:
    text = (RESOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')


def test_planning_imports_no_node_and_starts_fast_enough_for_a_list() -> None:
    code = "import sys; import mlops_actions.dryrun.plan; print('mlops_actions.dryrun.languageservice' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(languageservice.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
