"""Takes in what the command wrote: the model directory, looked through before anybody may load it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions import model
from mlops_actions.errors import did_you_mean
from mlops_actions.model import Model, NotAModel
from mlops_actions.training import pickles
from mlops_actions.verdict import Check, Status, Where
from mlops_actions.visible import clip, visible

MAX_NAMED = 5


@dataclass(slots=True)
class Collected:
    """The model as it was kept, or why it was not: a check a question."""

    checks: list[Check] = field(default_factory=list)
    model: Model | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the command was to write the model, as the user calls it; the pickles that are accepted, by flavor."""

    path: Path
    name: str
    where: Where
    allow_pickle: tuple[str, ...] = ()


def collect(wanted: Wanted, kept: Path) -> Collected:
    """Copy the model that ``wanted`` names to the new folder ``kept``, and check it there.

    A directory that is no model, has links out of itself, or holds a pickle
    that nobody opted in to, is not kept.
    """
    found = Collected()
    try:
        found.checks.append(_take(wanted, kept))
        found.model = model.read(kept)
        found.digest = model.digest(kept)
        found.checks.append(_check("model.format", True, _format(found.model), wanted))
        refused = list(_pickles(found.model, wanted))
    except NotAModel as error:
        rule = "model.format" if found.checks else "training.model"
        found.checks.append(_check(rule, False, f"`{wanted.name}` is not kept: {error}", wanted))
        _drop(found, kept)
        return found
    found.checks += [*refused, *_described(found.model, wanted)]
    if any(check.status is Status.FAIL for check in refused):
        _drop(found, kept)
    return found


def _drop(found: Collected, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    found.model, found.digest = None, ""


def _take(wanted: Wanted, kept: Path) -> Check:
    path, name = wanted.path, wanted.name
    if path.is_symlink():
        raise NotAModel("it is a symbolic link, not a directory")
    if not path.exists():
        raise NotAModel("the command ended well, but wrote nothing there")
    if not path.is_dir():
        raise NotAModel("it is a file, not an MLflow model directory")
    model.copy(path, kept)
    return _check("training.model", True, f"the command wrote `{name}`", wanted)


def _format(found: Model) -> str:
    return f"an MLflow model of flavor {', '.join(found.native)}"


NO_SIGNATURE = (
    "the model has no signature, so nobody can tell what it takes. Give `signature=` when it is saved "
    "(`mlflow.models.infer_signature` makes one; it needs scipy)"
)
NO_EXAMPLE = (
    "the model has no input example, so no export can be compared with it. Give `input_example=` when it is saved"
)


def _described(found: Model, wanted: Wanted) -> Iterator[Check]:
    signature, example = found.signature, found.example
    fields = f"inputs: {len(signature.inputs)}, outputs: {len(signature.outputs)}" if signature else NO_SIGNATURE
    yield _check("model.signature", signature is not None, fields, wanted)
    there = f"`{example.name}` is there" if example else NO_EXAMPLE
    yield _check("model.inputExample", example is not None, there, wanted)


def _pickles(found: Model, wanted: Wanted) -> Iterator[Check]:
    allowed: list[pickles.Pickle] = []
    refused: list[pickles.Pickle] = []
    for each in pickles.find(found):
        (allowed if set(each.flavors) & set(wanted.allow_pickle) else refused).append(each)
    for each in refused[:MAX_NAMED]:
        message = f"`{clip(visible(each.file), 200)}` is a pickle: {each.reason}. Loading one runs code. "
        yield _check("model.pickle", False, message + _way_out(each, found, wanted), wanted)
    if len(refused) > MAX_NAMED:
        yield _check("model.pickle", False, f"{len(refused) - MAX_NAMED:,} more files are pickles", wanted)
    if not refused:
        names = ", ".join(f"`{each.file}`" for each in allowed[:MAX_NAMED])
        message = f"accepted by `allow-pickle`: {visible(names)}" if allowed else "no file is a pickle"
        yield _check("model.pickle", True, message, wanted)


def _way_out(found: pickles.Pickle, whole: Model, wanted: Wanted) -> str:
    if not found.flavors:
        return "No flavor names it: leave it out of the model"
    own = next((name for name in found.flavors if name in whole.native), found.flavors[0])
    better = "save it as skops" if own == "sklearn" else "save it in a format that is data"
    typed = next((each for each in wanted.allow_pickle if did_you_mean(each, found.flavors)), None)
    meant = f" (there is {typed!r})" if typed else ""
    return f"Better {better}; or accept it by name: `allow-pickle: [{visible(own)}]`{meant}"


def _check(rule: str, good: bool, message: str, wanted: Wanted) -> Check:
    return Check(rule, Status.PASS if good else Status.FAIL, message, where=wanted.where)
