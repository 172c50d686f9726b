from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.ci.readers import transcript

TESTS = """\
import unittest


class Case(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(1, 2)

    def test_raises(self):
        int("x")

    def test_passes(self):
        self.assertTrue(True)
"""


def output(folder: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", *arguments]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (("unittest",), {"test.failure", "test.error"}),
        (("pytest", "-p", "no:cacheprovider"), {"test.failure"}),
        (("pytest", "-p", "no:cacheprovider", "--tb=short", "--color=yes"), {"test.failure"}),
        (("pytest", "-p", "no:cacheprovider", "--tb=native"), {"test.failure"}),
    ],
)
def test_failing_tests_are_read_from_the_text(tmp_path: Path, arguments: tuple[str, ...], rules: set[str]) -> None:
    (tmp_path / "test_case.py").write_text(TESTS, encoding="utf-8")
    checks = list(transcript.read(output(tmp_path, *arguments), tmp_path))
    assert sorted((check.where.file, check.where.line) for check in checks) == [
        ("test_case.py", 6),
        ("test_case.py", 9),
    ]
    assert {check.rule for check in checks} == rules
    assert {check.message.split(": ", maxsplit=1)[1] for check in checks} == {
        "AssertionError: 1 != 2",
        "ValueError: invalid literal for int() with base 10: 'x'",
    }


def test_a_test_file_that_does_not_import(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("\nimport no_such_module_here\n", encoding="utf-8")
    for arguments in (("unittest",), ("pytest", "-p", "no:cacheprovider")):
        (check,) = transcript.read(output(tmp_path, *arguments), tmp_path)
        assert (check.rule, check.where.file, check.where.line) == ("test.error", "test_broken.py", 2)


def test_other_text_says_nothing(tmp_path: Path) -> None:
    text = ["=" * 30, "ERROR: disk full", "-" * 40, "FAIL: nothing here", "_" * 8 + " a heading " + "_" * 8, ""]
    assert list(transcript.read(text, tmp_path)) == []
