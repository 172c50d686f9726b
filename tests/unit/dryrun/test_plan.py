"""The plan: which files an event starts, and which of their jobs must run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlops_actions.dryrun import event, plan
from mlops_actions.dryrun.plan import Finished, Plan, PlannedJob
from mlops_actions.errors import CallError

Repository = Callable[..., Path]
FOLDER = ".github/workflows"
STEPS = "runs-on: ubuntu-24.04, steps: [{run: echo}]"


def make(repo: Path, library: Path, name: str = "push", **options: object) -> Plan:
    ref, file = options.pop("ref", None), options.pop("event_file", None)
    played = event.read(repo, name, file, ref)  # type: ignore[arg-type]
    return plan.make(repo, library, played, **options)  # type: ignore[arg-type]


def jobs(made: Plan) -> dict[str, PlannedJob]:
    return {"/".join(job.path): job for file in made.files for job in file.jobs}


def when(made: Plan) -> dict[str, str]:
    return {name: job.when for name, job in jobs(made).items()}


def one(repository: Repository, library: Path, text: str, name: str = "push", **options: object) -> Plan:
    return make(repository({"a.yml": text}), library, name, **options)


# --- files ---------------------------------------------------------------------------------------


def test_all_files_that_the_event_starts_are_planned(repository: Repository, library: Path) -> None:
    job = f"jobs: {{j: {{{STEPS}}}}}\n"
    repo = repository(
        {
            "push.yml": f"on: push\n{job}",
            "main.yaml": f"name: Main\non: {{push: {{branches: [main]}}}}\n{job}",
            "dev.yml": f"on: {{push: {{branches: [dev]}}}}\n{job}",
            "pull.yml": f"on: pull_request\n{job}",
            ".github/workflows/notes.md": "no workflow",
            ".github/workflows/deeper/x.yml": "no workflow either",
        }
    )
    made = make(repo, library)
    assert {file.path.rpartition("/")[2]: file.starts for file in made.files} == {
        "dev.yml": False,
        "main.yaml": True,
        "pull.yml": False,
        "push.yml": True,
    }
    why = {file.path.rpartition("/")[2]: file.why for file in made.files}
    assert why["dev.yml"] == "`branches` [dev] does not select the branch `main`"
    assert why["pull.yml"] == "`on` names `pull_request`, not `push`"
    assert [file.name for file in made.files if file.starts] == ["Main", f"{FOLDER}/push.yml"]


def test_a_file_that_git_ignores_is_none(repository: Repository, library: Path) -> None:
    text = f"on: push\njobs: {{j: {{{STEPS}}}}}\n"
    repo = repository({"a.yml": text, ".gitignore": "*local*\n", "local.yml": text})
    (repo / FOLDER / "new.yml").write_text(text)  # not committed yet, and GitHub will see it
    assert [file.path for file in make(repo, library).files] == [f"{FOLDER}/a.yml", f"{FOLDER}/new.yml"]
    with pytest.raises(CallError, match="is ignored by Git"):
        make(repo, library, files=["local.yml"])


def test_an_event_that_starts_nothing_says_why_for_each_file_at_its_line(repository: Repository, library: Path) -> None:
    repo = repository(
        {
            "a.yml": "name: A\non:\n  push:\n    tags: [v*]\njobs: {}\n",
            "b.yml": "on: schedule\njobs: {}\n",
        }
    )
    with pytest.raises(CallError) as raised:
        make(repo, library)
    whole, first, second = raised.value.problems
    assert whole.message == "`push` of refs/heads/main starts no workflow"
    assert (first.file, first.line) == (f"{FOLDER}/a.yml", 3)
    assert "only `tags` are filtered for" in first.message
    assert (second.file, second.line) == (f"{FOLDER}/b.yml", 1)


def test_a_file_that_cannot_be_read_is_a_subject_and_no_wrong_call(repository: Repository, library: Path) -> None:
    (file,) = one(repository, library, "on: push\njobs: {a: {}, a: {}}\n").files
    assert not file.starts
    assert file.workflow is None
    assert file.problems[0].line == 2


@pytest.mark.parametrize("given", ["a.yml", f"{FOLDER}/a.yml", f"./{FOLDER}/a.yml", "ABSOLUTE"])
def test_a_file_is_named_by_path_or_by_name(repository: Repository, library: Path, given: str) -> None:
    text = f"on: push\njobs: {{j: {{{STEPS}}}}}\n"
    repo = repository({"a.yml": text, "b.yml": text})
    given = str(repo / FOLDER / "a.yml") if given == "ABSOLUTE" else given
    assert [file.path for file in make(repo, library, files=[given]).files] == [f"{FOLDER}/a.yml"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("aa.yml", "Did you mean `a.yml`"), ("Makefile", "only folder"), ("../a.yml", "no such workflow file")],
)
def test_a_file_that_is_not_there_is_answered(repository: Repository, library: Path, given: str, said: str) -> None:
    repo = repository({"a.yml": "on: push\njobs: {}\n", "Makefile": "x:\n"})
    with pytest.raises(CallError, match=said):
        make(repo, library, files=[given])


def test_a_repository_without_workflows_is_told_so(repository: Repository, library: Path) -> None:
    with pytest.raises(CallError, match="no workflow files"):
        make(repository({"a": "1"}), library)


def test_a_schedule_starts_the_files_with_its_cron(repository: Repository, library: Path, tmp_path: Path) -> None:
    cron = tmp_path / "event.json"
    cron.write_text(json.dumps({"schedule": "0 6 * * 1"}))
    job = f"jobs: {{j: {{{STEPS}}}}}\n"
    repo = repository(
        {
            "monday.yml": f"on: {{schedule: [{{cron: '0 6 * * 1'}}]}}\n{job}",
            "daily.yml": f"on: {{schedule: [{{cron: '0 6 * * *'}}]}}\n{job}",
        }
    )
    made = make(repo, library, "schedule", event_file=cron)
    assert [file.path for file in made.files if file.starts] == [f"{FOLDER}/monday.yml"]
    assert len([file for file in make(repo, library, "schedule").files if file.starts]) == 2


def test_a_dispatch_starts_one_file(repository: Repository, library: Path) -> None:
    text = f"on: workflow_dispatch\njobs: {{j: {{{STEPS}}}}}\n"
    repo = repository({"a.yml": text, "b.yml": text})
    with pytest.raises(CallError, match="Name the file"):
        make(repo, library, "workflow_dispatch")
    assert when(make(repo, library, "workflow_dispatch", files=["b.yml"])) == {"j": "must"}


def test_inputs_belong_to_a_dispatch(repository: Repository, library: Path) -> None:
    with pytest.raises(CallError, match="takes no inputs"):
        one(repository, library, "on: push\njobs: {}\n", inputs={"a": "1"})


def test_a_dispatchs_inputs_have_their_types_in_conditions_and_are_strings_in_the_event(
    repository: Repository, library: Path
) -> None:
    text = f"""\
        on:
          workflow_dispatch:
            inputs:
              flag: {{type: boolean, default: false}}
              size: {{type: number, default: 2}}
              kind: {{type: choice, options: [x, y]}}
        jobs:
          typed: {{if: inputs.flag == true && inputs.size > 4 && inputs.KIND == 'x', {STEPS}}}
          text: {{if: "github.event.inputs.flag == 'true'", {STEPS}}}
          off: {{if: "!inputs.flag", {STEPS}}}
        """
    made = one(repository, library, text, "workflow_dispatch", inputs={"FLAG": "true", "size": "5"})
    assert when(made) == {"typed": "must", "text": "must", "off": "skipped"}
    assert made.event.payload["inputs"] == {"flag": "true", "size": "5", "kind": "x"}


# --- jobs ----------------------------------------------------------------------------------------


def test_a_job_must_run_may_run_or_is_skipped(repository: Repository, library: Path) -> None:
    text = f"""\
        on: push
        jobs:
          plain: {{{STEPS}}}
          false: {{if: false, {STEPS}}}
          after-false: {{needs: "false", {STEPS}}}
          always: {{needs: "false", if: always(), {STEPS}}}
          after-always: {{needs: always, {STEPS}}}
          on-branch: {{if: github.ref == 'refs/heads/main', {STEPS}}}
          on-tag: {{if: github.ref_type == 'tag', {STEPS}}}
          output: {{needs: plain, if: needs.plain.outputs.x == 'y', {STEPS}}}
          after-output: {{needs: output, {STEPS}}}
          failure: {{needs: plain, if: failure(), {STEPS}}}
          result: {{needs: ["false"], if: "!cancelled() && needs.false.result == 'skipped'", {STEPS}}}
          variable: {{if: vars.GO == 'yes', {STEPS}}}
        """
    made = one(repository, library, text)
    assert when(made) == {
        "plain": "must",
        "false": "skipped",
        "after-false": "skipped",
        "always": "must",
        "after-always": "skipped",  # `false`, before it, did not succeed: success() asks for all before
        "on-branch": "must",
        "on-tag": "skipped",
        "output": "may",
        "after-output": "may",
        "failure": "may",
        "result": "must",
        "variable": "may",
    }
    why = {name: job.why for name, job in jobs(made).items()}
    assert why["on-tag"] == "`if: github.ref_type == 'tag'` is false"
    assert why["output"] == "`needs.plain.outputs.x` is known only in the run"
    assert why["after-false"] == "it needs `false`, which is skipped"
    assert "unless a job before it fails" in why["failure"]


def test_a_called_file_is_planned_through(repository: Repository, library: Path) -> None:
    text = """\
        on: push
        jobs:
          data:
            uses: acme/mlops-actions/.github/workflows/plain.yml@v1
            with: {count: 5, flag: "${{ github.ref_type == 'branch' }}"}
          off:
            if: github.ref_type == 'tag'
            uses: acme/mlops-actions/.github/workflows/nested.yml@v1
          perhaps:
            if: vars.X
            uses: other/mlops-actions/.github/workflows/inherits.yml@0123
        """
    made = one(repository, library, text)
    assert when(made) == {
        "data": "must",
        "data/work": "must",
        "data/gate": "must",
        "off": "skipped",
        "off/inner": "skipped",
        "off/inner/write": "skipped",
        "perhaps": "may",
        "perhaps/write": "may",
    }
    planned = jobs(made)
    assert planned["data"].calls == (library, f"{FOLDER}/plain.yml")
    assert planned["data"].inputs == {"flag": True, "count": 5, "word": ""}
    assert planned["data/gate"].needs == (("data", "work"),)
    assert planned["data"].runs_on == ()
    assert planned["data/work"].runs_on == ("ubuntu-24.04",)


def test_a_matrix_is_counted_and_its_labels_gathered(repository: Repository, library: Path) -> None:
    text = """\
        on: push
        jobs:
          m:
            name: On ${{ matrix.os }}
            strategy: {matrix: {os: [ubuntu-24.04, macos-15], v: [1, 2], exclude: [{os: macos-15, v: 1}]}}
            runs-on: ${{ matrix.os }}
            steps: [{run: echo}]
          l: {runs-on: [self-hosted, gpu], steps: [{run: echo}]}
          g: {runs-on: {group: big, labels: x64}, steps: [{run: echo}]}
          d:
            needs: m
            strategy: {matrix: "${{ fromJSON(needs.m.outputs.m) }}"}
            runs-on: ${{ matrix.os }}
            steps: [{run: echo}]
        """
    planned = jobs(one(repository, library, text))
    assert (planned["m"].legs, planned["m"].runs_on) == (3, ("ubuntu-24.04", "macos-15"))
    assert planned["l"].runs_on == ("self-hosted", "gpu")
    assert planned["g"].runs_on == ("x64",)
    assert (planned["d"].legs, planned["d"].runs_on) == (None, None)


def test_names_are_shown_as_github_shows_them_where_they_are_known(repository: Repository, library: Path) -> None:
    text = f"on: push\njobs:\n  a: {{name: 'On ${{{{ github.ref_name }}}}', {STEPS}}}\n  b: {{{STEPS}}}\n"
    assert [job.name for job in jobs(one(repository, library, text)).values()] == ["On main", "b"]


def test_a_job_is_kept_with_what_it_needs(repository: Repository, library: Path) -> None:
    text = f"""\
        on: push
        jobs:
          a: {{{STEPS}}}
          b: {{needs: a, {STEPS}}}
          c: {{needs: b, uses: x/mlops-actions/.github/workflows/plain.yml@v1}}
          d: {{{STEPS}}}
        """
    repo = repository({"a.yml": text})
    assert list(jobs(make(repo, library, job="b"))) == ["a", "b"]
    assert list(jobs(make(repo, library, job="c"))) == ["a", "b", "c", "c/work", "c/gate"]
    with pytest.raises(CallError, match="has a job 'e'"):
        make(repo, library, job="e")


def test_a_circle_of_needs_is_planned_as_skipped(repository: Repository, library: Path) -> None:
    text = f"on: push\njobs:\n  a: {{needs: b, {STEPS}}}\n  b: {{needs: a, {STEPS}}}\n  c: {{{STEPS}}}\n"
    assert when(one(repository, library, text)) == {"a": "skipped", "b": "skipped", "c": "must"}


def test_a_file_that_calls_itself_ends_at_githubs_limit(repository: Repository, library: Path) -> None:
    text = f"on: [push, workflow_call]\njobs:\n  a: {{uses: ./{FOLDER}/a.yml}}\n"
    made = one(repository, library, text)
    deepest = list(jobs(made).values())[-1]
    assert len(deepest.path) == 10
    assert [finding.rule for finding in deepest.findings] == ["call.too-deep"]


def test_files_that_call_each_other_without_end_are_refused(repository: Repository, library: Path) -> None:
    calls = "\n".join(f"          j{at}: {{uses: ./{FOLDER}/a.yml}}" for at in range(20))
    with pytest.raises(CallError, match="more than 2,000 jobs"):
        one(repository, library, f"        on: [push, workflow_call]\n        jobs:\n{calls}\n")


def test_hostile_names_are_data(repository: Repository, library: Path) -> None:
    text = 'on: push\njobs:\n  "$(touch x) ${{ github.x }}": {runs-on: "::error::x", steps: []}\n'
    (job,) = jobs(one(repository, library, text)).values()
    assert job.path == ("$(touch x) ${{ github.x }}",)
    assert job.runs_on == ("::error::x",)


# --- after the run -------------------------------------------------------------------------------


def after(repository: Repository, library: Path, text: str, finished: Mapping[str, Finished]) -> dict[str, str]:
    repo = repository({"a.yml": text})
    results = {tuple(name.split("/")): each for name, each in finished.items()}
    return when(plan.again(make(repo, library), repo, library, {f"{FOLDER}/a.yml": results}))


CHAIN = f"""\
    on: push
    jobs:
      a: {{{STEPS}}}
      b: {{needs: a, if: needs.a.outputs.go == 'yes', {STEPS}}}
      c: {{needs: a, {STEPS}}}
      always: {{needs: [a, b, c], if: always(), {STEPS}}}
      failed: {{needs: [a, b, c], if: failure(), {STEPS}}}
    """


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [
        (
            Finished("success", {"go": "yes"}),
            Finished("success"),
            Finished("success"),
            ["must", "must", "must", "skipped"],
        ),
        (
            Finished("success", {"go": "no"}),
            Finished("skipped"),
            Finished("success"),
            ["skipped", "must", "must", "skipped"],
        ),
        (Finished("failure"), Finished("skipped"), Finished("skipped"), ["skipped", "skipped", "must", "must"]),
    ],
)
def test_results_decide_what_was_open(
    repository: Repository, library: Path, a: Finished, b: Finished, c: Finished, expected: list[str]
) -> None:
    found = after(repository, library, CHAIN, {"a": a, "b": b, "c": c})
    assert [found[name] for name in ("b", "c", "always", "failed")] == expected


def test_a_job_that_act_dropped_must_still_have_run(repository: Repository, library: Path) -> None:
    found = after(repository, library, CHAIN, {"a": Finished("success", {"go": "yes"})})
    assert found["b"] == found["c"] == found["always"] == "must"


@pytest.mark.parametrize(("forgiven", "expected"), [("true", "must"), ("false", "skipped"), ("${{ 1 == 1 }}", "must")])
def test_a_forgiven_failure_is_a_success_to_the_jobs_after_it(
    repository: Repository, library: Path, forgiven: str, expected: str
) -> None:
    text = f"on: push\njobs:\n  a: {{continue-on-error: '{forgiven}', {STEPS}}}\n  b: {{needs: a, {STEPS}}}\n"
    assert (
        after(
            repository, library, text.replace("'true'", "true").replace("'false'", "false"), {"a": Finished("failure")}
        )["b"]
        == expected
    )


def test_outputs_come_out_of_a_called_file(repository: Repository, library: Path) -> None:
    text = f"""\
        on: push
        jobs:
          data: {{uses: x/mlops-actions/.github/workflows/plain.yml@v1}}
          pass: {{needs: data, if: needs.data.outputs.verdict == 'pass', {STEPS}}}
          fail: {{needs: data, if: needs.data.outputs.verdict != 'pass', {STEPS}}}
        """
    finished = {"data/work": Finished("success", {"verdict": "pass"}), "data/gate": Finished("success")}
    found = after(repository, library, text, finished)
    assert (found["pass"], found["fail"]) == ("must", "skipped")


def test_a_called_file_fails_with_its_jobs(repository: Repository, library: Path) -> None:
    text = f"""\
        on: push
        jobs:
          data: {{uses: x/mlops-actions/.github/workflows/plain.yml@v1}}
          after: {{needs: data, {STEPS}}}
          always: {{needs: data, if: always(), {STEPS}}}
        """
    found = after(repository, library, text, {"data/work": Finished("failure"), "data/gate": Finished("success")})
    assert (found["data/gate"], found["after"], found["always"]) == ("must", "skipped", "must")
