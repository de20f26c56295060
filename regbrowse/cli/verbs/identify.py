"""`identify`: what a digest is, and where in an image it belongs."""

from __future__ import annotations

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.context import CommandContext
from regbrowse.cli.demo_names import as_typed
from regbrowse.digest_search import DigestSearch
from regbrowse.errors import NotFound
from regbrowse.oci.identify import Spot, read_digest, told
from regbrowse.text import visible


def check(arguments: Arguments, _: object) -> None:
    """Check the digest. Raises BadReference."""
    read_digest(arguments.digest)


async def run(context: CommandContext) -> None:
    """Raises NotFound with what was looked at when the digest is nowhere."""
    wanted, reference = read_digest(context.arguments.digest), context.reference
    search = DigestSearch(context.browser, reference.repository, wanted)
    spots = await search.find(reference)
    if not spots:
        raise NotFound(search.nowhere(reference), hint="It may belong to another tag.")
    if context.as_table:
        for spot in spots:
            context.output.line(told(spot, as_typed(visible(reference.familiar, 1024))))
        return
    first, *rest = (_as_json(spot) for spot in spots)
    context.output.value({**first, "also": rest})


def _as_json(spot: Spot) -> dict[str, object]:
    return {
        "what": spot.what,
        "kind": spot.kind,
        "platform": spot.platform or None,
        "number": spot.number,
        "digest": str(spot.digest),
        "of": str(spot.of) if spot.of else None,
    }
