"""``mlops ci gate``: one verdict over the whole matrix, right for a required check.

It fails when a leg failed, was cancelled, was skipped or left nothing behind.
What the legs' jobs themselves ended with (``needs``) is held against what
they left: a job that broke after its last word is no pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_actions import jsonfile, verdict
from mlops_actions.ci import leg, plan
from mlops_actions.ci.leg import Leg
from mlops_actions.errors import CallError, Problem
from mlops_actions.outcome import Outcome, Section, Table
from mlops_actions.project import interpreters
from mlops_actions.verdict import Check, Scalar, Status, Verdict, Where

SUCCESS = "success"
RESULTS = (SUCCESS, "failure", "cancelled", "skipped")


@dataclass(frozen=True, slots=True)
class GateRequest:
    """Where the artifacts of the other jobs lie, and what GitHub says of those jobs.

    ``results`` holds ``<name>-plan/plan.json`` and one ``<name>-leg-<version>/leg.json``
    a version; it need not be there. ``needs`` is the JSON of GitHub's context,
    with the jobs ``plan`` and ``leg``; without it (on the command line) only
    the files are judged.
    """

    results: Path
    name: str = "python-ci"
    needs: str | None = None


def gate(request: GateRequest, out: Path) -> Outcome:
    """Judge the matrix. Raises CallError where ``needs`` is not what GitHub gives."""
    del out  # the verdict is all that it leaves
    started = verdict.now()
    jobs = _jobs(request.needs)
    versions, planned = _planned(request, jobs)
    legs: list[Leg] = []
    checks = [*planned]
    for version in versions:
        found = _leg(request, version)
        if isinstance(found, Leg):
            legs.append(found)
            checks.append(_check_of(found))
        else:
            checks.append(_missing(version, found, jobs))
    explained = any(check.status is not Status.PASS for check in checks)
    if versions and jobs.get("leg", SUCCESS) != SUCCESS and not explained:
        message = f"every version passed, but the jobs ended as {jobs['leg']}: see their logs"
        checks.append(Check("jobs.leg", Status.FAIL, message, where=Where(object="leg")))
    checks += merged(legs, len(versions))
    judged = Verdict(
        plan.STAGE,
        verdict.conclude(checks),
        tuple(checks),
        started,
        verdict.now(),
        parameters={"python-versions": list(versions)},
    )
    sections = (Section("Python versions", (_table(versions, legs),)),) if versions else ()
    return Outcome(judged, _headline(versions, legs), sections, annotates_files=False)  # each leg has annotated its own


def _jobs(needs: str | None) -> dict[str, str]:
    """The result word of each job."""
    if needs is None:
        return {}
    try:
        data = jsonfile.loads(needs)
        jobs = {str(job): data[job]["result"] for job in data}
    except (ValueError, TypeError, LookupError, AttributeError):
        raise CallError(Problem("`needs` is not the JSON of GitHub's `needs` context")) from None
    for job, result in jobs.items():
        if result not in RESULTS:
            raise CallError(
                Problem(f"`needs`: the result of {job!r} is {result!r}", hint=f"Known: {', '.join(RESULTS)}.")
            )
    for job in ("plan", "leg"):
        if job not in jobs:
            raise CallError(Problem(f"`needs` does not name the job `{job}`"))
    return jobs


def _planned(request: GateRequest, jobs: dict[str, str]) -> tuple[tuple[str, ...], list[Check]]:
    """The versions that must have run, and what is wrong with the plan."""
    where = Where(object="plan")
    path = request.results / f"{request.name}-plan" / plan.FILE
    result = jobs.get("plan", SUCCESS)
    try:
        versions = plan.read(path)
        strange = [each for each in versions if not interpreters.VERSION.fullmatch(each)]
        if strange:
            raise ValueError(f"names {strange[0]!r}, which is no version")
    except FileNotFoundError:
        word = "left no plan" if result == SUCCESS else f"ended as {result}"
        return (), [Check("jobs.plan", Status.FAIL, f"the plan's job {word}: no version was run", where=where)]
    except (OSError, ValueError) as error:
        return (), [Check("jobs.plan", Status.ERROR, f"{plan.FILE}: {error}", where=where)]
    if result != SUCCESS:
        return versions, [Check("jobs.plan", Status.FAIL, f"the plan's job ended as {result}", where=where)]
    return versions, []


def _leg(request: GateRequest, version: str) -> Leg | str:
    """What the leg left, or the words that say why there is nothing to read."""
    path = request.results / f"{request.name}-leg-{version}" / leg.FILE
    try:
        found = leg.read(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, RecursionError) as error:
        return f"{leg.FILE} {error}"
    return found if found.python == version else f"{leg.FILE} is of Python {found.python}"


def _missing(version: str, words: str, jobs: dict[str, str]) -> Check:
    if words:
        return Check("leg.verdict", Status.ERROR, f"Python {version}: {words}", where=Where(object=version))
    result = jobs.get("leg", "missing")
    reason = {
        "cancelled": "the jobs were cancelled",
        "skipped": "the jobs were skipped",
        "failure": "its job failed, or was cancelled, before it could say",
    }.get(result, "see the log of its job")
    return Check("leg.verdict", Status.FAIL, f"Python {version} left no result: {reason}", where=Where(object=version))


def _check_of(found: Leg) -> Check:
    failed = [step.name for step in found.steps if step.status is Status.FAIL]
    status = found.verdict.status
    words = {
        Status.PASS: f"passed in {found.seconds:.1f} s",
        Status.WARN: "passed with warnings",
    }.get(status, f"{' and '.join(failed)} failed" if failed else "failed")
    return Check("leg.verdict", status, f"Python {found.python} {words}", where=Where(object=found.python))


def merged(legs: Iterable[Leg], versions: int) -> list[Check]:
    """The legs' findings, each once, with the versions that have it where not all do."""
    seen: dict[tuple[object, ...], list[str]] = {}
    first: dict[tuple[object, ...], Check] = {}
    for each in legs:
        for check in each.verdict.checks:
            if check.is_finding:
                key = (check.rule, check.status, check.where, check.message)
                first.setdefault(key, check)
                names = seen.setdefault(key, [])
                if each.python not in names:
                    names.append(each.python)
    return [
        check
        if len(seen[key]) == versions
        else replace(check, message=f"{check.message} (Python {', '.join(seen[key])})")
        for key, check in first.items()
    ]


def _headline(versions: tuple[str, ...], legs: list[Leg]) -> str:
    if not versions:
        return "no version was run"
    good = [each for each in legs if each.verdict.status is not Status.FAIL]
    if len(good) == len(versions):
        return (
            f"{len(versions)} of {len(versions)} Python versions pass"
            if len(versions) > 1
            else f"Python {versions[0]} passes"
        )
    bad = [version for version in versions if version not in {each.python for each in good}]
    return f"{len(good)} of {len(versions)} Python versions pass; not {', '.join(bad)}"


STEPS = ("install", "lint", "test")


def _table(versions: tuple[str, ...], legs: list[Leg]) -> Table:
    """A row for each version, what failed first; a cell is a step's status and its seconds."""
    by_version = {each.python: each for each in legs}
    rows: list[tuple[Scalar, ...]] = []
    for version in sorted(
        versions, key=lambda each: each in by_version and by_version[each].verdict.status is not Status.FAIL
    ):
        found = by_version.get(version)
        if found is None:
            rows.append((version, "no result", *[None] * (len(STEPS) + 3)))
            continue
        tests = found.tests.in_words() if found.tests else None
        share = f"{found.coverage:g}%" if found.coverage is not None else None
        cells = [_cell(found, name) for name in STEPS]
        rows.append((version, found.verdict.status.value, *cells, tests, share, round(found.seconds, 1)))
    return Table(
        ("Python", "Verdict", *(name.capitalize() for name in STEPS), "Tests", "Covered", "Seconds"), tuple(rows)
    )


def _cell(found: Leg, name: str) -> str | None:
    step = found.step(name)
    if step is None:
        return None
    if step.status is Status.NOT_CHECKED:
        return "not run"
    return f"{step.status.value} {step.seconds:.1f} s"
