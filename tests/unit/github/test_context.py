"""The environment of a step."""

import json

import pytest

from mlops_actions.github.context import from_env

ENV = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "owner/name",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://github.example/",
    "GITHUB_TOKEN": "hidden-word",
}


def test_it_reads_what_is_there():
    context = from_env(ENV)
    assert context.on_actions
    assert (context.repository, context.run_id) == ("owner/name", "7")
    assert context.token == "hidden-word"
    assert context.output is None


@pytest.mark.parametrize("env", [{}, {"GITHUB_ACTIONS": "false"}, {"GITHUB_ACTIONS": ""}])
def test_elsewhere_it_says_so(env):
    context = from_env(env)
    assert not context.on_actions
    assert (context.repository, context.run_id) == ("", "")
    assert context.api_url == "https://api.github.com"


def test_the_token_is_not_printed():
    assert "hidden-word" not in repr(from_env(ENV))


@pytest.mark.parametrize(
    ("folder", "file", "path"),
    [
        (".", "a.py", "a.py"),
        ("sub folder", "a.py", "sub folder/a.py"),
        ("sub folder", "./b/../a.py", "sub folder/a.py"),
        ("sub folder", "../a.py", "a.py"),
        ("sub folder", "../../a.py", None),
        ("sub folder", "/etc/passwd", None),
        (".", ".", None),
    ],
)
def test_a_file_is_named_from_the_root(tmp_path, folder, file, path):
    root = tmp_path / "repository"
    (root / "sub folder").mkdir(parents=True)
    context = from_env({"GITHUB_WORKSPACE": str(root)})
    assert context.from_root(file, root / folder) == path


def test_an_absolute_name_inside_the_workspace_is_shortened(tmp_path):
    context = from_env({"GITHUB_WORKSPACE": str(tmp_path)})
    assert context.from_root(str(tmp_path / "x" / "a.py"), tmp_path) == "x/a.py"


def test_a_linked_workspace_is_the_same_place(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    context = from_env({"GITHUB_WORKSPACE": str(tmp_path / "link")})
    assert context.from_root("a.py", tmp_path / "real") == "a.py"


def test_without_a_workspace_no_file_is_named(tmp_path):
    assert from_env({}).from_root("a.py", tmp_path) is None


OURS, FORK = {"full_name": "Owner/Name"}, {"full_name": "stranger/name"}


@pytest.mark.parametrize(
    ("event", "payload", "is_of_fork"),
    [
        ("schedule", {}, False),
        ("push", {}, False),
        ("pull_request", {"pull_request": {"head": {"repo": OURS}}}, False),
        ("pull_request", {"pull_request": {"head": {"repo": FORK}}}, True),
        ("pull_request_target", {"pull_request": {"head": {"repo": FORK}}}, True),
        ("pull_request_review", {"pull_request": {"head": {"repo": None}}}, True),  # the fork was deleted
        ("workflow_run", {"workflow_run": {"head_repository": FORK}}, True),
        ("workflow_run", {"workflow_run": {"head_repository": OURS}}, False),
        ("pull_request", [], True),
        ("pull_request", None, True),
    ],
)
def test_a_run_of_a_forks_commit(tmp_path, event, payload, is_of_fork):
    path = tmp_path / "event.json"
    if payload is not None:
        path.write_text(json.dumps(payload))
    context = from_env({**ENV, "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)})
    assert context.is_of_fork is is_of_fork


def test_the_page_of_the_run():
    assert from_env(ENV).run_url == "https://github.example/owner/name/actions/runs/7"
    assert from_env({}).run_url == ""
