"""`lint`: what is wrong with an image or an index, without reading a layer."""

from __future__ import annotations

from dataclasses import dataclass, field

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, code_of, note, print_error
from regbrowse.concurrency import for_each
from regbrowse.errors import BadResponse, Integrity, NotFound, RegbrowseError, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import walk
from regbrowse.oci.lint import ConfigOutcome, Finding, ManifestOutcome, lint
from regbrowse.oci.manifest import Image, Index, Manifest
from regbrowse.reference import Digest
from regbrowse.text import plural, visible

MOST = 1_000
"""Manifests that are read at most."""
_OF_CONTENT = (NotFound, Integrity, BadResponse, TooLarge)
"""What is wrong with one document says nothing of the next."""


@dataclass(slots=True)
class _Reading:
    """What was read of an image or an index."""

    context: CommandContext
    children: dict[Digest, ManifestOutcome] = field(default_factory=dict)
    configs: dict[Digest, ConfigOutcome] = field(default_factory=dict)
    problems: list[RegbrowseError] = field(default_factory=list)
    """What could not be read, and is no finding."""
    left_out: int = 0
    _stopped: bool = False

    async def everything(self, root: Manifest) -> None:
        """Read configs and children, level by level, each digest once."""
        await self._config(root)
        if not isinstance(root, Index):
            return
        for level in walk(root, self.children):
            todo = {entry.digest: entry.descriptor for entry in level if entry.digest and not entry.refusal}
            wanted = [each for digest, each in todo.items() if digest not in self.children]
            room = MOST - len(self.children)
            self.left_out += max(0, len(wanted) - room)
            await for_each(self._child, wanted[: max(0, room)])

    async def _child(self, descriptor: Descriptor) -> None:
        if self._stopped or descriptor.digest is None:
            return
        try:
            manifest = await self.context.browser.child(self.context.repository, descriptor)
        except _OF_CONTENT as error:
            self.children[descriptor.digest] = error
            if not isinstance(error, NotFound | Integrity):
                self.problems.append(error)
        except RegbrowseError as error:
            self._stop(error)
        else:
            self.children[descriptor.digest] = manifest
            await self._config(manifest)

    async def _config(self, manifest: Manifest) -> None:
        if self._stopped or not isinstance(manifest, Image) or manifest.config.digest is None:
            return
        try:
            self.configs[manifest.digest] = await self.context.browser.config(self.context.repository, manifest)
        except _OF_CONTENT as error:
            self.configs[manifest.digest] = error
        except RegbrowseError as error:
            self._stop(error)

    def _stop(self, error: RegbrowseError) -> None:
        """Ask for nothing more: the next one would fail for the same reason."""
        if not self._stopped:
            self._stopped = True
            self.problems.append(error)


async def run(context: CommandContext) -> ExitCode:
    """Raises RegbrowseError when what the reference names cannot be read."""
    root = await context.browser.open(context.reference)
    reading = _Reading(context)
    await reading.everything(root)
    findings = list(lint(root, reading.children, reading.configs))
    if context.as_table:
        for finding in findings:
            _write(context, finding)
    else:
        context.output.value([finding.as_json() for finding in findings], compact=context.arguments.raw)
    context.output.flush()
    read = 1 + sum(isinstance(outcome, Manifest) for outcome in reading.children.values())
    note(f"{plural(len(findings), 'finding')} in {plural(read, 'manifest')}.")
    if reading.left_out:
        note(f"{plural(reading.left_out, 'manifest')} more were not read.")
    for problem in reading.problems:
        print_error(problem)
    if reading.problems:
        return code_of(reading.problems[0])
    return ExitCode.NO if findings else ExitCode.OK


def _write(context: CommandContext, finding: Finding) -> None:
    """Write a finding for people: how bad and where, and below that what and why."""
    where = "  ".join(filter(None, (finding.platform, str(finding.digest or "no usable digest"))))
    context.output.line(visible(f"{finding.severity:<7}  {finding.rule}  {where}"))
    context.output.line(f"         {finding.what} {finding.why}")
