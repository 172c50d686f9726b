"""Jobs as GitHub orders them: conditions, results, matrices, calls, outputs. act alone differs in each of these."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("unjudged")

CALLED = """
on:
  workflow_call:
    inputs:
      text: {type: string, default: none}
      flag: {type: boolean, default: false}
      count: {type: number, default: 1}
    outputs:
      said: {value: "${{ jobs.inner.outputs.said }}"}
jobs:
  inner:
    runs-on: some-label-that-nobody-has
    outputs: {said: "${{ steps.one.outputs.said }}"}
    steps:
      - id: one
        env:
          SAID: ${{ inputs.text }} ${{ inputs.flag && 'yes' || 'no' }} ${{ inputs.count }}
        run: echo "said=$SAID" >> "$GITHUB_OUTPUT"; test "$SAID" != "break no 1"
"""


def test_an_unknown_runner_label_is_no_reason_to_skip(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  one:
    runs-on: [self-hosted, "a label of ours"]
    steps: [{run: "true"}]
""").run()
    assert (ran.status, ran.result("one")) == ("pass", "success")
    assert "a label of ours" in ran.said()


def test_always_runs_after_a_call_that_failed(workflow: Make) -> None:
    ran = workflow(
        """
on: push
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with: {text: break}
  after:
    needs: call
    if: always()
    runs-on: ubuntu-latest
    outputs: {seen: "${{ needs.call.result }}"}
    steps: [{run: "true"}]
  never:
    needs: call
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
""",
        called__yml=CALLED,
    ).run()
    assert ran.status == "fail"
    assert ran.outputs["after"] == {"seen": "failure"}
    assert (ran.result("call / inner"), ran.result("never")) == ("failure", "skipped")


def test_outputs_come_through_nested_calls(workflow: Make) -> None:
    ran = workflow(
        """
on: push
jobs:
  outer:
    uses: ./.github/workflows/middle.yml
  reader:
    needs: outer
    if: needs.outer.outputs.passed-on == 'from the middle yes 7'
    runs-on: ubuntu-latest
    outputs: {seen: "${{ needs.outer.outputs.passed-on }}"}
    steps: [{run: "true"}]
""",
        middle__yml="""
on:
  workflow_call:
    outputs:
      passed-on: {value: "${{ jobs.deep.outputs.said }}"}
jobs:
  deep:
    uses: ./.github/workflows/called.yml
    with: {text: from the middle, flag: true, count: 7}
""",
        called__yml=CALLED,
    ).run()
    assert ran.status == "pass"
    assert ran.outputs["outer"] == {"passed-on": "from the middle yes 7"}
    assert ran.outputs["reader"] == {"seen": "from the middle yes 7"}


def test_inputs_of_a_call_have_their_types(workflow: Make) -> None:
    """In act a boolean input is a string, and 'false' is true."""
    ran = workflow(
        "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    with: {flag: false}\n",
        called__yml=CALLED,
    ).run()
    assert ran.outputs["call"] == {"said": "none no 1"}


def test_inputs_of_a_dispatch_have_their_types(workflow: Make) -> None:
    text = """
on:
  workflow_dispatch:
    inputs:
      flag: {type: boolean, default: true}
      count: {type: number, default: 2}
jobs:
  one:
    runs-on: ubuntu-latest
    outputs:
      seen: ${{ inputs.flag == false && inputs.count == 5 }} ${{ github.event.inputs.flag }}
    steps: [{run: "true"}]
"""
    ran = workflow(text).run(event="workflow_dispatch", inputs={"flag": "false", "count": "5"})
    assert ran.outputs["one"] == {"seen": "true false"}


def test_fail_fast_cancels_the_other_legs(workflow: Make) -> None:
    """The slow leg waits for a day: only a cancellation ends it."""
    text = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: %s
      matrix: {do: ["exit 1", "%s"]}
    steps: [{env: {DO: "${{ matrix.do }}"}, run: eval "$DO"}]
  after:
    needs: one
    if: always()
    runs-on: ubuntu-latest
    outputs: {seen: "${{ needs.one.result }}"}
    steps: [{run: "true"}]
"""
    consumer = workflow(text % ("true", "sleep 86400"))
    ran = consumer.run()
    assert (ran.result("one (exit 1)"), ran.result("one (sleep 86400)")) == ("failure", "cancelled")
    assert ran.outputs["after"] == {"seen": "failure"}
    consumer.write({".github/workflows/ci.yml": text % ("false", "true")})
    assert consumer.run().result("one (true)") == "success"


LEGS = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      max-parallel: %d
      matrix: {leg: [a, b%s]}
    env: {HERE: "%s", LEG: "${{ matrix.leg }}"}
    steps: [{run: '%s'}]
"""


def test_max_parallel_holds_legs_back(workflow: Make, tmp_path: Path) -> None:
    """One at a time, no leg meets the lock of another; two at a time, each waits until it has seen the other."""
    alone = 'mkdir "$HERE/lock" && python3 -c "sum(range(5000000))" && rmdir "$HERE/lock"'
    consumer = workflow(LEGS % (1, ", c, d", tmp_path, alone))
    ran = consumer.run()
    assert [ran.result(f"one ({leg})") for leg in "abcd"] == ["success"] * 4, ran.said()
    together = 'touch "$HERE/$LEG"; until [ -e "$HERE/a" ] && [ -e "$HERE/b" ]; do :; done'
    consumer.write({".github/workflows/ci.yml": LEGS % (2, "", tmp_path, together)})
    assert consumer.run().status == "pass"


def test_continue_on_error_of_a_job(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  flaky:
    runs-on: ubuntu-latest
    continue-on-error: true
    steps: [{run: exit 1}]
  after:
    needs: flaky
    runs-on: ubuntu-latest
    outputs: {seen: "${{ needs.flaky.result }}"}
    steps: [{run: "true"}]
""").run()
    assert (ran.status, ran.result("flaky"), ran.outputs["after"]) == ("warn", "failure", {"seen": "success"})


def test_timeout_of_a_job(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  slow:
    runs-on: ubuntu-latest
    timeout-minutes: ${{ 0.01 }}
    steps: [{run: sleep 86400}]
""").run()
    assert (ran.status, ran.result("slow")) == ("fail", "cancelled")
    assert "longer than 0.01 minutes" in ran.check("slow").message


def test_matrix_from_an_output_with_include_and_exclude(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: {matrix: "${{ steps.p.outputs.m }}"}
    steps:
      - id: p
        run: |
          m='{"a": [1, 2], "b": ["x"], "exclude": [{"a": 2}], "include": [{"a": 1, "c": "more"}, {"a": 9}]}'
          echo "m=$m" >> "$GITHUB_OUTPUT"
  leg:
    needs: plan
    name: leg ${{ matrix.a }} of ${{ strategy.job-total }}
    runs-on: ubuntu-latest
    strategy: {matrix: "${{ fromJSON(needs.plan.outputs.matrix) }}"}
    steps:
      - run: echo '${{ toJSON(matrix) }}' > leg-${{ strategy.job-index }}.json
      - uses: actions/upload-artifact@v4
        with: {name: "leg-${{ matrix.a }}", path: "*.json"}
""").run()
    assert ran.artifacts() == ["leg-1", "leg-9"]
    assert (ran.result("leg 1 of 2"), ran.result("leg 9 of 2")) == ("success", "success")
    (text,) = ran.artifact("leg-1").values()
    assert '"c": "more"' in text


def test_needs_as_a_whole(workflow: Make) -> None:
    """A gate job reads `toJSON(needs)` and `needs.*.result`."""
    ran = workflow("""
on: push
jobs:
  good:
    runs-on: ubuntu-latest
    outputs: {text: "it's ${{ '{{' }} fine"}
    steps: [{run: "true"}]
  bad: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}
  gate:
    needs: [good, bad]
    if: always()
    runs-on: ubuntu-latest
    outputs:
      any: ${{ contains(needs.*.result, 'failure') }}
      json: ${{ toJSON(needs) }}
    steps: [{run: "true", if: "contains(needs.*.result, 'success')"}]
""").run()
    assert ran.outputs["gate"]["any"] == "true"

    assert json.loads(ran.outputs["gate"]["json"]) == {
        "good": {"result": "success", "outputs": {"text": "it's {{ fine"}},
        "bad": {"result": "failure", "outputs": {}},
    }


def test_a_skipped_ancestor_skips_what_comes_after_one_that_ran(workflow: Make) -> None:
    """`success()` is about all jobs before: GitHub skips `last`, though the job that it needs succeeded."""
    ran = workflow("""
on: push
jobs:
  first: {if: "false", runs-on: ubuntu-latest, steps: [{run: "true"}]}
  second: {needs: first, if: always(), runs-on: ubuntu-latest, steps: [{run: "true"}]}
  last: {needs: second, runs-on: ubuntu-latest, steps: [{run: "true"}]}
""").run()
    assert [ran.result(each) for each in ("first", "second", "last")] == ["skipped", "success", "skipped"]
    assert ran.status == "pass"


def test_the_result_of_a_call_is_that_of_its_worst_job(workflow: Make) -> None:
    ran = workflow(
        """
on: push
jobs:
  call: {uses: ./.github/workflows/called.yml}
  after:
    needs: call
    if: always()
    runs-on: ubuntu-latest
    outputs: {seen: "${{ needs.call.result }}"}
    steps: [{run: "true"}]
""",
        called__yml="""
on: workflow_call
jobs:
  first: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}
  last: {needs: first, if: always(), runs-on: ubuntu-latest, steps: [{run: "true"}]}
""",
    ).run()
    assert (ran.result("call / first"), ran.result("call / last")) == ("failure", "success")
    assert ran.outputs["after"] == {"seen": "failure"}


def test_a_matrix_of_calls(workflow: Make) -> None:
    ran = workflow(
        """
on: push
jobs:
  call:
    strategy: {matrix: {text: [one, two]}}
    uses: ./.github/workflows/called.yml
    with: {text: "${{ matrix.text }}"}
""",
        called__yml=CALLED,
    ).run()
    assert ran.result("call (one) / inner") == ran.result("call (two) / inner") == "success"
    assert ran.outputs["call"] == {"said": "two no 1"}


def test_an_empty_matrix_fails_its_job_in_words(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: {matrix: "${{ steps.p.outputs.m }}"}
    steps: [{id: p, run: "echo 'm={\\"a\\": []}' >> $GITHUB_OUTPUT"}]
  leg:
    needs: plan
    runs-on: ubuntu-latest
    strategy: {matrix: "${{ fromJSON(needs.plan.outputs.matrix) }}"}
    steps: [{run: "true"}]
""").run()
    assert (ran.status, ran.result("leg")) == ("fail", "failure")
    assert "does not contain any values" in ran.check("leg").message


def test_one_job_and_what_it_needs(workflow: Make) -> None:
    text = """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
  b: {needs: a, runs-on: ubuntu-latest, steps: [{run: "true"}]}
  c: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}
"""
    ran = workflow(text).run(job="b")
    assert (ran.status, sorted(ran.outputs)) == ("pass", ["a", "b"])


def test_secrets_of_a_call(workflow: Make) -> None:
    called = """
on: {workflow_call: {secrets: {inner: {required: false}}}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - env: {INNER: "${{ secrets.inner }}", OUTER: "${{ secrets.OUTER }}"}
        run: test "$INNER" = 'a "b" $c' && test "$OUTER" = "%s"
"""
    consumer = workflow(
        """
on: push
jobs:
  named:
    uses: ./.github/workflows/named.yml
    secrets: {inner: "${{ secrets.OUTER }}"}
""",
        named__yml=called % "",
    )
    assert consumer.run(secrets=('OUTER=a "b" $c',)).status == "pass"
    consumer.write(
        {
            ".github/workflows/ci.yml": """
on: push
jobs:
  all:
    uses: ./.github/workflows/named.yml
    secrets: inherit
""",
            ".github/workflows/named.yml": (called % "the outer").replace("""test "$INNER" = 'a "b" $c' && """, ""),
        }
    )
    assert consumer.run(secrets=("OUTER=the outer",)).status == "pass"
