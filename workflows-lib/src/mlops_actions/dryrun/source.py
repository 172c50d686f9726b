"""The files that a dry run plays: those that are here now, or those of the event's own commit.

GitHub runs a commit. Where that is HEAD, a dry run takes the files as they are
now, committed or not, because it is there to be asked before a commit. Where
the event is of another commit (an older tag, another branch, a pull request
from an event file), only that commit's own files are what GitHub would run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops_actions.dryrun import repository
from mlops_actions.dryrun.event import NO_COMMIT, Event
from mlops_actions.errors import CallError, Problem


@dataclass(frozen=True, slots=True)
class Source:
    """Files to play, in ``folder``. ``commit`` is empty where they are the repository's own, as they are now.

    ``left_out`` are links of the commit that lead out of the repository.
    """

    repo: Path
    folder: Path
    commit: str = ""
    left_out: tuple[str, ...] = ()

    def words(self) -> str:
        """Which files these are, for a person."""
        if not self.commit:
            return "the files are those here now, committed or not"
        return (
            f"the files are those of the commit {self.commit[:12]}, which is not HEAD; changes here are not looked at"
        )


def take(repo: Path, event: Event, private: Path, *, for_a_plan: bool = False) -> Source:
    """The files of an event; those of another commit than HEAD are written below ``private``.

    Raises CallError where the event is of a commit that the repository does not have.
    """
    if event.sha in {repository.head(repo), NO_COMMIT}:
        return Source(repo, repo)
    if not repository.holds(repo, event.sha):
        hint = f"Fetch it (`git fetch origin {event.sha}`), or let the event name one that is here."
        raise CallError(Problem(f"the event's commit {event.sha} is not in this repository", hint=hint))
    folder = private / "commit"
    left_out = repository.write_commit(repo, event.sha, folder, for_a_plan=for_a_plan)
    return Source(repo, folder, event.sha, tuple(left_out))
