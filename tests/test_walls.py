"""The import law: rooms know only the rooms below them, and start-up loads only what it needs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import regbrowse

PACKAGE = Path(regbrowse.__file__).parent
BASE = {"errors", "text", "digest", "reference"}
CORE = BASE | {"oci", "tags", "reference_input", "redact"}
FRONT = CORE | {
    "",
    "settings",
    "state",
    "registry",
    "browser",
    "platform_search",
    "digest_search",
    "image_comparison",
    "attachments",
    "reference_completion",
    "near_names",
    "concurrency",
    "exchange",
    "tag_watch",
}
"""What both fronts may import."""
ALLOWED: dict[str, set[str]] = {
    "": set(),
    "errors": set(),
    "text": set(),
    "digest": {"errors", "text"},
    "reference": {"errors", "text", "digest"},
    "oci": BASE,
    "tags": set(),
    "redact": {"text"},
    "reference_input": BASE,
    "demo": CORE | {""},
    "settings": CORE | {""},
    "state": CORE | {""},
    "registry": CORE | {"", "settings", "state"},
    "concurrency": {"errors"},
    "cli": FRONT | {"demo", "tui"},
    "tui": FRONT,
    "__main__": {"cli"},
}
"""What a room may import of ours, beside itself; every other module stands between registry and the fronts."""
MIDDLE = CORE | {"", "settings", "state", "registry", "browser", "platform_search", "concurrency"}
OWNERS = {
    "httpx": {"registry"},
    "httpcore": {"registry"},
    "textual": {"tui"},
    "rich": {"tui"},
    "pygments": {"cli", "tui"},
    "argcomplete": {"cli"},
}
STANDARD_ONLY = sorted(CORE | {"demo"})
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
SERVING = ("regbrowse.registry.responder", "regbrowse.registry.local.")
"""What the demo imports of the registry room: the answers of a registry in this process, and what serves a layout."""


def room(module: str) -> str:
    """`oci` of `regbrowse.oci.manifest`; the empty text for the package itself."""
    return [*module.split("."), ""][1]


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports anywhere, also late and for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            if module == "regbrowse":
                names = [alias.name for alias in node.names]
                yield from (f"regbrowse.{name}" if not name.startswith("__") else "regbrowse" for name in names)
            else:
                yield module


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_rooms_know_only_what_is_below(path: Path) -> None:
    here = room(module_of(path))
    allowed = ALLOWED.get(here, MIDDLE) | {here}
    if here == "demo":
        allowed = allowed | {"registry"} if _only_serving(path) else allowed
    for name in imports(path):
        if name.split(".")[0] == "regbrowse":
            assert room(name) in allowed, f"{module_of(path)} imports {name}"


def _only_serving(path: Path) -> bool:
    return all(name.startswith(SERVING) for name in imports(path) if name.startswith("regbrowse.registry"))


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_every_library_has_its_room(path: Path) -> None:
    here = room(module_of(path))
    for name in imports(path):
        top = name.split(".")[0]
        assert here in OWNERS.get(top, {here}), f"{module_of(path)} imports {name}"
        if here in STANDARD_ONLY:
            assert top in sys.stdlib_module_names or top == "regbrowse", f"{module_of(path)} imports {name}"


def test_no_part_of_the_screen_inherits_from_more_than_one_of_ours() -> None:
    deep = []
    for path in FILES:
        name = module_of(path)
        if room(name) != "tui":
            continue
        for kind in vars(importlib.import_module(name)).values():
            if isinstance(kind, type) and kind.__module__ == name:
                ours = [each for each in kind.__mro__ if each.__module__.startswith("regbrowse.")]
                if len(ours) > 2:
                    deep.append(ours)
    assert not deep


@pytest.mark.parametrize("path", sorted((PACKAGE / "tui" / "panes").glob("*.py")), ids=module_of)
def test_panes_paint_and_never_fetch(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith(
            ("regbrowse.registry", "regbrowse.browser", "regbrowse.tui.screens", "regbrowse.tui.loaders")
        ), name


def loaded_after(code: str) -> set[str]:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n@', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=PACKAGE.parent
    )
    return set(done.stdout.rpartition("\n@ ")[2].split())


@pytest.mark.parametrize("path", [path for path in FILES if room(module_of(path)) in STANDARD_ONLY], ids=module_of)
def test_the_core_loads_no_library(path: Path) -> None:
    loaded = {name.split(".")[0] for name in loaded_after(f"import {module_of(path)}")}
    assert not loaded & {"httpx", "textual", "rich", "pygments", "anyio", "platformdirs", "truststore"}
    if room(module_of(path)) in CORE:
        assert not loaded & {"asyncio", "ssl", "socket"}


@pytest.mark.parametrize("option", ["--version", "--help"])
@pytest.mark.skipif(not (PACKAGE / "cli" / "main.py").exists(), reason="the command line is not there yet")
def test_plain_answers_load_nothing_large(option: str) -> None:
    loaded = loaded_after(
        f"sys.argv = ['regbrowse', {option!r}]; import runpy; runpy.run_module('regbrowse', run_name='__main__')"
    )
    assert "regbrowse.cli.main" in loaded
    large = {"httpx", "textual", "rich", "pygments", "argcomplete", "truststore", "regbrowse.registry.client"}
    assert not loaded & large


@pytest.mark.parametrize("name", ["regbrowse", "regbrowse.registry", "regbrowse.tui", "regbrowse.demo"])
def test_packages_are_empty_doors(name: str) -> None:
    if not (PACKAGE.parent / name.replace(".", "/") / "__init__.py").exists():
        pytest.skip(f"no {name} yet")
    assert not {module for module in loaded_after(f"import {name}") if module in ("httpx", "textual")}
