"""Names of things in registries: frozen, parsed once, valid by construction.

The grammar is that of distribution/reference (regexp.go, normalize.go): a name is an optional
domain and a path of components, with a tag, a digest or both. Every pattern uses explicit ASCII
classes and `fullmatch`, so that neither `repo:á` nor a trailing newline slips through.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.digest import Digest
from regbrowse.errors import BadReference
from regbrowse.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DOCKER_HUB",
    "INPUT_LIMIT",
    "LIST_FILES",
    "NOTHING_TYPED",
    "PATH_LIMIT",
    "UNNAMED",
    "Digest",
    "Reference",
    "Registry",
    "Repository",
    "bracketed",
    "is_repository_path",
    "is_tag",
    "parse_reference",
    "registry_in",
    "split_tag",
]

INPUT_LIMIT = 1024
PATH_LIMIT = 255
NOTHING_TYPED = 'Type an image or registry, for example "alpine", "ghcr.io/org/app:1.2" or "localhost:5000".'
DOCKER_HUB = "docker.io"
UNNAMED = "unnamed"
"""The path under which a folder or archive gives its images that have a tag and no name, or neither."""
LIST_FILES = ("index.json", "manifest.json")
"""What the lists of images in folders and archives are called; also the tags of such a list."""
_HUB_NAMES = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "registry.docker.io"}
)

_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG_FORM = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_TAG = re.compile(_TAG_FORM)
_TAGS = re.compile(rf"{_TAG_FORM}(?:\n{_TAG_FORM})*+")
_LABEL = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)"
_DOMAIN = re.compile(rf"({_LABEL}(?:\.{_LABEL})*\.?|\[[A-Fa-f0-9:]+\])(?::([0-9]+))?")
_LEGACY_IPV4 = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]*|[0-9]+))*\.?")


class Registry(NamedTuple):
    """A registry by the name people use for it; Docker Hub under each of its names is `docker.io`."""

    name: str
    """As typed, for display and credential look-ups."""
    alias: str = ""
    """The host that stands for files on this machine; it ends in `.invalid`, where nobody can be (RFC 2606)."""

    @classmethod
    def of_files(cls, name: str, location: str) -> Registry:
        """A registry that is a folder or archive: shown as `name`, such as `oci:build/out`, known by its location."""
        kind = name.partition(":")[0]
        place = f"{kind}:{location}".encode("utf-8", "surrogatepass")
        return cls(name, f"{kind}-{hashlib.sha256(place).hexdigest()[:12]}.invalid")

    @classmethod
    def parse(cls, text: str) -> Registry:
        """Raises BadReference when the text is not `host[:port]`."""
        _check_unbracketed(text)
        match = _DOMAIN.fullmatch(text)
        if not match:
            raise BadReference(f'"{visible(text)}" is not a valid registry name.', hint=_EXAMPLE)
        host, port = match.groups()
        if host.startswith("["):
            try:
                ipaddress.IPv6Address(host[1:-1])
            except ValueError:
                raise BadReference(f'"{visible(host)}" is not a valid IPv6 address.') from None
        elif _LEGACY_IPV4.fullmatch(host):
            _check_ipv4(host)
        digits = (port or "1").lstrip("0")
        if not digits or len(digits) > 5 or int(digits) > 65535:
            raise BadReference(f'"{visible(text)}": a port is a number from 1 to 65535.')
        if len(host) > 253 or any(len(label) > 63 for label in host.split(".")):
            raise BadReference(f'"{visible(host, 64)}" is too long for a host name.')
        _check_idna(host)
        folded = text.lower().replace(host.lower(), host.lower().rstrip("."), 1)
        return cls(DOCKER_HUB) if folded in _HUB_NAMES else cls(text)

    @property
    def key(self) -> str:
        """Lower case, no trailing dot: for comparing, caching and credential look-ups."""
        host, port = self._split()
        return f"{host}:{port}" if port else host

    @property
    def https_key(self) -> str:
        """The key without port 443, by which what files say of a registry is found."""
        return self.key.removesuffix(":443")

    @property
    def authority(self) -> str:
        """The `host[:port]` that is connected to."""
        return "registry-1.docker.io" if self.name == DOCKER_HUB else self.key

    @property
    def host(self) -> str:
        """The host alone, without brackets and port."""
        return self._split()[0].strip("[]")

    @property
    def port(self) -> int | None:
        port = self._split()[1]
        return int(port) if port else None

    @property
    def is_loopback(self) -> bool:
        """Whether this name can only mean this machine: plain http is tolerable there."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def _split(self) -> tuple[str, str]:
        name = self.alias or self.name
        match = _DOMAIN.fullmatch(name)
        host, port = match.groups() if match else (name, None)
        return host.lower().rstrip("."), port or ""

    def __str__(self) -> str:
        return self.name


class Repository(NamedTuple):
    """A named collection of manifests and blobs in one registry."""

    registry: Registry
    path: str

    @classmethod
    def parse(cls, registry: Registry, path: str) -> Repository:
        """Raises BadReference when the path breaks the grammar or is longer than 255 characters."""
        if not _PATH.fullmatch(path):
            if path != path.lower() and _PATH.fullmatch(path.lower()):
                raise BadReference(
                    f'"{visible(path)}": repository names must be lower case.',
                    hint=f'Did you mean "{visible(path.lower())}"?',
                )
            raise BadReference(f'"{visible(path)}" is not a valid repository name.', hint=_EXAMPLE)
        if len(path) > PATH_LIMIT:
            raise BadReference(f"The repository name is {len(path)} characters long; registries allow {PATH_LIMIT}.")
        return cls(registry, path)

    @property
    def familiar(self) -> str:
        """As people write it, and as it is read again: `alpine`, `ghcr.io/acme/app`, `oci:build/out`."""
        if self.registry.name != DOCKER_HUB:
            return str(self)
        name = self.path.removeprefix("library/")
        short = self.path if "/" in name else name
        if _split_domain(short)[0] != DOCKER_HUB or re.fullmatch(r"[a-f0-9]{64}", short):
            return str(self)
        return short

    @property
    def last(self) -> str:
        """The last component of the path, or of the folder or archive whose images have no name."""
        whole = self.registry.name if self.unnamed else self.path
        return whole.rpartition("/")[2]

    @property
    def unnamed(self) -> bool:
        """Whether it holds what a folder or archive does not name, so that its path says nothing."""
        return bool(self.registry.alias) and self.path == UNNAMED

    def __str__(self) -> str:
        if self.unnamed:
            return str(self.registry)
        return f"{self.registry}:{self.path}" if self.registry.alias else f"{self.registry}/{self.path}"


class Reference(NamedTuple):
    """A repository, perhaps with a tag, a digest or both; with both the digest is what is addressed."""

    repository: Repository
    tag: str | None = None
    digest: Digest | None = None

    @property
    def target(self) -> str | None:
        """What stands behind `/manifests/` in the URL: the digest, else the tag."""
        return str(self.digest) if self.digest else self.tag

    @property
    def familiar(self) -> str:
        return self.repository.familiar + self._rest()

    @property
    def is_list_of_files(self) -> bool:
        """Whether this is the list of images itself that a folder or archive has, where some of them have no name."""
        return self.repository.unnamed and self.digest is None and self.tag in LIST_FILES

    def _rest(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        return str(self.repository) + self._rest()


def registry_in(place: Registry | Reference) -> Registry:
    """The registry that a place is, or is in."""
    return place if isinstance(place, Registry) else place.repository.registry


def bracketed(host: str) -> str:
    """Write a host as URLs have it: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


_EXAMPLE = 'Write for example "alpine", "ghcr.io/org/app:1.2" or "localhost:5000/".'


def is_tag(text: str) -> bool:
    """Whether the text may stand in a URL as a tag; also asked of what registries list."""
    return _TAG.fullmatch(text) is not None


def are_tags(texts: Sequence[str]) -> bool:
    """Whether every one of them is a tag; for long lists, where asking one by one takes several times as long."""
    together = "\n".join(texts)
    return together.count("\n") == len(texts) - 1 and _TAGS.fullmatch(together) is not None


def is_repository_path(text: str) -> bool:
    """Whether the text may stand in a URL as a repository path; also asked of what catalogs list."""
    return len(text) <= PATH_LIMIT and _PATH.fullmatch(text) is not None


def parse_reference(text: str) -> Reference:
    """`name[:tag][@digest]`, strictly by the grammar. Raises BadReference.

    `alpine` becomes `docker.io/library/alpine`; a name without a slash never has a domain, so
    `192.168.1.1:5000` is a repository of Docker Hub, as for every other client.
    """
    if not text:
        raise BadReference(NOTHING_TYPED)
    if len(text) > INPUT_LIMIT:
        raise BadReference(f"That is {len(text):,} characters long; a reference has at most {INPUT_LIMIT:,}.")
    if re.fullmatch(r"[a-f0-9]{64}", text):
        raise BadReference(
            f'"{text}" looks like an image ID.', hint='Registries address images by name, or by "name@sha256:…".'
        )
    name, at, digest_text = text.partition("@")
    digest = Digest.parse(digest_text) if at else None
    domain, rest = _split_domain(name)
    path, tag = split_tag(rest)
    if tag is not None and not is_tag(tag):
        raise BadReference(
            f'"{visible(tag, 64)}" is not a valid tag: up to 128 letters, digits, "_", "." or "-",'
            ' not starting with "." or "-".'
        )
    registry = Registry.parse(domain)
    if registry.name == DOCKER_HUB and "/" not in path and path:
        path = f"library/{path}"
    return Reference(Repository.parse(registry, path), tag, digest)


def _split_domain(name: str) -> tuple[str, str]:
    """normalize.go, splitDockerDomain."""
    left, slash, right = name.partition("/")
    if slash and (left == "localhost" or "." in left or ":" in left or left != left.lower()):
        return left, right
    if not slash:
        _check_unbracketed(name)
    return DOCKER_HUB, name


def split_tag(rest: str) -> tuple[str, str | None]:
    """Split `name[:tag]`, in which the name may have a port."""
    path, colon, tag = rest.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (rest, None)


def _check_unbracketed(text: str) -> None:
    if text.startswith("[") and "%" not in text and "." not in text:
        return
    if text.count(":") > 1 or "%" in text or text.startswith("["):
        raise BadReference(
            'Write IPv6 registries in brackets, for example "[fd00::1]:5000/app".',
            hint="Zone ids (%eth0) are not possible in image names.",
        )


def _check_ipv4(host: str) -> None:
    """Spellings such as 127.1 or 0x7f.1 are names to us and addresses to the resolver: refused."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise BadReference(
            f'"{visible(host)}" is not a valid address.', hint="Write IPv4 addresses as four numbers: 127.0.0.1."
        ) from None


def _check_idna(host: str) -> None:
    if "xn--" not in host.lower():
        return
    try:
        host.encode("ascii").decode("idna")
    except UnicodeError:
        raise BadReference(f'"{visible(host)}" is not a valid international host name.') from None
