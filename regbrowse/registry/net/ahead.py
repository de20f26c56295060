"""The first request to the registry that will be asked, sent while the rest of the program is still being loaded.

What is sent is what the transport would send first, to where it would send it: it takes the connection over, finds
its knock said, and reads the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.reference import Reference, Registry
from regbrowse.registry.native.searched import is_searched
from regbrowse.registry.net.knock import Then, knock
from regbrowse.registry.net.opening import Opening
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.net.trust import Trusts

if TYPE_CHECKING:
    from regbrowse.registry.facts import Settings
    from regbrowse.registry.net.policy import Origin

STAGGER = 0.01
"""Seconds that a registry on this machine has for answering in TLS before it is asked without, too.

A real one takes a tenth of that, and is never asked twice; behind a tunnel the round trips are saved.
"""


class Ahead:
    """At most one connection by https and, on this machine, one by http, each to be taken once."""

    def __init__(self, settings: Settings) -> None:
        self.trusts = Trusts(settings)
        """What they are opened with; to be shared, because a context is known by being the very same."""
        self._settings = settings
        self._ways: dict[Origin, Opening] = {}

    def begin(self, place: Registry | Reference, then: Then | None = None) -> bool:
        """Begins to open them, if it is certain that the first question goes there, and directly; whether it is.

        `then` is asked together with the knock, where nobody is likely to want a login first: on this machine.
        """
        registry = place if isinstance(place, Registry) else place.repository.registry
        if not self._certain(place, registry):
            return False
        secure, plain = origin_of(f"https://{registry.authority}"), origin_of(f"http://{registry.authority}")
        if not self._direct(secure):
            return False
        here = registry.is_loopback
        then = then if here else None
        way = self._ways[secure] = Opening(secure, knock(registry, then, secure=True), self.trusts)
        if here and self._direct(plain):
            said = knock(registry, then, secure=False)
            self._ways[plain] = Opening(plain, said, self.trusts, unless=(way, STAGGER))
        return True

    def to(self, origin: Origin) -> Opening | None:
        """The one to an origin, if it can still be taken."""
        way = self._ways.get(origin)
        return way if way is not None and way.wanted else None

    def close(self) -> None:
        """Hangs up those that nobody took."""
        for way in self._ways.values():
            way.close()

    def _certain(self, place: Registry | Reference, registry: Registry) -> bool:
        """Whether something will be asked, and there."""
        settings, network = self._settings, self._settings.network
        if settings.offline or registry.key in settings.local:
            return False
        if network is not None and network.blocked(registry):
            return False
        if isinstance(place, Registry):
            return not is_searched(place)  # the search of some lives elsewhere
        if place.digest and settings.cache_folder:
            from regbrowse.registry.content.disk import may_hold

            if may_hold(settings.cache_folder, place.digest):
                return False
        if network is None:
            return True
        found = network.resolve(place.repository)
        return not (found.blocked or found.mirror) and found.repository.registry == registry

    def _direct(self, origin: Origin) -> bool:
        """Whether no proxy is in between."""
        return self._settings.network is None or self._settings.network.proxy(*origin) is None
