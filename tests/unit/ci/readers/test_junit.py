from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.ci.readers import junit

CODE = """\
def boom():
    raise ValueError("out of range <&>")
"""

TESTS = """\
import unittest

import pytest
from lib import boom


def check(value):
    assert value == 3, "not three"


def test_passes():
    assert True


def test_through_a_helper():
    check(2)


def test_in_the_code():
    before = 1
    boom()


@pytest.fixture
def broken():
    raise RuntimeError("no setup")


def test_with_a_fixture(broken):
    assert broken


@pytest.mark.skip
def test_skipped():
    assert False


class Case(unittest.TestCase):
    def test_old_style(self):
        self.assertEqual(1, 2)


class TestGroup:
    @pytest.mark.parametrize("value", ["x y", "::error::"])
    def test_each(self, value):
        assert value == 1
"""

# The line of each failure, counted by hand in TESTS above: in the test's own file, the deepest.
LINES = {
    "test_through_a_helper": 8,
    "test_in_the_code": 21,
    "test_with_a_fixture": 26,
    "Case.test_old_style": 40,
    "TestGroup.test_each[x y]": 46,
    "TestGroup.test_each[::error::]": 46,
}


def pytest_run(folder: Path, *arguments: str) -> Path:
    report = folder / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--junitxml={report}", *arguments]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    return report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "a b"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_all.py").write_text(TESTS, encoding="utf-8")
    (folder / "lib.py").write_text(CODE, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("family", "style"), [("xunit1", "auto"), ("xunit1", "short"), ("xunit1", "native"), ("xunit2", "long")]
)
def test_each_failing_test_has_its_line(folder: Path, family: str, style: str) -> None:
    tests = junit.read(pytest_run(folder, "-o", f"junit_family={family}", f"--tb={style}"), folder)
    assert (tests.total, tests.failed, tests.skipped, tests.passed) == (8, 6, 1, 1)
    assert {check.where.object: check.where.line for check in tests.checks} == LINES
    assert {check.where.file for check in tests.checks} == {"tests/test_all.py"}
    rules = [check.rule for check in tests.checks]
    assert (rules.count("test.failure"), rules.count("test.error")) == (5, 1)
    messages = {check.where.object: check.message for check in tests.checks}
    assert messages["test_in_the_code"] == "test_in_the_code: ValueError: out of range <&>"


def test_without_a_traceback_the_line_is_that_of_the_test(folder: Path) -> None:
    tests = junit.read(pytest_run(folder, "-o", "junit_family=xunit1", "--tb=no"), folder)
    lines = {check.where.object: check.where.line for check in tests.checks}
    assert (lines["test_through_a_helper"], lines["test_in_the_code"]) == (15, 19)


def test_a_test_file_that_does_not_import(folder: Path) -> None:
    (folder / "tests" / "test_broken.py").write_text("x = 1\nimport no_such_module_here\n", encoding="utf-8")
    tests = junit.read(pytest_run(folder, "-o", "junit_family=xunit1"), folder)
    (check,) = tests.checks
    assert (check.rule, check.where.file, check.where.line) == ("test.error", "tests/test_broken.py", 2)
    assert "ModuleNotFoundError: No module named 'no_such_module_here'" in check.message


def test_where_pytests_root_lies_above_the_folder(folder: Path) -> None:
    (folder.parent / "pytest.ini").write_text("[pytest]\npythonpath = 'a b'\n", encoding="utf-8")
    tests = junit.read(pytest_run(folder, "-o", "junit_family=xunit1"), folder)
    assert {check.where.file for check in tests.checks} == {"tests/test_all.py"}
    assert {check.where.object: check.where.line for check in tests.checks} == LINES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not XML"),
        ("<testsuites><testcase", "is not XML"),
        ("<html/>", "its root is <html>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><testsuite name="&b;"/>', "declares a document type"),
        ("\udcff", "is not XML"),
    ],
)
def test_what_is_no_report_is_said(tmp_path: Path, text: str, words: str) -> None:
    report = tmp_path / "junit.xml"
    report.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(junit.Unreadable, match=words):
        junit.read(report, tmp_path)


def test_attributes_of_no_sense_do_no_harm(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuite><testcase name="t" file="../../etc/passwd" line="x"><failure/></testcase>'
        '<testcase classname="." file="&#9;"><error message="m"/></testcase></testsuite>',
        encoding="utf-8",
    )
    tests = junit.read(report, tmp_path)
    assert [(check.message, check.where.file) for check in tests.checks] == [("t: failed", None), ("a test: m", None)]


BROKEN = "x = 1\n\n\ndef test_syntax(:\n    assert x\n"
NO_FIXTURE = "def test_fine():\n    pass\n\n\ndef test_needs(no_such_fixture):\n    assert no_such_fixture\n"


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
@pytest.mark.parametrize("style", ["auto", "short", "native"])
@pytest.mark.parametrize(
    ("text", "line", "words"), [(BROKEN, 4, "SyntaxError"), (NO_FIXTURE, 5, "fixture 'no_such_fixture' not found")]
)
def test_a_test_that_never_ran_has_its_line(
    tmp_path: Path, family: str, style: str, text: str, line: int, words: str
) -> None:
    (tmp_path / "test_it.py").write_text(text, encoding="utf-8")
    tests = junit.read(pytest_run(tmp_path, "-o", f"junit_family={family}", f"--tb={style}"), tmp_path)
    (check,) = tests.checks
    assert (check.rule, check.where.file, check.where.line) == ("test.error", "test_it.py", line)
    assert words in check.message


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_where_pytest_ran_in_a_folder_below(folder: Path, family: str) -> None:
    """`cd 'a b' && pytest`: the paths count from there."""
    tests = junit.read(pytest_run(folder, "-o", f"junit_family={family}"), folder.parent)
    assert {check.where.file for check in tests.checks} == {"a b/tests/test_all.py"}
    assert {check.where.object: check.where.line for check in tests.checks} == LINES


def test_a_path_that_two_folders_have_is_not_guessed(folder: Path) -> None:
    other = folder.parent / "other" / "tests"
    other.mkdir(parents=True)
    (other / "test_all.py").touch()
    tests = junit.read(pytest_run(folder), folder.parent)
    assert "test_all.py" not in {Path(check.where.file or "").name for check in tests.checks}
