"""The forms in which the row under the cursor can be copied; a form that cannot be made is absent."""

from __future__ import annotations

from dataclasses import dataclass

from regbrowse.oci.manifest import Image, Index
from regbrowse.reference import Digest, Repository
from regbrowse.tui.state import State


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write what is under the cursor."""

    key: str
    label: str
    value: str
    said: str
    """What the clipboard line calls it."""


def subject(screen: State) -> str:
    """What the row is, for the title of the copy menu: `linux/amd64 of webapp:2.14.1`."""
    repository = screen.repository
    if repository is None:
        return str(screen.tags_pane.current or screen.registry or "")
    name = _opened_name(screen)
    if screen.pane is screen.tags_pane:
        return f"{repository.last}:{screen.tags_pane.current}" if screen.tags_pane.current else repository.last
    if screen.pane is screen.layers_pane:
        row = screen.layers_pane.current
        return f"layer {row.number} of {screen.layers_pane.subject}" if row else ""
    node = screen.manifests_pane.current
    return f"{node.label} of {name}" if node else name


def forms(screen: State) -> list[Form]:
    """The forms for the row under the cursor, the plain digest first."""
    repository = screen.repository
    if repository is None:
        name = screen.tags_pane.current
        whole = str(Repository(screen.registry, name)) if name and screen.registry else ""
        return [Form("n", "name", whole, "name of the repository")] if whole else []
    if screen.pane is screen.tags_pane:
        return _tag_forms(screen, repository)
    if screen.pane is screen.layers_pane:
        row = screen.layers_pane.current
        digest = row.descriptor.digest if row and row.descriptor and row.number else None
        return _digest_forms(repository, digest, "layer digest", f"of {subject(screen)}") if digest else []
    return _manifest_forms(screen, repository)


def _tag_forms(screen: State, repository: Repository) -> list[Form]:
    tag = screen.tags_pane.current
    if tag is None:
        return []
    name = f"{repository}:{tag}"
    digest = screen.tags_pane.list.digests.get(tag)
    out = _digest_forms(repository, digest, "digest", f"of {name}") if digest else []
    if digest:
        out.append(Form("t", "name:tag@digest", f"{name}@{digest}", f"{name} with its digest"))
    return [*out, Form("n", "name:tag", name, f"name of {name}")]


def _manifest_forms(screen: State, repository: Repository) -> list[Form]:
    tree, node = screen.manifests_pane.model, screen.manifests_pane.current
    if tree is None or node is None or node.digest is None:
        return []
    tag = screen.opened.reference.tag if screen.opened else None
    of = f"of {_full_name(screen, repository)}"
    what = "index digest" if node.kind == "index" else f"{node.label} digest"
    if node.is_root and node.kind != "index":
        what = "digest"
    out = _digest_forms(repository, node.digest, what, of)
    if tag and not node.parent:
        pinned = f"{repository}:{tag}@{node.digest}"
        out.append(Form("t", "name:tag@digest", pinned, f"{node.label} reference {of}"))
    if isinstance(tree.root, Index) and not node.is_root:
        out.append(Form("i", "index digest", str(tree.root.digest), f"index digest {of}"))
    manifest = tree.manifest(node.digest)
    if isinstance(manifest, Image) and manifest.config.digest:
        config = str(manifest.config.digest)
        out.append(Form("c", "config digest (image id)", config, f"config digest of {node.label} {of}"))
    if tag:
        out.append(Form("n", "name:tag", f"{repository}:{tag}", f"name {of}"))
    return out


def _digest_forms(repository: Repository, digest: Digest, what: str, of: str) -> list[Form]:
    return [
        Form("d", "digest", str(digest), f"{what} {of}"),
        Form("a", "name@digest", f"{repository}@{digest}", f"name and {what} {of}"),
    ]


def _opened_name(screen: State) -> str:
    reference = screen.opened.reference if screen.opened else None
    if reference is None:
        return ""
    return f"{reference.repository.last}:{reference.tag}" if reference.tag else reference.repository.last


def _full_name(screen: State, repository: Repository) -> str:
    tag = screen.opened.reference.tag if screen.opened else None
    return f"{repository}:{tag}" if tag else str(repository)
