from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import CallError
from mlops_actions.project import layout

MAKEFILE = """\
PYTHON ?= python
docs := not a target
help::= nor this
.PHONY: install all
include more.mk $(DYNAMIC)

install lint: requirements.txt \\
              other.txt
\tpip install -r requirements.txt
\tcolon: in a recipe
test-all::
\t@echo hi
%.o: %.c
# comment: no
"""


def test_targets_are_the_names_before_the_colons(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (tmp_path / "more.mk").write_text("included:\n\ttrue\ninclude Makefile\n", encoding="utf-8")
    project = layout.read(tmp_path)
    assert project.makefile == "Makefile"
    assert project.targets == {"install", "lint", "test-all", "%.o", "included"}


def test_the_text_of_a_variable_has_no_targets(tmp_path: Path) -> None:
    text = """\
define HELP
lint:
\tnot a rule
  define inner
test:
  endef
install: neither
endef
override define more =
check:
endef
define = not a block
define: real
build:
"""
    (tmp_path / "Makefile").write_text(text, encoding="utf-8")
    assert layout.read(tmp_path).targets == {"define", "build"}


def test_a_makefile_is_never_run_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("X := $(shell touch ran)\ntest:\n\ttrue\n", encoding="utf-8")
    assert layout.read(tmp_path).targets == {"test"}
    assert not (tmp_path / "ran").exists()


def test_make_takes_the_first_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "GNUmakefile").write_text("lint:\n\ttrue\n", encoding="utf-8")
    (tmp_path / "Makefile").write_text("test:\n\ttrue\n", encoding="utf-8")
    project = layout.read(tmp_path)
    assert (project.makefile, project.targets) == ("GNUmakefile", {"lint"})


def test_requirement_files_of_development_are_taken_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    names = [
        *("requirements.txt", "requirements-dev.txt", "test_requirements.txt", "requirements.lint.txt"),
        *("requirements-gpu.txt", "requirements-dev-gpu.txt", "notes.txt", "dev.txt"),
        *("requirements/test.txt", "requirements/base.txt"),
    ]
    for name in names:
        (tmp_path / name).touch()
    assert layout.read(tmp_path).requirements == (
        "requirements.txt",
        "requirements-dev.txt",
        "requirements.lint.txt",
        "test_requirements.txt",
        "requirements/test.txt",
    )


def test_a_folder_of_requirement_files_has_a_base_where_no_requirements_txt_stands(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("base", "dev", "private", "production"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    assert layout.read(tmp_path).requirements == ("requirements/base.txt", "requirements/dev.txt")
    (tmp_path / "requirements.txt").touch()
    assert layout.read(tmp_path).requirements == ("requirements.txt", "requirements/dev.txt")


def test_extras_and_groups_of_development(tmp_path: Path) -> None:
    text = """
[project.optional-dependencies]
Test = ["pytest"]
gpu = ["torch"]
[dependency-groups]
dev = ["ruff"]
docs = ["mkdocs"]
"""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    project = layout.read(tmp_path)
    assert (project.extras, project.groups) == (("Test",), ("dev",))
    assert not project.is_package


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pyproject.toml", '[project]\nname = "a\n', "pyproject.toml:2:10: is not TOML"),
        ("setup.cfg", "[metadata]\nname = a\nstray\n", "setup.cfg:3: is not INI"),
        ("setup.cfg", "stray\n", "setup.cfg:1: is not INI"),
    ],
)
def test_a_file_that_does_not_parse_is_named_with_its_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CallError) as caught:
        layout.read(tmp_path)
    assert str(caught.value).startswith(words)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such folder"):
        layout.read(tmp_path / "gone")


def test_hidden_and_built_folders_are_not_searched(tmp_path: Path) -> None:
    for name in (".venv/test_a.py", "node_modules/test_b.py", "build/test_c.py", "pkg/sub/test_d.py", "pkg/other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(layout.read(tmp_path).files(r"test_.*\.py")) == ["pkg/sub/test_d.py"]


def test_files_with_odd_bytes_and_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes(b"# caf\xe9\ntest:\n\ttrue\n")
    (tmp_path / "pyproject.toml").write_bytes(b'\xef\xbb\xbf[project]\nname = "a"\n')
    project = layout.read(tmp_path)
    assert project.targets == {"test"}
    assert project.project["name"] == "a"
