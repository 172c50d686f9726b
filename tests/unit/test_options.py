"""A flag wins over an input, an input over mlops.yaml; a value is a value, whatever it looks like."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from mlops_actions import config
from mlops_actions.errors import CallError
from mlops_actions.options import Options
from mlops_actions.verdict import FailOn


def options(tmp_path: Path, yaml: str = "", environment: dict[str, str] | None = None, **flags: object) -> Options:
    path = tmp_path / "mlops.yaml"
    path.write_text(yaml or "model: m", encoding="utf-8")
    return Options(Namespace(**flags), config.load(path), environment or {})


def test_the_order_of_sources(tmp_path: Path) -> None:
    yaml = "data: {contract: from-file}"
    env = {"MLOPS_INPUT_CONTRACT": "from-input"}
    assert options(tmp_path, yaml, env, contract="from-flag").text("contract", "data", "contract") == "from-flag"
    assert options(tmp_path, yaml, env, contract=None).text("contract", "data", "contract") == "from-input"
    assert options(tmp_path, yaml, {"MLOPS_INPUT_CONTRACT": " "}).text("contract", "data", "contract") == "from-file"
    assert options(tmp_path).text("contract", "data", "contract", default="d") == "d"


@pytest.mark.parametrize("value", ["--out", "$(id)", "`id`", "a'b\"c", "${{ github.token }}", "ünïcode ‮"])
def test_an_input_is_data_whatever_it_looks_like(tmp_path: Path, value: str) -> None:
    assert options(tmp_path, environment={"MLOPS_INPUT_TAG": value}).text("tag") == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.csv", ("a.csv",)),
        ("data/2013-0[1-8].parquet", ("data/2013-0[1-8].parquet",)),
        ('["a.csv", "b.csv"]', ("a.csv", "b.csv")),
        ("[a.csv, b.csv]", ("a.csv", "b.csv")),
        ("- a.csv\n- b.csv\n", ("a.csv", "b.csv")),
        ("a.csv\nb c.csv\n", ("a.csv", "b c.csv")),
        ("flights: a.csv\nplanes: b.csv\n", {"flights": "a.csv", "planes": "b.csv"}),
        ('{"flights": "a.csv"}', {"flights": "a.csv"}),
        ("flights=a.csv\nplanes=b=c.csv", {"flights": "a.csv", "planes": "b=c.csv"}),
    ],
)
def test_lists_are_taken_as_yaml_json_or_lines(tmp_path: Path, text: str, expected: object) -> None:
    assert options(tmp_path, environment={"MLOPS_INPUT_DATA": text}).paths("data", "data", "path") == expected


def test_a_list_item_that_yaml_reads_as_a_number_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"Quote it: in YAML, 3\.10 is the number 3\.1"):
        options(tmp_path, environment={"MLOPS_INPUT_PYTHON_VERSIONS": "[3.10]"}).texts("python-versions")


def test_words_flags_and_numbers_are_refused_by_name(tmp_path: Path) -> None:
    given = options(
        tmp_path, environment={"MLOPS_INPUT_FAIL_ON": "eror", "MLOPS_INPUT_PUBLISH": "yes", "MLOPS_INPUT_T": "nan"}
    )
    with pytest.raises(CallError, match="input `fail-on`: 'eror' is not built; there is: `error`, `warning`, `never`"):
        given.word("fail-on", FailOn, default=FailOn.ERROR)
    with pytest.raises(CallError, match="must be true or false, not 'yes'"):
        given.flag("publish")
    with pytest.raises(CallError, match="must be a number"):
        given.number("t", default=1)


def test_what_is_missing_says_where_it_could_be_given(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"--contract .*`data.contract` in .*mlops.yaml"):
        options(tmp_path, contract=None).required("contract", "data", "contract")


@pytest.mark.parametrize(
    ("flag", "given", "configured", "expected"),
    [
        (None, "", "", False),
        (None, "false", "", False),
        (None, "true", "", True),
        (None, "false", "release: {publish: true}", True),  # the input's default says nothing
        (None, "true", "release: {publish: false}", True),
        (False, "true", "release: {publish: true}", False),
        (True, "false", "release: {publish: false}", True),
    ],
)
def test_a_switch_of_the_configuration_holds_against_an_inputs_default(
    tmp_path: Path, flag: bool | None, given: str, configured: str, expected: bool
) -> None:
    environment = {"MLOPS_INPUT_PUBLISH": given}
    found = options(tmp_path, configured or "model: m", environment, publish=flag)
    assert found.flag("publish", "release", "publish") is expected


def test_what_is_missing_names_no_flag_that_the_command_has_not(tmp_path: Path) -> None:
    with pytest.raises(CallError) as caught:
        options(tmp_path).required("command", "training", "command")
    assert "Set `training.command` in" in str(caught.value)
    assert "--command" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_with_who_named_it(tmp_path: Path) -> None:
    given = options(tmp_path, "model: m\ndata: {contract: no}")
    with pytest.raises(CallError) as told:
        given.file("contract", "data", "contract")
    (problem,) = told.value.problems
    assert (problem.file, problem.line, problem.column) == (str(tmp_path / "mlops.yaml"), 2, 8)
    assert problem.message == "`data.contract`: no such file 'no'"
