"""GitHub's REST interface, as much of it as is needed, on the standard library.

The one place that speaks to GitHub's servers. The token goes to the server of
the API and nowhere else: a redirect to another host (a stored artifact) is
followed without it, and no message holds it. What the server says about
waiting (``retry-after``, ``x-ratelimit-reset``) is obeyed, within bounds, and
by its own clock. A call that may have been carried out is not repeated behind
the caller's back.
"""

from __future__ import annotations

import email.utils
import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import stat
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias, TypeVar

API_VERSION = "2022-11-28"
JSON = "application/vnd.github+json"
MAX_ANSWER = 64 * 2**20
MAX_PAGES = 100
MAX_REDIRECTS = 5
MAX_FILES = 100_000
MAX_UNPACKED = 20 * 2**30
_CHUNK = 2**20

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TRANSIENT = {500, 502, 503, 504}
_LIMITED = "rate limit"
"""What GitHub says of too many calls where no header does: "You have exceeded a secondary rate limit"."""
_UNTOLD = 60.0
"""Seconds to wait then (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api)."""
_CUT = (OSError, http.client.HTTPException)


class ApiError(Exception):
    """A call that GitHub refused or that did not reach it.

    ``status`` is the HTTP status, 0 where there was no answer. ``transient``
    says that the same call may succeed later, and that it is not known
    whether it was carried out. ``limited`` says that GitHub turned it away
    because there were too many, whatever the status.
    """

    def __init__(
        self, what: str, status: int = 0, request_id: str = "", transient: bool = False, limited: bool = False
    ) -> None:
        super().__init__(f"{what} (request {request_id})" if request_id else what)
        self.status = status
        self.request_id = request_id
        self.transient = transient
        self.limited = limited


class UnsafeArchive(ApiError):
    """A downloaded archive that would write outside its folder, or is absurdly large."""


@dataclass(frozen=True, slots=True)
class Client:
    """A connection to one server's API.

    ``timeout`` is how long one read may take, in seconds. ``patience`` is the
    longest time that all waits of one call take together; a longer one that
    the server asks for is an error at once.
    """

    base: str = "https://api.github.com"
    token: str = field(default="", repr=False)
    attempts: int = 5
    timeout: float = 60.0
    patience: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    _ahead: list[float] = field(default_factory=lambda: [0.0], init=False, repr=False, compare=False)
    """By how many seconds the server's clock is ahead of ours, as its last answer said."""

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.base)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ApiError(f"the API's address must begin with https://, not {self.base!r}")

    def now(self) -> float:
        """The time by the server's clock, in seconds since 1970; by our own until it has answered."""
        return self.clock() + self._ahead[0]

    def get(self, *path: str | int, **query: str | int) -> Any:
        """The JSON at a path; each part is one segment and is quoted."""
        return self._json("GET", self._url(path, query))[0]

    def pages(self, *path: str | int, key: str | None = None, **query: str | int) -> Iterator[Any]:
        """The items of a list, over all of its pages; ``key`` names the list in an answer that is an object."""
        url: str | None = self._url(path, {"per_page": 100, **query})
        for _ in range(MAX_PAGES):
            if url is None:
                return
            if _origin(url) != _origin(self.base):
                raise ApiError("the next page lies on another server")
            data, headers = self._json("GET", url)
            yield from data if key is None else data[key]
            url = _next_page(headers.get("link", ""))

    def post(self, *path: str | int, body: Mapping[str, Any]) -> Any:
        """Create something. Repeated only where the server said that it did nothing."""
        return self._json("POST", self._url(path, {}), body)[0]

    def patch(self, *path: str | int, body: Mapping[str, Any]) -> Any:
        """Change something; to do so twice is the same as once."""
        return self._json("PATCH", self._url(path, {}), body)[0]

    def delete(self, *path: str | int) -> None:
        """Delete something; that it is gone already is no error."""
        try:
            self._json("DELETE", self._url(path, {}))
        except ApiError as error:
            if error.status != 404:
                raise

    def upload(self, url: str, file: Path, name: str) -> Any:
        """Upload a file to a release's ``upload_url``; the asset that came to be.

        Raises ApiError; where it is ``transient``, an incomplete asset may be left.
        """
        url = url.partition("{")[0]
        self._expect_upload_host(url)
        url += "?" + urllib.parse.urlencode({"name": name})
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
        with file.open("rb") as content:
            return self._open("POST", url, content, headers, _decode)

    def download(self, *path: str | int, target: Path, digest: str | None = None) -> None:
        """Write what a path gives to the file ``target``, following redirects to storage.

        ``digest`` is the expected one, as GitHub writes it (``sha256:…``).
        """
        # An asset is described in JSON unless its bytes are asked for; an artifact is only ever redirected to.
        headers = {"Accept": "application/octet-stream"} if "assets" in path else {}

        def store(answer: _Answer) -> None:
            found, size = hashlib.sha256(), 0
            with target.open("wb") as file:
                while chunk := answer.read(_CHUNK):
                    size += len(chunk)
                    found.update(chunk)
                    file.write(chunk)
            _expect_whole(answer, size)
            if digest and digest != f"sha256:{found.hexdigest()}":
                raise ApiError(f"the download is not what GitHub recorded: sha256:{found.hexdigest()}, not {digest}")

        self._open("GET", self._url(path, {}), None, headers, store)

    def _url(self, path: tuple[str | int, ...], query: Mapping[str, str | int]) -> str:
        for part in path:
            if str(part) in {"", ".", ".."}:
                raise ApiError(f"{part!r} cannot be part of an address")
        url = "/".join([self.base.rstrip("/"), *(urllib.parse.quote(str(part), safe="") for part in path)])
        return f"{url}?{urllib.parse.urlencode(query)}" if query else url

    def _expect_upload_host(self, url: str) -> None:
        base, given = urllib.parse.urlsplit(self.base), urllib.parse.urlsplit(url)
        host = base.hostname or ""
        if given.scheme != base.scheme or given.hostname not in {host, f"uploads.{host.removeprefix('api.')}"}:
            raise ApiError(f"the address for uploads is not this server's: {given.hostname}")

    def _json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> tuple[Any, Mapping[str, str]]:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}

        def read(answer: _Answer) -> tuple[Any, Mapping[str, str]]:
            return _decode(answer), {name.lower(): value for name, value in answer.headers.items()}

        return self._open(method, url, data, headers, read)

    def _open(
        self,
        method: str,
        url: str,
        body: bytes | IO[bytes] | None,
        headers: Mapping[str, str],
        read: Callable[[_Answer], _T],
    ) -> _T:
        """What ``read`` makes of the answer of a call that succeeded, after as many attempts as are sound.

        An answer that breaks off while it is read is none.
        """
        waited = 0.0
        for attempt in range(1, self.attempts + 1):
            try:
                return self._ask(method, url, body, headers, read)
            except _Refused as refused:
                error, wait = self._explain(method, url, refused), self._wait(refused, attempt)
                safe = refused.is_limited or (refused.status in _TRANSIENT and method != "POST")
            except _CUT as cut:
                what = f"{method} {_shown(url)}: no answer, or not all of it: {getattr(cut, 'reason', None) or cut!r}"
                error, wait = ApiError(self._scrub(what), transient=True), 2.0 ** (attempt - 1)
                safe = method != "POST"
            if not safe or attempt == self.attempts:
                raise error
            if waited + wait > self.patience:
                words = f"{error}; it is to be tried again in {wait:.0f} s"
                raise ApiError(words, error.status, transient=error.transient, limited=error.limited)
            if not isinstance(body, bytes | None):
                body.seek(0)
            waited += wait
            self.sleep(wait)
        raise AssertionError("attempts must be at least 1")

    def _ask(
        self,
        method: str,
        url: str,
        body: bytes | IO[bytes] | None,
        headers: Mapping[str, str],
        read: Callable[[_Answer], _T],
    ) -> _T:
        with self._follow(method, url, body, headers) as answer:
            return read(answer)

    def _follow(self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> _Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._send(method, url, body, headers)
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            answer.close()
            location = answer.headers.get("location", "")
            if method != "GET" or not location:
                raise ApiError(f"{method} {_shown(url)}: moved to another address; use the repository's present name")
            target = urllib.parse.urljoin(url, location)
            if urllib.parse.urlsplit(target).scheme != urllib.parse.urlsplit(url).scheme:
                raise ApiError(f"{method} {_shown(url)}: a redirect leads away from {url.partition(':')[0]}")
            url = target
        raise ApiError(f"{method} {_shown(url)}: more than {MAX_REDIRECTS} redirects")

    def _send(self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> _Answer:
        request = urllib.request.Request(url, data=body, method=method, headers={"Accept": JSON, **headers})  # noqa: S310 https, see base
        request.add_header("User-Agent", "mlops-actions")
        request.add_header("X-GitHub-Api-Version", API_VERSION)
        at_home = _origin(url) == _origin(self.base) or method == "POST"  # an upload's host has been checked
        if self.token and at_home:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            answer: _Answer = _OPENER.open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            self._set_clock(error.headers.get("date"), at_home)
            if error.code in {301, 302, 303, 307, 308}:
                return error
            with error:
                raise _Refused(error.code, dict(error.headers.items()), error.read(MAX_ANSWER)) from None
        self._set_clock(answer.headers.get("date"), at_home)
        return answer

    def _set_clock(self, date: str | None, at_home: bool) -> None:
        if at_home and (moment := _moment(date or "")) is not None:
            self._ahead[0] = moment - self.clock()

    def _wait(self, refused: _Refused, attempt: int) -> float:
        """Seconds until the next attempt: what the server says, else twice as long each time."""
        after = refused.headers.get("retry-after", "")
        if _is_number(after):
            return float(after)
        if (moment := _moment(after)) is not None:
            return max(0.0, moment - self.now())
        reset = refused.headers.get("x-ratelimit-reset", "")
        if refused.headers.get("x-ratelimit-remaining") == "0" and _is_number(reset):
            return max(0.0, float(reset) - self.now()) + 1
        return (_UNTOLD if refused.is_limited else 1.0) * 2.0 ** (attempt - 1)

    def _explain(self, method: str, url: str, refused: _Refused) -> ApiError:
        message = f"{method} {_shown(url)}: {refused.status} {refused.said()}"
        request_id = refused.headers.get("x-github-request-id", "")
        transient, limited = refused.status in _TRANSIENT, refused.is_limited
        return ApiError(self._scrub(message), refused.status, request_id, transient, limited)

    def _scrub(self, text: str) -> str:
        return text.replace(self.token, "***") if self.token else text


def repository(name: str) -> tuple[str, str]:
    """``owner/name`` as two segments of an address. Raises ApiError for anything else."""
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", name):
        raise ApiError(f"not a repository (owner/name): {name!r}")
    owner, _, rest = name.partition("/")
    return owner, rest


def download_artifact(
    client: Client, owner_name: str, artifact: Mapping[str, Any], folder: Path, max_bytes: int = MAX_UNPACKED
) -> None:
    """Unpack a workflow run's artifact (as the API lists it) into ``folder``, which must not be there yet.

    Raises ApiError, or UnsafeArchive for an archive that is not what a run uploads.
    """
    path = ("repos", *repository(owner_name), "actions", "artifacts", int(artifact["id"]), "zip")
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        archive = Path(temporary) / "artifact.zip"
        client.download(*path, target=archive, digest=artifact.get("digest"))
        unpack(archive, folder, max_bytes)


def unpack(archive: Path, folder: Path, max_bytes: int = MAX_UNPACKED) -> None:
    """Unpack a zip archive into ``folder``: whole, inside of it, of at most ``max_bytes``, or not at all."""
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        with zipfile.ZipFile(archive) as opened:
            left = max_bytes
            for member in _members(opened):
                left = _unpack_member(opened, member, fresh, left)
        os.replace(fresh, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnsafeArchive(f"the archive cannot be read: {error}") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise UnsafeArchive("the archive holds a file and a folder of one name") from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UnsafeArchive("the archive holds an entry whose name is too long for this machine") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise UnsafeArchive(f"the archive holds more than {MAX_FILES:,} files")
    seen: set[str] = set()
    for member in members:
        # orig_filename is what the archive says: zipfile cuts a name at its first NUL byte.
        name, mode = member.orig_filename, member.external_attr >> 16
        parts = PurePosixPath(name).parts
        outside = not parts or parts[0] == "/" or ".." in parts or "\\" in name or "\0" in name or ":" in parts[0]
        special = stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}
        if outside or special or name.casefold().rstrip("/") in seen:
            raise UnsafeArchive(f"the archive holds an entry that is not accepted: {name!r}")
        seen.add(name.casefold().rstrip("/"))
    return members


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Unpack one entry; how many bytes may still come. Sizes that the archive claims are not relied on."""
    target = folder / member.filename
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return left
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as content, target.open("xb") as file:
        while chunk := content.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnsafeArchive("the archive unpacks to more than is accepted")
            file.write(chunk)
    return left


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the client: the standard handler sends the token along to any host."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
_Answer: TypeAlias = Any  # http.client.HTTPResponse, or an HTTPError that is a redirect: both are read alike
_T = TypeVar("_T")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


class _Refused(Exception):
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def is_limited(self) -> bool:
        """Whether there were too many calls, so that the server turned this one away before doing anything."""
        if self.status == 503:  # the last call that was allowed may have been carried out, and failed then
            return "retry-after" in self.headers
        told = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
        return self.status == 429 or (self.status == 403 and (told or _LIMITED in self.said().lower()))

    def said(self) -> str:
        """GitHub's own words, on one line and not too long."""
        try:
            data = json.loads(self.body)
            words = [str(data["message"])]
            for each in data.get("errors", []):
                parts = (each.get(key) for key in ("resource", "field", "code", "message"))
                words.append(" ".join(str(part) for part in parts if part) if isinstance(each, dict) else str(each))
        except (ValueError, KeyError, TypeError, AttributeError):
            words = [self.body[:200].decode("utf-8", "replace")]
        line = " ".join("; ".join(words).split())
        return line if len(line) <= 500 else line[:497] + "..."


def _decode(answer: _Answer) -> Any:
    data = answer.read(MAX_ANSWER + 1)
    if len(data) > MAX_ANSWER:
        raise ApiError("the answer is absurdly large")
    _expect_whole(answer, len(data))
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        raise ApiError(f"the answer is not JSON: {data[:100]!r}") from error


def _expect_whole(answer: _Answer, size: int) -> None:
    """Raises IncompleteRead where fewer bytes came than announced: to a reader that looks like the end."""
    announced = answer.headers.get("content-length")
    if announced is not None and size != int(announced):
        raise http.client.IncompleteRead(b"", int(announced) - size)


def _moment(text: str) -> float | None:
    """Seconds since 1970 of a date as HTTP writes it; None for anything else."""
    try:
        parsed = email.utils.parsedate_tz(text)
        return None if parsed is None else float(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None


def _next_page(link: str) -> str | None:
    """The address under ``rel="next"`` in a Link header (RFC 8288)."""
    for match in re.finditer(r"<([^>]*)>([^<]*)", link):
        if re.search(r';\s*rel="?next"?', match[2]):
            return match[1]
    return None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _shown(url: str) -> str:
    """An address without its query: that of a stored artifact is a key to it."""
    return url.partition("?")[0]
