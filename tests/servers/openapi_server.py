"""A GitHub on the loopback interface that holds every call and every answer against GitHub's own OpenAPI description.

It keeps releases, tags, runs, artifacts, issues and branches in memory. A call that the
description does not know, a parameter or a body that it does not allow, or an
answer of ours that GitHub would not give is collected in ``violations``; the
fixture that makes the server asserts that there are none. ``faults`` are met by
the next calls instead of the answer: a status with headers, a connection that is
cut, or one on which nothing comes any more. ``now`` is what its clock says.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

OWNER, REPOSITORY = "acme", "delays"
TOKEN = "ghs_a_token_that_must_not_leak"
WHEN = "2026-11-23T08:00:00Z"
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


def git_sha(content: Any) -> str:
    """A name of 40 digits for what an object holds."""
    data = content if isinstance(content, bytes) else json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:40]


def described() -> dict[str, Any]:
    """The description, its OpenAPI ``nullable`` turned into JSON Schema."""
    data: dict[str, Any] = nullable(json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8")))
    return data


def nullable(data: Any) -> Any:
    if isinstance(data, list):
        return [nullable(each) for each in data]
    if not isinstance(data, dict):
        return data
    plain = {key: nullable(value) for key, value in data.items() if key != "nullable"}
    if data.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


@dataclass
class Fault:
    """What a call meets instead of its answer. Without a status the connection is cut; ``after`` cuts it when the call
    was carried out, and ``half`` when half of the answer was sent. One that ``stalls`` is not cut: nothing comes until
    the client hangs up. ``on`` is the start of ``METHOD path`` that it waits for."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=lambda: {"message": "a fault"})
    after: bool = False
    half: bool = False
    stalls: bool = False
    on: str = ""


class GitHub:
    """The server's state and its address."""

    def __init__(self) -> None:
        self.description = described()
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.releases: dict[int, dict[str, Any]] = {}
        self.assets: dict[int, dict[str, Any]] = {}
        self.contents: dict[int, bytes] = {}
        self.tags: dict[str, str] = {}
        self.annotated: dict[str, str] = {}
        self.runs: list[dict[str, Any]] = []
        self.artifacts: dict[int, list[dict[str, Any]]] = {}
        self.archives: dict[int, bytes] = {}
        self.stored: dict[str, bytes] = {}
        self.storage_headers: list[dict[str, str]] = []
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[str]] = {}
        self.dispatched: list[dict[str, Any]] = []
        self.workflows: dict[str, set[str]] = {}
        """Files of workflows that may be started by hand, and the inputs that each declares."""
        self.started: list[dict[str, Any]] = []
        self.branches: dict[str, str] = {}
        self.commits: dict[str, dict[str, Any]] = {}
        self.trees: dict[str, dict[str, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.before: dict[str, Callable[[], None]] = {}
        """What happens, once, between a call's arrival and its answer."""
        self.page_size: int | None = None
        self.immutable = True
        self.spoil_digest = False
        self.now: float | None = None
        """Seconds since 1970; None for the machine's clock."""
        self.base = self.storage = ""
        self.lock = threading.Lock()
        self._last_id = 100

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    # --- what GitHub answers; each returns (status, body) ---

    def answer(self, method: str, operation: str, names: dict[str, str], query: dict[str, str], body: Any) -> Any:
        place = operation.removeprefix("/repos/{owner}/{repo}")
        if place.startswith("/issues"):
            return self.answer_issue(method, place, names, query, body)
        of_branches = place.startswith("/git/") and names.get("ref", "heads/").startswith("heads/")
        if of_branches and (found := self.answer_git(method, place, names, body)) is not None:
            return found
        match method, place:
            case "get", "/releases":
                return 200, [self.release(number) for number in sorted(self.releases, reverse=True)]
            case "post", "/releases":
                return self.create_release(body)
            case "get", "/releases/tags/{tag}":
                for number, each in self.releases.items():
                    if each["tag_name"] == names["tag"] and not each["draft"]:
                        return 200, self.release(number)
            case "get", "/releases/{release_id}" if int(names["release_id"]) in self.releases:
                return 200, self.release(int(names["release_id"]))
            case "patch", "/releases/{release_id}" if int(names["release_id"]) in self.releases:
                self.releases[int(names["release_id"])] |= {**body, "immutable": self.immutable}
                return 200, self.release(int(names["release_id"]))
            case "delete", "/releases/{release_id}" if int(names["release_id"]) in self.releases:
                del self.releases[int(names["release_id"])]
                return 204, None
            case "get", "/releases/{release_id}/assets":
                return 200, self.release(int(names["release_id"]))["assets"]
            case "post", "/releases/{release_id}/assets":
                return self.add_asset(int(names["release_id"]), query["name"], body)
            case "delete", "/releases/assets/{asset_id}" if int(names["asset_id"]) in self.assets:
                del self.assets[int(names["asset_id"])]
                return 204, None
            case "get", "/git/ref/{ref}" if names["ref"].removeprefix("tags/") in self.tags:
                return 200, self.reference(names["ref"].removeprefix("tags/"))
            case "patch", "/git/refs/{ref}":
                tag = names["ref"].removeprefix("tags/")
                if tag not in self.tags:
                    return 422, {"message": "Reference does not exist", "documentation_url": "https://docs.github.com"}
                self.tags[tag] = body["sha"]
                return 200, self.reference(tag)
            case "post", "/git/refs":
                tag = body["ref"].removeprefix("refs/tags/")
                self.tags[tag] = body["sha"]
                return 201, self.reference(tag)
            case "get", "/releases/assets/{asset_id}" if int(names["asset_id"]) in self.assets:
                self.stored[f"/{names['asset_id']}"] = self.contents[int(names["asset_id"])]
                return 302, f"{self.storage}/{names['asset_id']}?sig=a-key-to-the-file"
            case "get", "/git/tags/{tag_sha}":
                target = {"type": "commit", "sha": self.annotated[names["tag_sha"]], "url": "https://github.com"}
                return 200, self.sample("git-tag", sha=names["tag_sha"], object=target)
            case "get", "/actions/runs":
                found = [each for each in self.runs if each["head_sha"] == query.get("head_sha", each["head_sha"])]
                found = [each for each in found if each["event"] == query.get("event", each["event"])]
                found.sort(key=lambda each: each["created_at"], reverse=True)
                return 200, {"total_count": len(found), "workflow_runs": found}
            case "get", "/actions/runs/{run_id}":
                for run in self.runs:
                    if run["id"] == int(names["run_id"]):
                        return 200, run
            case "get", "/actions/artifacts":
                found = [each for several in self.artifacts.values() for each in several]
                found = [each for each in found if each["name"] == query.get("name", each["name"])]
                found.sort(key=lambda each: each["id"], reverse=True)
                return 200, {"total_count": len(found), "artifacts": found}
            case "get", "/actions/runs/{run_id}/artifacts":
                found = self.artifacts.get(int(names["run_id"]), [])
                found = [each for each in found if each["name"] == query.get("name", each["name"])]
                return 200, {"total_count": len(found), "artifacts": found}
            case "get", "/actions/artifacts/{artifact_id}/{archive_format}":
                self.stored[f"/{names['artifact_id']}.zip"] = self.archives[int(names["artifact_id"])]
                return 302, f"{self.storage}/{names['artifact_id']}.zip?sig=a-key-to-the-file"
            case "get", "":
                return 200, self.sample("full-repository", default_branch="main")
            case "get", "/actions/workflows/{workflow_id}/runs" if names["workflow_id"] in self.workflows:
                found = [each for each in self.runs if each["path"].endswith(f"/{names['workflow_id']}")]
                found = [each for each in found if each["event"] == query.get("event", each["event"])]
                found.sort(key=lambda each: each["created_at"], reverse=True)
                return 200, {"total_count": len(found), "workflow_runs": found}
            case "post", "/actions/workflows/{workflow_id}/dispatches" if names["workflow_id"] in self.workflows:
                return self.start_workflow(names["workflow_id"], body)
            case "post", "/dispatches":
                self.dispatched.append(body)
                # The moment that the clients' clock of these tests shows.
                self.add_run(
                    "c" * 40,
                    event="repository_dispatch",
                    display_title=body["event_type"],
                    created_at="1970-01-12T13:46:40Z",
                )
                return 204, None
        return 404, NOT_FOUND

    def start_workflow(self, file: str, body: dict[str, Any]) -> tuple[int, Any]:
        if strange := sorted(set(body.get("inputs", {})) - self.workflows[file]):
            message = f"Unexpected inputs provided: {json.dumps(strange)}"
            return 422, {"message": message, "documentation_url": "https://docs.github.com", "status": "422"}
        self.started.append({"workflow": file, **body})
        when = "1970-01-12T13:46:40Z"  # the moment that the clients' clock of these tests shows
        self.add_run("c" * 40, event="workflow_dispatch", path=f".github/workflows/{file}", created_at=when)
        return 204, None

    def answer_issue(self, method: str, place: str, names: dict[str, str], query: dict[str, str], body: Any) -> Any:
        number = int(names.get("issue_number", 0))
        if number and number not in self.issues:
            return 404, NOT_FOUND
        match method, place:
            case "get", _:
                found = [each for each in self.issues.values() if query.get("state", "open") in ("all", each["state"])]
                if query.get("direction", "desc") == "desc":
                    found.reverse()
                return 200, found
            case "post", "/issues":
                return 201, self.issues[self.add_issue(**body)]
            case "patch", _:
                self.issues[number] |= body
                return 200, self.issues[number]
        self.comments.setdefault(number, []).append(body["body"])
        self.issues[number]["comments"] += 1
        return 201, self.sample("issue-comment", body=body["body"])

    def add_issue(self, title: str, body: str | None, labels: Any = (), assignees: Any = (), **more: Any) -> int:
        """An issue that a program opened, unless ``more`` says otherwise."""
        number = self.next_id()
        if "pull_request" in more:
            more["pull_request"] = dict.fromkeys(("diff_url", "html_url", "patch_url", "url"), "https://github.com/x")
        by = self.sample("simple-user", **{"login": "github-actions[bot]", "type": "Bot", **more.pop("user", {})})
        fields = {"number": number, "title": title, "body": body, "state": "open", "comments": 0, "user": by}
        fields["labels"] = [{"name": each} for each in labels]
        fields["assignees"] = [self.sample("simple-user", login=each) for each in assignees]
        fields["author_association"] = "NONE"
        self.issues[number] = self.sample("issue", **{**fields, **more})
        return number

    def answer_git(self, method: str, place: str, names: dict[str, str], body: Any) -> Any:
        """Branches and the objects below them; None for what is none of them."""
        branch = names.get("ref", (body or {}).get("ref", "") if place == "/git/refs" else "")
        branch = branch.removeprefix("refs/").removeprefix("heads/")
        match method, place:
            case "get", "/git/ref/{ref}":
                return (200, self.branch(branch)) if branch in self.branches else (404, NOT_FOUND)
            case "post", "/git/refs" if body["ref"].startswith("refs/heads/"):
                if branch in self.branches:
                    return 422, {"message": "Reference already exists", "documentation_url": "https://docs.github.com"}
                self.branches[branch] = body["sha"]
                return 201, self.branch(branch)
            case "patch", "/git/refs/{ref}":
                here, before = body["sha"], self.branches[branch]
                while here != before and self.commits[here]["parents"]:
                    (here,) = self.commits[here]["parents"]
                if here != before and not body.get("force"):
                    message = "Update is not a fast forward"
                    return 422, {"message": message, "documentation_url": "https://docs.github.com"}
                self.branches[branch] = body["sha"]
                return 200, self.branch(branch)
            case "get", "/git/commits/{commit_sha}" if names["commit_sha"] in self.commits:
                return 200, self.commit(names["commit_sha"])
            case "post", "/git/commits":
                sha = git_sha(body)
                self.commits[sha] = body
                return 201, self.commit(sha)
            case "get", "/git/trees/{tree_sha}" if names["tree_sha"] in self.trees:
                return 200, self.tree(names["tree_sha"])
            case "post", "/git/trees":
                files = dict(self.trees[body["base_tree"]]) if "base_tree" in body else {}
                for each in body["tree"]:
                    content = each["content"].encode()
                    files[each["path"]] = git_sha(content)
                    self.blobs[git_sha(content)] = content
                self.trees[git_sha(files)] = files
                return 201, self.tree(git_sha(files))
            case "get", "/git/blobs/{file_sha}" if names["file_sha"] in self.blobs:
                content = self.blobs[names["file_sha"]]
                text = base64.encodebytes(content).decode()
                return 200, self.sample("blob", content=text, encoding="base64", size=len(content))
        return None

    def branch(self, name: str) -> dict[str, Any]:
        target = {"type": "commit", "sha": self.branches[name], "url": "https://github.com"}
        return self.sample("git-ref", ref=f"refs/heads/{name}", object=target)

    def commit(self, sha: str) -> dict[str, Any]:
        kept, url = self.commits[sha], "https://github.com/x"
        parents = [{"sha": each, "url": url, "html_url": url} for each in kept["parents"]]
        more = {"tree": {"sha": kept["tree"], "url": url}, "message": kept["message"], "parents": parents}
        return self.sample("git-commit", sha=sha, **more)

    def commits_of(self, branch: str) -> list[dict[str, Any]]:
        """The commits of a branch, the first one first."""
        found: list[dict[str, Any]] = []
        sha = self.branches.get(branch)
        while sha:
            found.insert(0, self.commits[sha])
            sha = next(iter(self.commits[sha]["parents"]), None)
        return found

    def tree(self, sha: str) -> dict[str, Any]:
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "sha": blob} for path, blob in self.trees[sha].items()
        ]
        return self.sample("git-tree", sha=sha, tree=entries, truncated=False)

    def create_release(self, body: dict[str, Any]) -> tuple[int, Any]:
        number = self.next_id()
        self.releases[number] = {"draft": False, "prerelease": False, "body": "", **body}
        return 201, self.release(number)

    def add_asset(self, release_id: int, name: str, content: bytes) -> tuple[int, Any]:
        there = [each for each in self.assets.values() if each["release"] == release_id and each["name"] == name]
        if there or release_id not in self.releases or not self.releases[release_id]["draft"]:
            error = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
            return 422, {
                "message": "Validation Failed",
                "documentation_url": "https://docs.github.com",
                "errors": [error],
            }
        number = self.next_id()
        self.contents[number] = content
        digits = hashlib.sha256(content + (b"!" if self.spoil_digest else b"")).hexdigest()
        self.assets[number] = {"release": release_id, "name": name, "size": len(content), "digest": f"sha256:{digits}"}
        return 201, self.asset(number)

    def asset(self, number: int) -> dict[str, Any]:
        kept = {key: value for key, value in self.assets[number].items() if key != "release"}
        return self.sample("release-asset", id=number, **{"state": "uploaded", **kept})

    def release(self, number: int) -> dict[str, Any]:
        kept = self.releases[number]
        url = f"{self.base}/repos/{OWNER}/{REPOSITORY}/releases/{number}"
        return self.sample(
            "release",
            id=number,
            assets=[self.asset(each) for each in self.assets if self.assets[each]["release"] == number],
            upload_url=f"{url}/assets{{?name,label}}",
            html_url=f"https://github.com/{OWNER}/{REPOSITORY}/releases/{number}",
            target_commitish=kept.get("target_commitish", "main"),
            **{
                key: kept[key]
                for key in ("tag_name", "name", "body", "draft", "prerelease", "immutable")
                if key in kept
            },
        )

    def reference(self, tag: str) -> dict[str, Any]:
        sha = self.tags[tag]
        kind = "tag" if sha in self.annotated else "commit"
        return self.sample(
            "git-ref", ref=f"refs/tags/{tag}", object={"type": kind, "sha": sha, "url": "https://github.com"}
        )

    def add_run(self, commit: str, **more: Any) -> int:
        """A successful run of this repository on a push of ``commit``, unless ``more`` says otherwise."""
        number = self.next_id()
        repository = self.sample("minimal-repository", id=1)
        run = {"id": number, "head_sha": commit, "event": "push", "status": "completed", "conclusion": "success"}
        run |= {"repository": repository, "head_repository": repository, "name": "Model"}
        self.runs.append(self.sample("workflow-run", **{**run, **more}))
        return number

    def add_artifact(self, run: int, name: str, archive: bytes, **more: Any) -> int:
        number = self.next_id()
        digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
        fields = {"id": number, "name": name, "expired": False, "digest": digest, "size_in_bytes": len(archive), **more}
        self.artifacts.setdefault(run, []).append(self.sample("artifact", **fields))
        self.archives[number] = archive
        return number

    # --- the description ---

    def sample(self, component: str, **given: Any) -> Any:
        """The least that the description asks of a component, with the given values."""
        return {**self._sample({"$ref": f"#/components/schemas/{component}"}), **given}

    def _sample(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            *_, kind, name = schema["$ref"].split("/")
            return self._sample(self.description["components"][kind][name])
        if "enum" in schema:
            return schema["enum"][0]
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self._sample(schema[key][0])
        match schema.get("type"):
            case "object":
                properties = schema.get("properties", {})
                return {key: self._sample(properties.get(key, {})) for key in schema.get("required", ())}
            case "array":
                return []
            case "integer" | "number":
                return 1
            case "boolean":
                return False
            case "null":
                return None
            case _:
                return {"date-time": WHEN, "uri": "https://github.com/x"}.get(schema.get("format", ""), "x")

    def find(self, method: str, path: str) -> tuple[str, dict[str, Any], dict[str, str]] | None:
        """The operation of a call: its template, its description, and the values in the path."""
        for template, methods in sorted(self.description["paths"].items(), key=lambda each: each[0].count("{")):
            # A reference's name (tags/x) holds slashes, and GitHub takes them as they are.
            pattern = re.sub(
                r"\\\{(\w+)\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] == 'ref' else '[^/]+'})", re.escape(template)
            )
            if method in methods and (found := re.fullmatch(pattern, path)):
                names = {key: urllib.parse.unquote(value) for key, value in found.groupdict().items()}
                return template, methods[method], names
        return None

    def check_call(self, operation: dict[str, Any], query: dict[str, str], body: Any, kind: str) -> None:
        declared = {}
        for each in operation.get("parameters", ()):
            if "$ref" in each:
                each = self.description["components"]["parameters"][each["$ref"].rpartition("/")[2]]
            if each["in"] == "query":
                declared[each["name"]] = each
        for name, value in query.items():
            if name not in declared:
                self.violations.append(f"{operation['operationId']} has no query parameter {name}")
                continue
            schema = declared[name]["schema"]
            self.hold(int(value) if schema.get("type") == "integer" and value.isdigit() else value, schema, f"?{name}")
        for name, each in declared.items():
            if each.get("required") and name not in query:
                self.violations.append(f"{operation['operationId']} lacks the query parameter {name}")
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            if kind != "application/json":
                self.violations.append(f"{operation['operationId']}: a body of type {kind}")
            self.hold(body, schema, operation["operationId"])
            for name in set(body or {}) - set(schema.get("properties", {})):
                self.violations.append(f"{operation['operationId']}: the body has an unknown key {name}")
        elif content and kind not in content:
            self.violations.append(f"{operation['operationId']}: a body of type {kind}")

    def check_answer(self, operation: dict[str, Any], status: int, body: Any) -> None:
        answers = operation["responses"]
        answer = answers.get(str(status))
        if answer is None:
            # The description leaves out what any call may meet.
            if status not in {404, 422}:
                self.violations.append(f"{operation['operationId']} never answers {status}")
            return
        if "$ref" in answer:
            answer = self.description["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            self.hold(body, schema, f"the answer of {operation['operationId']}")

    def hold(self, data: Any, schema: dict[str, Any], what: str) -> None:
        whole = {**schema, "components": self.description["components"]}
        for error in Draft202012Validator(whole).iter_errors(data):
            self.violations.append(f"{what}: {error.json_path}: {error.message[:200]}")


def handler(github: GitHub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(github.now if timestamp is None else timestamp)

        def log_message(self, *_arguments: Any) -> None:
            return

        def do_GET(self) -> None:
            if self.headers.get("Host", "") == urllib.parse.urlsplit(github.storage).netloc:
                return self.store()
            return self.serve()

        def do_POST(self) -> None:
            self.serve()

        def do_PATCH(self) -> None:
            self.serve()

        def do_DELETE(self) -> None:
            self.serve()

        def store(self) -> None:
            """The storage that artifacts are redirected to: another host, which must not see the token."""
            github.storage_headers.append({key.lower(): value for key, value in self.headers.items()})
            content = github.stored.get(urllib.parse.urlsplit(self.path).path, b"")
            fault = self.fault("STORAGE")
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if fault is None else content[: len(content) // 2])
            if fault is not None:
                self.close_connection = True

        def fault(self, call: str) -> Fault | None:
            for each in github.faults:
                if call.startswith(each.on):
                    github.faults.remove(each)
                    return each
            return None

        def serve(self) -> None:
            method, parts = self.command.lower(), urllib.parse.urlsplit(self.path)
            call = f"{self.command} {parts.path.removeprefix(f'/repos/{OWNER}/{REPOSITORY}')}"
            github.calls.append(call)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = self.fault(call)
            if fault is not None and not (fault.after or fault.half):
                return self.cut(fault) if fault.status is None else self.reply(fault.status, fault.body, fault.headers)
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                github.violations.append(f"{call} without the token")
            for name, value in (("X-GitHub-Api-Version", "2022-11-28"), ("User-Agent", "mlops-actions")):
                if self.headers.get(name) != value:
                    github.violations.append(f"{call}: {name} is {self.headers.get(name)!r}")
            found = github.find(method, parts.path)
            if found is None:
                github.violations.append(f"GitHub has no {call}")
                return self.reply(404, {"message": "Not Found"})
            template, operation, names = found
            query = dict(urllib.parse.parse_qsl(parts.query))
            kind = self.headers.get("Content-Type", "")
            body = json.loads(content) if kind == "application/json" else content
            github.check_call(operation, query, body, kind)
            for start in [each for each in github.before if call.startswith(each)]:
                github.before.pop(start)()
            with github.lock:
                status, answer = github.answer(method, template, names, query, body)
            if fault is not None and not fault.half:
                return self.cut(fault)
            if status == 302:
                return self.reply(302, None, {"Location": answer})
            github.check_answer(operation, status, answer)
            body, headers = self.page(answer, query, parts)
            return self.reply(status, body, headers, fault)

        def page(self, answer: Any, query: dict[str, str], parts: Any) -> tuple[Any, dict[str, str]]:
            if not isinstance(answer, list):
                return answer, {}
            size = github.page_size or int(query.get("per_page", 30))
            number = int(query.get("page", 1))
            rest = answer[(number - 1) * size :]
            headers = {}
            if len(rest) > size:
                following = urllib.parse.urlencode({**query, "page": number + 1})
                headers["Link"] = f'<{github.base}{parts.path}?{following}>; rel="next", <{github.base}/x>; rel="last"'
            return rest[:size], headers

        def reply(
            self, status: int, body: Any, headers: dict[str, str] | None = None, fault: Fault | None = None
        ) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"X-GitHub-Request-Id": "ABCD:1234", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if fault is None else content[: len(content) // 2])
            if fault is not None:
                self.cut(fault)

        def cut(self, fault: Fault) -> None:
            self.close_connection = True
            if fault.stalls:
                with suppress(ConnectionError):
                    self.connection.recv(1)  # which ends when the client closes its side
            self.connection.close()

    return Handler


@contextmanager
def serve() -> Iterator[GitHub]:
    """A running server; afterwards every violation of the description is an assertion error."""
    github = GitHub()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(github))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    # One server under two names: to a client they are two hosts.
    github.base = f"http://127.0.0.1:{server.server_port}"
    github.storage = f"http://localhost:{server.server_port}"
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
    assert not github.violations, "\n".join(github.violations)
