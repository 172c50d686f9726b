"""Writes the generated tables of the documentation: inputs, secrets and outputs of every workflow and action, settings,
and what is done with each construct of the data contract standard.

The YAML files are the source: a description is written once, there. `--check`
says which page is not current and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_actions import yamlfile

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ("python-ci", "data-validation", "model-training", "drift-check", "edge-release")


def cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def shown(value: object) -> str:
    if value is None or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def input_table(inputs: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| input | type | default | what it says |", "|---|---|---|---|"]
    for name, each in inputs.items():
        default = "required" if each.get("required") else shown(each.get("default"))
        lines.append(f"| `{name}` | {each.get('type', 'string')} | {default} | {cell(each['description'])} |")
    return "\n".join(lines)


def secret_table(secrets: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| secret | required | what it says |", "|---|---|---|"]
    for name, each in secrets.items():
        lines.append(f"| `{name}` | {'yes' if each.get('required') else 'no'} | {cell(each['description'])} |")
    return "\n".join(lines)


def output_table(outputs: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| output | what it says |", "|---|---|"]
    lines += [f"| `{name}` | {cell(each['description'])} |" for name, each in outputs.items()]
    return "\n".join(lines)


def filled(text: str, marker: str, content: str, name: str) -> str:
    pattern = re.compile(rf"(<!-- {marker} -->).*?(<!-- /{marker} -->)", re.DOTALL)
    if not pattern.search(text):
        sys.exit(f"{name}: has no <!-- {marker} --> ... <!-- /{marker} -->")
    return pattern.sub(lambda match: f"{match[1]}\n{content}\n{match[2]}", text)


def pages() -> dict[Path, str]:
    """Each page with generated parts, and what it should hold."""
    current: dict[Path, str] = {}
    for name in PUBLIC:
        source = yamlfile.load(ROOT / ".github/workflows" / f"{name}.yml").data["on"]["workflow_call"]
        current[ROOT / "docs" / f"{name}.md"] = page(ROOT / "docs" / f"{name}.md", source)
    for file in sorted((ROOT / "actions").glob("*/action.yml")):
        current[file.parent / "README.md"] = page(file.parent / "README.md", yamlfile.load(file).data)
    current[ROOT / "docs/mlops-yaml.md"] = settings_page()
    current[ROOT / "docs/odcs.md"] = standard_page()
    return current


def standard_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| construct | state | what is done |", "|---|---|---|"]
    for row in rows:
        values: dict[str, list[str]] = {}
        for name in row["of"]:
            key, _, value = name.partition("=")
            values.setdefault(key, []).extend([f"`{value}`"] if value else [])
        names = [f"`{key}`" + (f" ({', '.join(each)})" if each else "") for key, each in values.items()]
        lines.append(f"| {', '.join(names)} | {row['state']} | {cell(row['how'])} |")
    return "\n".join(lines)


def standard_page() -> str:
    """docs/odcs.md, a table for each section of docs/odcs.yaml."""
    sections = yamlfile.load(ROOT / "docs/odcs.yaml").data
    tables = "\n\n".join(f"### {each['title']}\n\n{standard_table(each['rows'])}" for each in sections)
    name = "docs/odcs.md"
    return filled((ROOT / name).read_text(encoding="utf-8"), "constructs", tables, name)


def settings_table(schema: Mapping[str, Any], section: str) -> str:
    lines = ["| key | what it says |", "|---|---|"]
    for name, each in schema["properties"][section]["properties"].items():
        words = f" One of {', '.join(f'`{word}`' for word in each['enum'])}." if "enum" in each else ""
        lines.append(f"| `{section}.{name}` | {cell(each['description'])}{words} |")
    return "\n".join(lines)


def settings_page() -> str:
    """docs/mlops-yaml.md, a table for each section of the published schema."""
    schema = json.loads((ROOT / "workflows-lib/src/mlops_actions/schemas/mlops-v1.schema.json").read_text("utf-8"))
    text = (ROOT / "docs/mlops-yaml.md").read_text(encoding="utf-8")
    for name, section in schema["properties"].items():
        if "properties" in section:
            text = filled(
                text, name, f"{section['description']}\n\n{settings_table(schema, name)}", "docs/mlops-yaml.md"
            )
    return text


def page(path: Path, source: Mapping[str, Any]) -> str:
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    if source.get("inputs"):
        text = filled(text, "inputs", input_table(source["inputs"]), name)
    if source.get("secrets"):
        text = filled(text, "secrets", secret_table(source["secrets"]), name)
    if source.get("outputs"):
        text = filled(text, "outputs", output_table(source["outputs"]), name)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [path for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not current: run scripts/docs.py")
        else:
            path.write_text(pages()[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
