"""A working directory with a contract and data in it, and the run of one against the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from mlops_actions.data.validate import Validation, validate
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, FailOn

if TYPE_CHECKING:
    pass

HEAD = """\
version: 1.0.0
kind: DataContract
apiVersion: {version}
id: a-contract
status: active
"""


class Workspace:
    """The current directory of a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"
        self.out.mkdir()

    def contract(self, body: str, version: str = "v3.2.0") -> Path:
        """A contract with this body below its fundamentals."""
        path = Path("contract.yaml")
        path.write_text(HEAD.format(version=version) + dedent(body), encoding="utf-8")
        return path

    def columns(self, properties: str, rules: str = "", version: str = "v3.2.0") -> Path:
        """A contract of one object ``t`` with these properties (a YAML list) and rules (a YAML list)."""
        text = "schema:\n  - name: t\n"
        if rules:
            text += "    quality:\n" + indent(dedent(rules), " " * 6)
        return self.contract(text + "\n    properties:\n" + indent(dedent(properties), " " * 6), version)

    def csv(self, text: str, name: str = "t.csv") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).encode())
        return name

    def parquet(self, select: str, name: str = "t.parquet") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({select}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
        return name

    def run(self, contract: Path, *data: str, fail_on: FailOn = FailOn.ERROR, **more: Any) -> Outcome:
        given = more.pop("mapping", None) or data
        return validate(Validation(contract, given, fail_on=fail_on, **more), self.out)

    def checks(self, contract: Path, *data: str, **more: Any) -> dict[str, Check]:
        return {check.rule: check for check in self.run(contract, *data, **more).verdict.checks}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def tally(workspace: Workspace) -> Iterator[Callable[..., tuple[str, Any]]]:
    """Status and measure of one rule of one column ``x``, given its YAML and the data."""

    def run(rule: str, properties: str, data: str) -> tuple[str, Any]:
        check = workspace.checks(workspace.columns(properties), data)[f"t.x.{rule}"]
        return check.status.value, check.measured

    yield run
