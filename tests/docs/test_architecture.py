"""docs/architecture.md says how the program is built: layers, imports, and where things are."""

import re
import tomllib

import grimp
import pytest
from conftest import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE = ROOT / "contacts_audit"


def layers() -> list[list[str]]:
    """Return the packages of each layer, the highest first, as import-linter is told."""
    (contract, *_) = PROJECT["tool"]["importlinter"]["contracts"]
    return [
        [one.removeprefix("contacts_audit.") for one in layer.split(" | ")]
        for layer in contract["layers"]
    ]


def arrows() -> list[tuple[str, str]]:
    """Return the arrows of the diagram, in its order."""
    (diagram,) = re.findall(r"```mermaid\nflowchart TD\n(.*?)```", PAGE, re.DOTALL)
    return [tuple(line.strip().split(" --> ")) for line in diagram.splitlines()]


def test_the_diagram_has_the_imports_of_the_code() -> None:
    """An arrow for each package that imports another one, and no other."""
    graph = grimp.build_graph("contacts_audit")

    def package(module: str) -> str:
        return [*module.split("."), ""][1]

    imports = {
        (package(module), package(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if package(imported) not in ("", package(module))
    }

    assert len(arrows()) == len(set(arrows()))
    assert set(arrows()) == imports


def test_the_diagram_has_the_layers_of_import_linter() -> None:
    """Each arrow goes down, and the packages are entered in the order of their layers."""
    height = {name: -place for place, layer in enumerate(layers()) for name in layer}
    first_named = list(dict.fromkeys(name for arrow in arrows() for name in arrow))

    assert all(height[above] > height[below] for above, below in arrows())
    assert [height[name] for name in first_named] == sorted(height.values(), reverse=True)


def test_the_table_has_the_layers_of_import_linter() -> None:
    """With their numbers, the lowest being 1."""
    rows = re.findall(r"^\| (\d) \| `(\w+)(?:/|\.py)` \|", PAGE, re.MULTILINE)

    count = len(layers())
    assert rows == [
        (str(count - place), name) for place, layer in enumerate(layers()) for name in layer
    ]


@pytest.mark.parametrize("page", [PAGE, CONTRIBUTING], ids=["architecture", "CONTRIBUTING"])
def test_each_named_file_exists(page: str) -> None:
    """Each path in backticks is a file or a folder of the program, or of the repository."""
    paths = re.findall(r"`([\w/]+(?:/|\.py|\.md|\.toml))`", page)

    assert paths
    assert [path for path in paths if not any((at / path).exists() for at in (PACKAGE, ROOT))] == []
