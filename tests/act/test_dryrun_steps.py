"""What runs in a job: shells, outputs, summaries, annotations, composite actions, stand-ins, and what it may see."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("unjudged")

ONE = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
"""


def one(steps: str) -> str:
    """A workflow of one job with these steps, and the output `seen` of the step `x`."""
    return ONE + "\n".join("      " + line for line in steps.strip("\n").splitlines())


def test_the_default_shell_has_no_pipefail(workflow: Make) -> None:
    steps = """
- run: false | true
- {shell: bash, if: always(), run: "false | true"}
"""
    ran = workflow(one(steps)).run()
    assert ran.status == "fail"
    assert ran.check("one").message == "failed at step `Run false | true`"
    assert [row[3] for row in ran.outcome.sections[0].blocks[0].rows[1:]] == ["success", "failure"]


def test_a_step_that_asks_gets_no_answer(workflow: Make) -> None:
    """On the host act gives a step a terminal, where it would wait for ever."""
    ran = workflow(one("- {id: x, run: 'read -r answer || echo seen=nothing >> $GITHUB_OUTPUT'}")).run()
    assert ran.outputs["one"] == {"seen": "nothing"}


def test_a_step_has_no_terminal(workflow: Make) -> None:
    """On the host act gives it one, and `git log` would start a pager that waits for a key."""
    steps = "- run: test ! -t 0 && test ! -t 1 && test ! -t 2 && ! (: </dev/tty)\n- {uses: actions/checkout@v4}\n- run: git log\n"
    ran = workflow(one(steps)).run()
    assert ran.status == "pass", ran.said()


def test_what_a_step_leaves_running_goes_on_in_the_next(workflow: Make) -> None:
    """A server for tests, say: it goes on though nobody reads what it prints any more."""
    steps = """
- run: |
    (while sleep 0.05; do echo a line; touch alive; done) &
- {id: x, run: "for i in 1 2; do rm -f alive; timeout 20 sh -c 'until [ -e alive ]; do sleep 0.05; done'; done; echo seen=yes >> $GITHUB_OUTPUT"}
"""
    assert workflow(one(steps)).run().outputs["one"] == {"seen": "yes"}


def test_the_last_words_of_a_step_that_fails(workflow: Make) -> None:
    ran = workflow(one("- run: seq 1 2000; echo the reason >&2; exit 7")).run()
    log = next(each for each in ran.outcome.sections if each.title.startswith("Logs")).blocks[0].text
    assert "the reason" in log and "2000" in log


def test_the_log_of_a_step_that_fails_is_kept_whole(workflow: Make) -> None:
    """Long logs and long lines too: act stops reading when a step fails, and memory is no place for them."""
    steps = """
- run: echo "said $S"; seq 1 30000; head -c 20000000 /dev/zero | tr '\\\\0' x; echo; echo "last $S"; printf end; exit 7
  env: {S: "${{ secrets.PASS }}"}
- {if: always(), run: echo fine}
"""
    ran = workflow(one(steps.replace("\\\\", "\\"))).run(secrets=("PASS=hunter2",))
    (log,) = (ran.out / "logs").iterdir()
    lines = log.read_text().splitlines()
    assert lines[0] == "said ***" and lines[1:30_001] == [str(each) for each in range(1, 30_001)]
    assert lines[30_001] == "x" * 20_000_000
    assert lines[30_002:30_004] == ["last ***", "end"]
    shown = next(each for each in ran.outcome.sections if each.title.startswith("Logs")).blocks[0].text
    assert shown.splitlines()[0] == f"… {len(lines) - 400:,} lines before, in logs/{log.name}"


def test_case_and_the_identity_of_the_workflow(workflow: Make) -> None:
    """act knows neither `case()` nor `job.workflow_*` and `github.workflow_ref`."""
    steps = """
- id: x
  env:
    SEEN: ${{ case(github.ref_type == 'tag', 'a tag', github.ref_type == 'branch', 'a branch', 'neither') }}
    REF: ${{ github.workflow_ref }} ${{ job.workflow_file_path }}
  run: echo "seen=$SEEN $REF $GITHUB_WORKFLOW_REF" >> "$GITHUB_OUTPUT"
"""
    ran = workflow(one(steps)).run()
    path = ".github/workflows/ci.yml"
    whole = f"octo/consumer/{path}@refs/heads/main"
    assert ran.outputs["one"] == {"seen": f"a branch {whole} {path} {whole}"}


def test_values_stay_data_in_expressions(workflow: Make) -> None:
    text = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {nasty: "${{ steps.x.outputs.nasty }}"}
    steps:
      - id: x
        run: |
          printf 'nasty<<END\\n%s%s\\n%s\\nEND\\n' "it's }} \\$" '{{ github.ref }} $(id) `id`' '::error::no' >> "$GITHUB_OUTPUT"
  two:
    needs: one
    runs-on: ubuntu-latest
    outputs: {same: "${{ needs.one.outputs.nasty }}"}
    steps:
      - env: {NASTY: "${{ needs.one.outputs.nasty }}"}
        run: printf '%s' "$NASTY" > nasty.txt
      - uses: actions/upload-artifact@v7
        with: {name: nasty, path: nasty.txt}
"""
    ran = workflow(text).run()
    nasty = "it's }} ${{ github.ref }} $(id) `id`\n::error::no"
    assert ran.outputs == {"one": {"nasty": nasty}, "two": {"same": nasty}}
    assert ran.artifact("nasty") == {"nasty.txt": nasty}


COMPOSITE = """
name: Ours
inputs: {word: {default: none}}
outputs: {said: {value: "${{ steps.first.outputs.said }}"}}
runs:
  using: composite
  steps:
    - {id: first, shell: bash, env: {WORD: "${{ inputs.word }}"}, run: 'echo "said=$WORD" >> "$GITHUB_OUTPUT"'}
    - uses: $/actions/inner
    - shell: bash
      run: |
        echo "said=leaked" >> "$GITHUB_OUTPUT"
        echo "a summary" >> "$GITHUB_STEP_SUMMARY"
"""


def test_a_composite_action_of_this_repository(consumer: Make) -> None:
    """`$/` is rewritten; in act the last step's own outputs replace the action's, and its summary comes twice."""
    ran = consumer(
        {
            ".github/workflows/ci.yml": one("- {uses: $/actions/ours, id: a, with: {word: 'two words'}}\n")
            + '\n      - {id: x, run: \'echo "seen=${{ steps.a.outputs.said }} $INNER" >> "$GITHUB_OUTPUT"\'}\n',
            "actions/ours/action.yml": COMPOSITE,
            "actions/inner/action.yml": "runs:\n  using: composite\n  steps:\n"
            "    - {shell: bash, run: 'echo INNER=inner >> $GITHUB_ENV'}\n",
        }
    ).run()
    assert ran.outputs["one"] == {"seen": "two words inner"}
    assert ran.said().count("a summary") == 1


def test_an_action_of_a_repository_that_is_nowhere_but_here(consumer: Make, tmp_path: Path) -> None:
    """Without an origin the folder's name stands for the repository's, and a folder's may have spaces."""
    made = consumer(
        {
            ".github/workflows/ci.yml": one("- {uses: $/act/one, id: x}\n"),
            "act/one/action.yml": "outputs: {seen: {value: '${{ steps.a.outputs.seen }}'}}\nruns:\n  using: composite\n"
            "  steps:\n    - {id: a, shell: bash, run: 'echo \"seen=$GITHUB_REPOSITORY\" >> $GITHUB_OUTPUT'}\n",
        }
    )
    made.git("remote", "remove", "origin")
    moved = dataclasses.replace(made, root=made.root.rename(tmp_path / "my model"))
    ran = moved.run()
    assert ran.outputs["one"] == {"seen": "local/my-model"}, ran.said()


def test_summaries_and_annotations(workflow: Make) -> None:
    steps = """
- run: echo '| a | b |' >> "$GITHUB_STEP_SUMMARY"
- run: echo '::warning file=src/a.py,line=7::look here%0Aand there'
"""
    ran = workflow(one(steps)).run()
    assert "| a | b |" in ran.said()
    table = next(each for each in ran.outcome.sections if each.title == "Annotations").blocks[0]
    assert table.rows == (("one", "warning", "src/a.py", "7", "look here\nand there"),)


def test_secrets_are_hidden_everywhere(workflow: Make) -> None:
    steps = """
- env: {S: "${{ secrets.PASS }}"}
  run: |
    echo "said $S"; echo "$S" >> "$GITHUB_STEP_SUMMARY"; echo "::error::$S"
    echo "::add-mask::made-in-the-run"; echo made-in-the-run
    echo "made-in-the-run" >> "$GITHUB_STEP_SUMMARY"
    echo "seen=$S" >> "$GITHUB_OUTPUT"; exit 1
  id: x
"""
    ran = workflow(one(steps)).run(secrets=("PASS=s3cret value",))
    assert ran.outputs["one"] == {"seen": ""}
    everything = ran.said() + (ran.out / "outputs.json").read_text() + str(ran.outcome.verdict)
    assert "s3cret" not in everything and "made-in-the-run" not in everything
    assert "said ***" in everything


def test_a_job_sees_little_of_the_host(workflow: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_SECRET", "hunter2")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.org/simple")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    steps = """
- run: env > "$GITHUB_WORKSPACE/env.txt"; pwd > home.txt; echo "$HOME" >> home.txt; touch ~/mark
- uses: actions/upload-artifact@v4
  with: {name: env, path: "*.txt"}
"""
    ran = workflow(one(steps)).run()
    seen = dict(line.split("=", 1) for line in ran.artifact("env")["env.txt"].splitlines() if "=" in line)
    assert "HOST_SECRET" not in seen and "PYTHONPATH" not in seen
    assert seen["PIP_INDEX_URL"] == "https://index.example.org/simple"
    assert (seen["CI"], seen["GITHUB_REPOSITORY"]) == ("true", "octo/consumer")
    assert Path(seen["HOME"]) != Path.home() and not (Path.home() / "mark").exists()


def test_acts_own_files_are_not_read_and_gh_is_not_asked(
    workflow: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder where the dry run is typed, and in the user's home; `gh` would give act a real token."""
    settings = "--env FROM_RC=rc\n--secret FROM_RC=rc\n--var FROM_RC=rc\n"
    home, programs = tmp_path / "home", tmp_path / "programs"
    for folder in (home / ".config/act", programs):
        folder.mkdir(parents=True)
    (home / ".actrc").write_text(settings)
    (home / ".config/act/actrc").write_text(settings)
    (programs / "gh").write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho gho_a_real_token\n")
    (programs / "gh").chmod(0o755)
    consumer = workflow(
        """
on: {workflow_dispatch: {inputs: {text: {type: string, default: none}}}}
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
      - id: x
        env:
          SECRETS: ${{ secrets.FROM_FILE }}${{ secrets.FROM_RC }}
          VARS: ${{ vars.FROM_FILE }}${{ vars.FROM_RC }}
          TOKEN: ${{ github.token }}
        run: |
          case "$TOKEN" in gho_*) TOKEN=real;; *) TOKEN=none;; esac
          echo "seen=<$FROM_FILE$FROM_RC$SECRETS$VARS> ${{ inputs.text }} $TOKEN" >> "$GITHUB_OUTPUT"
"""
    )
    consumer.write(
        {
            ".env": "FROM_FILE=env\n",
            ".secrets": "FROM_FILE=secret\n",
            ".vars": "FROM_FILE=var\n",
            ".input": "text=from the file\n",
            ".actrc": settings,
        }
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.chdir(consumer.root)
    ran = consumer.run(event="workflow_dispatch")
    assert ran.status == "pass", ran.said()
    assert ran.outputs["one"] == {"seen": "<> none none"}
    assert not (tmp_path / "asked").exists()


def test_a_job_knows_its_runner_and_the_numbers_that_the_event_file_says(workflow: Make, tmp_path: Path) -> None:
    """Not a Docker engine that act has found, though: on GitHub no variable says where one is."""
    step = """
- id: x
  run: |
    test "$RUNNER_WORKSPACE" = "$(dirname "$GITHUB_WORKSPACE")" && test "$RUNNER_NAME" = "${{ runner.name }}"
    echo "seen=$RUNNER_NAME ${{ runner.environment }} $GITHUB_REPOSITORY_ID ${{ github.repository_owner_id }} \
    $GITHUB_ACTOR_ID ${DOCKER_HOST-none}" >> "$GITHUB_OUTPUT"
"""
    consumer = workflow(one(step))
    payload = {"repository": {"id": 11, "owner": {"id": 22}}, "sender": {"id": 33, "login": "mona"}}
    (tmp_path / "event.json").write_text(json.dumps(payload))
    ran = consumer.run(event_file=tmp_path / "event.json")
    assert ran.outputs["one"]["seen"].split() == ["mlops-dry-run", "github-hosted", "11", "22", "33", "none"], (
        ran.said()
    )
    consumer.write({".github/workflows/ci.yml": one(step).replace("ubuntu-latest", "[self-hosted, gpu]")})
    assert consumer.run().outputs["one"]["seen"].split() == ["mlops-dry-run", "self-hosted", "none"]


def test_the_users_tree_and_python_stay_as_they_are(workflow: Make) -> None:
    steps = """
- uses: actions/checkout@v4
- run: rm README.md; git commit --quiet --allow-empty -m x || true; echo > new.txt
- run: |
    python3 - <<'END'
    import sys
    assert sys.prefix != sys.base_prefix, 'pip would install into the machine'
    END
    python3 -m pip --version
"""
    consumer = workflow(one(steps))
    consumer.write({"README.md": "mine\n", ".mlops/mark": "x"})
    before = (consumer.git("rev-parse", "HEAD"), consumer.git("status", "--porcelain"))
    ran = consumer.run()
    assert ran.status == "pass", ran.said()
    assert (consumer.git("rev-parse", "HEAD"), consumer.git("status", "--porcelain")) == before
    assert (consumer.root / "README.md").read_text() == "mine\n"


def test_an_action_that_is_not_here_fails_its_job_by_name(workflow: Make) -> None:
    ran = workflow(one("- uses: somebody/something@v1\n- run: echo never")).run()
    assert ran.status == "fail"
    assert "`uses: somebody/something@v1`: a dry run fetches no action" in ran.check("one").message


def test_a_job_in_a_container_needs_docker(workflow: Make) -> None:
    text = "on: push\njobs:\n  one:\n    runs-on: x\n    container: debian\n    steps: [{run: 'true'}]\n"
    assert "--docker" in workflow(text).run().check("one").message


def test_requests_are_kept(workflow: Make) -> None:
    """The contract: a line of JSON for each thing that would be written on GitHub."""
    line = '{"kind": "release", "tag": "a"}'
    ran = workflow(one(f"""- run: |\n    echo '{line}' >> "$MLOPS_DRYRUN_REQUESTS" """)).run()
    assert ran.requests == [{"workflow": ".github/workflows/ci.yml", "job": "one", "kind": "release", "tag": "a"}]


def test_the_summary_of_an_action_in_the_workspace_comes_once(consumer: Make) -> None:
    """Such an action is run as it stands; act reads its last step's summary a second time, for the whole action."""
    ran = consumer(
        {
            ".github/workflows/ci.yml": one("- uses: actions/checkout@v4\n- uses: ./own\n"),
            "own/action.yml": "runs:\n  using: composite\n  steps:\n"
            "    - {shell: bash, run: 'echo the-summary >> $GITHUB_STEP_SUMMARY'}\n",
        }
    ).run()
    assert (ran.status, ran.said().count("the-summary")) == ("pass", 1)


def test_what_a_job_leaves_running_is_ended(workflow: Make, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = f"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        open({str(mark)!r}, "w").write(str(os.getpid()))
        time.sleep(86400)
    os._exit(0)
while not os.path.exists({str(mark)!r}):
    time.sleep(0.01)
"""
    indented = "".join(f"    {line}\n" for line in script.strip().splitlines())
    ran = workflow(one(f"- shell: python\n  run: |\n{indented}")).run()
    assert ran.status == "pass", ran.said()
    shown = subprocess.run(["ps", "-o", "stat=", "-p", mark.read_text()], capture_output=True, text=True, check=False)
    assert shown.stdout.strip()[:1] in {"", "Z"}  # gone, or dead and waiting to be seen
