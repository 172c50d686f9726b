"""For all tests: `--no-skips` turns a skipped test into a failed run, and a private package index on the loopback."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

# A busy machine is no fault of the code: hypothesis fails an example that takes 200 ms, if it is not told otherwise.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail when any test was skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--no-skips"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"{len(skipped)} skipped, and --no-skips was asked for", red=True)


# --- a private index -----------------------------------------------------------------------------


@dataclass(frozen=True)
class PrivateIndex:
    """Where the index is, and what it asks for."""

    port: int
    password: str = "correct-horse-battery"

    @property
    def url(self) -> str:
        return f"http://robot:{self.password}@127.0.0.1:{self.port}/simple/"

    @property
    def masked(self) -> str:
        return self.url.replace(self.password, "***")


def wheel() -> bytes:
    """A wheel of the package `secretsauce` 1.0, made by hand."""
    files = {
        "secretsauce.py": "NAME = 'sauce'\n",
        "secretsauce-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: secretsauce\nVersion: 1.0\n",
        "secretsauce-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, "secretsauce-1.0.dist-info/RECORD"])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in {**files, "secretsauce-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    return data.getvalue()


@pytest.fixture
def private_index() -> Iterator[PrivateIndex]:
    """An index on the loopback that asks for a password and serves one package."""
    content = wheel()
    digest = hashlib.sha256(content).hexdigest()
    name = "secretsauce-1.0-py3-none-any.whl"
    expected = "Basic " + base64.b64encode(f"robot:{PrivateIndex.password}".encode()).decode()

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != expected:
                self.answer(401, b"who are you?")
            elif self.path == "/simple/secretsauce/":
                self.answer(200, f'<a href="/files/{name}#sha256={digest}">{name}</a>'.encode())
            elif self.path == f"/files/{name}":
                self.answer(200, content)
            else:
                self.answer(404, b"")

        do_HEAD = do_GET

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield PrivateIndex(server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()
