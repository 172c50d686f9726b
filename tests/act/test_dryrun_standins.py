"""The stand-ins for GitHub's own actions, each run by act in a job, as a consumer uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("unjudged")


def test_checkout_of_a_branch_with_what_is_not_committed(workflow: Make) -> None:
    consumer = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}", commit: "${{ steps.c.outputs.commit }}"}
    steps:
      - {uses: actions/checkout@v4, id: c}
      - {uses: actions/checkout@v4, with: {path: again, fetch-depth: 0}}
      - id: x
        run: |
          echo "seen=$(git branch --show-current) $(git log --oneline | wc -l) $(git -C again log --oneline | wc -l) \
          $(git -C again tag) $(cat new.txt) $(ls old.txt 2>/dev/null) $(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
""")
    consumer.git("tag", "v1")
    consumer.write({"old.txt": "old\n"})
    consumer.commit()
    (consumer.root / "old.txt").unlink()
    consumer.write({"new.txt": "not committed\n", ".gitignore": "secret.txt\n", "secret.txt": "x"})
    ran = consumer.run()
    head = consumer.git("rev-parse", "HEAD")
    assert ran.outputs["one"]["seen"].split() == ["main", "1", "2", "v1", "not", "committed", head]
    assert ran.outputs["one"]["commit"] == head


def test_checkout_of_a_tag_and_of_another_branch(workflow: Make) -> None:
    consumer = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/checkout@v4, with: {ref: side, path: side}}
      - id: x
        run: |
          git describe --exact-match --tags > /dev/null
          echo "seen=[$(git branch --show-current)] [$(git -C side branch --show-current)] $(cat side/side.txt) \
          $GITHUB_REF_TYPE $GITHUB_REF_NAME $(ls side.txt 2>/dev/null)" >> "$GITHUB_OUTPUT"
""")
    consumer.git("tag", "--annotate", "model@v1.0.0", "--message", "x")
    consumer.git("switch", "--quiet", "--create", "side")
    consumer.write({"side.txt": "of the side"})
    consumer.commit()
    consumer.git("switch", "--quiet", "main")
    ran = consumer.run(ref="refs/tags/model@v1.0.0")
    assert ran.outputs["one"]["seen"].split() == ["[]", "[side]", "of", "the", "side", "tag", "model@v1.0.0"], (
        ran.said()
    )


def test_checkout_of_another_repository_is_refused_by_name(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v4, with: {repository: other/place}}]
""").run()
    assert ran.status == "fail" and "other/place" in ran.said()


@pytest.mark.parametrize("asked", ["true", "false"])
def test_a_file_of_which_only_lfs_pointer_is_here_is_refused_by_name(workflow: Make, asked: str) -> None:
    """Where the file itself is here, as `git lfs` puts it into the working folder, it is what GitHub fetches."""
    consumer = workflow(f"""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{{uses: actions/checkout@v4, with: {{lfs: {asked}}}}}, {{run: grep -q . "data/a file.bin"}}]
""")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    consumer.write({".gitattributes": "*.bin filter=lfs\n", "data/a file.bin": pointer})
    consumer.commit()
    ran = consumer.run()
    if asked == "false":
        assert ran.status == "pass", ran.said()
        return
    assert ran.status == "fail" and "can't check out data/a file.bin, of which only a pointer is here" in ran.said()
    consumer.write({"data/a file.bin": "the data\n"})
    assert consumer.run().status == "pass"


def test_a_link_out_of_the_repository_is_not_staged(workflow: Make, tmp_path: Any) -> None:
    consumer = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: test ! -e out && test ! -L out && test ! -e folder/file && test "$(cat in)" = inside
""")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "file").write_text("private")
    (consumer.root / "out").symlink_to("../private/file")
    (consumer.root / "folder").symlink_to(tmp_path / "private")
    consumer.write({"target": "inside"})
    (consumer.root / "in").symlink_to("target")
    consumer.commit()
    ran = consumer.run()
    assert ran.status == "warn"
    found = {each.where.file for each in ran.outcome.verdict.checks if each.rule == "staging.link"}
    assert found == {"out", "folder"}


def test_artifacts_from_job_to_job(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    outputs: {id: "${{ steps.up.outputs.artifact-id }}"}
    steps:
      - run: mkdir -p out/deep .hidden && echo 1 > out/a.txt && echo 2 > out/deep/b.log && echo 3 > .hidden/c && echo 4 > out/.d
      - {uses: actions/upload-artifact@v4, id: up, with: {name: all, path: out}}
      - uses: actions/upload-artifact@v7
        with:
          name: some
          path: |
            out/**/*.txt
            .hidden/
            !out/deep/**
          include-hidden-files: true
      - {uses: actions/upload-artifact@v4, with: {name: none, path: nothing/}}
  read:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v8, with: {name: all, path: one}}
      - {uses: actions/download-artifact@v4, with: {pattern: "*", path: each}}
      - {uses: actions/download-artifact@v4, with: {pattern: "*", path: merged, merge-multiple: true}}
      - {uses: actions/download-artifact@v8, with: {artifact-ids: "${{ needs.make.outputs.id }}", path: by-id}}
      - {uses: actions/download-artifact@v8, with: {pattern: "{some,al[k-m],other}", path: either}}
      - {uses: actions/download-artifact@v8, with: {pattern: "{other,none-*}", path: neither}}
      - run: |
          test "$(cd either && find . -mindepth 1 -maxdepth 1 | sort | xargs)" = "./all ./some"
          test -z "$(ls neither)"
          test "$(cd one && find . -type f | sort | xargs)" = "./a.txt ./deep/b.log"
          test "$(cd each && find . -type f | sort | xargs)" = "./all/a.txt ./all/deep/b.log ./some/.hidden/c ./some/out/a.txt"
          test "$(cd merged && find . -type f | sort | xargs)" = "./.hidden/c ./a.txt ./deep/b.log ./out/a.txt"
          test "$(cd by-id && find . -type f | sort | xargs)" = "./a.txt ./deep/b.log"
""").run()
    assert ran.status == "pass", ran.said()
    assert ran.artifacts() == ["all", "some"]
    assert ran.artifact("all") == {"a.txt": "1\n", "deep/b.log": "2\n"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{uses: actions/upload-artifact@v4, with: {name: twice, path: a.txt}}", "already exists"),
        ("{uses: actions/upload-artifact@v4, with: {name: 'a/b', path: a.txt}}", "name is not valid"),
        (
            "{uses: actions/upload-artifact@v4, with: {name: x, path: b.txt, if-no-files-found: error}}",
            "No files were found",
        ),
        ("{uses: actions/download-artifact@v4, with: {name: other}}", "Artifact not found for name: other"),
        ("{uses: actions/setup-python@v5, with: {python-version: '3.99'}}", "'3.99' was not found"),
        ("{uses: actions/setup-python@v5, with: {python-version: 'pypy3.10'}}", "PyPy"),
        ("{uses: actions/cache/restore@v4, with: {key: k, path: p, fail-on-cache-miss: true}}", "Failed to restore"),
    ],
)
def test_what_a_stand_in_refuses(workflow: Make, step: str, message: str) -> None:
    ran = workflow(f"""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: echo > a.txt
      - {{uses: actions/upload-artifact@v4, with: {{name: twice, path: a.txt}}}}
      - {step}
""").run()
    table = next(each for each in ran.outcome.sections if each.title == "Annotations").blocks[0]
    assert ran.status == "fail"
    assert message in table.rows[0][4]


def test_overwrite(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - {run: echo 1 > a.txt}
      - {uses: actions/upload-artifact@v4, with: {name: it, path: a.txt}}
      - {run: echo 2 > a.txt}
      - {uses: actions/upload-artifact@v4, with: {name: it, path: a.txt, overwrite: true}}
""").run()
    assert (ran.status, ran.artifact("it")) == ("pass", {"a.txt": "2\n"})


def test_a_cache_is_saved_by_a_job_that_succeeds(workflow: Make) -> None:
    step = "{uses: actions/cache@v4, id: c, with: {path: ~/kept, key: %s, restore-keys: k-}}"
    ran = workflow(f"""
on: push
jobs:
  broken:
    runs-on: ubuntu-latest
    continue-on-error: true
    steps: [{step % "other-1"}, {{run: mkdir -p ~/kept}}, {{run: exit 1}}]
  first:
    needs: broken
    runs-on: ubuntu-latest
    outputs: {{hit: "${{{{ steps.c.outputs.cache-hit }}}}"}}
    steps: [{step % "k-1"}, {{run: mkdir -p ~/kept && echo kept > ~/kept/file}}]
  second:
    needs: first
    runs-on: ubuntu-latest
    outputs: {{hit: "${{{{ steps.c.outputs.cache-hit }}}}"}}
    steps: [{step % "k-1"}, {{run: test "$(cat ~/kept/file)" = kept}}]
  third:
    needs: first
    runs-on: ubuntu-latest
    outputs: {{hit: "${{{{ steps.c.outputs.cache-hit }}}}"}}
    steps: [{step % "k-2"}, {{run: test "$(cat ~/kept/file)" = kept}}]
  fourth:
    needs: broken
    runs-on: ubuntu-latest
    outputs: {{hit: "${{{{ steps.c.outputs.cache-hit }}}}"}}
    steps: [{{uses: actions/cache/restore@v4, id: c, with: {{path: ~/kept, key: other-1}}}}]
""").run()
    assert ran.status == "warn", ran.said()
    hits = {name: ran.outputs[name]["hit"] for name in ("first", "second", "third", "fourth")}
    assert hits == {"first": "", "second": "true", "third": "false", "fourth": ""}


def test_setup_python_gives_the_version_and_a_pip_of_the_jobs_own(workflow: Make) -> None:
    ran = workflow("""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    strategy: {matrix: {python: ["3.11", ">=3.10 <3.11"]}}
    steps:
      - {uses: actions/setup-python@v5, id: p, with: {python-version: "${{ matrix.python }}"}}
      - shell: python
        run: |
          import os, pathlib, subprocess, sys
          assert "${{ steps.p.outputs.python-version }}" == "%d.%d.%d" % sys.version_info[:3]
          assert os.path.samefile("${{ steps.p.outputs.python-path }}", sys.executable)
          where = subprocess.check_output(["pip", "--version"], text=True)
          assert "(python %d.%d)" % sys.version_info[:2] in where, where
          place = subprocess.check_output([sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
          assert pathlib.Path(place.decode().strip()).is_relative_to(os.environ["pythonLocation"])
""").run()
    assert ran.status == "pass", ran.said()


def test_an_artifact_of_an_earlier_dry_run(workflow: Make, tmp_path: Any) -> None:
    text = """
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - run: echo of the first run > model.txt
      - {uses: actions/upload-artifact@v4, with: {name: model, path: model.txt}}
"""
    consumer = workflow(text)
    first = consumer.run()
    kept = tmp_path / "first"
    first.out.rename(kept)
    consumer.write(
        {
            ".github/workflows/ci.yml": """
on: push
jobs:
  read:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
      - {uses: actions/download-artifact@v4, with: {name: model, run-id: 17, github-token: "${{ github.token }}"}}
      - {id: x, run: 'echo "seen=$(cat model.txt), $(cat "$MLOPS_DRYRUN_FROM/artifacts/model/model.txt")" >> "$GITHUB_OUTPUT"'}
"""
        }
    )
    assert consumer.run(from_=(kept,)).outputs["read"] == {"seen": "of the first run, of the first run"}
    without = consumer.run()
    assert without.status == "fail" and "--from" in json.dumps(without.said())
