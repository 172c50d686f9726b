"""In place of actions/checkout: the staged repository, with its history, in the job's workspace.

The files are the staged ones, so what is not yet committed is there too; HEAD
is the commit of the event. Objects are borrowed from the staged repository, so
the size of the history costs nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from . import toolkit


def main(_: str) -> None:
    """Check out. Raises Refused for another repository, an unknown ref and what a dry run can't fetch."""
    given = toolkit.inputs()
    context = toolkit.context()
    _refuse_what_is_not_there(given, context["repository"])
    target = toolkit.resolve(given.get("path", ""))
    if target != toolkit.workspace() and toolkit.workspace() not in target.parents:
        raise toolkit.Refused(f"Repository path '{target}' is not under '{toolkit.workspace()}'")
    git = Path(context["git"])
    ref = given.get("ref") or context["ref"]
    commit = _resolve(git, ref) if given.get("ref") else context["sha"]
    if commit is None:
        raise toolkit.Refused(f"A branch or tag with the name '{ref}' could not be found")
    _empty(target)
    _initialize(target, git, given, commit, context)
    staged = commit == context["sha"]
    _set_head(target, git, ref, commit)
    if staged:
        _copy_tree(Path(context["tree"]), target)
        _git(target, "read-tree", "HEAD")
    else:
        _git(target, "reset", "--quiet", "--hard")
    if given.get("sparse-checkout"):
        _narrow(target, given)
    if toolkit.flag(given, "lfs"):
        _refuse_pointers(target)
    _git(target, "config", "--global", "--add", "safe.directory", str(target))
    toolkit.set_output("ref", ref)
    toolkit.set_output("commit", commit)
    more = ", with what is not committed" if staged and context["dirty"] else ""
    toolkit.say(f"{context['repository']} at {commit} ({ref}){more}")


def _refuse_what_is_not_there(given: dict[str, str], repository: str) -> None:
    other = given.get("repository", "")
    if other and other.lower() != repository.lower():
        raise toolkit.Refused(f"a dry run fetches nothing: it can't check out the repository {other}")
    if (given.get("submodules") or "false") != "false":
        raise toolkit.Refused("a dry run fetches nothing: it can't check out submodules")


def _resolve(git: Path, ref: str) -> str | None:
    for name in (ref, "refs/heads/" + ref, "refs/remotes/origin/" + ref.replace("refs/heads/", ""), "refs/tags/" + ref):
        done = subprocess.run(
            ["git", "--git-dir", str(git), "rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def _empty(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for each in target.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def _initialize(target: Path, git: Path, given: dict[str, str], commit: str, context: dict[str, str]) -> None:
    _git(target, "init", "--quiet")
    (target / ".git" / "objects" / "info" / "alternates").write_text(str(git / "objects") + "\n", encoding="utf-8")
    _git(target, "config", "remote.origin.url", os.environ["GITHUB_SERVER_URL"] + "/" + context["repository"])
    _git(target, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    depth = given.get("fetch-depth") or "1"
    if not depth.isdigit():
        raise toolkit.Refused(f"fetch-depth must be a number, not {depth!r}")
    refs = []
    if depth == "0":
        refs += _refs(git, "refs/heads", "refs/remotes/origin") + _refs(
            git, "refs/remotes/origin", "refs/remotes/origin"
        )
    else:
        boundary = _listed(git, "rev-list", "--max-count=1", f"--skip={int(depth) - 1}", "--first-parent", commit)
        if boundary:
            (target / ".git" / "shallow").write_text(boundary[0] + "\n", encoding="ascii")
    if depth == "0" or toolkit.flag(given, "fetch-tags"):
        refs += _refs(git, "refs/tags", "refs/tags")
    lines = "".join(f"update {name} {value}\n" for name, value in dict(refs).items())
    subprocess.run(["git", "-C", str(target), "update-ref", "--stdin"], input=lines.encode(), check=True)


def _refs(git: Path, below: str, as_below: str) -> list[tuple[str, str]]:
    pairs = [line.split(" ", 1) for line in _listed(git, "for-each-ref", "--format=%(objectname) %(refname)", below)]
    named = [(as_below + name[len(below) :], value) for value, name in pairs]
    return [(name, value) for name, value in named if not name.endswith("/HEAD")]


def _set_head(target: Path, git: Path, ref: str, commit: str) -> None:
    """HEAD as the real action leaves it: on a local branch for a branch, else detached."""
    branch = ref[len("refs/heads/") :] if ref.startswith("refs/heads/") else ref
    known = _listed(git, "for-each-ref", "--format=%(refname)", "refs/heads/" + branch, "refs/remotes/origin/" + branch)
    if ref.startswith("refs/tags/"):
        value = _listed(git, "rev-parse", "--verify", "--quiet", ref) or [commit]
        _git(target, "update-ref", ref, value[0])
    elif ref.startswith("refs/pull/"):
        _git(target, "update-ref", "refs/remotes/" + ref[len("refs/") :], commit)
    if known or ref.startswith("refs/heads/"):
        _git(target, "update-ref", "refs/remotes/origin/" + branch, commit)
        _git(target, "update-ref", "refs/heads/" + branch, commit)
        _git(target, "symbolic-ref", "HEAD", "refs/heads/" + branch)
    else:
        _git(target, "update-ref", "--no-deref", "HEAD", commit)


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(str(source), str(target), symlinks=True, dirs_exist_ok=True)


def _narrow(target: Path, given: dict[str, str]) -> None:
    _git(target, "update-index", "-q", "--refresh", check=False)
    cone = given.get("sparse-checkout-cone-mode", "") in {"", "true"}
    _git(target, "sparse-checkout", "set", "--cone" if cone else "--no-cone", *given["sparse-checkout"].split("\n"))


LFS = b"version https://git-lfs.github.com/spec/"


def _refuse_pointers(target: Path) -> None:
    """What LFS keeps elsewhere is not here: a file that is a pointer to it would be read as the data."""
    pointers = []
    for name in _said(target / ".git", "ls-files", "-z").split("\0"):
        path = target / name
        if name and not path.is_symlink() and path.is_file() and path.stat().st_size < 1024:
            with path.open("rb") as file:
                if file.read(len(LFS)) == LFS:
                    pointers.append(name)
    if pointers:
        more = f" and {len(pointers) - 3} more" if len(pointers) > 3 else ""
        raise toolkit.Refused(
            "a dry run fetches nothing: with `lfs: true` it can't check out "
            + ", ".join(pointers[:3])
            + more
            + ", of which only a pointer is here (`git lfs pull` brings them)"
        )


def _git(folder: Path, *arguments: str, check: bool = True) -> None:
    done = subprocess.run(["git", "-C", str(folder), *arguments], stderr=subprocess.PIPE, text=True, check=False)
    if check and done.returncode:
        raise toolkit.Refused(f"git {arguments[0]}: {done.stderr.strip()}")


def _listed(git: Path, *arguments: str) -> list[str]:
    return _said(git, *arguments).splitlines()


def _said(git: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", str(git), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return os.fsdecode(done.stdout)
