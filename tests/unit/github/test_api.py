"""The REST client, against a loopback server that knows GitHub's OpenAPI description, with faults put in its way."""

from __future__ import annotations

import dataclasses
import email.utils
import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import openapi_server
import pytest

from mlops_actions.github.api import ApiError, Client, UnsafeArchive, download_artifact, repository, unpack

REPO = ("repos", "acme", "delays")
TOKEN = "ghs_a_token_that_must_not_leak"


def archive(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def fault(github: Any, status: int | None = None, **more: Any) -> None:
    github.faults.append(openapi_server.Fault(status, **more))


def test_a_list_is_read_over_all_of_its_pages(github: Any, client: Client) -> None:
    github.page_size = 2
    for number in range(5):
        github.create_release({"tag_name": f"m@v1.0.{number}", "name": "x"})
    tags = [each["tag_name"] for each in client.pages(*REPO, "releases")]
    assert tags == [f"m@v1.0.{number}" for number in (4, 3, 2, 1, 0)]
    assert github.calls == ["GET /releases"] * 3


def test_a_next_page_on_another_server_is_not_asked(github: Any, client: Client) -> None:
    github.page_size = 1
    github.create_release({"tag_name": "a@v1.0.0", "name": "x"})
    github.create_release({"tag_name": "a@v1.0.1", "name": "x"})
    base, github.base = github.base, github.storage
    try:
        with pytest.raises(ApiError, match="another server"):
            list(client.pages(*REPO, "releases"))
    finally:
        github.base = base
    assert github.storage_headers == []


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7),
        (403, {"Retry-After": "9"}, 9),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000030"}, 31),
        (503, {"Retry-After": "Mon, 12 Jan 1970 13:46:45 GMT"}, 5),
        (429, {}, 60),
        (429, {"Retry-After": "²"}, 60),
        (502, {}, 1),
    ],
)
def test_the_servers_word_about_waiting_is_obeyed(
    github: Any, client: Client, waits: list[float], status: int, headers: dict[str, str], wait: float
) -> None:
    fault(github, status, headers=headers)
    assert list(client.pages(*REPO, "releases")) == []
    assert waits == [wait]


def test_too_many_calls_are_known_by_githubs_words_where_no_header_says_so(
    github: Any, client: Client, waits: list[float]
) -> None:
    words = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    fault(github, 403, body=words)
    assert client.post(*REPO, "releases", body={"tag_name": "m@v1.0.0"})["tag_name"] == "m@v1.0.0"
    assert waits == [60]
    for _ in range(2):
        fault(github, 403, body=words)
    with pytest.raises(ApiError, match="120 s") as caught:
        client.get(*REPO, "releases")
    assert caught.value.limited


@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
@pytest.mark.parametrize("word", ["reset", "date"])
def test_a_wait_is_by_githubs_clock_however_wrong_ours_is(
    github: Any, client: Client, waits: list[float], skew: float, word: str
) -> None:
    github.now = client.clock() + skew
    moment = email.utils.formatdate(github.now + 30, usegmt=True)
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{github.now + 29:.0f}"}
    fault(github, 403, headers=reset if word == "reset" else {"Retry-After": moment})
    assert client.get(*REPO, "releases") == []
    assert waits == [30]


def test_waits_grow_and_end(github: Any, client: Client, waits: list[float]) -> None:
    for _ in range(5):
        fault(github, 502)
    with pytest.raises(ApiError, match="502 a fault") as caught:
        client.get(*REPO, "releases")
    assert waits == [1, 2, 4, 8]
    assert caught.value.transient
    assert "ABCD:1234" in str(caught.value)


def test_a_wait_beyond_patience_is_an_error_at_once(github: Any, client: Client, waits: list[float]) -> None:
    fault(github, 429, headers={"Retry-After": "3600"})
    with pytest.raises(ApiError, match="3600 s"):
        client.get(*REPO, "releases")
    assert waits == []


CUTS = [{}, {"after": True}, {"half": True}]
SLOW = [{**each, "stalls": True} for each in CUTS]


@pytest.mark.parametrize("way", [*CUTS, *SLOW], ids=str)
def test_a_cut_connection_and_one_where_nothing_comes_are_tried_again(
    github: Any, client: Client, waits: list[float], way: dict[str, bool]
) -> None:
    fault(github, **way)
    hasty = dataclasses.replace(client, timeout=0.2)
    assert hasty.get(*REPO, "releases") == []
    assert waits == [1]


@pytest.mark.parametrize("way", [*CUTS, *SLOW], ids=str)
def test_what_may_have_been_created_is_not_created_again(github: Any, client: Client, way: dict[str, bool]) -> None:
    fault(github, **way)
    client = dataclasses.replace(client, timeout=0.2)
    with pytest.raises(ApiError) as caught:
        client.post(*REPO, "releases", body={"tag_name": "m@v1.0.0"})
    assert caught.value.transient
    assert github.calls == ["POST /releases"]


def test_what_failed_at_the_last_call_that_was_allowed_is_not_created_again(github: Any, client: Client) -> None:
    fault(github, 503, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000030"})
    with pytest.raises(ApiError, match="503"):
        client.post(*REPO, "releases", body={"tag_name": "m@v1.0.0"})
    assert client.get(*REPO, "releases") == []


def test_what_the_server_turned_away_is_created_later(github: Any, client: Client, waits: list[float]) -> None:
    fault(github, 429, headers={"Retry-After": "2"})
    assert client.post(*REPO, "releases", body={"tag_name": "m@v1.0.0"})["tag_name"] == "m@v1.0.0"
    assert waits == [2]


def test_a_refusal_is_in_githubs_words_and_without_the_token(github: Any, client: Client) -> None:
    fault(
        github, 422, body={"message": f"Validation\nFailed for {TOKEN}", "errors": [{"field": "name", "code": "taken"}]}
    )
    with pytest.raises(ApiError) as caught:
        client.get(*REPO, "releases")
    text = str(caught.value)
    assert "422 Validation Failed" in text
    assert "name taken" in text
    assert TOKEN not in text + repr(client)
    assert "\n" not in text
    assert caught.value.status == 422


def test_a_deletion_of_what_is_gone_is_none(github: Any, client: Client) -> None:
    client.delete(*REPO, "releases", 7)
    assert github.calls == ["DELETE /releases/7"]


def test_a_part_of_an_address_is_one_segment(github: Any, client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.get(*REPO, "releases", "tags", "../../secrets?x#y")
    assert caught.value.status == 404
    assert github.calls == ["GET /releases/tags/..%2F..%2Fsecrets%3Fx%23y"]
    with pytest.raises(ApiError, match="cannot be part"):
        client.get(*REPO, "..")


@pytest.mark.parametrize("name", ["acme", "acme/delays/x", "../x", "acme/de lays", "acme/delays\n", "a_b/c", ""])
def test_only_owner_and_name_are_a_repository(name: str) -> None:
    with pytest.raises(ApiError, match="owner/name"):
        repository(name)


def test_a_token_goes_over_https_alone() -> None:
    with pytest.raises(ApiError, match="https"):
        Client("http://api.github.example", "secret")


def test_an_upload_goes_to_the_api_server_alone(client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ApiError, match="not this server's"):
        client.upload("http://evil.example/repos/acme/delays/releases/1/assets{?name,label}", tmp_path / "file", "file")


def test_an_upload_arrives_under_its_name(github: Any, client: Client, tmp_path: Path) -> None:
    _, release = github.create_release({"tag_name": "m@v1.0.0", "draft": True, "name": "x"})
    (tmp_path / "file").write_bytes(b"content\0")
    asset = client.upload(release["upload_url"], tmp_path / "file", "a b&c.onnx")
    assert (asset["name"], asset["size"]) == ("a b&c.onnx", 8)


def test_an_artifact_is_fetched_without_showing_the_token_to_the_storage(
    github: Any, client: Client, tmp_path: Path
) -> None:
    run = github.add_run("c" * 40)
    github.add_artifact(run, "m", archive({"model/MLmodel": b"flavors: {}", "empty/": b""}))
    download_artifact(client, "acme/delays", github.artifacts[run][0], tmp_path / "out")
    assert (tmp_path / "out/model/MLmodel").read_bytes() == b"flavors: {}"
    assert len(github.storage_headers) == 1
    assert "authorization" not in github.storage_headers[0]
    assert TOKEN not in str(github.storage_headers)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_download_that_breaks_off_is_begun_again(
    github: Any, client: Client, waits: list[float], tmp_path: Path
) -> None:
    run = github.add_run("c" * 40)
    github.add_artifact(run, "m", archive({"file": b"whole" * 1000}))
    fault(github, on="STORAGE")
    download_artifact(client, "acme/delays", github.artifacts[run][0], tmp_path / "out")
    assert (tmp_path / "out/file").read_bytes() == b"whole" * 1000
    assert waits == [1]


def test_a_download_of_other_bytes_is_refused(github: Any, client: Client, tmp_path: Path) -> None:
    run = github.add_run("c" * 40)
    github.add_artifact(run, "m", archive({"file": b"x"}), digest="sha256:" + "0" * 64)
    with pytest.raises(ApiError, match="not what GitHub recorded"):
        download_artifact(client, "acme/delays", github.artifacts[run][0], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "C:/evil", "a\\..\\evil", "ok/../../x", "a\0b"]
)
def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    # zipfile mends some names itself when it writes, so the name is put into the bytes.
    placeholder = "x" * len(name.encode())
    path.write_bytes(archive({"fine": b"1", placeholder: b"2"}).replace(placeholder.encode(), name.encode()))
    with pytest.raises(UnsafeArchive):
        unpack(path, tmp_path / "out")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip"]


def test_an_archive_holds_no_links_and_no_name_twice_or_too_long(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as opened:
        opened.writestr(link, "/etc/passwd")
    (tmp_path / "twice.zip").write_bytes(archive({"File": b"1", "file": b"2"}))
    (tmp_path / "both.zip").write_bytes(archive({"a": b"1", "a/b": b"2"}))
    (tmp_path / "long.zip").write_bytes(archive({"x" * 300: b"1"}))
    (tmp_path / "deep.zip").write_bytes(archive({"/".join(["d" * 200] * 30): b"1"}))
    for name in ("link", "twice", "both", "long", "deep"):
        with pytest.raises(UnsafeArchive):
            unpack(tmp_path / f"{name}.zip", tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_an_archive_that_unpacks_to_too_much_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "bomb.zip").write_bytes(archive({"zeros": bytes(10_000_000)}))
    with pytest.raises(UnsafeArchive, match="more than is accepted"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out", max_bytes=1_000_000)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", archive({"file": b"x" * 1000})[:-30]])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnsafeArchive, match="cannot be read"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_call_that_changes_something_is_not_sent_to_another_address(github: Any, client: Client) -> None:
    fault(github, 307, headers={"Location": f"{github.storage}/elsewhere"})
    with pytest.raises(ApiError, match="moved"):
        client.post(*REPO, "releases", body={"tag_name": "m@v1.0.0"})
    assert github.storage_headers == []
