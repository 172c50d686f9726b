"""The walls: an import points down the layers, never up, and a stage imports no other stage.

The layers and the few doors between stages stand in docs/architecture.md, in the same order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "workflows-lib/src/mlops_actions"

LAYERS = (
    {"__main__"},
    {"cli"},
    {"commands", "carryout"},
    {"ci", "data", "drift", "training", "export", "release", "dryrun"},
    {"released"},
    {"report", "project", "model", "importances"},
    {"github"},
    {"options", "location"},
    {"config", "outcome"},
    {"verdict"},
    {"schema", "files"},
    {"yamlfile", "jsonfile", "visible"},
    {"links", "errors", "distributions"},
)
STAGES = LAYERS[3]
DOORS = {
    ("drift", "data"): {"profiles", "sources", "engines", "types"},
    ("training", "data"): {"describe"},
    ("export", "data"): {"profiles"},
}
"""What one stage may use of another: the profile, and what is needed to make one."""

FLOORS: dict[str, tuple[set[str], ...]] = {
    "commands": (
        {"table"},
        {"errands"},
        {"data", "ci", "training", "drift", "release", "dry_run"},
        {"reading", "surroundings"},
        {"row"},
    ),
    "data": (
        {"merge"},
        {"describe", "needs"},
        {"validate"},
        {"report"},
        {"diffing", "drafting"},
        {"queries", "quarantine"},
        {"rules"},
        {"profiles"},
        {"sources"},
        {"contracts"},
        {"types"},
        {"engines"},
    ),
}
"""The same inside of two of them, from what a caller meets down to what all of it stands on."""


def level(room: str) -> int:
    return next(number for number, rooms in enumerate(LAYERS) if room in rooms)


def imports(*, types_too: bool = True) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """(room, imported room, imported names or submodule, place) for every import of the package, wherever it stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts == ("__init__",) or "resources" in parts or "standins" in parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree if types_too else _without_types(tree)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlops_actions":
                inner = (node.module or "").split(".")[1:]
                names = tuple(alias.name for alias in node.names)
                for room in inner[:1] or names:
                    yield parts[0], room, tuple(inner[1:2]) or names, f"{path.relative_to(PACKAGE)}:{node.lineno}"


def _without_types(tree: ast.Module) -> ast.Module:
    """The module without what it imports for type checkers alone."""
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    return tree


def test_every_module_has_a_layer() -> None:
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()
    }
    assert rooms - {"__init__"} <= set().union(*LAYERS)


def test_an_import_points_down() -> None:
    found = [row for row in imports() if row[1] != "__version__"]
    assert len(found) > 30
    for room, target, _, place in found:
        assert room == target or level(room) < level(target) or (room in STAGES and target in STAGES), place


def test_a_stage_uses_another_only_through_its_door() -> None:
    for room, target, names, place in imports():
        if room in STAGES and target in STAGES and room != target:
            assert set(names) <= DOORS.get((room, target), set()), f"{place}: {names}"


@pytest.mark.parametrize("room", FLOORS)
def test_the_floors_of_a_room_point_down_as_well(room: str) -> None:
    floors, folder = FLOORS[room], PACKAGE / room

    def floor(name: str) -> int:
        return next(number for number, names in enumerate(floors) if name in names)

    assert {path.stem for path in folder.iterdir() if path.name != "__pycache__"} - {"__init__"} == set().union(*floors)
    found = [each for each in imports(types_too=False) if each[0] == each[1] == room]
    assert len(found) > 10
    for _, _, names, place in found:
        own = Path(place.partition(":")[0]).with_suffix("").parts[1]
        assert all(own == name or floor(own) < floor(name) for name in names), place
