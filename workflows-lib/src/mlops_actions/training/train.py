"""The training stage: run the command, take in what it made, judge it, describe it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from mlops_actions import files, importances, model, verdict
from mlops_actions.data import describe
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.outcome import Block, Outcome, Section, Table, Text
from mlops_actions.report.wording import plural
from mlops_actions.training import card, champion, collect, gates, inputs, metrics, place, run
from mlops_actions.training.champion import Champion, Compared
from mlops_actions.training.collect import Collected
from mlops_actions.training.gates import Gate
from mlops_actions.training.inputs import Input, Source
from mlops_actions.training.reason import Reason
from mlops_actions.training.run import Ran
from mlops_actions.verdict import Check, Scalar, Severity, Status, Subject, Verdict, Where
from mlops_actions.visible import clip, visible

STAGE = "model-training"
PLATFORMS = ("runner",)

Patterns: TypeAlias = Sequence[str] | Mapping[str, str | Sequence[str]]
"""Files, folders and globs, or those of each object by its name."""
DATA = "MLOPS_DATA"
"""Tells the command what data it is given: what is profiled and recorded, a line each."""


@dataclass(frozen=True, slots=True)
class Training:
    """What is asked of a training. Paths are relative to the current directory, where ``command`` (shell text) runs.

    ``model``, ``metrics`` and, if it likes, ``importances`` are what the command
    writes. ``data`` is profiled,
    as ``contract`` describes it where there is one, and ``csv`` where it is
    CSV, in blocks of time by ``time_column``, with the pairs of
    ``correlations``; ``inputs`` and ``data`` are
    recorded as materials; data that is a table or lies elsewhere as it was
    when it was profiled. ``allow_pickle`` names flavors whose pickles are
    accepted. ``limit`` is in seconds, for the install step and for the command
    each. ``index_url`` is the package index of both, a secret. ``champion`` is
    what the new model is held against, ``reason`` the alarm that started this.
    ``places`` says where the keys of `training` are set, and as `data` where
    `data.path` is.
    """

    command: str
    model: str
    metrics: str
    importances: str = "build/importances.json"
    name: str = "model"
    data: Patterns = ()
    contract: Path | None = None
    time_column: str | None = None
    csv: describe.CsvDialect = describe.FOUND
    correlations: describe.Wanted = describe.CORRELATED
    inputs: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    champion: Champion | None = None
    reason: Reason | None = None
    allow_pickle: tuple[str, ...] = ()
    install_command: str | None = None
    python_version: str | None = None
    platform: str = "runner"
    limit: float | None = None
    index_url: str | None = field(default=None, repr=False)
    places: Mapping[str, Where] = field(default_factory=dict)

    def where(self, key: str) -> Where:
        return self.places.get(key, Where())


@dataclass(slots=True)
class _Result:
    """What is known so far: filled from top to bottom."""

    ran: Ran
    collected: Collected = field(default_factory=Collected)
    metrics: dict[str, float] | None = None
    importances: dict[str, float] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    profiled: str = ""
    compared: Compared | None = None

    @property
    def promoted(self) -> bool:
        """Did every gate pass, the champion too, and did the model with its metrics come through?"""
        kept = self.collected.model is not None and self.metrics is not None
        return kept and verdict.conclude(self.checks) is not Status.FAIL


def train(request: Training, out: Path) -> Outcome:
    """Train a model as ``request`` says.

    Writes into ``out``: ``model/``, ``metrics.json``, ``importances.json``,
    ``profile.json`` of the data, ``MODEL_CARD.md``, ``install.log`` and ``train.log``, as far as they
    came to be. Raises CallError where nothing can be trained: a platform that
    is not built, an input that is not there, a contract that does not hold, a
    path that is not the command's own.
    """
    started, folder = verdict.now(), Path.cwd()
    _refuse_platform(request.platform)
    written = {
        key: place.inside(path, folder, f"training.{key}", request.where(key))
        for key, path in (("model", request.model), ("metrics", request.metrics), ("importances", request.importances))
    }
    declared = _declared(request, folder)
    before = {each.name: each.state() for each in declared}
    source = inputs.source(folder, declared)
    profiled = _profile(request, out)
    materials = _materials(declared, profiled)
    with (
        TemporaryDirectory(prefix="mlops-train-", dir=os.environ.get("RUNNER_TEMP") or None) as home,
        place.vacated(*written.values()) as room,
    ):
        result = _Result(run.run(_job(request, folder), Path(home), out), profiled=profiled.headline)
        if result.ran.ok:
            wanted = collect.Wanted(written["model"], request.model, request.where("model"), request.allow_pickle)
            result.collected = collect.collect(wanted, out / "model")
            room.recorded = result.collected.model is not None
            _keep_metrics(result, request, written["metrics"], out)
            _keep_importances(result, request, written["importances"], out)
            if result.importances and (asked := _profiling(request)):
                describe.again(asked, result.importances, out)
        _compare(result, request, folder, Path(home), out)
    result.checks = [
        *result.ran.checks,
        _untouched(declared, before, materials),
        *profiled.verdict.checks,
        *result.collected.checks,
        *result.checks,
    ]
    result.checks += gates.judge(request.gates, result.metrics, _unjudged(result))
    if result.compared is not None:
        result.checks.append(result.compared.check)
    _write_card(result, request, materials, source, out)
    return _outcome(
        request,
        result,
        Verdict(
            stage=STAGE,
            status=verdict.conclude(result.checks),
            checks=tuple(result.checks),
            started=started,
            ended=verdict.now(),
            subjects=_subjects(request, result, out),
            materials=materials + ((source.subject,) if source else ()) + _champions(result),
            parameters={
                "command": request.command,
                "install-command": request.install_command,
                "python": result.ran.python,
                "platform": request.platform,
                "commit": source.commit if source else None,
                **({"reason": request.reason.facts()} if request.reason else {}),
            },
        ),
    )


def _unjudged(result: _Result) -> str:
    """Why no gate is judged, where there are no metrics."""
    return f"not judged: {'there are no metrics' if result.ran.ok else 'the command failed'}"


def _refuse_platform(platform: str) -> None:
    if platform not in PLATFORMS:
        known = ", ".join(f"`{each}`" for each in PLATFORMS)
        message = f"platform {platform!r} is not built; there is: {known}"
        raise CallError(Problem(message, hint=did_you_mean(platform, PLATFORMS)))


def _declared(request: Training, folder: Path) -> tuple[Input, ...]:
    """The declared inputs and the data to profile, whose files are inputs too where they are here."""
    patterns = [each for paths in _by_object(request.data).values() for each in paths]
    patterns = [each for each in patterns if (folder / each).exists() or describe.is_files(each)]
    found = inputs.find(request.inputs, folder, "training.inputs", request.where("inputs"))
    data = inputs.find(patterns, folder, "data.path", request.where("data"))
    return tuple(sorted({*found, *data}, key=lambda each: each.name))


def _materials(declared: tuple[Input, ...], profiled: Outcome) -> tuple[Subject, ...]:
    """What a model is made from: the inputs, and what was profiled beside them (objects of a bucket, tables)."""
    found = inputs.digests(declared)
    known = {each.name for each in found}
    return (*found, *(each for each in profiled.verdict.subjects if each.name not in known))


def _by_object(data: Patterns) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, Mapping):
        return {describe.OBJECT: tuple(data)} if data else {}
    return {name: (paths,) if isinstance(paths, str) else tuple(paths) for name, paths in data.items()}


def _profile(request: Training, out: Path) -> Outcome:
    """The profile of the data, made before the command runs: a wrong contract is said before an hour of training."""
    if asked := _profiling(request):
        return describe.describe(asked, out)
    message = "no data is named (`data.path`), so no profile is made, and later data cannot be compared with it"
    check = Check("data.profile", Status.NOT_CHECKED, message, severity=Severity.WARNING)
    now = verdict.now()
    return Outcome(Verdict(STAGE, Status.WARN, (check,), now, now))


def _profiling(request: Training) -> describe.Profiling | None:
    """How the data is profiled; None where none is named."""
    paths = _by_object(request.data)
    if not paths:
        return None
    return describe.Profiling(
        paths if isinstance(request.data, Mapping) else paths[describe.OBJECT],
        request.contract,
        csv=request.csv,
        time_column=request.time_column,
        correlations=request.correlations,
    )


def _job(request: Training, folder: Path) -> run.Job:
    return run.Job(
        request.command,
        folder,
        request.install_command,
        request.python_version,
        request.limit,
        request.index_url,
        request.where("command"),
        request.where("install-command"),
        {DATA: "\n".join(each for paths in _by_object(request.data).values() for each in paths)},
    )


def _untouched(
    declared: tuple[Input, ...], before: Mapping[str, tuple[int, int]], materials: tuple[Subject, ...]
) -> Check:
    """Whether the inputs that are files here are still what their digests say."""
    changed = [each.name for each in declared if not each.path.is_file() or each.state() != before[each.name]]
    if not declared and materials:
        message = f"{plural(len(materials), 'input')}, recorded by digest; whether they changed since is not watched"
        return Check("training.inputs", Status.NOT_CHECKED, message, severity=Severity.INFO)
    if not declared:
        message = "no inputs are declared (`data.path`, `training.inputs`), so none is recorded"
        return Check("training.inputs", Status.NOT_CHECKED, message, severity=Severity.INFO)
    if not changed:
        return Check("training.inputs", Status.PASS, f"{plural(len(declared), 'input file')}, recorded by digest")
    names = ", ".join(f"`{visible(each)}`" for each in changed[:5])
    message = f"{len(changed):,} of {len(declared):,} inputs changed while the command ran: {names}"
    return Check("training.inputs", Status.FAIL, message, measured=len(changed), threshold={"mustBe": 0})


def _keep_metrics(result: _Result, request: Training, path: Path, out: Path) -> None:
    where, name = request.where("metrics"), request.metrics
    try:
        result.metrics = metrics.read(path, Path.cwd())
    except metrics.Unusable as error:
        result.checks.append(Check("training.metrics", Status.FAIL, f"`{name}`: {error}", where=where))
        return
    shutil.copyfile(path, out / "metrics.json")
    message = f"{plural(len(result.metrics), 'metric')} in `{name}`"
    result.checks.append(Check("training.metrics", Status.PASS, message, where=where))


def _keep_importances(result: _Result, request: Training, path: Path, out: Path) -> None:
    """Keep what the model leans on, as shares. Without it a model is as good, so that nothing fails for it."""
    where, name = request.where("importances"), request.importances

    def say(status: Status, message: str, severity: Severity = Severity.WARNING) -> None:
        result.checks.append(Check("training.importances", status, message, severity, where=where))

    if not os.path.lexists(path):
        asked = where != Where()
        message = f"the command wrote no `{name}`, so a drift check cannot tell which columns the model leans on"
        say(Status.WARN if asked else Status.NOT_CHECKED, message, Severity.WARNING if asked else Severity.INFO)
        return
    try:
        shares = importances.read(path)
        _refuse_strangers(shares, result.collected.model)
    except importances.Unusable as error:
        say(Status.WARN, f"`{name}` is not kept: {error}")
        return
    result.importances = shares
    files.write_atomic(out / importances.NAME, importances.dumps(shares))
    most = next(iter(shares))
    say(Status.PASS, f"{plural(len(shares), 'column')} in `{name}`, most in `{clip(visible(most), 60)}`")


def _refuse_strangers(shares: Mapping[str, float], kept: model.Model | None) -> None:
    """Raises Unusable where a name is none of the model's inputs: it may be a feature that the model makes of them."""
    known = [each.name for each in kept.signature.inputs if each.name] if kept and kept.signature else []
    strange = next((name for name in shares if name not in known), None) if known else None
    if strange is not None:
        hint = did_you_mean(strange, known) or "Give a number for each column that goes in"
        raise importances.Unusable(f"`{clip(visible(strange), 60)}` is no input in the model's signature. {hint}")


def _compare(result: _Result, request: Training, folder: Path, home: Path, out: Path) -> None:
    """Hold the new model against the champion, where one is asked for and there is a new model."""
    asked = request.champion
    if asked is None:
        return
    if result.collected.model is None:
        message = "not compared with a champion: there is no new model"
        check = Check(f"{champion.RULE}.{asked.metric}", Status.NOT_CHECKED, message, where=asked.where)
        result.compared = Compared(check)
        return

    def score(model_folder: Path, file: Path, role: str) -> str | None:
        told = {champion.MODEL: str(model_folder.resolve()), champion.SCORES: str(file)}
        return run.again(result.ran, _job(request, folder), asked.command, told, out / f"score-{role}.log")

    result.compared = champion.compare(asked, out / "model", score, home)


def _champions(result: _Result) -> tuple[Subject, ...]:
    found = result.compared.material if result.compared else None
    return (found,) if found else ()


def _subjects(request: Training, result: _Result, out: Path) -> tuple[Subject, ...]:
    found = [Subject(request.name, result.collected.digest)] if result.collected.digest else []
    for name in ("metrics.json", importances.NAME, "profile.json"):
        if (out / name).is_file():
            found.append(Subject(name, verdict.digest(out / name)))
    return tuple(found)


def _write_card(
    result: _Result, request: Training, materials: tuple[Subject, ...], source: Source | None, out: Path
) -> None:
    if result.collected.model is None:
        return
    facts = card.Facts(
        name=request.name,
        digest=result.collected.digest,
        model=result.collected.model,
        metrics=result.metrics or {},
        importances=result.importances,
        gates=request.gates,
        promoted=result.promoted,
        command=request.command,
        python=result.ran.python,
        inputs=materials,
        source=source.subject.name if source else None,
        profiled=result.profiled,
    )
    files.write_atomic(out / "MODEL_CARD.md", card.write(facts))


def _outcome(request: Training, result: _Result, judged: Verdict) -> Outcome:
    digest = result.collected.digest
    return Outcome(
        verdict=judged,
        headline=_headline(request, result, judged),
        sections=_sections(request, result),
        outputs={
            "model-digest": f"sha256:{digest}" if digest else "",
            "metrics": json.dumps(result.metrics or {}, allow_nan=False),
            "promoted": "true" if result.promoted else "false",
        },
    )


def _headline(request: Training, result: _Result, judged: Verdict) -> str:
    failed = next((each for each in judged.findings if each.status in {Status.FAIL, Status.ERROR}), None)
    if failed is not None and not failed.rule.startswith(("gates.", f"{champion.RULE}.")):
        return _sentence(f"`{request.name}` is not promoted: {clip(failed.message, 300)}")
    numbers = ", ".join(
        f"{gate.metric} {(result.metrics or {})[gate.metric]:.4g} ({gate.words})"
        for gate in request.gates
        if gate.metric in (result.metrics or {})
    )
    held = f" {said}" if (said := _of_champion(result)) else ""
    if failed is not None:
        return _sentence(f"`{request.name}` is not promoted: {numbers or failed.message}") + held
    return f"`{request.name}` is trained and promoted: {numbers or 'no gates are set'}.{held}"


def _of_champion(result: _Result) -> str:
    """How the comparison ended, in a sentence; empty where there was nobody to compare with."""
    found = result.compared
    return found.sentences[-1] if found and found.check.status is not Status.NOT_CHECKED else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _sections(request: Training, result: _Result) -> tuple[Section, ...]:
    sections = list(_story(request, result))
    if result.metrics:
        bounds = {gate.metric: gate.words for gate in request.gates}
        # As text: a count of rows and a share have nothing in common that a column could show.
        rows = tuple((name, _number(value), bounds.get(name)) for name, value in result.metrics.items())
        sections.append(Section("Metrics", (Table(("metric", "value", "gate"), rows),)))
    if kept := result.collected.model:
        sections.append(Section("Model", tuple(_model_blocks(kept, result))))
    if result.ran.logs:
        sections.append(Section("Logs", tuple(result.ran.logs)))
    return tuple(sections)


def _story(request: Training, result: _Result) -> Iterator[Section]:
    """From the alarm, where one started this, to what became of the new model beside the old one."""
    told = result.compared.sentences if result.compared else ()
    alarm = (request.reason.sentence,) if request.reason else ()
    if not alarm and _of_champion(result) == "":
        return
    trained = (f"A new model was trained in {result.ran.seconds:.1f} s on {result.profiled or 'its data.'}",)
    between = trained if alarm and result.collected.model else ()
    title = "From alarm to outcome" if alarm else "Against the champion"
    yield Section(title, tuple(Text(each) for each in (*alarm, *between, *told, _end(result))))


def _end(result: _Result) -> str:
    """What became of the new model, and where it was not promoted, all that stood against it."""
    if result.promoted:
        return "The new model is promoted: every gate passed."
    failed = [each for each in result.checks if each.status in {Status.FAIL, Status.ERROR}]
    reasons = "; ".join(clip(each.message.rstrip("."), 200) for each in failed if not each.rule.startswith("champion."))
    beaten = any(each.rule.startswith("champion.") for each in failed)
    why = "; ".join(
        each for each in (reasons, "it was not shown to be a match for the champion" if beaten else "") if each
    )
    even_so = "Even so, the" if result.compared and result.compared.check.status is Status.PASS else "The"
    return f"{even_so} new model is not promoted: {why}. The champion stays."


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _model_blocks(kept: model.Model, result: _Result) -> list[Block]:
    sizes = [path.stat().st_size for _, path in model.files(kept.folder)]
    facts: list[tuple[Scalar, ...]] = [
        ("digest", f"sha256:{result.collected.digest}"),
        ("flavor", ", ".join(kept.native)),
        ("files", f"{len(sizes):,}, {sum(sizes):,} bytes"),
        ("Python", result.ran.python),
        ("training time", f"{result.ran.seconds:.1f} s"),
    ]
    blocks: list[Block] = [Table(("", ""), tuple(facts))]
    if kept.signature:
        fields = tuple((each.name, each.type, "yes" if each.required else "no") for each in kept.signature.inputs)
        blocks.append(Table(("input", "type", "required"), fields, "What the model takes"))
    if kept.requirements:
        blocks.append(Text("It needs " + ", ".join(f"`{each}`" for each in kept.requirements[:30]) + "."))
    return blocks
