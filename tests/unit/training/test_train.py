"""A whole training: what is written, what is recorded, and what each way to fail leaves behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from s3_server import S3

from mlops_actions import model, verdict
from mlops_actions.data.profiles import profile
from mlops_actions.errors import CallError
from mlops_actions.outcome import Log, Outcome
from mlops_actions.training import train
from mlops_actions.training.gates import Gate
from mlops_actions.training.train import Training
from mlops_actions.verdict import Check, Status, Where

Run = Callable[[Training], Outcome]


@pytest.fixture(name="request_")
def _request(project: Path, monkeypatch: pytest.MonkeyPatch) -> Training:
    monkeypatch.chdir(project)
    return Training(
        command="python make.py",
        model="build/model",
        metrics="build/metrics.json",
        name="flight-delay",
        data=("data/*.csv",),
        gates=(Gate("auc", min=0.65, where=Where(file="mlops.yaml", line=7)),),
        places={"command": Where(file="mlops.yaml", line=3)},
    )


@pytest.fixture(name="out")
def _out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    return out


def failed(outcome: Outcome) -> list[str]:
    return [check.rule for check in outcome.verdict.checks if check.status in {Status.FAIL, Status.ERROR}]


def test_a_training_that_succeeds(request_: Training, out: Path) -> None:
    outcome = train.train(request_, out)
    judged = outcome.verdict
    assert (judged.stage, judged.status) == ("model-training", Status.PASS), judged.findings
    assert verdict.from_json(json.loads(verdict.dumps(judged))) == judged

    digest = model.digest(out / "model")
    assert digest == model.digest(Path.cwd() / "build" / "model")
    assert outcome.outputs["model-digest"] == f"sha256:{digest}"
    assert json.loads(outcome.outputs["metrics"]) == {"auc": 0.75, "rows": 48}
    assert outcome.outputs["promoted"] == "true"

    subjects = {each.name: each.sha256 for each in judged.subjects}
    assert subjects == {
        "flight-delay": digest,
        "metrics.json": verdict.digest(out / "metrics.json"),
        "profile.json": verdict.digest(out / "profile.json"),
    }
    materials = {each.name: each.sha256 for each in judged.materials}
    assert materials == {"data/rows.csv": verdict.digest(Path.cwd() / "data" / "rows.csv")}

    made = profile.read(out / "profile.json")
    assert made.rows == 48
    assert [column.name for column in made.columns] == ["carrier", "hour", "late"]

    written = (out / "MODEL_CARD.md").read_text()
    for fact in ("# flight-delay", f"sha256:{digest}", "sklearn 1.9.1", "| carrier | string | yes |", "at least 0.65"):
        assert fact in written
    (log,) = (block for section in outcome.sections for block in section.blocks if isinstance(block, Log))
    assert log.text.startswith("trained on 48 rows")
    assert "auc 0.75 (at least 0.65)" in outcome.headline


def test_data_of_a_bucket_and_a_table_at_a_version(request_: Training, out: Path, s3: S3) -> None:
    """Both are described and recorded as they were then; the command reads the bucket with the same key."""
    write_deltalake("lake/t", pa.table({"hour": [1, 2]}))
    write_deltalake("lake/t", pa.table({"hour": [3]}), mode="append")
    s3.put("day/a.csv", b"hour\n8\n9\n")
    data = {"rows": "s3://lake/day/", "table": "lake/t@v0"}
    outcome = train.train(replace(request_, command="env | grep AWS_SECRET; python make.py", data=data), out)
    secret = s3.environment["AWS_SECRET_ACCESS_KEY"]
    assert failed(outcome) == []
    materials = {each.name: each.sha256 for each in outcome.verdict.materials}
    assert materials == {
        "s3://lake/day/a.csv": hashlib.sha256(b"hour\n8\n9\n").hexdigest(),
        "lake/t@v0": verdict.digest(Path("lake/t/_delta_log/00000000000000000000.json")),
    }
    assert [profile.read(path).rows for path in sorted(out.glob("profile*.json"))] == [2, 2]
    (watched,) = [each for each in outcome.verdict.checks if each.rule == "training.inputs"]
    assert watched.status is Status.NOT_CHECKED and "2 inputs, recorded by digest" in watched.message
    assert "AWS_SECRET_ACCESS_KEY=***" in (out / "train.log").read_text()
    assert not any(secret in path.read_text() for path in out.iterdir() if path.is_file())


def test_a_gate_that_is_not_passed(request_: Training, out: Path) -> None:
    outcome = train.train(replace(request_, gates=(Gate("auc", min=0.65), Gate("rows", min=100))), out)
    assert outcome.verdict.status is Status.FAIL
    assert failed(outcome) == ["gates.rows.min"]
    assert outcome.outputs["promoted"] == "false"
    assert (out / "model" / "MLmodel").is_file()  # kept, to be looked at


def test_a_command_that_fails_brings_the_old_model_back(request_: Training, out: Path) -> None:
    old = Path.cwd() / "build" / "model"
    old.mkdir(parents=True)
    (old / "MLmodel").write_text("old")
    (Path.cwd() / "build" / "metrics.json").write_text('{"auc": 0.99}')
    outcome = train.train(replace(request_, command="test ! -e build/model && exit 7"), out)
    assert failed(outcome) == ["training.command"]
    (check,) = (each for each in outcome.verdict.checks if each.rule == "training.command")
    assert (check.measured, check.where.line) == (7, 3)
    (gate,) = (each for each in outcome.verdict.checks if each.rule == "gates.auc.min")
    assert (gate.status, gate.where.line) == (Status.NOT_CHECKED, 7)
    assert (old / "MLmodel").read_text() == "old"
    assert outcome.outputs == {"model-digest": "", "metrics": "{}", "promoted": "false"}
    assert not (out / "model").exists() and not (out / "metrics.json").exists()
    assert [each.name for each in outcome.verdict.subjects] == ["profile.json"]


@pytest.mark.parametrize("command", ["python make.py; exit 7", "python make.py; rm build/model/MLmodel"])
def test_a_command_that_wrote_and_then_failed_brings_the_old_model_back(
    request_: Training, out: Path, command: str
) -> None:
    old = Path.cwd() / "build" / "model"
    old.mkdir(parents=True)
    (old / "MLmodel").write_text("old")
    outcome = train.train(replace(request_, command=command), out)
    assert outcome.verdict.status is Status.FAIL
    assert [path.name for path in old.iterdir()] == ["MLmodel"]
    assert (old / "MLmodel").read_text() == "old"


def test_metrics_in_a_pipe_are_no_metrics(request_: Training, out: Path) -> None:
    command = "python make.py; rm build/metrics.json; mkfifo build/metrics.json"
    outcome = train.train(replace(request_, command=command), out)
    assert failed(outcome) == ["training.metrics"]
    assert not (out / "metrics.json").exists()


@pytest.mark.parametrize("end", [".", "?", "!", ""])
def test_a_headline_ends_once(request_: Training, out: Path, end: str) -> None:
    outcome = train.train(replace(request_, command=f"echo 'no rows{end}'; exit 1"), out)
    assert outcome.headline.endswith(f"Its last line: no rows{end or '.'}")


def test_an_old_model_is_never_taken_for_a_new_one(request_: Training, out: Path) -> None:
    train.train(request_, out)
    again = out.parent / "again"
    again.mkdir()
    outcome = train.train(replace(request_, command="true"), again)
    assert failed(outcome) == ["training.model", "training.metrics"]
    assert outcome.outputs["promoted"] == "false"
    assert (Path.cwd() / "build" / "model" / "MLmodel").is_file()  # and nothing was lost


def test_metrics_that_are_none(request_: Training, out: Path) -> None:
    outcome = train.train(replace(request_, command="python make.py; echo '{\"auc\": NaN}' > build/metrics.json"), out)
    assert failed(outcome) == ["training.metrics"]
    (gate,) = (each for each in outcome.verdict.checks if each.rule == "gates.auc.min")
    assert gate.status is Status.NOT_CHECKED
    assert outcome.outputs["promoted"] == "false"


def test_inputs_that_the_command_changes(request_: Training, out: Path) -> None:
    outcome = train.train(replace(request_, command="python make.py; echo A,1,1 >> data/rows.csv"), out)
    assert failed(outcome) == ["training.inputs"]
    assert outcome.outputs["promoted"] == "false"


def test_data_that_cannot_be_read(request_: Training, out: Path) -> None:
    (Path.cwd() / "data" / "rows.parquet").write_bytes(b"PAR1 and then nothing")
    outcome = train.train(replace(request_, data=("data/rows.parquet",)), out)
    assert failed(outcome) == ["data.readable"]
    assert not (out / "profile.json").exists()


CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: flights
version: 1.0.0
status: active
schema:
  - name: flights
    properties:
      - {name: carrier, logicalType: string, classification: confidential}
      - {name: hour, logicalType: integer}
      - {name: late, logicalType: integer}
"""


def test_the_contract_names_the_object_and_hides_what_is_private(request_: Training, out: Path) -> None:
    Path("flights.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    outcome = train.train(replace(request_, contract=Path("flights.odcs.yaml")), out)
    assert outcome.verdict.status is Status.PASS, outcome.verdict.findings
    made = profile.read(out / "profile.json")
    assert made.object == "flights"
    carrier = made.column("carrier")
    assert carrier is not None and carrier.private


def test_several_objects_are_each_profiled_and_recorded(request_: Training, out: Path) -> None:
    Path("data/airports.csv").write_text("code\nJFK\nLGA\n", encoding="utf-8")
    data = {"flights": "data/rows.csv", "airports": ["data/airports.csv"]}
    outcome = train.train(replace(request_, data=data), out)
    assert outcome.verdict.status is Status.PASS, outcome.verdict.findings
    assert [each.name for each in outcome.verdict.materials] == ["data/airports.csv", "data/rows.csv"]
    assert profile.read(out / "profile.json").object == "flights"
    assert profile.read(out / "profile-airports.json").rows == 2


def test_without_data_there_is_no_profile_and_that_warns(request_: Training, out: Path) -> None:
    outcome = train.train(replace(request_, data=(), gates=()), out)
    assert outcome.verdict.status is Status.WARN
    assert outcome.outputs["promoted"] == "true"
    assert "no gates are set" in outcome.headline


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"platform": "sagemaker"}, "'sagemaker' is not built; there is: `runner`"),
        ({"model": "../model"}, "not a path below the working directory"),
        ({"metrics": "/tmp/metrics.json"}, "not a path below the working directory"),  # noqa: S108
        ({"inputs": ("images/*.png",)}, "training.inputs: no file matches"),
        ({"data": ("data/*.parquet",)}, "data.path: no file matches"),
        ({"contract": Path("nowhere.odcs.yaml")}, "nowhere.odcs.yaml: no such file"),
        ({"python_version": "three"}, "not a CPython version"),
    ],
)
def test_a_wrong_call_runs_nothing(request_: Training, out: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(CallError, match=message):
        train.train(replace(request_, **change, command="touch ran"), out)  # type: ignore[arg-type]
    assert not (Path.cwd() / "ran").exists()


def test_names_from_the_model_are_text_in_the_card(request_: Training, out: Path) -> None:
    evil = "<img src=x> | `$(id)` ${{ github.token }}\n@everyone"
    command = (
        'python make.py; python -c "import json, os; '
        "json.dump({os.environ['EVIL']: 1, 'auc': 0.7}, open('build/metrics.json', 'w'))\""
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIL", evil)
        outcome = train.train(replace(request_, command=command), out)
    assert outcome.verdict.status is Status.PASS
    written = (out / "MODEL_CARD.md").read_text()
    assert "<img" not in written and "@everyone" not in written
    rows = [line for line in written.splitlines() if "img src" in line]
    assert len(rows) == 1 and rows[0].replace(r"\|", "").count("|") == 4


def with_importances(request: Training, **numbers: object) -> Training:
    return replace(request, command=f"python make.py; printf '%s' '{json.dumps(numbers)}' > build/importances.json")


def of_importances(outcome: Outcome) -> Check:
    (found,) = (each for each in outcome.verdict.checks if each.rule == "training.importances")
    return found


def test_what_the_model_leans_on_is_kept_as_shares(request_: Training, out: Path) -> None:
    outcome = train.train(with_importances(request_, carrier=1, hour=3), out)
    assert json.loads((out / "importances.json").read_text()) == {"hour": 0.75, "carrier": 0.25}
    assert of_importances(outcome).status is Status.PASS and "most in `hour`" in of_importances(outcome).message
    subjects = {each.name: each.sha256 for each in outcome.verdict.subjects}
    assert subjects["importances.json"] == verdict.digest(out / "importances.json")
    assert "| hour | 75.0% |" in (out / "MODEL_CARD.md").read_text()


def test_pairs_of_what_the_model_leans_on_are_kept_where_not_all_are(request_: Training, out: Path) -> None:
    rows = [f"AA,{n % 24},{n},{n * n}" for n in range(50)]
    (Path.cwd() / "data" / "wide.csv").write_text("carrier,first,second,hour\n" + "\n".join(rows) + "\n")
    wide = replace(request_, data=("data/wide.csv",), contract=None)

    def kept(request: Training) -> list[str]:
        made = out / str(len(list(out.iterdir())))
        made.mkdir()
        train.train(request, made)
        return list(json.loads((made / "profile.json").read_text())["correlations"]["columns"])

    assert kept(wide) == ["first", "second", "hour"]
    assert kept(replace(wide, correlations=2)) == ["first", "second"]
    assert kept(replace(with_importances(wide, hour=1), correlations=2)) == ["first", "hour"]
    assert kept(replace(with_importances(wide, hour=1), correlations=("first", "second"))) == ["first", "second"]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"hour": -1}, "must be at least 0"),
        ({"hour": 1, "onehot__carrier_AA": 2}, "`onehot__carrier_AA` is no input in the model's signature"),
        ({"hours": 1}, "Did you mean `hour`?"),
    ],
)
def test_importances_that_cannot_be_used_warn_and_leave_the_model_as_good(
    request_: Training, out: Path, numbers: dict[str, int], message: str
) -> None:
    outcome = train.train(with_importances(request_, **numbers), out)
    assert of_importances(outcome).status is Status.WARN and message in of_importances(outcome).message
    assert not (out / "importances.json").exists()
    assert outcome.verdict.status is Status.WARN and outcome.outputs["promoted"] == "true"


def test_importances_of_an_earlier_run_are_not_taken_for_those_of_this_model(request_: Training, out: Path) -> None:
    (Path.cwd() / "build").mkdir()
    (Path.cwd() / "build" / "importances.json").write_text('{"hour": 1}')
    found = of_importances(train.train(request_, out))
    assert found.status is Status.NOT_CHECKED and "wrote no `build/importances.json`" in found.message
    assert not (out / "importances.json").exists()


def test_importances_that_were_asked_for_and_are_not_there_warn(request_: Training, out: Path) -> None:
    asked = replace(request_, places={**request_.places, "importances": Where(file="mlops.yaml", line=5)})
    found = of_importances(train.train(asked, out))
    assert (found.status, found.where.line) == (Status.WARN, 5)


def test_importances_behind_a_link_out_of_the_folder_are_not_read(
    request_: Training, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.json").write_text('{"hour": 1}')
    linked = replace(request_, command=f"python make.py; ln -s '{tmp_path / 'other.json'}' build/importances.json")
    found = of_importances(train.train(linked, out))
    assert found.status is Status.WARN and "leads out of the working directory" in found.message
