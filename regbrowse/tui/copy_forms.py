"""The forms in which a tag, a manifest or a layer can be copied; a form that cannot be made is absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.index_walk import Kind, classify
from regbrowse.oci.manifest import Image, Index
from regbrowse.text import plural

if TYPE_CHECKING:
    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference import Digest, Reference, Repository
    from regbrowse.tui.manifest_tree import Node, Tree


class Form(NamedTuple):
    """One way to write what is under the cursor."""

    key: str
    label: str
    value: str
    said: str
    """What the status line calls it once it was copied."""


def short_name(reference: Reference) -> str:
    """Name a reference in a title: `webapp:2.14.1`."""
    last = reference.repository.last
    return f"{last}:{reference.tag}" if reference.tag else last


class TagImage(NamedTuple):
    """The image that is looked at behind a tag."""

    tag: str
    label: str
    """Its platform."""
    digest: Digest


def tag_forms(
    repository: Repository, tag: str, digest: Digest | None, root: Manifest | None, image: TagImage | None
) -> list[Form]:
    """Give the forms of a tag; those with a digest only where it is known what the tag refers to.

    `root` is the manifest, where it was read; `image` the one of an index that is looked at.
    """
    name = f"{repository}:{tag}"
    if digest is None:
        return [Form("n", "name:tag", name, f"name of {name}")]
    what, of = "digest", f"of {name}"
    if isinstance(root, Index):
        platforms = sum(classify(each) is Kind.IMAGE for each in root.manifests)
        what, of = "index digest", f"of {name}, {plural(platforms, 'platform')}"
    out = digest_forms(repository, digest, what, of)
    out.append(Form("t", "name:tag@digest", f"{name}@{digest}", f"{name} with its {what}"))
    if image is not None and isinstance(root, Index):
        out.append(Form("p", f"{image.label} digest", str(image.digest), f"{image.label} digest of {name}"))
    return [*out, Form("n", "name:tag", name, f"name of {name}")]


def manifest_forms(reference: Reference, tree: Tree, node: Node) -> list[Form]:
    """Give the forms of a row of the manifests."""
    if node.digest is None:
        return []
    repository, tag = reference.repository, reference.tag
    of = f"of {repository}:{tag}" if tag else f"of {repository}"
    what = "index digest" if node.kind == "index" else f"{node.label} digest"
    if node.is_root and node.kind != "index":
        what = "digest"
    out = digest_forms(repository, node.digest, what, of)
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


def digest_forms(repository: Repository, digest: Digest, what: str, of: str) -> list[Form]:
    """Give the forms that anything with a digest has."""
    return [
        Form("d", "digest", str(digest), f"{what} {of}"),
        Form("a", "name@digest", f"{repository}@{digest}", f"name and {what} {of}"),
    ]
