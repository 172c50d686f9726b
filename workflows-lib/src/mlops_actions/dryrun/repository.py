"""What git is asked of a repository: where its root is, which files it lists, and what a commit holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mlops_actions.errors import CallError, Problem

_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_COMMIT = {"GIT_LFS_SKIP_SMUDGE": "1", "GIT_NO_LAZY_FETCH": "1"}
_PLANNED = {"action.yml", "action.yaml", "Dockerfile"}


def git(repo: Path, *arguments: str, text: str = "", **more: str) -> str:
    """Run git as on any machine: no configuration of the user's, no hooks, no prompts.

    ``text`` is its standard input, ``more`` are variables. Raises CallError with what git says.
    """
    done = _run(repo, arguments, text, more)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise CallError(Problem(f"git {_verb(arguments)}: {said}", str(repo)))
    return os.fsdecode(done.stdout)


def require_root(folder: Path) -> None:
    """Raise CallError, with what to do, where ``folder`` is not the root of a repository with files."""
    done = _run(folder, ("rev-parse", "--show-toplevel"), "", {})
    if done.returncode:
        hint = "Go to the root of one, or make one here: `git init`."
        raise CallError(Problem("this folder is not a Git repository, and GitHub runs one", str(folder), hint=hint))
    root = os.fsdecode(done.stdout).rstrip("\n")
    if os.path.realpath(root) != os.path.realpath(folder):
        hint = (
            "Run it there, or, for a folder that stands for a repository of its own, copy it to another place and"
            " make one there: `git init && git add --all && git commit -m first`."
        )
        raise CallError(
            Problem(f"this folder is not the root of its Git repository, which is {root}", str(folder), hint=hint)
        )


def head(repo: Path) -> str:
    """The commit of HEAD, empty where there is none yet."""
    return os.fsdecode(_run(repo, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), "", {}).stdout).strip()


def holds(repo: Path, commit: str) -> bool:
    """Whether a commit is in the repository."""
    return _run(repo, ("cat-file", "-e", f"{commit}^{{commit}}"), "", _COMMIT).returncode == 0


def listed(repo: Path, *below: str) -> list[str]:
    """The tracked files, and those neither tracked nor ignored: what GitHub sees, or would after a commit."""
    names = git(repo, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *below)
    return sorted({name for name in names.split("\0") if name})


def committed(repo: Path, commit: str) -> list[str]:
    """The files of a commit."""
    return [name for name in git(repo, "ls-tree", "-r", "-z", "--name-only", commit).split("\0") if name]


def write_commit(repo: Path, commit: str, folder: Path, *, for_a_plan: bool) -> list[str]:
    """Write the files of a commit into ``folder``; the links that lead out of it are left out, and told.

    ``for_a_plan``: those alone that a plan reads, the workflow files and the actions.
    """
    index = {"GIT_INDEX_FILE": str(folder) + ".index", **_COMMIT}
    folder.mkdir(parents=True)
    work = ("-c", "core.sparseCheckout=false", "-c", "core.fsmonitor=false", f"--work-tree={folder}")
    if for_a_plan:
        git(repo, *work, "read-tree", commit, **index)
        names = committed(repo, commit)
        read = [each for each in names if each.startswith(".github/") or each.rpartition("/")[2] in _PLANNED]
        git(repo, *work, "checkout-index", "-z", "--stdin", text="\0".join(read), **index)
    else:
        git(repo, *work, "read-tree", "--reset", "-u", commit, **index)
    left_out = sorted(_leaving(folder))
    for each in left_out:
        (folder / each).unlink()
    return left_out


def _leaving(folder: Path) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        for each in (Path(above, name) for name in (*folders, *names)):
            if each.is_symlink() and (os.path.isabs(os.readlink(each)) or leaves(each, os.path.realpath(folder))):
                yield str(each.relative_to(folder))


def leaves(path: Path, inside: str) -> bool:
    """Whether ``path`` leads out of the folder ``inside``, whose real path that is."""
    real = os.path.realpath(path)
    return real != inside and not real.startswith(inside + os.sep)


def _run(repo: Path, arguments: tuple[str, ...], text: str, more: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "-C", str(repo), *arguments]
    try:
        return subprocess.run(
            command, env=kept | _SETTINGS | more, input=os.fsencode(text), capture_output=True, check=False
        )
    except FileNotFoundError:
        raise CallError(Problem("git is not installed", hint="A dry run needs it to see what GitHub would.")) from None


def _verb(arguments: tuple[str, ...]) -> str:
    """The word that says what git was to do, behind its own options."""
    return next(each for at, each in enumerate(arguments) if each[0] != "-" and arguments[at - 1 : at] != ("-c",))
