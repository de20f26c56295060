"""Inner addresses are refused here where somebody outside named them.

The address that was checked is the one connected to, so a name that means something else a moment later
(DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from regbrowse.registry.net.addresses import addresses_of, first_of
from regbrowse.registry.net.opening import Opening
from regbrowse.registry.net.policy import is_special
from regbrowse.registry.net.wire import Wire


class InnerAddress(OSError):
    """A name that somebody outside gave leads inside."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__("inner address")
        self.host = host
        self.address = address


class Dialer:
    """Resolves names and connects. Raises OSError, or an ExceptionGroup of them when a name has several addresses.

    When `guarded`, raises InnerAddress for a name without any public address. `reached` is told the host and
    the address of every connection. One that was opened `ahead` to its only place is taken first; it may speak
    TLS already.
    """

    def __init__(
        self,
        *,
        guarded: bool = False,
        reached: Callable[[str, str], None] | None = None,
        ahead: Opening | None = None,
    ) -> None:
        self._guarded = guarded
        self._reached = reached
        self._ahead = ahead

    async def connect(self, host: str, port: int) -> Wire:
        """One connection, to whichever address answers first."""
        ahead = self._ahead
        wire = await (self._take(ahead, host, port) if ahead is not None and ahead.claim() else self._dial(host, port))
        if self._reached is not None:
            self._reached(host, wire.address)
        return wire

    async def _take(self, ahead: Opening, host: str, port: int) -> Wire:
        """What was opened ahead; when that is slow, whichever is there first."""
        try:
            if await ahead.reached():
                return await ahead.take()
            ways: list[Callable[[], Coroutine[Any, Any, Wire]]] = [ahead.take, partial(self._dial, host, port)]
            return await first_of(ways, lambda way: way(), stagger=0)
        except BaseException:
            ahead.hang_up()
            raise

    async def _dial(self, host: str, port: int) -> Wire:
        addresses = await addresses_of(host, port)
        allowed = [one for one in addresses if not (self._guarded and is_special(one))]
        if not allowed:
            raise InnerAddress(host, addresses[0])
        return await first_of(allowed, lambda one: Wire.open(one, port))
