"""The differences between two images, and between what two indexes list.

A is what is there, B is what is asked about: `added` is only in B, `removed` only in A.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.layers import LayerRow, join
from regbrowse.oci.manifest import Artifact, Image, Schema1, total_size

if TYPE_CHECKING:
    from regbrowse.oci.config import Config
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.platform import Platform
    from regbrowse.reference import Digest


class Change(Enum):
    """How something in B relates to what is in A; the value is its glyph."""

    SAME = "="
    REMOVED = "-"
    ADDED = "+"
    CHANGED = "~"

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, a: object, b: object) -> Change:
        """Tell how two values relate, of which None is one that is not there."""
        if a is None or b is None:
            return cls.SAME if a is b else cls.ADDED if a is None else cls.REMOVED
        return cls.SAME if a == b else cls.CHANGED


class PullCost(NamedTuple):
    """The bytes of the layers of B as stored, each digest once, by whether A has them."""

    new: int
    """What a pull of B has to fetch when A is there."""
    shared: int
    unknown: int = 0
    """New layers whose size nothing tells."""


class LayerPair(NamedTuple):
    """One layer in A, in B, or in both by its digest."""

    change: Change
    """SAME, REMOVED or ADDED."""
    a: LayerRow | None
    b: LayerRow | None
    repacked: bool = False
    """Whether the other image has the same files in a layer that is compressed in another way."""

    @property
    def row(self) -> LayerRow:
        """The layer as B has it, or A where B has not."""
        found = self.b or self.a
        assert found is not None
        return found


class StepPair(NamedTuple):
    """One step of the history in A, in B, or in both by its command."""

    change: Change
    """SAME, REMOVED or ADDED."""
    a: LayerRow | None
    b: LayerRow | None

    @property
    def row(self) -> LayerRow:
        """The step as B has it, or A where B has not."""
        found = self.b or self.a
        assert found is not None
        return found

    @property
    def rebuilt(self) -> bool:
        """Whether the same command made another layer."""
        layers = [row.descriptor.digest for row in (self.a, self.b) if row is not None and row.descriptor is not None]
        return self.change is Change.SAME and len(layers) == 2 and layers[0] != layers[1]


class Difference(NamedTuple):
    """One value of the config that is not the same in both."""

    change: Change
    """REMOVED, ADDED or CHANGED."""
    name: str
    """What it is, such as `env`."""
    key: str
    """Which of them, such as `PATH`; empty where there is one only."""
    a: str
    b: str

    @property
    def path(self) -> str:
        """Where it stands in the config; a variable is named, since its number says nothing."""
        place = _PATHS.get(self.name, "")
        return f'{place}["{self.key}"]' if self.key else place


@dataclass(frozen=True, slots=True)
class ImageSide:
    """What is compared of one image."""

    manifest: Image | Artifact | Schema1
    config: Config | None = None
    """None for what has none, and for one that could not be read."""

    @property
    def total(self) -> int | None:
        """Bytes of the layers as stored, each digest once; None where nothing tells any."""
        return None if isinstance(self.manifest, Schema1) else self.manifest.total

    @property
    def count(self) -> int:
        """Layers."""
        return join(self.manifest).count


@dataclass(frozen=True, slots=True)
class ImageComparison:
    """Two images beside each other."""

    a: ImageSide
    b: ImageSide
    layers: tuple[LayerPair, ...]
    """Oldest first; what was removed stands before what came in its place."""
    cost: PullCost
    config: tuple[Difference, ...] | None
    """What is different; None where one of the configs is not known."""
    history: tuple[StepPair, ...] | None
    """The steps; None where one of the images does not tell any."""

    @property
    def same(self) -> bool:
        """Whether both are the same manifest."""
        return self.a.manifest.digest == self.b.manifest.digest


class ListedImage(NamedTuple):
    """An image that an index lists, or an image that stands alone."""

    platform: Platform
    descriptor: Descriptor


class PlatformPair(NamedTuple):
    """The images of both indexes for one platform."""

    change: Change
    a: ListedImage | None
    b: ListedImage | None

    @property
    def platform(self) -> Platform:
        """The platform as B spells it, or A where B has not."""
        found = self.b or self.a
        assert found is not None
        return found.platform


def compare_images(a: ImageSide, b: ImageSide) -> ImageComparison:
    """Compare two images, layer by layer, value by value, step by step."""
    rows_a, rows_b = join(a.manifest, a.config), join(b.manifest, b.config)
    has_history = rows_a.has_history and rows_b.has_history
    configs = (a.config, b.config) if a.config is not None and b.config is not None else None
    return ImageComparison(
        a,
        b,
        tuple(_layer_pairs(rows_a.rows, rows_b.rows)),
        pull_cost(_stored(rows_a.rows), _stored(rows_b.rows)),
        tuple(_differences(*configs)) if configs else None,
        tuple(_step_pairs(rows_a.rows, rows_b.rows)) if has_history else None,
    )


def pull_cost(a: Iterable[Descriptor], b: Sequence[Descriptor]) -> PullCost:
    """Count the bytes of layers of B that are not among those of A."""
    there = {layer.digest for layer in a if layer.digest is not None}
    new = [layer for layer in b if layer.digest is None or layer.digest not in there]
    shared = [layer for layer in b if layer.digest is not None and layer.digest in there]
    untold = {layer.digest or at for at, layer in enumerate(new) if layer.size is None}
    return PullCost(total_size(new), total_size(shared), len(untold))


def _stored(rows: Iterable[LayerRow]) -> list[Descriptor]:
    return [row.descriptor for row in rows if row.number is not None and row.descriptor is not None]


def _layer_pairs(a: Sequence[LayerRow], b: Sequence[LayerRow]) -> Iterator[LayerPair]:
    """Pair layers by digest; one that is listed more often in one image is shared all the same."""
    ours, theirs = [row for row in a if row.number], [row for row in b if row.number]
    digests = [{_digest(row) for row in rows if _digest(row)} for rows in (ours, theirs)]
    files = [{row.diff_id for row in rows if row.diff_id} for rows in (ours, theirs)]
    keys = [[_digest(row) or object() for row in rows] for rows in (ours, theirs)]
    for left, right in _merged(keys[0], keys[1]):
        one, two = None if left is None else ours[left], None if right is None else theirs[right]
        row, other = (one, 1) if two is None else (two, 0)
        assert row is not None
        if (one is not None and two is not None) or _digest(row) in digests[other]:
            yield LayerPair(Change.SAME, one, two)
        else:
            yield LayerPair(Change.of(one, two), one, two, row.diff_id in files[other])


def _digest(row: LayerRow) -> Digest | None:
    return row.descriptor.digest if row.descriptor is not None else None


def _step_pairs(a: Sequence[LayerRow], b: Sequence[LayerRow]) -> Iterator[StepPair]:
    """Pair the steps by what they do; the words of the builder around the command do not count."""
    ours, theirs = [row for row in a if row.entry is not None], [row for row in b if row.entry is not None]
    keys = [[(row.command.instruction, row.command.rest, row.empty) for row in rows] for rows in (ours, theirs)]
    for left, right in _merged(keys[0], keys[1]):
        one, two = None if left is None else ours[left], None if right is None else theirs[right]
        yield StepPair(Change.SAME if one is not None and two is not None else Change.of(one, two), one, two)


def _merged(a: Sequence[Hashable], b: Sequence[Hashable]) -> Iterator[tuple[int | None, int | None]]:
    """Give the positions of both lists in one order: that of B, with what is only in A where it was.

    The first of equal keys in A belongs to the first in B, and so on.
    """
    places: dict[Hashable, deque[int]] = {}
    for at, key in enumerate(a):
        places.setdefault(key, deque()).append(at)
    partners = [places[key].popleft() if places.get(key) else None for key in b]
    paired = {at for at in partners if at is not None}
    begun, waiting = 0, list[int]()
    for right, left in enumerate(partners):
        if left is None:
            waiting.append(right)
            continue
        yield from ((at, None) for at in range(begun, left) if at not in paired)
        yield from ((None, at) for at in waiting)
        waiting.clear()
        begun = max(begun, left)
        yield left, right
    yield from ((at, None) for at in range(begun, len(a)) if at not in paired)
    yield from ((None, at) for at in waiting)


# The config

_PATHS = {
    "platform": ".architecture",
    "created": ".created",
    "author": ".author",
    "entrypoint": ".config.Entrypoint",
    "cmd": ".config.Cmd",
    "user": ".config.User",
    "workdir": ".config.WorkingDir",
    "ports": ".config.ExposedPorts",
    "volumes": ".config.Volumes",
    "env": ".config.Env",
    "labels": ".config.Labels",
    "stop signal": ".config.StopSignal",
    "health check": ".config.Healthcheck",
    "shell": ".config.Shell",
    "onbuild": ".config.OnBuild",
}


def _differences(a: Config, b: Config) -> Iterator[Difference]:
    for name, read in _SINGLE.items():
        yield from _keyed(name, {"": read(a)} if read(a) else {}, {"": read(b)} if read(b) else {})
    for name, members in _SEVERAL.items():
        yield from _keyed(name, members(a), members(b))


def _keyed(name: str, a: dict[str, str], b: dict[str, str]) -> Iterator[Difference]:
    """Give what is different between two sets of named values: in the order of A, then what only B has."""
    for key in dict.fromkeys([*a, *b]):
        change = Change.of(a.get(key), b.get(key))
        if change is not Change.SAME:
            yield Difference(change, name, key, a.get(key, ""), b.get(key, ""))


_SINGLE: dict[str, Callable[[Config], str]] = {
    "platform": lambda config: str(config.platform) if config.platform.known else "",
    "created": lambda config: config.created,
    "author": lambda config: config.author,
    "entrypoint": lambda config: shlex.join(config.entrypoint),
    "cmd": lambda config: shlex.join(config.cmd),
    "user": lambda config: config.user,
    "workdir": lambda config: config.working_dir,
    "stop signal": lambda config: config.stop_signal,
    "health check": lambda config: " ".join([*config.health_options, shlex.join(config.health_test)]).strip(),
    "shell": lambda config: shlex.join(config.shell),
    "onbuild": lambda config: "; ".join(config.on_build),
}


def _variables(config: Config) -> dict[str, str]:
    """Read `NAME=value`; of a name that is set twice the last value holds."""
    pairs = (each.partition("=") for each in config.env)
    return {name: value for name, _, value in pairs}


_SEVERAL: dict[str, Callable[[Config], dict[str, str]]] = {
    "ports": lambda config: dict.fromkeys(config.exposed_ports, "exposed"),
    "volumes": lambda config: dict.fromkeys(config.volumes, "declared"),
    "env": _variables,
    "labels": lambda config: dict(config.labels),
}


# Indexes


def pair_platforms(a: Sequence[ListedImage], b: Sequence[ListedImage]) -> tuple[PlatformPair, ...]:
    """Pair what two indexes list for the same platform; of several for one, as tools do, the first.

    What has no partner of the very same version of the system is paired with another version, where each is alone.
    """
    ours, theirs = _first_of_each(a), _first_of_each(b)
    partners = {platform: platform for platform in ours if platform in theirs}
    left, right = _by_machine(ours, theirs), _by_machine(theirs, ours)
    for machine, alone in left.items():
        others = right.get(machine, [])
        if len(alone) == len(others) == 1:
            partners[alone[0]] = others[0]
    pairs: list[tuple[ListedImage | None, ListedImage | None]] = []
    taken = set(partners.values())
    for platform, one in ours.items():
        pairs.append((one, theirs[partners[platform]] if platform in partners else None))
    pairs += [(None, two) for platform, two in theirs.items() if platform not in taken]
    return tuple(PlatformPair(_of_listed(one, two), one, two) for one, two in pairs)


def _first_of_each(listed: Sequence[ListedImage]) -> dict[Platform, ListedImage]:
    found: dict[Platform, ListedImage] = {}
    for each in listed:
        found.setdefault(each.platform.normalised(), each)
    return found


def _by_machine(listed: Iterable[Platform], other: Container[Platform]) -> dict[Platform, list[Platform]]:
    """Give the platforms that the other index has not, by what they are but for the version of the system."""
    found: dict[Platform, list[Platform]] = {}
    for platform in listed:
        if platform not in other:
            found.setdefault(platform._replace(os_version="", os_features=()), []).append(platform)
    return found


def _of_listed(a: ListedImage | None, b: ListedImage | None) -> Change:
    if a is None or b is None:
        return Change.of(a, b)
    same = a.descriptor.digest is not None and a.descriptor.digest == b.descriptor.digest
    return Change.SAME if same else Change.CHANGED
