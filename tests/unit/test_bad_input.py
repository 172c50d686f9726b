"""Bad input, through the command line: told by name, with exit 2 or a failing verdict; nothing run, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from mlops_actions.ci import leg
from mlops_actions.ci.leg import Leg
from mlops_actions.cli import main
from mlops_actions.data.engines import duck
from mlops_actions.verdict import Check, Status, Verdict, now

CONTRACT = """apiVersion: v3.2.0
kind: DataContract
id: x
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - name: a
        logicalType: integer
        required: true
"""
HOSTILE = (
    "a\nb",
    "a'b",
    'a"b',
    "$(touch EXECUTED)",
    "`touch EXECUTED`",
    "; touch EXECUTED",
    "${{ secrets.TOKEN }}",
    "-rf",
    "--help",
    "раураl",  # Cyrillic
    "\u202efdp.exe",
    "\x1b[2Jcleared",
    "::error::forged",
    "<img src=x onerror=alert(1)>",
    "../../outside",
    "x" * 5000,
    os.fsdecode(b"\xff\xfe"),
)
NAMES = [pytest.param(each, id=ascii(each[:24])) for each in HOSTILE]
GARBAGE = {
    "nothing": b"",
    "cut off": b'{"a": [1',
    "brackets": b"[" * 100_000,
    "a list": b"[1]",
    "null": b"null",
    "NaN": b'{"versions": NaN}',
    "digits": b"9" * 5000,
    "not UTF-8": b"\xff\xfe{\x00",
    "NUL": b"\0" * 100,
}


class Ended(NamedTuple):
    code: int
    said: str


Call = Callable[..., Ended]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Run a command as a step on GitHub does, in a folder of its own; what no call may do is asserted for each."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, file in {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}.items():
        monkeypatch.setenv(name, str(tmp_path / file))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    for name in ("GITHUB_TOKEN", "GITHUB_REF", "GITHUB_SHA", "MLOPS_INPUT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    Path("d.csv").write_text("a\n1\n2\n", encoding="utf-8")
    at_home = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Ended:
        before = set(os.listdir())
        code = main(arguments)
        ended = Ended(code, capsys.readouterr().err)
        assert not list(tmp_path.rglob("EXECUTED"))
        assert set(os.listdir()) - before <= {".mlops"}
        left = [path.name for path in Path(".mlops").glob("*")]
        assert not [name for name in left if name.startswith(".")], "a half-made folder is left"
        assert bool(left) == (code in {0, 1})
        for line in ended.said.splitlines():
            assert "\x1b" not in line and "\u202e" not in line
            assert not line.startswith("::error::forged")
        return ended

    yield run
    signal.signal(signal.SIGTERM, at_home)


# --- names -----------------------------------------------------------------------------------------

PLACES = {
    "contract": ("validate", "--data=d.csv", "--contract={}"),
    "data": ("validate", "--contract=c.yaml", "--data={}"),
    "profile": ("profile", "--data={}"),
    "old contract": ("contract", "diff", "--", "{}", "c.yaml"),
    "new contract": ("contract", "diff", "--", "c.yaml", "{}"),
    "data to draft from": ("contract", "infer", "--", "{}"),
    "reference": ("drift", "--data=d.csv", "--reference={}"),
    "artifact": ("drift", "--data=d.csv", "--reference=artifact:{}"),
    "release": ("drift", "--data=d.csv", "--reference=release:{}"),
    "engine": ("validate", "--contract=c.yaml", "--data=d.csv", "--engine={}"),
    "config": ("validate", "--contract=c.yaml", "--data=d.csv", "--config={}"),
    "model": ("export", "--model={}"),
    "tag": ("release", "--tag={}"),
    "model of a tag": ("release", "--tag=m@v1.0.0", "--model={}"),
    "bundle": ("publish", "--bundle={}"),
    "python": ("ci", "run", "--python={}"),
    "versions": ("ci", "plan", "--python-versions={}"),
    "library": ("dry-run", "--library={}"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_data_wherever_it_stands(call: Call, place: str, name: str) -> None:
    ended = call(*(each.replace("{}", name) for each in PLACES[place]))
    assert ended.code == 2
    assert "\nerror: " in f"\n{ended.said}"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_from_an_input_is_data(call: Call, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MLOPS_INPUT_CONTRACT", name)
    monkeypatch.setenv("MLOPS_INPUT_DATA", name)
    assert call("validate").code == 2


@pytest.mark.parametrize("name", [each for each in HOSTILE if "/" not in each and len(each) < 255], ids=ascii)
def test_a_file_of_any_name_is_read_or_refused_by_name(call: Call, name: str) -> None:
    Path("x").mkdir()
    Path("x", f"{name}.csv").write_text("a\nno number\n", encoding="utf-8")
    ended = call("validate", "--contract=c.yaml", "--data=x")
    assert ended.code == 1
    readable = name.isprintable() or name.encode("utf-8", "replace") == name.encode("utf-8", "surrogateescape")
    assert ("t.a.logicalType: 1 of 1 rows (100 %)" if readable else "its path is not UTF-8") in ended.said
    assert json.loads(Path(".mlops/validate/verdict.json").read_text(encoding="utf-8"))["status"] == "fail"


# --- files that are something else -----------------------------------------------------------------


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to("gone")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path) -> None:
    path.mkdir()


def two_gigabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"a")
        file.truncate(2**31)  # a hole, which takes no space


@pytest.mark.parametrize("file", ["mlops.yaml", "c.yaml"])
@pytest.mark.parametrize("make", [a_pipe, a_link_to_nowhere, a_link_to_itself, a_device, a_folder, two_gigabytes])
def test_a_yaml_file_that_is_none(call: Call, make: Callable[[Path], None], file: str) -> None:
    Path(file).unlink(missing_ok=True)
    make(Path(file))
    ended = call("validate", "--contract=c.yaml", "--data=d.csv")
    assert ended.code == 2
    assert ended.said.startswith(f"error: {file}: ")


@pytest.mark.parametrize("make", [a_pipe, a_link_to_nowhere, a_link_to_itself, a_device, a_folder, two_gigabytes])
def test_data_that_is_no_file(call: Call, make: Callable[[Path], None]) -> None:
    make(Path("x.csv"))
    ended = call("validate", "--contract=c.yaml", "--data=x.csv")
    assert ended.code in {1, 2}
    assert "x.csv: " in ended.said


def test_a_link_out_of_the_workspace(call: Call, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    Path("x").mkdir()
    Path("x/l.csv").symlink_to(tmp_path / "secret.csv")
    ended = call("profile", "--data=x")
    assert ended.code == 2
    assert "x/l.csv: is a symbolic link that leads out of the working directory" in ended.said


@pytest.mark.parametrize(
    ("link", "command"),
    [
        ("mlops.yaml", ("profile", "--data=d.csv")),
        ("k.yaml", ("validate", "--contract=k.yaml", "--data=d.csv")),
        ("r/k.yaml", ("validate", "--contract=r/k.yaml", "--data=d.csv")),
        ("p.json", ("drift", "--reference=p.json", "--data=d.csv")),
        ("o", ("profile", "--data=d.csv", "--out=o/p")),
    ],
)
def test_nothing_is_read_or_written_through_a_link_out_of_the_workspace(
    call: Call, tmp_path: Path, link: str, command: tuple[str, ...]
) -> None:
    Path("d.csv").write_text("a\n1\n", encoding="utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "k.yaml").write_text("secret: password\n", encoding="utf-8")
    name, _, _ = link.partition("/")
    Path(name).symlink_to(outside / "k.yaml" if "." in name else outside)
    ended = call(*command)
    assert ended.code == 2
    assert "symbolic link" in ended.said
    assert "out of the working directory" in ended.said
    assert "password" not in ended.said
    assert [each.name for each in outside.iterdir()] == ["k.yaml"]


@pytest.mark.parametrize("command", [("validate", "--contract=c.yaml"), ("profile",)], ids=lambda words: words[0])
def test_damaged_data(call: Call, command: tuple[str, ...]) -> None:
    Path("empty").mkdir()
    duckdb.execute("COPY (SELECT range AS a FROM range(10000)) TO 'whole.parquet'")
    whole = Path("whole.parquet").read_bytes()
    damage = {
        "cut.parquet": whole[: len(whole) // 2],
        "tail.parquet": whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        "zeros.parquet": whole[:500] + bytes(5000) + whole[5500:],
        "none.parquet": b"",
        "text.parquet": b"a\n1\n",
        "line.csv": b"a\n1\n" + b"2" * 5_000_000 + b"\n3\n",
        "none.csv": b"",
        "nul.csv": b"\0" * 100_000,
        "latin.csv": "é\n1\n".encode("latin-1"),
        "no.csv.gz": b"a\n1\n",
    }
    for name, content in damage.items():
        Path(name).write_bytes(content)
    for name in ("empty", *damage):
        ended = call(*command, f"--data={name}")
        assert ended.code == 1, name
        assert "the data cannot be read: " in ended.said and name in ended.said
        assert len(ended.said) < 10_000


def test_a_contract_of_five_thousand_rules(call: Call) -> None:
    rule = "          - {{metric: invalidValues, arguments: {{validValues: [{}]}}, mustBe: 0}}\n"
    Path("c.yaml").write_text(
        CONTRACT + "        quality:\n" + "".join(rule.format(each) for each in range(5000)), encoding="utf-8"
    )
    ended = call("validate", "--contract=c.yaml", "--data=d.csv")
    assert ended.code == 1
    assert "and 4980 more in the report" in ended.said
    checks = json.loads(Path(".mlops/validate/verdict.json").read_text(encoding="utf-8"))["checks"]
    assert sum(each["status"] == "fail" for each in checks) == 5000


def test_a_call_that_names_no_data(call: Call) -> None:
    ended = call("profile")
    assert ended.code == 2
    assert "--data" in ended.said


# --- what an earlier run left, or somebody in its place --------------------------------------------


def a_leg(folder: Path) -> Path:
    (folder / "python-ci-plan").mkdir(parents=True)
    (folder / "python-ci-leg-3.11").mkdir()
    (folder / "python-ci-plan" / "plan.json").write_text('{"versions": ["3.11"]}', encoding="utf-8")
    check = Check("test.case", Status.FAIL, "it fails")
    judged = Verdict("python-ci", Status.FAIL, (check,), now(), now())
    leg.write(Leg("3.11", "3.11.7", (), None, None, judged), folder / "python-ci-leg-3.11")
    return folder / "python-ci-leg-3.11" / "leg.json"


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_the_place_of_what_a_run_left(call: Call, garbage: str) -> None:
    left = a_leg(Path("results"))
    for file in (left, Path("results/python-ci-plan/plan.json")):
        file.write_bytes(GARBAGE[garbage])
        assert call("ci", "gate", "--results=results").code == 1
    Path("p.json").write_bytes(GARBAGE[garbage])
    ended = call("drift", "--data=d.csv", "--reference=p.json")
    assert ended.code in {1, 2}
    assert "p.json" in ended.said


@pytest.mark.parametrize("key", ["rule", "message", "measured", "threshold", "rows"])
@pytest.mark.parametrize("value", [[], {}, [[1]], -1, True, "x\ud800"], ids=str)
def test_a_verdict_of_wrong_types_ends_no_gate(call: Call, key: str, value: object) -> None:
    left = a_leg(Path("results"))
    data = json.loads(left.read_text(encoding="utf-8"))
    data["verdict"]["checks"][0][key] = value
    left.write_text(json.dumps(data), encoding="utf-8")
    assert call("ci", "gate", "--results=results").code == 1


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_bundle_that_holds_garbage(call: Call, garbage: str) -> None:
    Path("b").mkdir()
    Path("b/SHA256SUMS").write_bytes(GARBAGE[garbage])
    ended = call("publish", "--bundle=b")
    assert ended.code == 1
    assert "the bundle is not published" in ended.said


# --- the place to write ----------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_runner_that_cannot_be_told_leaves_no_verdict(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    ended = call("validate", "--contract=c.yaml", "--data=d.csv")
    assert ended.code == 2
    assert str(tmp_path) in ended.said


def test_an_errand_that_cannot_write(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path))
    ended = call("locate", "model")
    assert ended.code == 2
    assert str(tmp_path) in ended.said


@pytest.mark.parametrize("out", [".", "d.csv", "d.csv/x", "mine", "link", "x" * 300, "/dev/null", "/proc/x"])
def test_no_folder_of_anybody_else_is_replaced(call: Call, out: str) -> None:
    Path("mine").mkdir()
    Path("mine/file").touch()
    Path("link").symlink_to("mine")
    ended = call("validate", "--contract=c.yaml", "--data=d.csv", f"--out={out}")
    assert ended.code == 2
    assert out in ended.said
    assert Path("mine/file").is_file()


MLOPS = (sys.executable, "-m", "mlops_actions")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "d.csv").write_text("a\nno number\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("room", [1000, 5000])
def test_a_full_disk(files: Path, room: int) -> None:
    """A limit on the size of each file stands for it: the same call of the system fails."""
    done = subprocess.run(
        [*MLOPS, "validate", "--contract=c.yaml", "--data=d.csv"],
        cwd=files,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: .mlops/") and "File too large" in done.stderr
    assert not (files / ".mlops").exists()


def test_a_reader_that_goes_away_does_not_turn_a_failure_into_a_pass(files: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [*MLOPS, "validate", "--contract=c.yaml", "--data=d.csv", "--json"]
    done = subprocess.run(command, cwd=files, check=False, stdout=theirs, stderr=subprocess.PIPE, text=True)
    os.close(theirs)
    assert done.returncode == 1
    assert "Error" not in done.stderr


def test_the_verdict_is_printed_as_utf8_whatever_the_locale_says(files: Path) -> None:
    (files / "d.csv").rename(files / "é.csv")
    command = [*MLOPS, "validate", "--contract=c.yaml", "--data=é.csv", "--json"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=files, check=False, capture_output=True, env=env)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout.decode("utf-8"))["subjects"][0]["name"] == "é.csv"


def test_an_interrupted_query_is_an_interrupt() -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), duck.connect() as connection:
            signal.setitimer(signal.ITIMER_REAL, 0.2)  # the query would take hours
            duck.fetch(connection, "SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
