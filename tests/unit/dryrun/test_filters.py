"""The filters of `on`, each held against GitHub's documentation or a plain reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.dryrun import filters
from mlops_actions.dryrun.event import Event

# GitHub's filter pattern cheat sheet: pattern, what it matches, what it does not.
CHEAT_SHEET = [
    ("feature/*", ["feature/my-branch", "feature/your-branch"], ["feature/a/b", "feature", "xfeature/a"]),
    ("feature/**", ["feature/beta-a/my-branch", "feature/your-branch"], ["features/x"]),
    ("main", ["main"], ["Main", "main2", "a/main"]),
    ("releases/mona-the-octocat", ["releases/mona-the-octocat"], ["releases/mona"]),
    ("*", ["main", "releases"], ["all/the/branches"]),
    ("**", ["all/the/branches", "every/tag", "main"], []),
    ("*feature", ["mona-feature", "feature", "ver-10-feature"], ["feature-x", "a/feature"]),
    ("v2*", ["v2", "v2.0", "v2.9"], ["v1", "v2/x"]),
    ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.x.0", "v1..0"]),
    ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "js/page.js"]),
    ("**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]),
    ("docs/*", ["docs/README.md", "docs/file.txt"], ["docs/a/b.md"]),
    ("docs/**", ["docs/README.md", "docs/mona/octocat.txt"], ["docs", "a/docs/x"]),
    ("docs/**/*.md", ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"], ["docs/a.txt"]),
    ("**/docs/**", ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"], ["mydocs/x"]),
    ("**/README.md", ["README.md", "js/README.md"], ["xREADME.md", "README.md/x"]),
    ("**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["src", "srcs/a"]),
    ("**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]),
    ("**/migrate-*.sql", ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"], ["migrate.sql"]),
    ("Octoc?t", ["Octoct", "Octot"], ["Octocat", "Octocct"]),
    ("[CB]at", ["Cat", "Bat"], ["cat", "CBat"]),
    (r"a\+b", ["a+b"], ["aab", "ab"]),
    ("flight-delay@v*", ["flight-delay@v1.2.0"], ["other@v1.2.0"]),
    ("a.b", ["a.b"], ["axb"]),
    ("a[z-a]b", ["a[z-a]b"], ["azb"]),
]


@pytest.mark.parametrize(("pattern", "matching", "others"), CHEAT_SHEET, ids=[each[0] for each in CHEAT_SHEET])
def test_a_pattern_matches_as_githubs_cheat_sheet_says(pattern: str, matching: list[str], others: list[str]) -> None:
    assert [name for name in matching if not filters.selects([pattern], name)] == []
    assert [name for name in others if filters.selects([pattern], name)] == []


@pytest.mark.parametrize(
    ("patterns", "name", "selected"),
    [
        (["releases/**", "!releases/**-alpha"], "releases/10", True),
        (["releases/**", "!releases/**-alpha"], "releases/10-alpha", False),
        (["!releases/10", "releases/**"], "releases/10", True),  # the later one wins
        (["sub/**", "!sub/docs/**", "sub/docs/keep"], "sub/docs/keep", True),
        (["!main"], "other", False),  # nothing positive selects nothing
        ([], "main", False),
    ],
)
def test_the_last_matching_pattern_decides(patterns: list[str], name: str, selected: bool) -> None:
    assert filters.selects(patterns, name) is selected


def reference(pattern: str, name: str) -> bool:
    """`*`, `**` and plain characters, by trying every split."""
    if not pattern:
        return not name
    if pattern.startswith("**"):
        return any(reference(pattern[2:], name[cut:]) for cut in range(len(name) + 1))
    if pattern[0] == "*":
        cuts = range((name + "/").index("/") + 1)
        return any(reference(pattern[1:], name[cut:]) for cut in cuts)
    return bool(name) and name[0] == pattern[0] and reference(pattern[1:], name[1:])


@given(
    st.lists(st.sampled_from(["a", "b", "/", ".", "*", "**"]), max_size=6).map("".join),
    st.text("ab/.", max_size=7),
)
def test_stars_match_as_a_plain_reference_does(pattern: str, name: str) -> None:
    if "***" in pattern or pattern.startswith("**/") or "/**/" in pattern:
        return  # `**/` may also match nothing, see the cheat sheet
    assert filters.selects([pattern], name) is reference(pattern, name)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_a_pattern(pattern: str, name: str) -> None:
    assert filters.selects([pattern], name) in {True, False}


def event(name: str = "push", ref: str = "refs/heads/main", **more: Any) -> Event:
    values: dict[str, Any] = {
        "base_ref": "",
        "head_ref": "",
        "changed": ("src/a.py", "README.md"),
        "payload": {},
    } | more
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    short = ref.split("/", 2)[2]
    return Event(
        name, values["payload"], ref, short, kind, "0" * 40, values["base_ref"], values["head_ref"],
        values["changed"], "me", "acme/shop", False,
    )  # fmt: skip


BRANCH, TAG = "refs/heads/feature/x", "refs/tags/v1.2"


@pytest.mark.parametrize(
    ("ref", "trigger", "passes"),
    [
        (BRANCH, {}, True),
        (TAG, {}, True),
        (BRANCH, {"branches": ["main"]}, False),
        (BRANCH, {"branches": "feature/**"}, True),
        (BRANCH, {"branches-ignore": ["feature/**"]}, False),
        (BRANCH, {"branches-ignore": ["main"]}, True),
        (BRANCH, {"tags": ["v*"]}, False),  # only tags are filtered for, so no branch starts it
        (BRANCH, {"tags-ignore": ["v*"]}, False),
        (TAG, {"branches": ["**"]}, False),
        (TAG, {"tags": ["v*"]}, True),
        (TAG, {"tags": ["v2*"]}, False),
        (TAG, {"tags-ignore": ["v1*"]}, False),
        (TAG, {"branches": ["main"], "tags": ["v*"]}, True),
        (BRANCH, {"paths": ["src/**"]}, True),
        (BRANCH, {"paths": ["docs/**"]}, False),
        (BRANCH, {"paths": ["src/**", "!src/a.py"]}, False),
        (BRANCH, {"paths-ignore": ["**.md", "src/**"]}, False),
        (BRANCH, {"paths-ignore": ["**.md"]}, True),
        (TAG, {"paths": ["docs/**"]}, True),  # paths are not read for a tag
        (BRANCH, {"branches": ["feature/**"], "paths": ["docs/**"]}, False),  # both must let it pass
    ],
)
def test_a_push_passes_the_filters_of_its_ref_and_paths(ref: str, trigger: dict[str, Any], passes: bool) -> None:
    assert (filters.refusal(event(ref=ref), trigger) is None) is passes


@pytest.mark.parametrize(
    ("action", "trigger", "passes"),
    [
        ("opened", {}, True),
        ("synchronize", {}, True),
        ("closed", {}, False),
        ("closed", {"types": ["closed"]}, True),
        ("opened", {"types": "closed"}, False),
    ],
)
def test_a_pull_request_passes_its_activity_types_and_their_default(
    action: str, trigger: dict[str, Any], passes: bool
) -> None:
    played = event("pull_request", base_ref="main", payload={"action": action})
    assert (filters.refusal(played, trigger) is None) is passes


def test_an_event_without_default_types_passes_with_any_and_an_unknown_type_refuses_nothing() -> None:
    assert filters.refusal(event("issues", payload={"action": "pinned"}), {}) is None
    assert filters.refusal(event("repository_dispatch"), {"types": ["retrain"]}) is None
    assert filters.refusal(event("repository_dispatch", payload={"action": "x"}), {"types": ["retrain"]})


def test_a_pull_request_is_filtered_by_its_base() -> None:
    played = event("pull_request", base_ref="main", head_ref="dev", payload={"action": "opened"})
    assert filters.refusal(played, {"branches": ["main"]}) is None
    assert "`main`" in (filters.refusal(played, {"branches": ["dev"]}) or "")


def test_a_workflow_run_is_filtered_by_name_and_branch() -> None:
    played = event("workflow_run", payload={"workflow_run": {"name": "CI", "head_branch": "dev"}})
    assert filters.refusal(played, {"workflows": ["CI"]}) is None
    assert filters.refusal(played, {"workflows": ["Other"]})
    assert filters.refusal(played, {"workflows": ["CI"], "branches": ["main"]})


def test_what_changed_is_not_known_refuses_nothing() -> None:
    assert filters.refusal(event(changed=None), {"paths": ["docs/**"]}) is None


def test_a_refusal_names_the_filter_its_patterns_and_what_it_met() -> None:
    assert (
        filters.refusal(event(), {"branches": ["dev", "!x"]})
        == "`branches` [dev, !x] does not select the branch `main`"
    )
    said = filters.refusal(event(), {"paths": ["docs/**"]}) or ""
    assert "docs/**" in said
    assert "2 changed files (src/a.py, README.md)" in said
