"""What people type or paste, and what they mean by it: references, registries, commands, web pages."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from regbrowse.errors import BadReference
from regbrowse.reference import (
    DOCKER_HUB,
    NOTHING_TYPED,
    Digest,
    Reference,
    Registry,
    is_tag,
    parse_reference,
    split_tag,
)
from regbrowse.text import visible

PASTE_LIMIT = 4096

_QUOTES = "\"'`“”„‘’«»"
_PROMPT = re.compile(r"[$#>]\s+")
_TOOLS = frozenset({
    "docker", "podman", "nerdctl", "buildah", "crane", "gcrane", "skopeo", "oras", "regctl", "helm", "cosign",
    "notation", "ctr", "crictl", "trivy", "syft", "grype", "dive", "kubectl", "regbrowse",
})  # fmt: skip
_SUBCOMMANDS = frozenset({
    "image", "images", "pull", "push", "run", "create", "rmi", "manifest", "index", "inspect", "buildx", "imagetools",
    "tag", "tags", "ls", "list", "digest", "config", "copy", "cp", "discover", "get", "get-file", "get-manifest",
    "history", "verify", "triangulate", "tree", "repo", "repository", "exec", "export", "show", "chart", "install",
    "upgrade", "template", "save", "scan", "start", "validate", "blob", "layer", "layers", "ocidir", "artifact",
    "scout", "sbom", "attestation", "download",
})  # fmt: skip
_FLAGS = frozenset({
    "-d", "-i", "-t", "-it", "-ti", "-P", "-q", "-a", "--detach", "--interactive", "--tty", "--rm", "--init",
    "--privileged", "--publish-all", "--read-only", "--quiet", "--all-tags", "--raw", "--config", "--no-trunc",
    "--disable-content-trust", "--tls-verify", "--insecure", "--plain-http", "--verbose", "--help",
    "--no-healthcheck", "--oom-kill-disable", "--sig-proxy",
})  # fmt: skip
"""Options of these tools that take no value; every other one is taken to have one behind it."""
FOLDERS = ("oci", "dir")
"""The kinds of sources that are folders; the others are archives."""
_SOURCE = re.compile(r"(oci|oci-archive|docker-archive|dir|oci-dir|docker-dir):(?!//)(.+)", re.DOTALL)
"""Images in files (containers-transports(5)), and the folders of podman save by the names of its formats."""
_SAVED = {"oci-dir": "oci", "docker-dir": "dir"}
_STORED = re.compile(r"(docker-daemon|containers-storage):(?://)?(.+)", re.DOTALL)
"""Images in the stores of engines, which are neither files of a known form nor registries."""
_TRANSPORT = re.compile(r"(?:docker|oci|docker\.io|registry)://", re.IGNORECASE)
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+\S+)?", re.IGNORECASE)
_IMAGE_KEY = re.compile(r"-?\s*[\"']?image[\"']?\s*[:=]\s+(\S+?),?|-?\s*image[:=](?=[\"'])(\S+)", re.IGNORECASE)
_HOST = re.compile(r"(?:localhost|[^\s/:@\[\]]+\.[^\s/:@\[\]]*|\[[^\s/@\]]*\])(?::[0-9]+)?")
_PORT_TAG = re.compile(r"([a-z0-9][a-z0-9_-]*):(80|443|[0-9]{4,5})")
_HUB_PAGES = frozenset({"hub.docker.com", "registry.hub.docker.com"})
_ONLY_PAGES = frozenset({"hub.docker.com", "github.com", "gallery.ecr.aws"})
_WEB_PAGES = _HUB_PAGES | _ONLY_PAGES | {"quay.io"}


class Source(NamedTuple):
    """Images in a folder or an archive on this machine, as it was written."""

    kind: str
    """`oci`, `dir`, `oci-archive` or `docker-archive`."""
    text: str
    """The path; behind it may stand `:TAG`, `:NAME:TAG` or `@DIGEST`. Only the file system tells where it ends."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.text}"


class Typed(NamedTuple):
    """A place that was meant, and how sure that is."""

    place: Registry | Reference
    """Of a source only its name, to be shown until it was opened: what is in it, the files tell."""
    plain_http: bool = False
    """The user wrote `http://`: to be confirmed before it is done."""
    only_https: bool = False
    """The user wrote `https://`: then nothing is sent in clear."""
    note: str = ""
    """What was understood, when it is not what was written; a whole phrase to show."""
    source: Source | None = None
    """To be opened first, when files on this machine are meant."""
    short: str = ""
    """The name without tag and digest, where it was written without a registry; files may say what it stands for."""


def read_typed(text: str) -> Typed:
    """Raises BadReference with a hint when the text means no registry, repository, tag or digest."""
    if len(text) > PASTE_LIMIT:
        raise BadReference(f"That is {len(text):,} characters long; that is no reference.")
    given = _unquote(text)
    if not given:
        raise BadReference(NOTHING_TYPED)
    if _SOURCE.fullmatch(given):
        return _files(given, "")
    bare = _unwrap(given)
    if _SOURCE.fullmatch(bare):
        return _files(bare, f'understood as "{visible(bare)}"')
    if stored := _STORED.fullmatch(bare):
        raise _stored(*stored.groups())
    if any(char.isspace() for char in bare):
        raise BadReference(f'"{visible(bare, 64)}" is not an image or registry.', hint="Names have no spaces.")
    page = _page(bare)
    place, plain_http = page or (_place(bare), False)
    if page or bare != given:
        only_https = page is not None and bare.lower().startswith("https://")
        note = f'understood as "{_familiar(place)}"'
        return Typed(place, plain_http, only_https, note, short="" if page else _short(bare, place))
    note = _port_note(bare) if isinstance(place, Reference) else ""
    return Typed(place, note=note, short=_short(bare, place))


def _short(text: str, place: Registry | Reference) -> str:
    """Give the name in a text that names no registry, without tag and digest; empty when it names one."""
    name = split_tag(text.partition("@")[0])[0]
    if isinstance(place, Registry) or place.repository.registry.name != DOCKER_HUB:
        return ""
    return name if place.repository.path in (name, f"library/{name}") else ""


def _stored(transport: str, name: str) -> BadReference:
    """Say what the store of an engine is, and which command makes a file of an image in it."""
    name = name.strip()
    if transport == "docker-daemon":
        engine, file, command = "docker", "docker-archive:image.tar", f"docker save -o image.tar {shlex.quote(name)}"
    else:
        engine, file = "podman, buildah or CRI-O", "oci-archive:image.tar"
        command = f"skopeo copy {shlex.quote(f'{transport}:{name}')} {file}"
    return BadReference(
        f'"{visible(f"{transport}:{name}", 100)}" is an image in the store of {engine}, which is not read here.',
        hint=f'Make a file of it by "{visible(command, 300)}", and open "{file}".',
    )


def _files(text: str, note: str) -> Typed:
    found = _SOURCE.fullmatch(text)
    kind, path = found.groups() if found else ("", "")
    kind, path = _SAVED.get(kind, kind), path.strip()
    path = path.rstrip("/") or path[:1]
    if not path or "\0" in path:
        raise BadReference(f'"{visible(text, 64)}" names no file.', hint=f'Write for example "{kind}:images/app".')
    source = Source(kind, path)
    return Typed(Registry.of_files(visible(str(source), PASTE_LIMIT), path), note=note, source=source)


def _familiar(place: Registry | Reference) -> str:
    return f"{place}/" if isinstance(place, Registry) else place.familiar


def _unquote(text: str) -> str:
    """Without surrounding space and quotes."""
    bare = text.strip()
    while len(bare) > 1 and bare[0] in _QUOTES and bare[-1] in _QUOTES:
        bare = bare[1:-1].strip()
    return bare.strip(_QUOTES)


def _unwrap(text: str) -> str:
    """What a command, a line of a Dockerfile or of YAML, or a transport stands around."""
    text = _PROMPT.sub("", text, count=1) if _PROMPT.match(text) else text
    found = _FROM.fullmatch(text) or _IMAGE_KEY.fullmatch(text)
    if found:
        text = _unquote(next(group for group in found.groups() if group))
    words = text.split()
    if words and words[0] == "sudo":
        words = words[1:]
    if len(words) > 1 and words[0] in _TOOLS:
        text = _argument(words)
    transport = _TRANSPORT.match(text)
    return text[transport.end() :] if transport else text


def _argument(words: list[str]) -> str:
    """The image in a command line: what has a transport, else the first word that is no option and no verb."""
    rest = [_unquote(word) for word in words[1:]]
    for word in rest:
        if _TRANSPORT.match(word) or _SOURCE.fullmatch(word):
            return word
    for word in rest:
        if _STORED.fullmatch(word):
            return word
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and word not in _FLAGS
        elif word not in _SUBCOMMANDS:
            return word
    raise BadReference(
        f'"{visible(" ".join(words), 64)}" names no image.', hint="Paste the whole command, or the image."
    )


def _place(text: str) -> Registry | Reference:
    if text.endswith("/"):
        text = text.rstrip("/") if text.count("/") > 1 else text
    if text.endswith("/") and len(text) > 1:
        return Registry.parse(text[:-1])
    if _HOST.fullmatch(text):
        return Registry.parse(text)
    algorithm, colon, _ = text.partition(":")
    if colon and "/" not in text and "@" not in text and algorithm in ("sha256", "sha384", "sha512", "blake3"):
        Digest.parse(text)
        raise BadReference(
            f'"{visible(text, 96)}" is a digest without a repository.', hint='Write "repository@sha256:…".'
        )
    return parse_reference(text)


def _port_note(text: str) -> str:
    match = _PORT_TAG.fullmatch(text)
    if not match or int(match.group(2)) > 65535:
        return ""
    name, tag = match.groups()
    return (
        f'"{text}" means the Docker Hub image "{name}" with tag "{tag}".'
        f' To open the registry at that address type "{text}/".'
    )


def _is_page(text: str) -> bool:
    lower = text.lower()
    return lower.startswith(("http://", "https://")) or (lower.partition("/")[0] in _WEB_PAGES and "/" in text)


def _page(text: str) -> tuple[Registry | Reference, bool] | None:
    """Where a web address leads and whether by plain http; None when it is none, or a name that only looks like one."""
    scheme = text.lower().partition("://")[0] if "://" in text else ""
    if scheme not in ("", "http", "https"):
        raise BadReference(f'"{visible(scheme, 32)}://" is not an address of a registry.')
    if not scheme and not _is_page(text):
        return None
    try:
        parts = urlsplit(text if scheme else f"https://{text}")
        host = parts.netloc.rpartition("@")[2]
        path = [unquote(part) for part in parts.path.split("/") if part]
        path = [part for piece in path for part in piece.split("/") if part]
        query = parse_qs(parts.query)
    except ValueError:
        raise BadReference(f'"{visible(text, 64)}" is not a web address.') from None
    found = _known_page(host.lower(), path, query)
    if found is None and not scheme:
        return None
    if found is None and host.lower() in _ONLY_PAGES:
        raise BadReference(f"That page of {host.lower()} shows no image.", hint="Paste the page of an image.")
    name = found or _api_address(host, path)
    place = parse_reference(name) if "/" in name else Registry.parse(name)
    return place, scheme == "http"


def _api_address(host: str, path: list[str]) -> str:
    """`/v2/{name}/manifests/{tag}` and its like, or a plain path."""
    if path[:1] != ["v2"]:
        return "/".join([host, *path])
    rest = path[1:]
    if len(rest) >= 3 and rest[-2] in ("manifests", "tags", "blobs", "referrers"):
        return _with_target("/".join([host, *rest[:-2]]), rest[-1] if rest[-2] == "manifests" else "")
    return "/".join([host, *rest]) if rest and rest != ["_catalog"] else host


def _with_target(name: str, target: str) -> str:
    if ":" in target:
        return f"{name}@{target}"
    return f"{name}:{target}" if target and is_tag(target) else name


def _known_page(host: str, path: list[str], query: dict[str, list[str]]) -> str | None:
    """Pages for people, whose paths are not those of the registry behind them."""
    if host in _HUB_PAGES:
        return _hub_page(path)
    match host, path:
        case "github.com", ["orgs" | "users", owner, "packages", "container", "package", *name] if name:
            return _ghcr(owner, name, query)
        case "github.com", ["orgs" | "users", owner, "packages", "container", *name] if name:
            return _ghcr(owner, name, query)
        case "github.com", [owner, _, "pkgs", "container", *name] if name:
            return _ghcr(owner, name, query)
        case "quay.io", ["repository", namespace, name, "manifest", digest, *_]:
            return _with_target(f"quay.io/{namespace}/{name}", digest)
        case "quay.io", ["repository", namespace, name, "tag", tag, *_]:
            return _with_target(f"quay.io/{namespace}/{name}", tag)
        case "quay.io", ["repository", namespace, name, *_]:
            return f"quay.io/{namespace}/{name}"
        case "gallery.ecr.aws", [alias, *name] if name:
            return "/".join(["public.ecr.aws", alias, *name])
    return None


def _ghcr(owner: str, name: list[str], query: dict[str, list[str]]) -> str:
    """Behind the name may stand the number of a version, which is of no use here."""
    for end, part in enumerate(name):
        if end and (part.isdecimal() or part == "versions"):
            name = name[:end]
            break
    return _with_target("/".join(["ghcr.io", owner.lower(), *name]), query.get("tag", [""])[0])


def _hub_page(path: list[str]) -> str | None:
    match path:
        case []:
            return DOCKER_HUB
        case ["_", name, *_]:
            return f"{DOCKER_HUB}/{name}"
        case ["layers", namespace, name, tag, *_]:
            return _with_target(f"{DOCKER_HUB}/{namespace}/{name}", tag)
        case ["r", namespace, name, *_]:
            return f"{DOCKER_HUB}/{namespace}/{name}"
        case ["repository", "docker", namespace, name, *_] | ["v2", "repositories" | "namespaces", namespace, name, *_]:
            return f"{DOCKER_HUB}/{namespace}/{name}"
    return None
