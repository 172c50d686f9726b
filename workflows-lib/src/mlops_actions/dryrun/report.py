"""The outcome of a dry run: checks, what ran, what was stood in for, and what the jobs said themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlops_actions.dryrun import rewrite
from mlops_actions.dryrun.plan import Plan
from mlops_actions.dryrun.records import FileRecord, LegRecord, StepRecord
from mlops_actions.dryrun.source import Source
from mlops_actions.outcome import Block, Log, Markdown, Outcome, Section, Table, Text
from mlops_actions.verdict import Check, Json, Severity, Status, Subject, Verdict, Where, conclude, now
from mlops_actions.visible import clip, visible

STAGE = "dry-run"
MAX_LOG = 400
"""Lines of a failing step's log that the report shows; the last ones."""
MAX_REASON = 300
"""Characters of what a failing job says itself that its check repeats."""

FIDELITY: Mapping[str, tuple[str, str]] = {
    "actions/checkout": (
        "copies the staged repository; which files these are stands below",
        "fetches the commit of the event alone; LFS files, submodules and other repositories as asked",
    ),
    "actions/setup-python": (
        "takes an interpreter of this machine, in an environment of the job's own, with the pip that it carries",
        "takes or fetches its own build; `cache:` restores packages, and `uv pip install --system` finds it",
    ),
    "actions/upload-artifact": (
        "keeps the files; the digest is of names and bytes",
        "keeps a zip file for as long as `retention-days` says; the digest is the zip file's",
    ),
    "actions/download-artifact": (
        "copies from this run, or from the dry run that --from names",
        "also takes artifacts of other runs and repositories",
    ),
    "actions/cache": (
        "starts empty and lives as long as the dry run",
        "keeps caches for days, shared by branch, 10 GB a repository",
    ),
}
"""For each stand-in: what it does here, and what GitHub would do otherwise."""

ALWAYS: tuple[tuple[str, str, str], ...] = (
    ("runner", "this machine, for every label", "a fresh virtual machine of the label's image and tools"),
    (
        "github.token",
        "a word that opens nothing, unless --secret GITHUB_TOKEN gives one",
        "a token with the job's permissions",
    ),
    ("vars", "empty", "the repository's and the organization's variables"),
    ("environments", "no approval, no environment secrets", "waits for reviewers where an environment asks for them"),
    ("concurrency", "one run, nothing waits", "cancels or queues runs of the same group"),
    ("writing", "listed in requests.json", "issues, releases and events are made"),
)
"""What holds in every dry run."""

ON_HOST = (
    "isolation",
    "the same machine and user as yours; home, PATH and Python are the job's own",
    "a machine of its own",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """All that a report is made of."""

    plan: Plan
    checks: Sequence[Check]
    files: Sequence[FileRecord]
    started: datetime
    subjects: tuple[Subject, ...]
    parameters: Mapping[str, Json]
    in_containers: bool
    source: Source


def outcome(finished: Finished) -> Outcome:
    """The verdict over ``finished.checks``, and what a person wants to see."""
    checks = tuple(finished.checks)
    verdict = Verdict(
        STAGE, conclude(checks), checks, finished.started, now(), finished.subjects, (), finished.parameters
    )
    sections = [_jobs(finished), *_failures(finished.files), *_annotations(finished.files)]
    sections += [*_summaries(finished.files), _fidelity(finished)]
    # What jobs asked to have written stands in requests.json; a request of this outcome could be carried out.
    return Outcome(verdict, headline(finished), tuple(sections))


def headline(finished: Finished) -> str:
    """How many jobs ran, and what became of them."""
    legs = [leg for file in finished.files for leg in file.legs]
    ran = sum(leg.ran for leg in legs)
    failed = [leg.name for leg in legs if leg.result == "failure" and not leg.allowed]
    recorded = {file.path for file in finished.files}
    refused = [
        each.path
        for each in finished.plan.files
        if (each.starts or each.workflow is None) and each.path not in recorded
    ]
    words = f"GitHub would refuse {', '.join(refused)}" if refused else ""
    if not finished.files:
        return f"{words}; nothing was run"
    ended = f"{_count(ran, 'job')} of {_count(len(finished.files), 'workflow file')} ran"
    ended += f"; failed: {', '.join(failed)}" if failed else ""
    if sent := _events(legs):
        ended += f"; {', '.join(sent)} would be sent: --event repository_dispatch with --from plays what that starts"
    return f"{ended}; {words}" if words else ended


def _events(legs: Iterable[LegRecord]) -> list[str]:
    """The types of the events that jobs would have sent."""
    sent = [each for leg in legs for each in leg.requests if each.get("kind") == "repository_dispatch"]
    return [f"the event `{clip(visible(str(each.get('event_type'))), 100)}`" for each in sent]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def leg_check(file: FileRecord, leg: LegRecord) -> Check:
    """What became of a job or a leg, as a check."""
    failed = next((step for step in leg.steps if step.result == "failure"), None)
    where = Where(object=leg.name, file=leg.file, line=leg.line)
    rule = ".".join((file.path.rpartition("/")[2], *leg.path))
    reason = leg.problem or leg.why
    if leg.result == "success":
        return Check(rule, Status.PASS, f"succeeded in {leg.seconds:.1f} s", where=where)
    if leg.result == "skipped":
        return Check(rule, Status.PASS, f"skipped, as on GitHub ({reason})", Severity.INFO, where)
    message = reason or (f"failed at step `{failed.name}`{_said(leg, failed)}" if failed else f"ended as {leg.result}")
    if leg.allowed:
        return Check(rule, Status.WARN, f"{message}; `continue-on-error` allows it", Severity.WARNING, where)
    return Check(rule, Status.FAIL, message, where=where)


MAX_SUMMARY = 1024 * 1024
"""GitHub's bytes of one step's summary."""


def summary_checks(leg: LegRecord) -> Iterable[Check]:
    """The summaries that GitHub would drop whole."""
    for step in leg.steps:
        size = max((len(each.encode("utf-8", "replace")) for each in step.summary), default=0)
        if size > MAX_SUMMARY:
            message = f"the summary of the step `{step.name}` has {size:,} bytes; GitHub drops one of more than 1 MiB"
            yield Check(
                "summary.dropped",
                Status.WARN,
                message,
                Severity.WARNING,
                Where(object=leg.name, file=leg.file, line=leg.line),
            )


def _said(leg: LegRecord, failed: StepRecord) -> str:
    """Why the step failed, else what the job itself gave as the first reason, as the end of a sentence."""
    if failed.why:
        return f": {failed.why}"
    first = next((each for each in leg.annotations if each.level == "error"), None)
    if first is None or not first.message:
        return ""
    title = first.properties.get("title", "")
    words = first.message if not title or title in first.message else f"{title}: {first.message}"
    return f": {clip(' '.join(words.split()), MAX_REASON)}"


def _jobs(finished: Finished) -> Section:
    """Every job with its steps, in the order in which the files name them."""
    rows: list[tuple[str | float | None, ...]] = []
    for file in finished.files:
        for leg in _in_order(file, finished.plan):
            rows.append((file.path, leg.name, "", leg.result, round(leg.seconds, 1) if leg.ran else None))
            rows += [(None, None, step.name, step.result, round(step.seconds, 1)) for step in leg.steps]
    return Section("Jobs and steps", (Table(("workflow", "job", "step", "result", "seconds"), tuple(rows)),))


def _in_order(file: FileRecord, planned: Plan) -> list[LegRecord]:
    jobs = next((each.jobs for each in planned.files if each.path == file.path), ())
    places = {job.path: place for place, job in enumerate(jobs)}
    return sorted(file.legs, key=lambda each: places.get(each.path, len(places)))


def _failures(files: Iterable[FileRecord]) -> Iterable[Section]:
    blocks: list[Block] = []
    for file in files:
        for leg in file.legs:
            blocks += [
                Log(f"{leg.name} › {step.name}", _tail(step))
                for step in leg.steps
                if step.result == "failure" and step.log.lines
            ]
    if blocks:
        yield Section("Logs of the steps that failed", tuple(blocks))


def _tail(step: StepRecord) -> str:
    lines = step.log.end(MAX_LOG)
    left_out = step.log.lines - len(lines)
    head = [f"… {left_out:,} lines before, in {step.kept}"] if left_out > 0 else []
    return "\n".join([*head, *lines])


def _annotations(files: Iterable[FileRecord]) -> Iterable[Section]:
    rows = [
        (leg.name, each.level, each.properties.get("file"), each.properties.get("line"), each.message)
        for file in files
        for leg in file.legs
        for each in leg.annotations
    ]
    if rows:
        yield Section("Annotations", (Table(("job", "level", "file", "line", "message"), tuple(rows)),))


def _summaries(files: Iterable[FileRecord]) -> Iterable[Section]:
    blocks: list[Block] = []
    for file in files:
        for leg in file.legs:
            written = [text for step in leg.steps for text in step.summary]
            if written:
                blocks.append(Markdown(leg.name, "\n".join(written)))
    if blocks:
        yield Section("Summaries of the jobs", tuple(blocks))


def _fidelity(finished: Finished) -> Section:
    used = {text for file in finished.files for leg in file.legs for text in leg.used}
    repositories: dict[str, list[str]] = {}
    for text in sorted(used):
        uses = rewrite.parse_uses(text)
        if uses and rewrite.is_standin(uses):
            repositories.setdefault(uses.repository.lower(), []).append(text)
    rows = [(", ".join(texts), *FIDELITY[name]) for name, texts in sorted(repositories.items())]
    rows.append(("the files", finished.source.words(), "the files of the event's commit"))
    rows += ALWAYS if finished.in_containers else (*ALWAYS, ON_HOST)
    labels = sorted({label for file in finished.files for leg in file.legs for label in leg.labels})
    table = Table(("what", "in this dry run", "on GitHub"), tuple(rows))
    words = f"Runner labels asked for: {', '.join(labels)}. " if labels else ""
    return Section("What was stood in for", (Text(words + "Where a dry run is not what GitHub does:"), table))
