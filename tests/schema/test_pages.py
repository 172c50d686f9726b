"""What a reader finds: pictures, links, the table of workflows, and examples that GitHub would take."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import screenshots

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md"), *ROOT.glob("actions/*/*.md")]
)
PUBLIC = {
    path.name
    for path in ROOT.glob(".github/workflows/*.yml")
    if re.search(r"^  workflow_call:", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(page: Path) -> list[tuple[str, Path]]:
    """What a page links to or shows in this repository: as it is written, and where it is."""
    found = re.findall(r"\]\(([^)\s]+)\)", text(page))
    return [(each, page.parent / each.partition("#")[0]) for each in found if not re.match(r"[a-z]+:|#", each)]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    assert [link for link, target in links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_heading_that_is_linked_to_is_there(page: Path) -> None:
    for link, target in links(page):
        _, _, anchor = link.partition("#")
        headings = re.findall(r"^#+ (.+)$", text(target), re.MULTILINE) if anchor else []
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, link


def test_every_picture_is_drawn_by_the_script_and_shown_on_a_page() -> None:
    drawn = {f"report-{shot['name']}.png" for shot in screenshots.SHOTS}
    kept = {path.name for path in (ROOT / "docs/images").iterdir()}
    shown = {target.name for page in PAGES for _, target in links(page) if target.parent.name == "images"}
    assert drawn == kept == shown


def test_the_readmes_table_of_workflows_is_that_of_the_files() -> None:
    rows = re.findall(r"^\| \[`([^`]+)`\]\(([^)]+)\) \| (.+) \|$", text(ROOT / "README.md"), re.MULTILINE)
    assert {name for name, _, _ in rows} == PUBLIC
    assert len(rows) == len(PUBLIC) == 5
    for name, page, says in rows:
        assert page == f"docs/{name.removesuffix('.yml')}.md" and says.strip()
        assert text(ROOT / page).startswith(f"# {name}\n")
        assert f"# The page: {page}\n" in text(ROOT / ".github/workflows" / name)


def test_the_examples_of_the_pages_are_workflows(tmp_path: Path) -> None:
    """Each block of YAML with `jobs:`; one that shows a job alone is given the rest of a file."""
    files = []
    for page in PAGES:
        for at, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)):
            if not re.search(r"^jobs:", block, re.MULTILINE):
                continue
            alone = "" if re.search(r"^on:", block, re.MULTILINE) else "on: push\n"
            file = tmp_path / f"{named(page).replace('/', '-')}-{at}.yml"
            file.write_text(alone + block, encoding="utf-8")
            files.append(str(file))
    assert len(files) >= 20
    tool = str(Path(sys.executable).parent / "check-jsonschema")
    command = [tool, "--builtin-schema", "vendor.github-workflows", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_an_example_that_promises_a_time_zone_names_one() -> None:
    for page in PAGES:
        for block in re.findall(r"time zone:\n\n```yaml\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE):
            assert "timezone: " in block, page
