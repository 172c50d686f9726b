"""Servers of a contract, as places."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mlops_actions.data.contracts import contract, servers
from mlops_actions.data.contracts.servers import Place
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

SCHEMA = """
schema:
  - {name: flights, properties: [{name: id}]}
  - {name: airports, physicalName: Apts, properties: [{name: id}]}
"""


def places(workspace: Any, text: str, name: str | None = None, version: str = "v3.2.0") -> dict[str, Place]:
    path: Path = workspace.contract(dedent(text) + SCHEMA, version)
    found = servers.places(contract.load(path), name)
    return {key: place for key, (place,) in found.items()}


def test_a_local_path_has_a_place_for_each_object(workspace: Any) -> None:
    found = places(workspace, "servers: [{server: x, type: local, path: 'd/{model}/*.csv', format: csv}]")
    assert found == {"flights": Place("d/flights/*.csv", format="csv"), "airports": Place("d/Apts/*.csv", format="csv")}


def test_a_bucket_has_an_endpoint(workspace: Any) -> None:
    text = "servers: [{server: x, type: s3, location: 's3://b/${object}', endpointUrl: 'http://h:1', format: delta}]"
    assert places(workspace, text)["airports"] == Place("s3://b/Apts", endpoint="http://h:1", format="delta")


@pytest.mark.parametrize("kind", ["postgres", "postgresql"])
def test_a_database_has_a_schema_and_a_table(workspace: Any, kind: str) -> None:
    text = f"servers: [{{server: x, type: {kind}, host: h, port: 5433, database: 'd/b', schema: s}}]"
    assert places(workspace, text)["airports"] == Place("postgresql://h:5433/d%2Fb", "Apts", "s")


TWO = """
servers:
  - {server: dev, type: local, path: d, format: csv}
  - {server: prod, type: snowflake, account: a, database: d, schema: s}
"""


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (TWO, None, r"several servers. .*Its servers: dev, prod"),
        (TWO, "prd", r"no server 'prd'\. Did you mean `prod`"),
        (TWO, "prod", r":9:.*type 'snowflake' cannot be read here\. There is: local, s3, postgres"),
        ("", None, "no data is given, and the contract has no `servers`"),
        ("servers: [{server: x, type: local, path: 'd/{day}', format: csv}]", None, r"placeholder '\{day\}'"),
        ("servers: [{server: x, type: local, path: d, format: avro}]", None, "format 'avro' cannot be read"),
        ("servers: [{server: x, type: local, path: d, format: csv, encoding: UTF-16}]", None, "encoding 'UTF-16'"),
        ("servers: [{server: x, type: s3, location: 'https://b/x'}]", None, "does not begin with s3://"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(workspace: Any, text: str, name: str | None, said: str) -> None:
    with pytest.raises(CallError, match=said):
        places(workspace, text, name)


@pytest.mark.parametrize("value", ["7", "[7, {server: [1]}]", "{server: x}"])
def test_servers_of_an_older_contract_may_be_anything(workspace: Any, value: str) -> None:
    """They are not held against the standard, so that an older contract can still be read with data that is named."""
    with pytest.raises(CallError):
        places(workspace, f"servers: {value}", version="v3.0.2")


def test_an_object_does_not_leave_the_path(workspace: Any) -> None:
    path = workspace.contract("""
        servers: [{server: x, type: local, path: 'd/{model}', format: csv}]
        schema: [{name: a, physicalName: ../../etc, properties: [{name: id}]}]
        """)
    with pytest.raises(CallError, match="cannot stand in a path"):
        servers.places(contract.load(path), None)


def test_the_format_is_held_against_what_is_there(workspace: Any) -> None:
    workspace.csv("id\n1\n", "d/a.csv")
    workspace.parquet("SELECT 1 AS id", "p/a.parquet")
    body = "servers: [{server: x, type: local, path: %s, format: %s}]\nschema: [{name: t, properties: [{name: id}]}]\n"
    verdict = workspace.run(workspace.contract(body % ("d", "csv"))).verdict
    assert verdict.status is not Status.FAIL
    assert verdict.parameters["server"] == "x"
    for path, kind in (("p", "csv"), ("d", "delta"), ("d", "parquet")):
        with pytest.raises(CallError, match=f"the contract says `format: {kind}`"):
            workspace.run(workspace.contract(body % (path, kind)))
