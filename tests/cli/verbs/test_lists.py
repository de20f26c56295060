"""`tags` and `catalog`: whole arrays, written while pages come, also when the list ends early."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from regbrowse.registry.listing import pagination
from support import images
from support.archives import layout_files, tagged
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

APP = images.image()
REPOSITORY = "acme/app"
LIST = f"/v2/{REPOSITORY}/tags/list"


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository(REPOSITORY).listed = ["zz", "1.2", "latest", "1.10", "a"]
    return f"{registry.name}/{REPOSITORY}"


async def until(run: CommandLine, part: bytes) -> None:
    async with asyncio.timeout(10):
        while part not in run.out.bytes.getvalue():
            await asyncio.sleep(0.001)


async def test_all_pages_in_the_order_of_the_registry(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.page_size = 2
    said = await run("tags", name)
    assert (said.code, said.err) == (0, "")
    assert said.json == ["zz", "1.2", "latest", "1.10", "a"]
    assert said.out == '[\n  "zz",\n  "1.2",\n  "latest",\n  "1.10",\n  "a"\n]\n'
    assert len(registry.paths(LIST)) == 3


async def test_one_in_a_line(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.page_size = 2
    said = await run("tags", name, "--format", "table")
    assert (said.code, said.out) == (0, "zz\n1.2\nlatest\n1.10\na\n")


@pytest.mark.parametrize("terminal", [False, True])
async def test_all_in_one_line(registry: FakeRegistry, run: CommandLine, name: str, terminal: bool) -> None:
    """As the reference tool prints it, for jq and the like."""
    registry.page_size = 2
    said = await run("-r", "tags", name, terminal=terminal)
    assert (said.code, said.out) == (0, '["zz","1.2","latest","1.10","a"]\n')


@pytest.mark.parametrize("words", [[], ["-r"]])
async def test_a_page_is_written_before_the_next_comes(
    registry: FakeRegistry, run: CommandLine, name: str, words: list[str]
) -> None:
    registry.page_size = 2

    def link(path: str, query: str) -> str:
        registry.gate(LIST)  # the first page is on its way, and the next one has to wait
        return f'<{path}?{query}>; rel="next"'

    registry.link = link
    asking = asyncio.create_task(run("tags", name, *words))
    await until(run, b"1.2")
    gate = registry.gate(LIST)
    await asyncio.wait_for(gate.arrived.wait(), 10)
    assert b"latest" not in run.out.bytes.getvalue()
    gate.open()
    assert (await asking).code == 0


async def test_a_failure_later_leaves_a_whole_array(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.page_size = 2
    registry.fault(LIST, Fault(status=403, body=b'{"errors":[{"code":"DENIED"}]}', after=2))
    said = await run("tags", name)
    assert said.json == ["zz", "1.2", "latest", "1.10"]
    assert said.code == 4
    assert "DENIED" in said.err
    assert len(said.err.splitlines()) == 1


async def test_a_failure_at_once_prints_nothing(run: CommandLine, registry: FakeRegistry) -> None:
    said = await run("tags", f"{registry.name}/acme/nothing")
    assert (said.code, said.raw) == (1, b"")
    assert "NAME_UNKNOWN" in said.err


async def test_a_list_that_goes_round_is_incomplete(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.link = lambda path, _: f'<{path}?n=1000>; rel="next"'
    registry.page_size = 2
    said = await run("tags", name)
    assert said.json == ["zz", "1.2"]
    assert said.code == 3
    assert "the same page again; stopped after 2 names" in said.err


async def test_no_tags_and_null(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    for body in (b'{"name":"acme/app","tags":null}', b'{"name":"acme/app","tags":[]}'):
        registry.faults[LIST] = [Fault(status=200, body=body)]
        said = await run("tags", name)
        assert (said.code, said.out, said.err) == (0, "[]\n", "")


async def test_what_is_no_tag_is_left_out_and_said(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.repository(REPOSITORY).listed = ["ok", "\x1b[31m", 5, "a b"]
    said = await run("--format", "table", "tags", name)
    assert (said.code, said.out) == (0, "ok\n")
    assert said.err == "3 entries of the list left out: no valid tag.\n"


async def test_a_tag_behind_it_is_not_looked_at(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    for behind in (":nope", f"@{APP.digest}"):
        said = await run("--format", "table", "tags", name + behind)
        assert (said.code, len(said.lines)) == (0, 5)
        assert said.err == f'The tags of {name} are listed; "{behind}" is not looked at.\n'
    assert not [path for path in registry.paths() if "/manifests/" in path]


async def test_it_goes_on_where_a_screen_would_rest(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "SOFT_CAP", 30)
    monkeypatch.setattr(pagination, "MAX_NAMES", 60)
    monkeypatch.setattr(pagination, "MAX_KEPT_OF_STREAM", 20)
    tags = [f"t{number:03}" for number in range(200)]
    registry.repository(REPOSITORY).listed = [*tags]
    registry.page_size = 10
    said = await run("tags", f"{registry.name}/{REPOSITORY}")
    assert (said.code, said.err) == (0, "")
    assert said.json == tags
    assert (await run("--format", "table", "tags", f"{registry.name}/{REPOSITORY}")).lines == tags


@pytest.mark.parametrize("size", [10, 7])
async def test_a_list_without_an_end_is_cut_at_the_limit(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(pagination, "MAX_STREAMED_NAMES", 60)
    monkeypatch.setattr(pagination, "MAX_KEPT_OF_STREAM", 20)
    registry.repository(REPOSITORY).listed = [f"t{number:03}" for number in range(200)]
    registry.page_size = size
    said = await run("tags", f"{registry.name}/{REPOSITORY}")
    assert said.code == 3
    assert said.json == [f"t{number:03}" for number in range(60)]
    assert said.err == f"Only the first 60 names are read; {registry.name} lists more.\n"
    assert len(registry.paths()) == -(-60 // size)


async def test_a_list_of_small_pages_without_an_end_is_cut_at_the_limit(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(pagination, "MAX_PAGES", 2)
    registry.page_size = 2
    said = await run("tags", name)
    assert (said.code, said.json) == (3, ["zz", "1.2", "latest", "1.10"])
    assert said.err == f"{registry.name} sent 2 pages; stopped there.\n"


async def test_pages_that_are_linked_without_a_relation(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.link = lambda path, query: f"<{path}?{query}>"
    registry.page_size = 2
    said = await run("tags", name)
    assert (said.code, said.json, said.err) == (0, ["zz", "1.2", "latest", "1.10", "a"], "")


async def test_a_link_that_is_longer_than_is_read_cuts_the_list(
    registry: FakeRegistry, run: CommandLine, name: str
) -> None:
    registry.link = lambda path, query: f'<{path}?{query}&more={"x" * 20_000}>; rel="next"'
    registry.page_size = 2
    said = await run("tags", name)
    assert (said.code, said.json) == (3, ["zz", "1.2"])
    assert said.err == f"{registry.name} sent more in Link headers than is read; its list may go on.\n"


async def test_a_list_that_was_read_is_there_offline(run: CommandLine, name: str) -> None:
    await run("tags", name)
    said = await run("--format", "table", "--offline", "tags", name)
    assert said.code == 0
    assert sorted(said.lines) == ["1.10", "1.2", "a", "latest", "zz"]
    assert said.err, "when that was"


async def test_with_digests(registry: FakeRegistry, run: CommandLine) -> None:
    shelf = registry.repository(REPOSITORY)
    other = images.image(architecture="arm64")
    shelf.add(APP, "1", "latest")
    shelf.add(other, "2")
    shelf.listed = ["latest", "2", "gone", "1"]
    name = f"{registry.name}/{REPOSITORY}"
    said = await run("tags", "-l", name)
    assert said.json == [
        {"tag": "latest", "digest": APP.digest},
        {"tag": "2", "digest": other.digest},
        {"tag": "gone", "digest": None},
        {"tag": "1", "digest": APP.digest},
    ]
    assert (await run("tags", "-l", "-r", name)).out == json.dumps(said.json, separators=(",", ":")) + "\n"
    table = f"{APP.digest}  latest\n{other.digest}  2\n{'gone':71}  gone\n{APP.digest}  1\n"
    for words in (["--format", "table"], []):
        said = await run("tags", "-l", name, *words, terminal=not words)
        assert said.out == f"{'DIGEST':71}  TAG\n{table}"
    assert all(one.method == "HEAD" for one in registry.asked if one.status == 200 and "/manifests/" in one.path)


async def test_digests_four_at_once_and_in_order(registry: FakeRegistry, run: CommandLine) -> None:
    tags = [f"t{number}" for number in range(8)]
    registry.repository(REPOSITORY).add(APP, *tags)
    gates = [registry.gate(f"/v2/{REPOSITORY}/manifests/{tag}") for tag in tags]
    asking = asyncio.create_task(run("tags", "-l", "--format", "table", f"{registry.name}/{REPOSITORY}"))
    async with asyncio.timeout(10):
        for gate in gates[:4]:
            await gate.arrived.wait()
        assert not gates[4].arrived.is_set()
        gates[1].open()
        gates[0].open()
        await gates[5].arrived.wait()
    await until(run, b"t1\n")
    assert [line.split()[1] for line in run.out.bytes.getvalue().decode().splitlines()[1:]] == ["t0", "t1"]
    for gate in gates:
        gate.open()
    assert [line.split()[1] for line in (await asking).lines[1:]] == tags


async def test_a_head_without_a_digest_is_followed_by_a_get(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository(REPOSITORY).add(APP, "1")
    registry.fault(f"/v2/{REPOSITORY}/manifests/1", Fault(status=200, body=b"", method="HEAD"))
    said = await run("tags", "-l", f"{registry.name}/{REPOSITORY}")
    assert said.json == [{"tag": "1", "digest": APP.digest}]


async def test_a_registry_that_fails_at_head_is_asked_by_get(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regbrowse.registry.transport.transport.backoff", lambda *_: 0.0)
    tags = [f"t{number:02}" for number in range(12)]
    registry.repository(REPOSITORY).add(APP, *tags)
    for tag in tags:
        registry.fault(f"/v2/{REPOSITORY}/manifests/{tag}", Fault(500, b"", method="HEAD"))
    said = await run("tags", "-l", f"{registry.name}/{REPOSITORY}")
    assert (said.code, said.err) == (0, "")
    assert said.json == [{"tag": tag, "digest": APP.digest} for tag in tags]
    heads = {one.path for one in registry.asked if one.method == "HEAD" and "/manifests/" in one.path}
    assert len(heads) < len(tags), "once it is known that HEAD fails, it is not sent any more"
    said = await run("digest", f"{registry.name}/{REPOSITORY}:t00")
    assert (said.code, said.out) == (0, f"{APP.digest}\n")


async def test_digests_that_end_early(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository(REPOSITORY).add(APP, "a", "b", "c")
    limited = Fault(status=429, headers=[("Retry-After", "7200")], body=b"")
    registry.fault(f"/v2/{REPOSITORY}/manifests/b", limited)
    said = await run("tags", "-l", f"{registry.name}/{REPOSITORY}")
    assert said.code == 3
    assert said.json == [{"tag": "a", "digest": APP.digest}]
    assert "limit" in said.err


async def test_catalog(registry: FakeRegistry, run: CommandLine) -> None:
    for path in ("b/two", "a/one", "c"):
        registry.repository(path)
    registry.page_size = 2
    said = await run("catalog", registry.name)
    assert (said.code, said.json, said.err) == (0, ["a/one", "b/two", "c"], "")
    said = await run("--format", "table", "catalog", f"{registry.name}/acme/app:1")
    assert (said.code, said.lines) == (0, ["a/one", "b/two", "c"])
    assert said.err == f"The repositories of {registry.name} are listed; what stands behind it is not looked at.\n"


async def test_catalog_of_an_image_and_tags_of_a_registry(run: CommandLine) -> None:
    said = await run("catalog", "alpine:3")
    assert (said.code, said.raw) == (2, b"")
    assert '"alpine:3" is an image, and this asks about a registry.' in said.err
    said = await run("tags", "localhost:5000")
    assert (said.code, said.raw) == (2, b"")
    assert "localhost:5000 is a registry" in said.err


async def test_a_registry_without_a_catalog(registry: FakeRegistry, run: CommandLine) -> None:
    registry.catalog = False
    said = await run("catalog", registry.name)
    assert (said.code, said.raw) == (3, b"")
    assert "regbrowse: " in said.err


async def test_the_built_in_registry(run: CommandLine) -> None:
    said = await run("tags", "demo")
    assert (said.code, said.err) == (0, "")
    assert len(said.json) > 100
    assert "acme/base/alpine" in (await run("catalog", "demo")).json


async def test_files(run: CommandLine, tmp_path: Path) -> None:
    for path, content in layout_files(tagged(APP, "app:1"), tagged(APP, "app:2"), tagged(APP, "3")).items():
        file = tmp_path / "images" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    source = f"oci:{tmp_path / 'images'}"
    assert len((await run("catalog", source)).json) == 2
    assert (await run("tags", f"{source}:app:2")).json == ["1", "2"]
    said = await run("tags", source)
    assert (said.code, said.raw) == (2, b"")
    assert "holds more than one image" in said.err


async def test_a_terminal_sees_the_same_array(run: CommandLine, name: str) -> None:
    said = await run("tags", name, terminal=True)
    assert json.loads(said.raw) == ["zz", "1.2", "latest", "1.10", "a"]
