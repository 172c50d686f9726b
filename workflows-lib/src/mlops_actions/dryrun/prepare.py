"""Makes the machine that a dry run's jobs run on, in the background while the files are judged."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.dryrun import act, docker, environment, rewrite, stage, workflow
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.plan import Plan
from mlops_actions.dryrun.progress import Progress
from mlops_actions.dryrun.request import DryRun, earlier
from mlops_actions.dryrun.runner import Machine
from mlops_actions.dryrun.source import Source
from mlops_actions.errors import CallError, Problem


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of the run's own, gone with all that is in it when the run ends."""
    root = Path(tempfile.mkdtemp(prefix="mlops-")).resolve()
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def room_in(root: Path) -> Iterator[None]:
    """Tells a full disk by the private folder: what could not be written there is nobody's fault but the disk's."""
    try:
        yield
    except (OSError, CallError) as error:
        full = error.errno == errno.ENOSPC if isinstance(error, OSError) else os.strerror(errno.ENOSPC) in str(error)
        if not full:
            raise
        message = f"the dry run's private folder is full: {os.strerror(errno.ENOSPC)}"
        hint = f"Free some space in {root.parent}, or name another folder for it: TMPDIR=/a/larger/folder."
        raise CallError(Problem(message, str(root), hint=hint)) from error


@dataclass(frozen=True, slots=True)
class Shown:
    """Who sees what goes on, and what is hidden from them."""

    masker: Masker
    progress: Progress


class Preparation:
    """Begins to stage when it is made; :meth:`machine` waits for it.

    Raises CallError at once for a missing act and a wrong ``--from``; what
    staging refuses comes from :meth:`machine`.
    """

    def __init__(
        self, request: DryRun, source: Source, planned: Plan, root: Path, pool: ThreadPoolExecutor, shown: Shown
    ) -> None:
        self._request, self._planned, self._root, self._shown = request, planned, root, shown
        self._program = act.find()
        self._earlier = earlier(request.from_)
        self._cache = environment.cache_folder(os.environ) / ("containers" if request.docker else "host")
        shared = self._cache / "pip-of-interpreters"
        for each in (self._cache, shared, root / "legs"):
            each.mkdir(parents=True, exist_ok=True)
        self._path = environment.clean_path(os.environ, source.repo.resolve())
        self._search = environment.search(os.environ, self._path, shared)
        self._consumer = pool.submit(stage.consumer, source, root / "consumer")
        self._library = pool.submit(self._staged_library)
        self._python: Future[environment.DefaultPython] | None = None
        if not request.docker:
            self._python = pool.submit(environment.DefaultPython, os.environ, shared)

    def _staged_library(self) -> Path:
        staged = stage.library(self._request.library, self._root / "library")
        name = workflow.THIS_REPOSITORY
        rewrite.actions(staged, f"{name}/{name}", "dry-run", on_host=not self._request.docker)
        return staged

    @contextmanager
    def machine(self) -> Iterator[Machine]:
        """The machine, for as long as it is wanted."""
        event, on_host = self._planned.event, not self._request.docker
        consumer = self._consumer.result()
        rewrite.actions(consumer.tree, event.repository, event.sha or "HEAD", on_host=on_host, only_where_needed=True)
        event_file = self._root / "event.json"
        event_file.write_text(json.dumps(dict(event.payload)), encoding="utf-8")
        with self._containers(consumer) as containers:
            yield Machine(
                root=self._root,
                program=self._program,
                consumer=consumer,
                sources=rewrite.Sources(
                    self._library.result(), workflow.THIS_REPOSITORY, consumer.tree, event.repository
                ),
                event=event,
                event_file=event_file,
                environ=dict(os.environ),
                path=self._path,
                python=self._python.result() if self._python else None,
                cache=self._cache,
                search=containers.search(self._search) if containers else self._search,
                earlier=self._earlier,
                masker=self._shown.masker,
                progress=self._shown.progress,
                containers=containers,
            )

    @contextmanager
    def _containers(self, consumer: stage.Consumer) -> Iterator[docker.Engine | None]:
        if not self._request.docker:
            yield None
            return
        places = docker.Places(
            writable=(self._root, self._cache),
            readable=tuple(_readable(consumer, self._search, self._earlier, os.environ)),
            cache=self._cache,
        )
        engine = docker.prepare(self._request.image, self._root.name, places, self._shown.progress)
        try:
            yield engine
        finally:
            engine.close()


def _readable(
    consumer: stage.Consumer, search: Mapping[str, Any], before: Sequence[Path], environ: Mapping[str, str]
) -> Sequence[Path]:
    """What a container sees of this machine besides the run's own folders, and can't write."""
    others = [*stage.borrowed(consumer.git), *environment.mounts(environ), *map(Path, search["folders"])]
    return [rewrite.STANDINS, *before, *others]
