"""Quality rules of the type ``sql``: examined before any data is read, and run on the loaded relations alone.

A query may read any object of the contract that was given data, by its name
or its physical name. Where DuckDB reads the rows, each query runs in a process
that is ended when its time is up (:mod:`mlops_actions.data.queries.sqlprocess`);
where they stay on a server, it runs there
(:mod:`mlops_actions.data.queries.pushed`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeAlias

from mlops_actions.data.contracts.contract import Contract
from mlops_actions.data.engines.duck import withheld
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.queries.query import Examined
from mlops_actions.data.rules import checks, rules
from mlops_actions.data.rules.rules import Queried, Rule
from mlops_actions.data.sources.relation import Relation, shown_names
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Check, Status, broken

SECONDS = 30.0
"""How long a query may take, unless configured."""

_START = 120.0  # seconds until a process has read the heads of the files

Reads: TypeAlias = Mapping[tuple[str, str], Examined]
"""What a rule's query does, by object and name of the rule."""


class Ended(Exception):
    """A query gave no answer, and why."""


class Asking(Protocol):
    """Where queries are answered."""

    def __call__(self, rule: Rule, query: str, does: Examined, /) -> Mapping[str, Any]:
        """The ``value`` that a query gives, with its ``kind``; or the ``error``, and of what kind that is.

        Raises Ended.
        """


@dataclass(slots=True)
class _Session:
    """A process that answers, started when it is needed and again after it was ended."""

    views: Mapping[str, str]
    files: Sequence[str]
    folder: str
    process: subprocess.Popen[str] | None = field(default=None)

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Raises Ended."""
        if self.process is None:
            self.process = self._start()
            ready = self._exchange({"files": list(self.files), "views": dict(self.views)}, _START)
            if "error" in ready:
                self.stop()
                raise Ended(ready["error"])
        return self._exchange(request, seconds)

    def _start(self) -> subprocess.Popen[str]:
        # No variable of the caller's goes along but where shared libraries are: there may be secrets among them.
        kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "SYSTEMROOT") if key in os.environ}
        return subprocess.Popen(  # pylint: disable=consider-using-with  # stop() ends it
            [sys.executable, "-I", "-X", "utf8", "-m", "mlops_actions.data.queries.sqlprocess"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=kept | {"TMPDIR": self.folder, "HOME": self.folder},
        )

    def _exchange(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sql") as pool:
            answer = pool.submit(self._talk, json.dumps(request))
            try:
                line = answer.result(seconds)
            except TimeoutError:
                self.stop()
                raise Ended(f"it took longer than {seconds:g} seconds") from None
            except OSError:
                line = ""
            except BaseException:
                self.stop()
                raise
        if not line.endswith("\n"):
            self.stop()
            raise Ended("the engine broke down, most likely for want of memory")
        found: dict[str, Any] = json.loads(line)
        return found

    def _talk(self, line: str) -> str:
        process = self.process
        if process is None or process.stdin is None or process.stdout is None:
            return ""
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline()

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def _session(views: Mapping[str, str], files: Sequence[str]) -> Iterator[_Session]:
    with TemporaryDirectory(prefix="mlops-sql-", ignore_cleanup_errors=True) as folder:
        session = _Session(views, files, folder)
        try:
            yield session
        finally:
            session.stop()


def _queried(wanted: Mapping[str, Sequence[Rule]]) -> Iterator[tuple[str, Rule, Queried]]:
    for name, each in wanted.items():
        for rule in each:
            if isinstance(rule.measure, Queried):
                yield name, rule, rule.measure


def tables(promised: Contract) -> dict[str, str]:
    """The object of each name that a query may use, in lower case; a name of two objects is the first one's."""
    names: dict[str, str] = {}
    for each in promised.objects:
        names.setdefault(each.name.casefold(), each.name)
    for each in promised.objects:
        for name in sorted(each.names):
            names.setdefault(name.casefold(), each.name)
    return names


def examine(promised: Contract, wanted: Mapping[str, Sequence[Rule]], seconds: float = SECONDS) -> Reads:
    """What each query reads. Raises CallError for those that are not run, each with its line."""
    found: dict[tuple[str, str], Examined] = {}
    problems: list[Problem] = []
    names = tables(promised)
    queried = list(_queried(wanted))
    if not queried:
        return found
    with _session({}, ()) as session:
        for name, rule, measure in queried:
            answer = _examined(session, rule, {"query": measure.query, "objects": names}, seconds)
            if "refused" in answer:
                near = did_you_mean(answer["reads"], names) if "reads" in answer else None
                message = f"the query of {rule.name!r} is not run: {answer['refused']}"
                problems.append(rules.problem(rule, message, near or _HINT))
            else:
                columns = None if answer["columns"] is None else frozenset(answer["columns"])
                found[name, rule.name] = Examined(
                    frozenset(answer["reads"]), columns, answer["counts"], answer["plain"]
                )
    if problems:
        raise CallError(*problems)
    return found


_HINT = "A query is one SELECT over the contract's objects that gives one value."


def _examined(session: _Session, rule: Rule, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What the query ``reads``, or why it is ``refused``."""
    if not isinstance(rule.bound, str | int | float) and not rule.operator.endswith("Between"):
        return {"refused": f"{rule.operator} must name a number, a boolean or a text"}
    try:
        return session.ask(request, seconds)
    except Ended as error:
        return {"refused": str(error)}


@contextmanager
def here(promised: Contract, relations: Mapping[str, Relation], seconds: float = SECONDS) -> Iterator[Asking]:
    """Queries answered by DuckDB, in a process of its own that reads the files of ``relations``."""
    views = {
        name: f"SELECT {', '.join(quote(column.name) for column in relations[of].columns)} FROM {relations[of].sql}"  # noqa: S608
        for name, of in tables(promised).items()
        if of in relations
    }
    files = sorted({str(file.path) for relation in relations.values() for file in relation.files})
    with _session(views, files) as session:
        yield lambda rule, query, does: session.ask({"query": query}, seconds)


def answer_all(
    found: Sequence[Check],
    wanted: Mapping[str, Sequence[Rule]],
    reads: Reads,
    relations: Mapping[str, Relation],
    asking: Asking,
) -> list[Check]:
    """``found``, with the check of each query in the place that was kept for it."""
    answers = {}
    for name, rule, measure in _queried(wanted):
        if name in relations:
            answers[name, rule.name] = _answer(asking, rule, measure, reads[name, rule.name], relations)
    return [answers.get((check.where.object or "", check.rule), check) for check in found]


def _answer(asking: Asking, rule: Rule, measure: Queried, does: Examined, relations: Mapping[str, Relation]) -> Check:
    if missing := sorted(does.reads - relations.keys()):
        return checks.unanswered(rule, f"not evaluated: there is no data of {shown_names(missing)}")
    try:
        answer = asking(rule, measure.query, does)
    except Ended as error:
        return checks.unanswered(rule, f"not evaluated: {error}")
    columns = [column for name in does.reads for column in relations[name].columns]
    private = any(column.private for column in columns)
    if "error" in answer:
        reason, kind = answer["error"], answer.get("kind")
        if private and kind not in {None, "BinderException", "CatalogException", "OutOfMemoryException"}:
            reason = withheld(str(kind))
        return checks.unanswered(rule, f"not evaluated: {reason}")
    public = {column.name.casefold() for column in columns if not column.private}
    harmless = does.counts or (does.columns is not None and does.columns <= public)
    return _judged(rule, answer["kind"], answer["value"], hidden=private and not harmless)


def _judged(rule: Rule, kind: str, value: Any, *, hidden: bool) -> Check:
    """The check of a value that the query gave. A value is compared with its own kind alone.

    It is ``hidden`` where it may be one of a private column, which a count is not.
    """
    bounds = rule.bound if isinstance(rule.bound, list) else [rule.bound]
    wanted = {"boolean" if isinstance(each, bool) else "text" if isinstance(each, str) else "number" for each in bounds}
    given = "number" if kind in {"float", "exact"} else kind
    if wanted != {given}:
        return checks.unanswered(rule, f"not evaluated: the query gives a {given}, and {checks.in_words(rule)}")
    if given == "number":
        number = float(value) if kind == "float" else Decimal(value)
        exact = [Decimal(str(each)) for each in bounds] if kind == "exact" else bounds
        held = checks.holds(rule.operator, exact if isinstance(rule.bound, list) else exact[0], number)
        value = int(number) if number == int(number) and kind == "exact" else float(number)
        shown = f"{value:,}{' %' if rule.percent else ''}"
    else:
        held = checks.holds(rule.operator, rule.bound, value)
        shown = str(value).lower() if given == "boolean" else checks.example(value)
    if hidden and given != "boolean":
        shown, value = f"a {given} that is not shown: private columns are read", None
    message = f"the query gives {shown}" + ("" if held else f"; {checks.in_words(rule)}")
    passed = Status.PASS if held else broken(rule.severity)
    return replace(checks.unanswered(rule, message), status=passed, measured=value)
