"""Cuts the operations that this library calls out of GitHub's OpenAPI description, into openapi.json beside it.

The whole description comes from the npm package @octokit/openapi (MIT), which
unpacks to 385 MB; what is left of it here is what the tests need::

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python tests/servers/extract_openapi.py package/generated/api.github.com.json VERSION

To make a new call, add its operation here and run this again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

OPERATIONS = {
    "/repos/{owner}/{repo}": ("get",),
    "/repos/{owner}/{repo}/releases": ("get", "post"),
    "/repos/{owner}/{repo}/releases/tags/{tag}": ("get",),
    "/repos/{owner}/{repo}/releases/{release_id}": ("get", "patch", "delete"),
    "/repos/{owner}/{repo}/releases/{release_id}/assets": ("get", "post"),
    "/repos/{owner}/{repo}/releases/assets/{asset_id}": ("get", "delete"),
    "/repos/{owner}/{repo}/git/ref/{ref}": ("get",),
    "/repos/{owner}/{repo}/git/refs": ("post",),
    "/repos/{owner}/{repo}/git/refs/{ref}": ("patch",),
    "/repos/{owner}/{repo}/git/tags/{tag_sha}": ("get",),
    "/repos/{owner}/{repo}/git/commits": ("post",),
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ("get",),
    "/repos/{owner}/{repo}/git/trees": ("post",),
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": ("get",),
    "/repos/{owner}/{repo}/git/blobs/{file_sha}": ("get",),
    "/repos/{owner}/{repo}/actions/runs": ("get",),
    "/repos/{owner}/{repo}/actions/runs/{run_id}": ("get",),
    "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts": ("get",),
    "/repos/{owner}/{repo}/actions/artifacts": ("get",),
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}": ("get",),
    "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches": ("post",),
    "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs": ("get",),
    "/repos/{owner}/{repo}/issues": ("get", "post"),
    "/repos/{owner}/{repo}/issues/{issue_number}": ("patch",),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("post",),
    "/repos/{owner}/{repo}/dispatches": ("post",),
}
LEFT_OUT = {"description", "example", "examples", "summary", "externalDocs", "tags", "x-github", "title"}


def main(source: str, version: str) -> None:
    whole = json.loads(Path(source).read_text(encoding="utf-8"))
    paths = {path: {method: whole["paths"][path][method] for method in methods} for path, methods in OPERATIONS.items()}
    kept: dict[str, Any] = {"x-made-from": f"@octokit/openapi {version}", "paths": bare(paths), "components": {}}
    wanted = references(kept["paths"])
    done: set[str] = set()
    while wanted - done:
        reference = sorted(wanted - done)[0]
        done.add(reference)
        _, _, kind, name = reference.split("/")
        part = bare(whole["components"][kind][name])
        kept["components"].setdefault(kind, {})[name] = part
        wanted |= references(part)
    text = json.dumps(kept, sort_keys=True, separators=(",", ":")).replace('},"', '},\n"')
    (Path(__file__).parent / "openapi.json").write_text(text + "\n", encoding="utf-8")


def bare(data: Any, names: bool = False) -> Any:
    """``data`` without what only people read; ``names`` says that the keys are names (of properties), not keywords."""
    if isinstance(data, list):
        return [bare(each) for each in data]
    if not isinstance(data, dict):
        return data
    return {
        key: bare(value, key in {"properties", "paths"}) for key, value in data.items() if names or key not in LEFT_OUT
    }


def references(data: Any) -> set[str]:
    if isinstance(data, list):
        return set().union(*map(references, data))
    if not isinstance(data, dict):
        return set()
    own = {data["$ref"]} if isinstance(data.get("$ref"), str) else set()
    return own.union(*map(references, data.values()))


if __name__ == "__main__":
    main(*sys.argv[1:])
