"""`compare`: what is different between two images, or two indexes platform by platform."""

from __future__ import annotations

from collections.abc import Sequence

from regbrowse.cli.context import CommandContext, image_of
from regbrowse.cli.demo_names import as_typed
from regbrowse.cli.diagnostics import ExitCode, code_of, note, print_error
from regbrowse.cli.output import cut, cut_left
from regbrowse.image_comparison import ComparedImages, ComparedIndexes, ComparedPlatform, Opened, compare
from regbrowse.oci.comparison import Change, ImageSide, LayerPair, PullCost, StepPair
from regbrowse.oci.layers import LayerRow
from regbrowse.oci.manifest import Index, config_of
from regbrowse.reference import Digest
from regbrowse.text import moment, plural, size, visible

SIDE, COMMAND, STEP, PATH, VALUE, PLATFORM = 32, 36, 76, 30, 21, 20
"""Cells of the columns that can be cut, so that no row of a table is wider than 80."""
MORE = 1024
"""Characters of a reference that are shown at most."""


async def run(context: CommandContext) -> ExitCode:
    """Raises NotFound when one of them has no image for the platform."""
    assert context.other is not None
    wanted = context.request if context.arguments.names_platform else None
    compared = await compare(context.browser, context.reference, image_of(context.other), wanted)
    for told in compared.notes:
        note(told)
    if isinstance(compared, ComparedIndexes):
        return _tell_indexes(context, compared)
    if context.as_table:
        _print_images(context, compared)
    else:
        context.output.value(_images_value(compared), compact=context.arguments.raw)
    return ExitCode.OK if compared.same else ExitCode.NO


# Two images


def _images_value(compared: ComparedImages) -> dict[str, object]:
    images = compared.images
    return {
        "same": compared.same,
        "a": _side_value(compared.a, images.a, compared.platforms[0]),
        "b": _side_value(compared.b, images.b, compared.platforms[1]),
        "pull": _cost_value(images.cost),
        "layers": [_layer_value(pair) for pair in images.layers],
        "config": None
        if images.config is None
        else [
            {
                "change": each.change.word,
                "name": each.name,
                "key": each.key or None,
                "a": None if each.change is Change.ADDED else each.a,
                "b": None if each.change is Change.REMOVED else each.b,
            }
            for each in images.config
        ],
        "history": None if images.history is None else [_step_value(pair) for pair in images.history],
    }


def _side_value(opened: Opened, side: ImageSide, platform: str) -> dict[str, object]:
    config = config_of(side.manifest)
    return {
        "reference": as_typed(str(opened.reference)),
        "index": str(opened.root.digest) if isinstance(opened.root, Index) else None,
        "digest": str(side.manifest.digest),
        "configDigest": _text(config.digest) if config else None,
        "platform": platform or None,
        "created": side.config.created or None if side.config else None,
        "layersSize": side.total,
        "layers": side.count,
    }


def _cost_value(cost: PullCost) -> dict[str, object]:
    return {"new": cost.new, "shared": cost.shared, "unknown": cost.unknown}


def _layer_value(pair: LayerPair) -> dict[str, object]:
    layer = pair.row.descriptor
    return {
        "change": pair.change.word,
        "a": pair.a.number if pair.a else None,
        "b": pair.b.number if pair.b else None,
        "digest": str(layer.digest) if layer and layer.digest else None,
        "size": layer.size if layer else None,
        "repacked": pair.repacked,
        "command": pair.row.command.whole or None,
    }


def _step_value(pair: StepPair) -> dict[str, object]:
    return {
        "change": pair.change.word,
        "command": pair.row.command.whole or None,
        "empty": pair.row.empty,
        "rebuilt": pair.rebuilt,
    }


def _print_images(context: CommandContext, compared: ComparedImages) -> None:
    images, output = compared.images, context.output
    roots = [opened.root.digest if isinstance(opened.root, Index) else None for opened in (compared.a, compared.b)]
    sides = images.a, images.b
    values = {
        "index": [digest.short if digest else "" for digest in roots],
        "image": [side.manifest.digest.short for side in sides],
        "platform": list(compared.platforms),
        "created": [moment(side.config.created) if side.config else "" for side in sides],
        "size": [f"{size(side.total) or '?'} in {plural(side.count, 'layer')}" for side in sides],
    }
    rows = [_row(name, *both) for name, both in values.items() if any(both)]
    output.table(("", "A", "B", ""), [_references(compared.a, compared.b), *rows])
    output.line("")
    output.line(f"A pull of B when A is there: {told(images.cost)}.")
    if images.layers:
        output.line("")
        output.table(("", "A", "B", "SIZE", "LAYER", "COMMAND"), map(_layer_cells, images.layers), frozenset({1, 2, 3}))
    if images.config:
        output.line("")
        cells = [
            (each.change.value, cut_left(each.path, PATH), cut(each.a, VALUE), cut(each.b, VALUE))
            for each in images.config
        ]
        output.table(("", "CONFIG", "A", "B"), cells)
    elif images.config is not None:
        output.line("")
        output.line("The configs say the same.")
    _print_steps(context, images.history or ())


def _print_steps(context: CommandContext, steps: Sequence[StepPair]) -> None:
    """Print the steps that came and went; those that stayed are in the table of the layers, or made none."""
    changed = [pair for pair in steps if pair.change is not Change.SAME]
    if not steps:
        return
    context.output.line("")
    if not changed:
        context.output.line(f"The histories have the same {plural(len(steps), 'step')}.")
        return
    cells = [(pair.change.value, cut(_command(pair.row), STEP)) for pair in changed]
    context.output.table(("", f"HISTORY, {plural(len(steps) - len(changed), 'step')} kept"), cells)


def _references(a: Opened, b: Opened) -> tuple[str, ...]:
    names = [cut_left(as_typed(visible(opened.reference.familiar, MORE)), SIDE) for opened in (a, b)]
    return "", *names, ""


def _row(name: str, a: str, b: str) -> tuple[str, ...]:
    return name, cut(a, SIDE), cut(b, SIDE), Change.of(a, b).value


def _layer_cells(pair: LayerPair) -> tuple[str, ...]:
    layer = pair.row.descriptor
    numbers = [str(row.number) if row else "" for row in (pair.a, pair.b)]
    amount = size(layer.size) if layer and layer.size is not None else "?"
    digest = layer.digest.short if layer and layer.digest else ""
    command = "(packed otherwise) " * pair.repacked + _command(pair.row)
    return pair.change.value, *numbers, amount, cut(digest, 19), cut(command, COMMAND)


def _command(row: LayerRow) -> str:
    return " ".join(filter(None, (row.command.instruction, row.command.rest)))


def told(cost: PullCost) -> str:
    """Say what a pull costs."""
    if not cost.new and not cost.unknown:
        return f"nothing new, {size(cost.shared)} shared"
    unknown = f" and {plural(cost.unknown, 'layer')} of unknown size" if cost.unknown else ""
    return f"{size(cost.new)} new{unknown}, {size(cost.shared)} shared"


# Two indexes


def _tell_indexes(context: CommandContext, compared: ComparedIndexes) -> ExitCode:
    if context.as_table:
        _print_indexes(context, compared)
    else:
        value = {
            "same": compared.same,
            "a": {"reference": as_typed(str(compared.a.reference)), "digest": str(compared.a.root.digest)},
            "b": {"reference": as_typed(str(compared.b.reference)), "digest": str(compared.b.root.digest)},
            "platforms": [_platform_value(each) for each in compared.platforms],
        }
        context.output.value(value, compact=context.arguments.raw)
    context.output.flush()
    for error in compared.errors:
        print_error(error)
    if compared.errors:
        return code_of(compared.errors[0])
    return ExitCode.OK if compared.same else ExitCode.NO


def _platform_value(each: ComparedPlatform) -> dict[str, object]:
    pair, cost = each.pair, each.cost
    nothing = {"new": 0, "shared": None, "unknown": 0} if pair.change is Change.SAME else None
    return {
        "change": pair.change.word,
        "platform": str(pair.platform),
        "a": _text(pair.a.descriptor.digest) if pair.a else None,
        "b": _text(pair.b.descriptor.digest) if pair.b else None,
        "pull": _cost_value(cost) if cost else nothing,
    }


def _text(digest: Digest | None) -> str | None:
    return str(digest) if digest else None


def _print_indexes(context: CommandContext, compared: ComparedIndexes) -> None:
    output = context.output
    row = _row("index", compared.a.root.digest.short, compared.b.root.digest.short)
    output.table(("", "A", "B", ""), [_references(compared.a, compared.b), row])
    if compared.platforms:
        output.line("")
        output.table(("", "PLATFORM", "A", "B", "PULL OF B"), map(_platform_cells, compared.platforms))


def _platform_cells(each: ComparedPlatform) -> tuple[str, ...]:
    pair = each.pair
    digests = [
        (listed.descriptor.digest.short if listed.descriptor.digest else "unusable") if listed else ""
        for listed in (pair.a, pair.b)
    ]
    cost = "?" if each.error else "" if pair.change is Change.REMOVED else "nothing new"
    if each.cost is not None and (each.cost.new or each.cost.unknown):
        cost = f"{size(each.cost.new)}, more" if each.cost.unknown else f"{size(each.cost.new)} new"
    return pair.change.value, cut(str(pair.platform), PLATFORM), *(cut(digest, 19) for digest in digests), cost
