"""Find the pages in the web that belong to an image: its source, and where its registry shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from regbrowse.reference import DOCKER_HUB, Reference

LONGEST = 2_048
"""Characters of an address that is offered."""
_KEYS = (("org.opencontainers.image.url", "home page"), ("org.opencontainers.image.documentation", "documentation"))
_SOURCE, _REVISION = "org.opencontainers.image.source", "org.opencontainers.image.revision"
_TREES = {"github.com": "tree", "gitlab.com": "-/tree", "bitbucket.org": "src", "codeberg.org": "src/commit"}
_REPOSITORY = re.compile(r"/[^/?#]+/[^/?#]+?(\.git)?/?")
_SAFE = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_COMMIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


class WebPage(NamedTuple):
    """An address, and what is found there."""

    label: str
    url: str


def web_pages(reference: Reference, said: Mapping[str, str]) -> list[WebPage]:
    """List the pages of an image; `said` are its labels and annotations, which are claims of who made it."""
    pages: list[WebPage] = []
    source = said.get(_SOURCE, "")
    if is_web_address(source):
        at = _source_at(source, said.get(_REVISION, ""))
        pages += [WebPage("source at its revision", at)] if at else []
        pages.append(WebPage("source", source))
    pages += [WebPage(label, said[key]) for key, label in _KEYS if is_web_address(said.get(key, ""))]
    shown = _registry_page(reference)
    return list(
        dict.fromkeys([*pages, *([WebPage(f"page on {reference.repository.registry}", shown)] if shown else [])])
    )


def is_web_address(text: str) -> bool:
    """Tell whether a text is an address that a browser may be given: http or https, a host, nothing strange."""
    if not _SAFE.fullmatch(text) or len(text) > LONGEST:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc


def _source_at(source: str, revision: str) -> str:
    """Give the address of the source at a revision, at hosts whose addresses are known."""
    parts = urlsplit(source)
    tree = _TREES.get(parts.hostname or "")
    if tree is None or not _COMMIT.fullmatch(revision) or not _REPOSITORY.fullmatch(parts.path):
        return ""
    return f"https://{parts.hostname}{parts.path.rstrip('/').removesuffix('.git')}/{tree}/{quote(revision)}"


def _registry_page(reference: Reference) -> str:
    """Give the address under which a registry shows a repository to people; empty where none is known."""
    repository = reference.repository
    path, name = repository.path, repository.registry.name
    if name == DOCKER_HUB:
        place = f"_/{path.removeprefix('library/')}" if path.startswith("library/") else f"r/{path}"
        return f"https://hub.docker.com/{place}"
    if name == "ghcr.io" and path.count("/") >= 1:
        return f"https://ghcr.io/{path}"
    if name == "quay.io":
        return f"https://quay.io/repository/{path}?tab=tags"
    if name == "mcr.microsoft.com":
        return f"https://mcr.microsoft.com/artifact/mar/{path}"
    if name == "public.ecr.aws":
        return f"https://gallery.ecr.aws/{path}"
    return f"https://{name}/{path}" if name == "gcr.io" or name.endswith((".gcr.io", "-docker.pkg.dev")) else ""
