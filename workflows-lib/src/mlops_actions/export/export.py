"""The stage ``export``: each target made, executed in its runtime, and held against the original model.

A target is ``verified`` only when its file was executed and came within the
tolerance on every row that it was compared on. Whatever was asked for and is
less than that fails the verdict: nothing unproven is shipped by accident.
"""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops_actions import files, verdict
from mlops_actions import model as model_directory
from mlops_actions.data.profiles import profile as profiles
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.errors import CallError, Problem
from mlops_actions.export import cases, estimator, manifest, original, source, targets
from mlops_actions.export.cases import Cases
from mlops_actions.export.manifest import Entry
from mlops_actions.export.original import CannotPredict, Original
from mlops_actions.export.parity import Parity, compare
from mlops_actions.export.source import Source, Unsupported
from mlops_actions.export.target import Candidate, Target
from mlops_actions.outcome import Log, Outcome, Section, Table, Text
from mlops_actions.verdict import Check, Severity, Status, Subject, Verdict, Where

TOLERANCE = 1e-5
"""The largest difference from the original's predictions that is accepted unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class Export:
    """What to export. ``profile`` is the training profile; ``cache`` is where models' environments are kept."""

    model: Path
    targets: tuple[str, ...]
    tolerance: float = TOLERANCE
    profile: Path | None = None
    allow_pickle: tuple[str, ...] = ()
    cache: Path | None = None


@dataclass(slots=True)
class _Run:
    """One call: what was asked, and what is gathered while the targets are made."""

    request: Export
    out: Path
    checks: list[Check] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    original: Original | None = None

    def check(self, target_: str, key: str, status: Status, message: str, **more: Any) -> None:
        self.checks.append(Check(f"{target_}.{key}", status, message, where=Where(object=target_), **more))


def export(request: Export, out: Path) -> Outcome:
    """Write each target and ``manifest.json`` into ``out``.

    Raises CallError for a target that is not built, a model or a profile that is not there.
    """
    targets.check(request.targets)
    if not request.targets:
        hint = f"Name them in `export.targets`; there is: {', '.join(targets.NAMES)}."
        raise CallError(Problem("nothing says which targets to export", hint=hint))
    if not 0 < request.tolerance < math.inf:
        raise CallError(Problem(f"the tolerance must be more than 0, not {request.tolerance:g}"))
    request = replace(request, targets=tuple(dict.fromkeys(request.targets)))
    started = verdict.now()
    profile = None if request.profile is None else _read_profile(request.profile)
    run, digest = _Run(request, out), _digest(request.model)
    try:
        _export_all(run, source.read(request.model), profile)
    except Unsupported as unsupported:
        for name in request.targets:
            _refuse(run, name, unsupported)
    if profile is None:
        words = "no training profile was given: only the recorded example and odd rows made from it were compared"
        run.checks.append(Check("profile", Status.NOT_CHECKED, words, Severity.WARNING))
    versions = dict(run.original.versions) if run.original else {}
    described = {"sha256": digest, "versions": versions, "profile": profile is not None}
    files.write_atomic(out / manifest.FILE, manifest.dumps(described, request.tolerance, run.entries))
    return _outcome(run, digest, started)


def _digest(folder: Path) -> str:
    try:
        return model_directory.digest(folder)
    except model_directory.NotAModel as error:
        raise CallError(Problem(f"is not a model: {error}", str(folder))) from error


def _read_profile(path: Path) -> Mapping[str, Any]:
    """The profile as plain data. Raises CallError for one that cannot be read, or was changed after it was written."""
    hint = "Give the profile.json that the training wrote."
    try:
        return profiles.to_json(profiles.read(path))
    except OSError as error:
        raise CallError(Problem(f"cannot be read: {error.strerror}", str(path), hint=hint)) from error
    except Misfit as error:
        raise CallError(Problem(str(error), str(path), error.line, hint=hint)) from error


def _gather(described: Source, profile: Any, path: Path | None) -> Cases:
    try:
        return cases.gather(described, None if profile is None else cases.spreads_of(profile, described.columns))
    except ValueError as error:
        raise CallError(Problem(str(error), str(path))) from error


def _export_all(run: _Run, described: Source, profile: Any) -> None:
    model = estimator.load(described, "sklearn" in run.request.allow_pickle)
    rows = _gather(described, profile, run.request.profile)
    failure = ""
    try:
        if not rows.rows:
            raise CannotPredict("the model records no input example and no profile was given, so there is no row")
        run.original = original.predict(described, rows, run.request.cache or _cache())
    except CannotPredict as error:
        failure = str(error)
        if error.log.strip():
            run.sections.append(Section("The original model's environment", (Log("what it printed", error.log),)))
    for name in run.request.targets:
        made, loaded = targets.find(name), copy.deepcopy(model)  # a target may change its copy
        try:
            if run.original is not None:
                _compare(run, made, made.candidates(described, loaded), rows, run.original)
            else:
                _leave_unverified(run, made, next(made.candidates(described, loaded)), failure)
        except Unsupported as unsupported:
            _refuse(run, name, unsupported)
    run.sections.append(_cases_section(rows, profile is not None))


def _cache() -> Path:
    home = os.environ.get("RUNNER_TEMP") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "mlops-actions" / "models"


# --- one target ----------------------------------------------------------------------------------


def _compare(run: _Run, made: Target, candidates: Iterator[Candidate], rows: Cases, truth: Original) -> None:
    """Take the first conversion within the tolerance, or else the nearest one, and say how near it is."""
    tolerance, file = run.request.tolerance, run.out / made.file
    tried: list[tuple[Parity, Candidate]] = []
    for candidate in candidates:
        files.write_atomic(file, candidate.content)
        tried.append((compare(truth.predictions, made.run(file, rows), tolerance), candidate))
        if tried[-1][0].within(tolerance):
            break
    parity, candidate = min(tried, key=lambda each: _distance(each[0], tolerance))
    files.write_atomic(file, candidate.content)
    run.check(made.name, "export", Status.PASS, f"{len(candidate.content):,} bytes, converted in {candidate.manner}")
    _check_parity(run, made.name, parity, rows, truth)
    verified = parity.within(tolerance)
    run.entries.append(
        replace(
            _entry(made, file, candidate),
            status=manifest.Status.VERIFIED if verified else manifest.Status.DISAGREES,
            message=f"executed on {parity.rows:,} rows, {'within' if verified else 'not within'} {tolerance:g}",
            parity=parity,
            latency=made.latency(file, rows),
        )
    )
    if len(tried) > 1:
        run.sections.append(_tried_section(made.name, tried))


def _entry(made: Target, file: Path, candidate: Candidate) -> Entry:
    return Entry(
        made.name,
        manifest.Status.UNVERIFIED,
        "",
        file=made.file,
        sha256=verdict.digest(file),
        size=file.stat().st_size,
        signature=made.signature(file),
        manner=candidate.manner,
        versions=dict(made.versions()),
    )


def _distance(parity: Parity, tolerance: float) -> tuple[bool, int, int, float]:
    return (
        not parity.within(tolerance),
        len(parity.only_export),
        len(parity.disagreeing),
        parity.difference if parity.difference is not None else 0.0,
    )


def _leave_unverified(run: _Run, made: Target, candidate: Candidate, reason: str) -> None:
    files.write_atomic(run.out / made.file, candidate.content)
    run.check(made.name, "difference", Status.ERROR, f"not compared: {reason}")
    run.entries.append(replace(_entry(made, run.out / made.file, candidate), message=reason))


def _refuse(run: _Run, name: str, unsupported: Unsupported) -> None:
    run.entries.append(Entry(name, manifest.Status.UNSUPPORTED, str(unsupported)))
    run.check(name, "export", Status.ERROR, f"unsupported: {unsupported}")


def _check_parity(run: _Run, name: str, parity: Parity, rows: Cases, truth: Original) -> None:
    if parity.rows == 0:
        run.check(name, "difference", Status.ERROR, "no row is answered by both, so nothing was compared")
    if parity.difference is not None and parity.worst is not None:
        near = parity.difference <= run.request.tolerance
        worst = "" if near else f"; the worst is {rows.origins[parity.worst]}: {_shown(rows, parity.worst)}"
        run.check(
            name,
            "difference",
            Status.PASS if near else Status.FAIL,
            f"the largest difference from the original is {parity.difference:.3g} over {parity.rows:,} rows{worst}",
            measured=parity.difference,
            threshold={"mustBeLessOrEqualTo": run.request.tolerance},
            rows=parity.rows,
        )
    if parity.agreement is not None:
        words = "every label agrees"
        if parity.disagreeing:
            words = f"{len(parity.disagreeing):,} labels differ; the first for {_shown(rows, parity.disagreeing[0])}"
        if parity.ties:
            words += f" ({parity.ties:,} ties of the original's two best classes set aside)"
        run.check(
            name,
            "labels",
            Status.FAIL if parity.disagreeing else Status.PASS,
            words,
            measured=parity.agreement,
            threshold={"mustBe": 1},
            rows=parity.rows - parity.ties,
        )
    _check_refusals(run, name, parity, rows, truth)


def _check_refusals(run: _Run, name: str, parity: Parity, rows: Cases, truth: Original) -> None:
    """Whether both refuse the same rows. An export that answers more than the original is a warning."""
    unlike = [row for row in parity.only_original if row not in rows.outside]
    status, severity, count = Status.PASS, Severity.ERROR, 0
    words = "original and export refuse the same rows"
    if parity.only_export:
        status, count = Status.FAIL, len(parity.only_export)
        first = _shown(rows, parity.only_export[0])
        words = f"the export refuses {count:,} rows that the original answers; the first: {first}"
    elif unlike:
        status, severity, count = Status.WARN, Severity.WARNING, len(unlike)
        words = f"the original refuses {count:,} rows that the export answers; {_refusal(rows, truth, unlike[0])}"
    elif parity.only_original:
        words += f", of those that the signature allows; of others, {_refusal(rows, truth, parity.only_original[0])}"
    run.check(name, "refused", status, words, severity=severity, measured=count, threshold={"mustBe": 0})


def _refusal(rows: Cases, truth: Original, row: int) -> str:
    return f"the first is {rows.origins[row]} (it says: {truth.predictions.errors[row]})"


def _shown(rows: Cases, row: int) -> str:
    cells = ", ".join(
        f"{column.name}={json.dumps(value)}" for column, value in zip(rows.columns, rows.rows[row], strict=True)
    )
    return cells if len(cells) <= 300 else cells[:297] + "..."


# --- the outcome ---------------------------------------------------------------------------------


def _outcome(run: _Run, digest: str, started: datetime) -> Outcome:
    request = run.request
    materials = [Subject(str(request.model), digest)]
    if request.profile is not None:
        materials.append(Subject(str(request.profile), verdict.digest(request.profile)))
    judged = Verdict(
        stage="export",
        status=verdict.conclude(run.checks),
        checks=tuple(run.checks),
        started=started,
        ended=verdict.now(),
        subjects=tuple(Subject(entry.file, entry.sha256) for entry in run.entries if entry.file and entry.sha256),
        materials=tuple(materials),
        parameters={"targets": list(request.targets), "tolerance": request.tolerance},
    )
    return Outcome(
        judged,
        headline="; ".join(_line(entry) for entry in run.entries),
        sections=(_targets_section(run.entries), *_input_sections(run.entries), *run.sections),
        outputs={"targets": json.dumps([_brief(entry) for entry in run.entries])},
    )


def _line(entry: Entry) -> str:
    if entry.parity is None:
        return f"{entry.target} {entry.status.value}: {entry.message}"
    difference = "" if entry.parity.difference is None else f", largest difference {entry.parity.difference:.2g}"
    return f"{entry.target} {entry.status.value} on {entry.parity.rows:,} rows{difference}"


def _brief(entry: Entry) -> dict[str, Any]:
    return {"target": entry.target, "status": entry.status.value, "file": entry.file, "sha256": entry.sha256}


def _targets_section(entries: Sequence[Entry]) -> Section:
    columns = (
        "Target",
        "Status",
        "File",
        "Bytes",
        "Rows compared",
        "Largest difference",
        "Labels that agree",
        "ms a row",
    )
    rows = tuple(
        (
            entry.target,
            entry.status.value,
            entry.file,
            entry.size,
            entry.parity.rows if entry.parity else None,
            f"{entry.parity.difference:.2g}" if entry.parity and entry.parity.difference is not None else None,
            f"{entry.parity.agreement:.2%}" if entry.parity and entry.parity.agreement is not None else None,
            round(entry.latency, 3) if entry.latency is not None else None,
        )
        for entry in entries
    )
    return Section("Targets", (Table(columns, rows),))


def _input_sections(entries: Sequence[Entry]) -> list[Section]:
    sections = []
    for entry in entries:
        if entry.signature is None:
            continue
        columns = ("Name", "Direction", "Type", "Shape", "A missing value is")
        both = [("input", each) for each in entry.signature.inputs] + [
            ("output", each) for each in entry.signature.outputs
        ]
        rows = tuple(
            (
                each.name,
                direction,
                each.type,
                " × ".join("rows" if part is None else str(part) for part in each.shape),
                None if each.missing is None else each.missing or "the empty text",
            )
            for direction, each in both
        )
        sections.append(Section(f"What {entry.file} takes and gives", (Table(columns, rows),)))
    return sections


def _tried_section(name: str, tried: Sequence[tuple[Parity, Candidate]]) -> Section:
    rows = tuple((candidate.manner, parity.difference, len(parity.disagreeing)) for parity, candidate in tried)
    table = Table(("Conversion", "Largest difference", "Labels that differ"), rows)
    return Section(f"{name}: the conversions that were tried", (table,))


def _cases_section(rows: Cases, has_profile: bool) -> Section:
    counts: dict[str, int] = {}
    for origin in rows.origins:
        kind = origin if origin.startswith(("the", "a draw")) else "a missing value or a category never seen"
        counts[kind] = counts.get(kind, 0) + 1
    blocks: list[Table | Text] = [Table(("Rows from", "Count"), tuple(counts.items()))]
    if has_profile and rows.guessed:
        names = ", ".join(rows.guessed)
        blocks.append(Text(f"The profile does not describe {names}: drawn from the recorded example instead."))
    return Section("What was compared", tuple(blocks))
