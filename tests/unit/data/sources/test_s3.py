"""Objects of a bucket, over a real S3 API on the loopback."""

from __future__ import annotations

import glob
import gzip
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.catalog.memory import InMemoryCatalog

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources import fetching
from mlops_actions.data.sources import s3 as s3_source
from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status

COLUMNS = "- {name: id, logicalType: integer, unique: true}\n"


def checks(workspace: Any, data: str, properties: str = COLUMNS) -> dict[str, Check]:
    return workspace.checks(workspace.columns(properties, "- {metric: rowCount, mustBe: 0}\n"), data)


def count(workspace: Any, data: str) -> Any:
    return checks(workspace, data)["t.rowCount"].measured


def parquet(workspace: Any, select: str) -> bytes:
    path = Path(workspace.parquet(select, "made.parquet"))
    data = path.read_bytes()
    path.unlink()
    return data


def test_an_object_a_folder_and_a_glob(workspace: Any, s3: Any) -> None:
    for month, number in (("01", 1), ("02", 2), ("10", 3)):
        s3.put(f"d/2013-{month}.parquet", parquet(workspace, f"SELECT i AS id FROM range({number}) r(i)"))  # noqa: S608
    s3.put("d/deep/er.parquet", parquet(workspace, "SELECT 7 AS id"))
    s3.put("d/_temporary/x.parquet", b"half of it")
    s3.put("d/README.md", b"# no data")
    s3.put("d/", b"")  # what consoles make of a folder
    s3.put("db/other.parquet", parquet(workspace, "SELECT 1 AS id"))
    assert count(workspace, "s3://lake/d/2013-10.parquet") == 3
    assert count(workspace, "s3://lake/d") == count(workspace, "s3://lake/d/") == 7
    assert count(workspace, "s3://lake/d/2013-0[12].parquet") == 3
    assert count(workspace, "s3://lake/d/2013-??.parquet") == 6
    assert count(workspace, "s3://lake/**/er.parquet") == 1


def test_the_subjects_are_the_objects_with_the_digest_of_their_bytes(workspace: Any, s3: Any) -> None:
    one, two = gzip.compress(b"id\n1\n2\n"), b"id\n3\n"
    s3.put("d/a.csv.gz", one)
    s3.put("d/b.csv", two)
    verdict = workspace.run(workspace.columns(COLUMNS), "s3://lake/d").verdict
    assert [(each.name, each.sha256) for each in verdict.subjects] == [
        ("s3://lake/d/a.csv.gz", sha256(one).hexdigest()),
        ("s3://lake/d/b.csv", sha256(two).hexdigest()),
    ]
    assert verdict.status.value == "pass"


def test_partition_folders_are_columns_and_lost_records_are_named(workspace: Any, s3: Any) -> None:
    s3.put("d/year=2013/a.csv", b"id,n\n1,2\n")
    s3.put("d/year=2014/a.csv", b"id,n\n2,2\n3,2,9\n")
    found = checks(workspace, "s3://lake/d", COLUMNS + "- {name: n}\n- {name: year, logicalType: integer}\n")
    assert found["t.year.logicalType"].status is Status.PASS
    assert found["t.readable"].status is Status.FAIL
    assert "s3://lake/d/year=2014/a.csv, line 3" in found["t.readable"].message


def test_a_delta_table_at_a_version(workspace: Any, s3: Any) -> None:
    write_deltalake("t", pa.table({"id": [1, 2, 3], "y": ["a b", "a b", None]}), partition_by=["y"])
    write_deltalake("u", pa.table({"id": [1, 2, 3]}))
    for name in "tu":
        DeltaTable(name).delete("id = 2")
        s3.upload(name, f"tables/{name}")
        shutil.rmtree(name)
        assert count(workspace, f"s3://lake/tables/{name}") == 2
        assert count(workspace, f"s3://lake/tables/{name}@v0") == 3
    verdict = workspace.run(workspace.columns(COLUMNS), "s3://lake/tables/t/").verdict
    assert [each.name for each in verdict.subjects] == ["s3://lake/tables/t@v1"]
    with pytest.raises(CallError, match=r"is part of a table.*s3://lake/tables/[tu]/"):
        checks(workspace, "s3://lake/tables")


def test_an_iceberg_table_at_a_snapshot(workspace: Any, s3: Any) -> None:
    catalog = InMemoryCatalog("memory", warehouse=(workspace.root / "house").as_uri())
    catalog.create_namespace("n")
    made = catalog.create_table("n.t", pa.schema([("id", pa.int64())]))
    made.append(pa.table({"id": [1, 2, 3]}))
    first = made.current_snapshot().snapshot_id
    made.delete("id = 2")
    with made.update_schema() as update:
        update.rename_column("id", "key")
    s3.upload("house/n/t", "ice/t")
    shutil.rmtree("house")
    found = checks(workspace, "s3://lake/ice/t", "- {name: key, required: true}\n")
    assert (found["t.rowCount"].measured, found["t.key.required"].measured) == (2, 0)
    assert count(workspace, f"s3://lake/ice/t@{first}") == 3


def test_only_what_a_version_names_is_brought(workspace: Any, s3: Any, tmp_path: Path) -> None:
    write_deltalake("t", pa.table({"id": [1]}))
    write_deltalake("t", pa.table({"id": [2]}), mode="overwrite")
    s3.upload("t", "t")
    fetching.locate([Place("s3://lake/t")], "t", tmp_path, tmp_path / "copy")
    assert len(list((tmp_path / "copy").rglob("part-*.parquet"))) == 1


def test_a_server_of_the_contract_is_read(workspace: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("live/flights/1.csv", b"id\n1\n")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    contract = workspace.contract(
        f"""
        servers:
          - {{server: lake, type: s3, location: "s3://lake/live/{{model}}/*.csv", endpointUrl: {s3.url}, format: csv}}
        schema: [{{name: flights, properties: [{{name: id}}]}}]
        """
    )
    verdict = workspace.run(contract).verdict
    assert [each.name for each in verdict.subjects] == ["s3://lake/live/flights/1.csv"]


def test_one_object_denied_of_many_is_named(workspace: Any, s3: Any) -> None:
    for number in range(20):
        s3.put(f"d/{number}.csv", b"id\n1\n")
    s3.allow(but="d/13.csv")
    found = checks(workspace, "s3://lake/d")
    assert found["t.readable"].status is Status.ERROR
    assert found["t.readable"].message.startswith("the data cannot be read: s3://lake/d/13.csv: access is denied")
    assert found["t.rowCount"].status is Status.ERROR


def test_credentials_that_are_wrong_are_said_and_not_shown(
    workspace: Any, s3: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    s3.put("d/a.csv", b"id\n1\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-key")
    found = checks(workspace, "s3://lake/d")["t.readable"]
    assert "the credentials in the environment are not valid (SignatureDoesNotMatch)" in found.message
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAQQQQQQQQQQQQQQQQ")
    again = checks(workspace, "s3://lake/d")["t.readable"]
    assert "not valid (InvalidAccessKeyId)" in again.message
    said = found.message + again.message + "".join(capfd.readouterr())
    for secret in ("not-the-secret", "AKIAQQQQQQQQQQQQQQQQ", *s3.environment.values()):
        assert secret.removeprefix("http://") not in said or "://" in secret


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://no-such-bucket/d", "there is no bucket 'no-such-bucket'"),
        ("s3://lake/nothing", "no object has this key"),
        ("s3://lake/nothing@v3", "no object has this key"),
        ("s3://lake/d/*.parquet", r"no object here is of a format that can be read \(there is 'd/a.txt'\)"),
        ("s3:///d", "is not the name of a bucket"),
        ("ftp://lake/d", "a place that begins with ftp:// cannot be read here"),
    ],
)
def test_what_names_nothing_is_a_wrong_call(workspace: Any, s3: Any, address: str, said: str) -> None:
    s3.put("d/a.txt", b"x")
    with pytest.raises(CallError, match=said):
        checks(workspace, address)


def test_a_disk_that_is_too_small_is_told_before_anything_is_copied(
    workspace: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("d/a.csv", b"id\n" + b"1\n" * 1_000_000)
    monkeypatch.setattr(s3_source, "_SPARE", shutil.disk_usage("/tmp").free + 1024**4)  # noqa: S108
    found = checks(workspace, "s3://lake/d")["t.readable"]
    assert found.status is Status.ERROR
    assert "1 objects of 1.9 MiB are copied" in found.message
    assert "TMPDIR" in found.message


# A server between, that misbehaves


class _Between(ThreadingHTTPServer):
    """Hands everything on to S3, but for what ``spoil`` does to a request; it returns whether it did."""

    daemon_threads = True
    target = ""

    def spoil(self, handler: BaseHTTPRequestHandler) -> bool:
        raise NotImplementedError


class _Handler(BaseHTTPRequestHandler):
    server: _Between

    def do_GET(self) -> None:
        if self.server.spoil(self):
            return
        host, port = self.server.target.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as onward:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items() if name != "Connection")
            onward.sendall(f"GET {self.path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
            while data := onward.recv(65536):
                self.wfile.write(data)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def between(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Between]:
    s3.put("d/a.csv", b"id\n1\n")
    s3.put("d/b.csv", b"id\n2\n")
    server = _Between(("127.0.0.1", 0), _Handler)
    server.target = s3.url
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # A signature is of the host, too: the reader signs for this one, which S3 takes for a name of its own.
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_address[1]}")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_without_a_key_an_object_is_asked_for_as_anyone_may(
    workspace: Any, s3: Any, between: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile of this machine is not used, and no request is signed. (moto's server knows no public buckets.)"""
    signed = []

    def deny(handler: BaseHTTPRequestHandler) -> bool:
        signed.append(handler.headers.get("Authorization"))
        handler.send_response(403)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    between.spoil = deny
    lines = [f"{key.lower()} = {value}" for key, value in s3.environment.items() if "KEY" in key]
    (tmp_path / "credentials").write_text("[default]\n" + "\n".join(lines))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    found = checks(workspace, "s3://lake/d")["t.readable"]
    assert (found.status, "no credentials in the environment" in found.message) == (Status.ERROR, True)
    assert set(signed) == {None}


def test_an_object_that_changes_after_it_was_listed_is_not_mixed_in(workspace: Any, s3: Any, between: Any) -> None:
    def change(handler: BaseHTTPRequestHandler) -> bool:
        if handler.path.startswith("/lake/d/b.csv"):
            s3.put("d/b.csv", b"id\n3\n4\n")
        return False

    between.spoil = change
    found = checks(workspace, "s3://lake/d")["t.readable"]
    assert found.status is Status.ERROR
    assert "s3://lake/d/b.csv: the object was changed since it was listed" in found.message


def test_an_object_that_is_gone_after_it_was_listed_is_named(workspace: Any, s3: Any, between: Any) -> None:
    def remove(handler: BaseHTTPRequestHandler) -> bool:
        if handler.path.startswith("/lake/d/b.csv"):
            s3.owner.delete_object(Bucket="lake", Key="d/b.csv")
        return False

    between.spoil = remove
    assert "d/b.csv: the object is gone" in checks(workspace, "s3://lake/d")["t.readable"].message


def test_a_server_that_hangs_half_way_is_given_up(
    workspace: Any, between: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_source, "SILENCE_SECONDS", 0.5)
    over = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> bool:
        if not handler.path.startswith("/lake/d/b.csv"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"id")
        handler.wfile.flush()
        over.wait()
        return True

    between.spoil = hang
    found = checks(workspace, "s3://lake/d")["t.readable"]
    over.set()
    assert found.status is Status.ERROR
    assert "s3://lake/d/b.csv: the server 127.0.0.1:" in found.message
    assert "did not answer within 0.5 s" in found.message


def test_an_object_that_ends_too_early_is_not_taken_for_whole(workspace: Any, between: Any) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> bool:
        if not handler.path.startswith("/lake/d/b.csv"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "3")
        handler.end_headers()
        handler.wfile.write(b"id\n")
        return True

    between.spoil = cut
    assert "ended after 3 of 5 bytes" in checks(workspace, "s3://lake/d")["t.readable"].message


def test_what_the_server_says_in_its_own_words_is_not_repeated(workspace: Any, between: Any) -> None:
    body = b"<Error><Code>Odd.Thing</Code><Message>key AKIASECRET::error::x</Message></Error>"

    def refuse(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    between.spoil = refuse
    message = checks(workspace, "s3://lake/d")["t.readable"].message
    assert "(Odd.Thing, status 400)" in message
    assert "AKIASECRET" not in message


_PARTS = st.lists(
    st.text("ab.", min_size=1, max_size=2).filter(lambda text: text not in {".", ".."}), min_size=1, max_size=4
)


@given(st.lists(st.sampled_from(["**", "*", "a", "a*", "?", "[ab]", "[!a]", ".a"]), min_size=1, max_size=4), _PARTS)
def test_a_glob_matches_as_it_does_among_files(pattern: list[str], parts: list[str]) -> None:
    """Against the standard library's own, over a file of that name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "root", *parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        found = glob.glob("/".join(pattern), root_dir=Path(folder, "root"), recursive=True)
        files = [each for each in found if Path(folder, "root", each).is_file() and not each.endswith("/")]
    assert s3_source.matches(pattern, parts) is bool(files)
