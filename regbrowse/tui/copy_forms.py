"""The forms in which a tag, a manifest or a layer can be copied; a form that cannot be made is absent."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.exchange import curl
from regbrowse.oci.index_walk import Kind, classify
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1
from regbrowse.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regbrowse.oci.manifest import Manifest
    from regbrowse.oci.platform import Platform
    from regbrowse.reference import Digest, Reference, Repository
    from regbrowse.tui.manifest_tree import Node, Tree


IDENTITY, LINE, COMMAND = range(3)
"""What names the thing; lines to put into files and shells; the same question put to other tools."""


class Form(NamedTuple):
    """One way to write what is under the cursor."""

    key: str
    label: str
    value: str
    said: str
    """What the status line calls it once it was copied."""
    group: int = IDENTITY
    """One of the three above, between which the menu has a rule."""


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
    repository: Repository, tag: str, digest: Digest | None, root: Manifest | None, image: TagImage | None, base: str
) -> list[Form]:
    """Give the forms of a tag; those with a digest only where it is known what the tag refers to.

    `root` is the manifest, where it was read; `image` the one of an index that is looked at; `base` the URL of the
    registry, empty where it has none.
    """
    name = f"{repository}:{tag}"
    if digest is None:
        return [Form("g", "name:tag", name, f"name of {name}")]
    what, of = "digest", f"of {name}"
    if isinstance(root, Index):
        platforms = sum(classify(each) is Kind.IMAGE for each in root.manifests)
        what, of = "index digest", f"of {name}, {plural(platforms, 'platform')}"
    out = digest_forms(repository, digest, what, of)
    out.append(Form("t", "name:tag@digest", f"{name}@{digest}", f"{name} with its {what}"))
    if image is not None and isinstance(root, Index):
        out.append(Form("l", f"{image.label} digest", str(image.digest), f"{image.label} digest of {name}"))
    out.append(Form("g", "name:tag", name, f"name of {name}"))
    if root is None:
        return out
    return [*out, *_lines(repository, tag, root, None), *_commands(repository, root, base)]


def manifest_forms(reference: Reference, tree: Tree, node: Node, base: str) -> list[Form]:
    """Give the forms of a row of the manifests; `base` is the URL of the registry, empty where it has none."""
    if node.digest is None:
        return []
    repository, tag = reference.repository, reference.tag
    of = f"of {repository}:{tag}" if tag else f"of {repository}"
    what = "index digest" if node.kind == "index" else f"{node.label} digest"
    if node.is_root and node.kind != "index":
        what = "digest"
    out = digest_forms(repository, node.digest, what, of)
    if node.attachment is not None:
        return [*out, *_attachment_forms(repository, tree, node, base, of)]
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
        out.append(Form("g", "name:tag", f"{repository}:{tag}", f"name {of}"))
    if node.parent is not None or manifest is None:
        return [*out, *(blob_commands(repository, node.digest, base) if node.parent is not None else ())]
    platform = node.descriptor.platform if node.descriptor else None
    return [*out, *_lines(repository, tag, manifest, platform), *_commands(repository, manifest, base)]


def _attachment_forms(repository: Repository, tree: Tree, node: Node, base: str, of: str) -> Iterator[Form]:
    """Give the forms that what hangs on a manifest has beyond its digest; the tag that was opened is none of them."""
    manifest = tree.manifest(node.digest) if node.digest else None
    if node.attachment is not None and node.attachment.tag:
        yield Form("g", "name:tag", f"{repository}:{node.attachment.tag}", f"tag of the {node.label} {of}")
    if manifest is not None:
        yield from (*_lines(repository, None, manifest, None), *_commands(repository, manifest, base))


def _lines(repository: Repository, tag: str | None, manifest: Manifest, platform: Platform | None) -> list[Form]:
    """Give the lines by which a manifest is pulled, or named in files."""
    if repository.registry.alias:
        return []
    pinned, digest = f"{repository}@{manifest.digest}", manifest.digest
    named = f"{repository}:{tag}@{digest}" if tag else pinned
    if isinstance(manifest, Artifact):
        return [Form("o", "oras pull", f"oras pull {pinned}", f"oras pull of {pinned}", LINE)]
    if not isinstance(manifest, Index | Image | Schema1):
        return []
    option = f"--platform {shlex.quote(str(platform._replace(os_version='')))} " if platform and platform.known else ""
    return [
        Form("p", "docker pull", f"docker pull {option}{pinned}", f"docker pull of {pinned}", LINE),
        Form("m", "podman pull", f"podman pull {option}{pinned}", f"podman pull of {pinned}", LINE),
        Form("f", "Dockerfile FROM", f"FROM {named}", f"FROM line of {named}", LINE),
        Form("k", "Kubernetes image", f"image: {named}", f"Kubernetes line of {named}", LINE),
    ]


def _commands(repository: Repository, manifest: Manifest, base: str) -> list[Form]:
    """Give the commands by which other tools print a manifest."""
    if repository.registry.alias:
        return []
    pinned, is_plain = f"{repository}@{manifest.digest}", base.startswith("http:")
    url = f"{base}/v2/{repository.path}/manifests/{manifest.digest}"
    accept = (("Accept", manifest.media_type),)
    found = [
        ("u", "curl", " ".join(curl(url, accept)) if base and manifest.media_type else ""),
        ("n", "crane", f"crane manifest {'--insecure ' * is_plain}{pinned}"),
        ("s", "skopeo", f"skopeo inspect --raw {'--tls-verify=false ' * is_plain}docker://{pinned}"),
        ("r", "regctl", f"regctl manifest get {_at_host(repository, is_plain)}--format raw-body {pinned}"),
    ]
    return _command_forms(pinned, found)


def blob_commands(repository: Repository, digest: Digest, base: str) -> list[Form]:
    """Give the commands by which other tools print a blob."""
    if repository.registry.alias:
        return []
    pinned, is_plain = f"{repository}@{digest}", base.startswith("http:")
    url = f"{base}/v2/{repository.path}/blobs/{digest}"
    found = [
        ("u", "curl", " ".join(curl(url)) if base else ""),
        ("n", "crane", f"crane blob {'--insecure ' * is_plain}{pinned}"),
        ("r", "regctl", f"regctl blob get {_at_host(repository, is_plain)}{repository} {digest}"),
    ]
    return _command_forms(pinned, found)


def _command_forms(pinned: str, commands: list[tuple[str, str, str]]) -> list[Form]:
    """Make forms of letters, tools and commands; a command that is empty cannot be made."""
    made = ((key, tool, command) for key, tool, command in commands if command)
    return [Form(key, tool, command, f"{tool} command of {pinned}", COMMAND) for key, tool, command in made]


def _at_host(repository: Repository, is_plain: bool) -> str:
    """Write regctl's option for a registry without TLS."""
    return f"--host reg={repository.registry},tls=disabled " if is_plain else ""


def digest_forms(repository: Repository, digest: Digest, what: str, of: str) -> list[Form]:
    """Give the forms that anything with a digest has."""
    return [
        Form("d", "digest", str(digest), f"{what} {of}"),
        Form("a", "name@digest", f"{repository}@{digest}", f"name and {what} {of}"),
    ]
