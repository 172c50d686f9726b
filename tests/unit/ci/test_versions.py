from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from mlops_actions.ci import versions
from mlops_actions.ci.versions import Claim
from mlops_actions.errors import CallError
from mlops_actions.project import layout
from mlops_actions.project.requires import Requires

TODAY = date(2026, 11, 23)
ALL = ("3.11", "3.12", "3.13", "3.14", "3.15")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (TODAY, ALL),
        (date(2026, 10, 31), ("3.10", *ALL)),
        (date(2026, 9, 30), ("3.10", "3.11", "3.12", "3.13", "3.14")),
        (date(2026, 10, 1), ("3.10", *ALL)),
        (date(2027, 10, 31), (*ALL, "3.16")),
        (date(2027, 11, 1), ("3.12", "3.13", "3.14", "3.15", "3.16")),
    ],
)
def test_supported_lines_come_and_go_by_date(today: date, expected: tuple[str, ...]) -> None:
    assert versions.supported(today) == expected


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (">=3.11", ALL),
        (">=3.8", ALL),
        ("", ALL),
        (">=3.12,<3.15", ("3.12", "3.13", "3.14")),
        (">=3.9,!=3.13.*", ("3.11", "3.12", "3.14", "3.15")),
        (">= 3.13 , < 4", ("3.13", "3.14", "3.15")),
        ("~=3.13", ("3.13", "3.14", "3.15")),
        ("~=3.12.0", ("3.12",)),
        ("==3.12.*", ("3.12",)),
        ("==3.12.*,!=3.12.0", ("3.12",)),
        (">3.12", ("3.12", "3.13", "3.14", "3.15")),  # 3.12.1 is greater than 3.12
        (">=3.12.4,<3.14", ("3.12", "3.13")),
        ("<=3.12", ("3.11", "3.12.0")),  # and no later patch of 3.12
        ("<3.12.5", ("3.11", "3.12.4")),
        ("==3.13.1", ("3.13.1",)),
        (">=3.15.0rc1", ("3.15",)),
        (">=3.14.0a0", ("3.14", "3.15")),
        ("<4", ALL),
        (">=2.7,!=3.0.*,!=3.1.*", ALL),
    ],
)
def test_requires_python(requires: str, expected: tuple[str, ...]) -> None:
    assert versions.choose((), Claim(Requires(requires)), TODAY).versions == expected


@pytest.mark.parametrize("requires", ["<3", "==3.8.*", ">=3.16", ">=3.12,<3.12", "!=3.*"])
def test_an_empty_intersection_is_a_clear_error(requires: str) -> None:
    with pytest.raises(CallError) as caught:
        versions.choose((), Claim(Requires(requires, "python_requires", "setup.cfg")), TODAY)
    (problem,) = caught.value.problems
    assert (problem.file, "none of the supported Pythons (3.11, 3.12, 3.13, 3.14, 3.15)" in problem.message) == (
        "setup.cfg",
        True,
    )


@pytest.mark.parametrize("requires", ["3.11", "^3.11", ">=three", ">=3.11;<4"])
def test_what_is_no_specifier_is_a_clear_error(requires: str) -> None:
    with pytest.raises(CallError, match=r"which is no version specifier.*>=3\.11"):
        versions.choose((), Claim(Requires(requires)), TODAY)


def parts() -> st.SearchStrategy[str]:
    number = st.sampled_from(["3.11", "3.12", "3.13", "3.14.3", "3.12.0", "3.15", "3.10"])
    plain = st.tuples(st.sampled_from([">=", "<=", "<", ">", "!=", "~="]), number).map("".join)
    return st.one_of(plain, number.map(lambda each: f"!={each}.*"), number.map(lambda each: f"=={each}.*"))


@settings(max_examples=40, deadline=None)
@given(st.lists(parts(), min_size=1, max_size=3).map(",".join))
def test_the_plan_agrees_with_trying_every_patch(requires: str) -> None:
    def reference() -> list[str]:
        found = []
        for line in ALL:
            patches = [patch for patch in range(100) if SpecifierSet(requires).contains(f"{line}.{patch}")]
            if patches:
                found.append(line if patches[-1] == 99 else f"{line}.{patches[-1]}")
        return found

    try:
        chosen = list(versions.choose((), Claim(Requires(requires)), TODAY).versions)
    except CallError:
        chosen = []
    assert chosen == reference()


def test_classifiers_where_nothing_is_required() -> None:
    names = ("Python", "Python :: 3", "Python :: 3 :: Only", "Python :: 3.9", "Python :: 3.14", "Python :: 3.12")
    classifiers = tuple(f"Programming Language :: {name}" for name in names)
    assert versions.choose((), Claim(None, classifiers=classifiers), TODAY).versions == ("3.12", "3.14")
    assert versions.choose((), Claim(Requires(">=3.14"), classifiers=classifiers), TODAY).versions == ("3.14", "3.15")
    old = ("Programming Language :: Python :: 3.9",)
    with pytest.raises(CallError, match=r"the classifiers name 3\.9, none of which is supported today"):
        versions.choose((), Claim(None, classifiers=old), TODAY)


def test_the_newest_where_the_project_says_nothing() -> None:
    major_only = ("Programming Language :: Python :: 3",)
    assert versions.choose((), Claim(), TODAY).versions == ("3.15",)
    assert versions.choose((), Claim(None, classifiers=major_only), TODAY).versions == ("3.15",)


def test_given_versions_stay_as_they_are() -> None:
    given_ = ("3.13", "3.8", "3.12.1", "3.14t", "3.16-dev")
    assert versions.choose(given_, Claim(Requires(">=3.12")), TODAY, here=lambda _: False).versions == given_


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("3.1", "quote it"),
        ("2.7", "not a Python version"),
        ("3", "not a Python version"),
        ("3.x", "is a range"),
        (">=3.11", "is a range"),
        ("3.11 3.12", 'such as ["3.12", "3.13"]'),
        ("3.11,3.12", 'such as ["3.12", "3.13"]'),
        ("pypy3.10", "there is: CPython"),
        ("3.12\n", None),  # white space around a version is none of it
        ("3.12; rm -rf ~", "not a Python version"),
        ("-3.12", "not a Python version"),
        ("3.١٢", "not a Python version"),  # digits of another script
        ("3.12.*", "is a range"),
        ("", "not a Python version"),
    ],
)
def test_what_is_no_version_is_refused_with_the_mend(version: str, words: str | None) -> None:
    if words is None:
        assert versions.checked([version]) == (version.strip(),)
        return
    with pytest.raises(CallError) as caught:
        versions.checked([version, "3.12"])
    assert words in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_version_that_stands_twice_is_refused() -> None:
    with pytest.raises(CallError, match=r"3\.12 stands twice"):
        versions.checked(["3.12", "3.13", "3.12"])


def test_in_a_dry_run_the_matrix_is_what_is_here() -> None:
    here = {"3.10", "3.12", "3.13"}.__contains__
    choice = versions.choose((), Claim(Requires(">=3.12")), TODAY, here)
    assert choice.versions == ("3.12", "3.13")
    assert "not on this machine: 3.14, 3.15" in choice.reason
    assert versions.choose((), Claim(), TODAY, here).versions == ("3.13",)
    with pytest.raises(CallError, match=r"none of the Pythons that the project supports \(3\.14, 3\.15\)"):
        versions.choose((), Claim(Requires(">=3.14")), TODAY, here)


def test_what_a_project_claims_stands_in_pyproject_or_setup_cfg(tmp_path: Path) -> None:
    name = "Programming Language :: Python :: 3.12"
    (tmp_path / "setup.cfg").write_text(
        f"[metadata]\nname = a\nclassifiers =\n  {name}\n[options]\npython_requires = >=3.9, <4\n", encoding="utf-8"
    )
    claim = versions.claim(layout.read(tmp_path))
    assert claim.requires == Requires(">=3.9, <4", "python_requires", "setup.cfg")
    assert (claim.file, versions.classified(claim.classifiers)) == ("setup.cfg", ("3.12",))
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.13"\n', encoding="utf-8")
    claim = versions.claim(layout.read(tmp_path))
    assert (claim.requires, claim.file) == (Requires(">=3.13"), "pyproject.toml")
