"""registries.conf: what it forbids, moves and allows, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regbrowse.reference_input import read_typed
from regbrowse.settings.registries_conf import Mirror, NameList, RegistriesConf, RegistryEntry
from support.files import write
from support.machine import Machine


def registry(prefix: str, *more: str) -> str:
    return "\n".join(["[[registry]]", f'prefix = "{prefix}"', f'location = "{prefix}"', *more, ""])


def test_an_empty_machine(machine: Machine) -> None:
    read = machine.registries_conf()
    assert read.find("docker.io/library/alpine") is None
    assert machine.notices.all == ()


@pytest.mark.parametrize(
    ("prefixes", "name", "expected"),
    [
        (["docker.io"], "docker.io/library/alpine", "docker.io"),
        (["docker.io", "docker.io/library"], "docker.io/library/alpine", "docker.io/library"),
        (["docker.io/library", "docker.io"], "docker.io/library/alpine", "docker.io/library"),
        (["docker.io/lib"], "docker.io/library/alpine", ""),
        (["docker.io/library/alpine"], "docker.io/library/alpine", "docker.io/library/alpine"),
        (["docker.io/library/alpine/"], "docker.io/library/alpine", "docker.io/library/alpine"),
        (["docker.io/library/alpine"], "docker.io/library/alpine2", ""),
        (["example.com"], "example.com:5000/app", ""),
        (["example.com:5000"], "example.com:5000/app", "example.com:5000"),
        (["example.com:443"], "example.com/app", "example.com"),
        (["EXAMPLE.com"], "example.com/app", "example.com"),
        (["index.docker.io"], "docker.io/library/alpine", "docker.io"),
        (["*.example.com"], "a.example.com/app", "*.example.com"),
        (["*.example.com"], "b.a.example.com:5000/app", "*.example.com"),
        (["*.example.com:5000"], "a.example.com:5000/app", "*.example.com:5000"),
        (["*.example.com:5000"], "a.example.com/app", ""),
        (["*.example.com"], "example.com/app", ""),
        (["*.example.com"], "evil.com/a.example.com", ""),
        (["*.example.com"], "a.example.com.evil.com/app", ""),
        (["*.example.com", "*.a.example.com"], "b.a.example.com/app", "*.a.example.com"),
        (["[::1]:5000"], "[::1]:5000/app", "[::1]:5000"),
    ],
)
def test_the_longest_prefix_on_whole_components(
    machine: Machine, prefixes: list[str], name: str, expected: str
) -> None:
    text = "".join(f'[[registry]]\nprefix = "{prefix}"\n' for prefix in prefixes)
    found = machine.registries_conf(text).find(name)
    assert (found.prefix if found else "") == expected
    assert machine.notices.all == ()


@pytest.mark.parametrize(
    ("prefix", "location", "name", "moved"),
    [
        ("docker.io/library", "mirror.example/hub", "docker.io/library/alpine", "mirror.example/hub/alpine"),
        ("docker.io", "mirror.example", "docker.io/library/alpine", "mirror.example/library/alpine"),
        ("docker.io/library/a", "mirror.example/b", "docker.io/library/a", "mirror.example/b"),
        ("*.example.com", "mirror.example/x", "a.example.com:5000/app", "mirror.example/x/app"),
    ],
)
def test_another_location(machine: Machine, prefix: str, location: str, name: str, moved: str) -> None:
    entry = machine.registries_conf(f'[[registry]]\nprefix = "{prefix}"\nlocation = "{location}/"\n').find(name)
    assert entry is not None
    assert entry.relocated(entry.location, name) == moved


def test_a_whole_entry(machine: Machine) -> None:
    text = (
        '[[registry]]\nlocation = "example.com/ns"\nblocked = true\ninsecure = true\nmirror-by-digest-only = true\n'
        '[[registry.mirror]]\nlocation = "one.example:5000/x"\ninsecure = true\n'
        '[[registry.mirror]]\nlocation = "two.example"\npull-from-mirror = "tag-only"\n'
        '[[registry.mirror]]\nlocation = "three.example"\npull-from-mirror = "all"\n'
    )
    read = machine.registries_conf(text)
    mirrors = (
        Mirror("one.example:5000/x", insecure=True, only="digest"),
        Mirror("two.example", only="tag"),
        Mirror("three.example"),
    )
    file = str(machine.system)
    entry = RegistryEntry("example.com/ns", "example.com/ns", file, True, True, mirrors)
    assert read.find("example.com/ns/app") == entry
    assert machine.notices.all == ()
    for host in ("example.com", "one.example:5000"):
        assert read.insecure_by(host) == file
    for host in ("two.example", "one.example", "a.example.com"):
        assert read.insecure_by(host) == ""


def test_insecure_means_the_location(machine: Machine) -> None:
    read = machine.registries_conf(
        '[[registry]]\nprefix = "docker.io"\nlocation = "mirror.example/hub"\ninsecure = true\n'
    )
    assert read.insecure_by("mirror.example") == str(machine.system)
    assert read.insecure_by("docker.io") == ""


def test_insecure_behind_a_wildcard(machine: Machine) -> None:
    read = machine.registries_conf(
        '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n' + registry("a.example.com")
    )
    assert read.insecure_by("b.example.com:5000") == str(machine.system)
    assert read.insecure_by("a.example.com") == ""
    assert read.insecure_by("example.com") == ""


def test_which_file_counts(machine: Machine, tmp_path: Path) -> None:
    write(machine.system, registry("system.example"))
    assert machine.registries_conf().find("system.example/x")
    write(machine.user, registry("user.example"))
    assert machine.registries_conf().find("user.example/x")
    assert not machine.registries_conf().find("system.example/x")
    machine.environ["CONTAINERS_REGISTRIES_CONF"] = str(write(tmp_path / "given.conf", registry("given.example")))
    assert machine.registries_conf().find("given.example/x")
    assert not machine.registries_conf().find("user.example/x")
    assert machine.notices.all == ()


def test_a_named_file_that_is_not_there(machine: Machine) -> None:
    machine.environ["CONTAINERS_REGISTRIES_CONF"] = "/nowhere/registries.conf"
    machine.registries_conf(registry("system.example"))
    assert machine.notices.all == ("CONTAINERS_REGISTRIES_CONF names /nowhere/registries.conf, which does not exist.",)


def test_drop_ins_of_both_levels_in_order(machine: Machine) -> None:
    write(machine.user, registry("a.example"))
    system, user = machine.system.parent / "registries.conf.d", machine.user.parent / "registries.conf.d"
    write(system / "2.conf", registry("a.example", "blocked = true"))
    write(system / "1.conf", registry("a.example") + registry("b.example", "blocked = true"))
    write(system / "3.ignored", registry("a.example"))
    write(user / "0.conf", registry("c.example"))
    read = machine.registries_conf()
    found = read.find("a.example/x")
    assert found is not None
    assert (found.blocked, found.file) == (True, str(system / "2.conf"))
    assert read.find("b.example/x")
    assert read.find("c.example/x")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('location = "a.example"', 'location = "a.example"'),
        ('location = "a.example"', 'location = "A.example:443/"'),
        ('location = "a.example"', 'prefix = "a.example"'),
        ('location = "a.example"', 'prefix = "a.example"\nlocation = "a.example"'),
        ('prefix = "b.example"\nlocation = "a.example"', 'location = "a.example"'),
        ('prefix = "*.example"', 'prefix = "*.example"'),
    ],
)
def test_of_two_entries_for_one_location_the_stricter_counts(
    machine: Machine, one: str, other: str, first: bool
) -> None:
    strict, lax = "blocked = true\n", "insecure = true\n"
    parts = [one + "\n" + (strict if first else lax), other + "\n" + (lax if first else strict)]
    read = machine.registries_conf("".join(f"[[registry]]\n{part}" for part in parts))
    for name in ("a.example/x", "b.example/x"):
        found = read.find(name)
        assert found is None or (found.blocked, found.insecure) == (True, False)
    assert read.find("a.example/x") is not None
    assert read.insecure_by("a.example") == ""
    location = "*.example" if "*" in one else "a.example"
    assert machine.notices.all == (
        f'{machine.system}: the entries for the location "{location}" do not agree; it counts as blocked.',
        f'{machine.system}: the entries for the location "{location}" do not agree; it does not count as insecure.',
    )


def meant(read: RegistriesConf, text: str) -> tuple[str, str]:
    """What a text means, and the note about that."""
    typed = read.meant(read_typed(text))
    return str(typed.place), typed.note


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("fedora", "registry.fedoraproject.org/fedora"),
        ("fedora:40", "registry.fedoraproject.org/fedora:40"),
        (f"fedora@sha256:{'0' * 64}", f"registry.fedoraproject.org/fedora@sha256:{'0' * 64}"),
        ("podman pull fedora:40", "registry.fedoraproject.org/fedora:40"),
        ("suse/leap", "registry.opensuse.org/opensuse/leap"),
        ("app", "localhost:5000/acme/app"),
        ("docker.io/fedora", "docker.io/library/fedora"),
        ("https://hub.docker.com/_/fedora", "docker.io/library/fedora"),
        ("library/fedora", "docker.io/library/fedora"),
        ("fedora2", "docker.io/library/fedora2"),
        ("quay.io/fedora", "quay.io/fedora"),
        ("docker.io/", "docker.io"),
    ],
)
def test_short_names(machine: Machine, text: str, place: str) -> None:
    read = machine.registries_conf(
        '[aliases]\n"fedora" = "registry.fedoraproject.org/fedora"\n'
        '"suse/leap" = "registry.opensuse.org/opensuse/leap"\n'
        '"app" = "localhost:5000/acme/app"\n"alpine" = "docker.io/library/alpine"\n"bash" = "docker.io/bash"\n'
    )
    found, note = meant(read, text)
    assert found == place
    is_alias = read_typed(text).place != read_typed(place).place
    assert (f"an alias in {machine.system}." in note) is is_alias
    assert meant(read, "alpine") == ("docker.io/library/alpine", "")
    assert meant(read, "bash") == ("docker.io/library/bash", "")
    assert machine.notices.all == ()


def test_short_names_of_drop_ins(machine: Machine) -> None:
    """A later file counts, and takes back with an empty text."""
    folder = machine.system.parent / "registries.conf.d"
    write(folder / "1.conf", '[aliases]\na = "one.example/a"\nb = "one.example/b"\nc = "one.example/c"\n')
    write(machine.user.parent / "registries.conf.d" / "0.conf", '[aliases]\na = "two.example/a"\nb = ""\n')
    read = machine.registries_conf("")
    assert [meant(read, name)[0] for name in "abc"] == ["two.example/a", "docker.io/library/b", "one.example/c"]


@pytest.mark.parametrize("key", ["a:1", "a.example/b", f"a@sha256:{'0' * 64}", "A", "", "docker pull a"])
def test_aliases_that_are_no_short_names(machine: Machine, key: str) -> None:
    machine.registries_conf(f'[aliases]\n"{key}" = "a.example/b"\n')
    assert machine.notices.all == (
        f'{machine.system}: the alias "{key}" is no name without registry, tag and digest; it is not used.',
    )


@pytest.mark.parametrize(
    "value", ["a", "a/b", "a.example/b:1", "a.example", "https://a.example/b", "oci:x", "A.example/B"]
)
def test_aliases_that_stand_for_no_repository(machine: Machine, value: str) -> None:
    assert meant(machine.registries_conf(f'[aliases]\na = "{value}"\n'), "a")[0] == "docker.io/library/a"
    assert machine.notices.all == (
        f'{machine.system}: the alias "a" stands for "{value}", which is no registry and repository; it is not used.',
    )


def test_registries_to_search_are_told(machine: Machine) -> None:
    read = machine.registries_conf('unqualified-search-registries = ["one.example", "docker.io"]\n')
    note = f'"app" is taken from Docker Hub. podman would search one.example, docker.io ({machine.system}).'
    assert meant(read, "app:1") == ("docker.io/library/app:1", note)
    assert meant(read, "docker.io/app") == ("docker.io/library/app", "")
    for names in ('"docker.io", "one.example"', ""):
        assert meant(machine.registries_conf(f"unqualified-search-registries = [{names}]\n"), "app")[1] == ""


def test_credential_helpers_of_the_last_file_that_names_some(machine: Machine) -> None:
    assert machine.registries_conf("").helpers is None
    read = machine.registries_conf('credential-helpers = ["containers-auth.json", "vault", 5]\n')
    assert read.helpers == NameList(("containers-auth.json", "vault"), machine.system)
    drop_in = write(machine.system.parent / "registries.conf.d" / "x.conf", 'credential-helpers = ["pass"]\n')
    assert machine.registries_conf().helpers == NameList(("pass",), drop_in)
    assert machine.notices.all == (
        f'{machine.system}: "credential-helpers" must be a list of texts; the rest of it is used.',
    )


def test_of_two_entries_for_one_prefix_the_first_counts(machine: Machine) -> None:
    read = machine.registries_conf(
        '[[registry]]\nprefix = "a.example"\nlocation = "one.example"\n'
        '[[registry]]\nprefix = "a.example"\nlocation = "two.example"\n'
    )
    found = read.find("a.example/x")
    assert found is not None
    assert found.location == "one.example"
    assert machine.notices.all == (
        f'{machine.system}: the prefix "a.example" is written more than once; its first entry counts.',
    )


def test_a_blocked_entry_counts_also_behind_another_one_of_its_prefix(machine: Machine) -> None:
    read = machine.registries_conf(
        '[[registry]]\nprefix = "a.example"\nlocation = "one.example"\n'
        '[[registry]]\nprefix = "a.example"\nlocation = "two.example"\nblocked = true\n'
    )
    found = read.find("a.example/x")
    assert found is not None
    assert found.blocked
    assert "it counts as blocked" in " ".join(machine.notices.all)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("aliases = 5", '"aliases" must be a table, not a number; it is not used'),
        ("[aliases]\na = 5", 'the alias "a" must be a text, not a number; it is not used'),
        ("credential-helpers = 5", "credential-helpers must be a list, not a number; it is not used"),
        ("registry = 5", "registry must be a list, not a number; it is not used"),
        ("registry = [5]", "[[registry]] number 1 must be a table, not a number; it is not used"),
        ("[[registry]]\nprefix = 5", "prefix of [[registry]] number 1 must be a text, not a number; it is not used"),
        ("[[registry]]\nblocked = true", "[[registry]] number 1 has neither prefix nor location; it is not used"),
        ('[[registry]]\nlocation = "https://x.example"',
         '[[registry]] number 1: the location "https://x.example" is a URL; write the host without it; it is not used'),
        ('[[registry]]\nlocation = "_/x"',
         '[[registry]] number 1: the location "_/x" does not begin with a host; it is not used'),
        ('[[registry]]\nprefix = "x.example/a:1"',
         '[[registry]] number 1: the prefix "x.example/a:1" names a single tag or digest; it is not used'),
        ('[[registry]]\nprefix = "*.x.example/a"',
         '[[registry]] number 1: the prefix "*.x.example/a" has a path behind a wildcard; it is not used'),
        ('[[registry]]\nlocation = "*.x.example"',
         '[[registry]] number 1: the location "*.x.example" does not begin with a host; it is not used'),
        ('[[registry]]\nlocation = "x.example"\nblocked = "yes"',
         "blocked of [[registry]] number 1 must be true or false, not a text; it is not used"),
        ('[[registry]]\nlocation = "x.example"\ninsecure = 1',
         "insecure of [[registry]] number 1 must be true or false, not a number; it is not used"),
        ('[[registry]]\nlocation = "x.example"\nmirror = "y"',
         "mirror of [[registry]] number 1 must be a list, not a text; it is not used"),
        ('[[registry]]\nlocation = "x.example"\nmirror = ["y"]',
         "[[registry]] number 1, mirror 1 must be a table, not a text; it is not used"),
        ('[[registry]]\nlocation = "x.example"\n[[registry.mirror]]\ninsecure = true',
         "[[registry]] number 1, mirror 1 has no location; it is not used"),
        ('[[registry]]\nlocation = "x.example"\n[[registry.mirror]]\nlocation = "y.example"\npull-from-mirror = 5',
         '[[registry]] number 1, mirror 1: "pull-from-mirror" must be all, digest-only or tag-only'),
        ("[registries.search]\nregistries = []", 'it is written in version 1 of the format; "[registries.…]"'
         " is not used"),
        ("registry = [" + "{}," * 1001 + "]", '"registry" has more than 1,000 entries; the rest is not used'),
    ],
)  # fmt: skip
def test_wrong_kinds_are_named_and_the_rest_is_used(machine: Machine, text: str, notice: str) -> None:
    drop_in = write(machine.system.parent / "registries.conf.d" / "x.conf", registry("rest.example", "blocked = true"))
    found = machine.registries_conf(text).find("rest.example/x")
    assert found is not None
    assert found.file == str(drop_in)
    assert f"{machine.system}: {notice}." in machine.notices.all
    assert notice.startswith('"registry" has more') or len(machine.notices.all) == 1


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a = 1\nb = \n", " line 2", "the value is none of TOML; texts need quotation marks"),
        ("a = 1\na = 2\n", " line 2", "the key is set twice"),
        ("[a]\n[a]\n", " line 2", "the table is written twice"),
        ("[a\n", " line 1", "a bracket is missing"),
        ("a\n", " line 1", "an equals sign is missing behind the key"),
        ('a = "x\n', " line 1", "a text has no end, or a control character in it"),
        ('a = "\\q"\n', " line 1", "a text has a single backslash in it; write two, or use single quotes"),
        ("a = 1 2\n", " line 1", "there is something behind the value"),
        ("a = {b = 1\n", " line 1", ""),
        ("a = [\n", "", "it has no end"),
        ("a = " + "[" * 5000, "", "a number or nesting is too large"),
        ("a = " + "1" * 5000, "", "a number or nesting is too large"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(machine: Machine, text: str, place: str, reason: str) -> None:
    machine.registries_conf(text)
    (notice,) = machine.notices.all
    assert notice.startswith(f"{machine.system}{place}: {reason}")
    assert notice.endswith("; the file is not used.")


def test_files_that_cannot_be_read(machine: Machine) -> None:
    machine.system.mkdir(parents=True)
    folder = machine.system.parent / "registries.conf.d"
    write(folder / "big.conf", "#" * (2**20 + 1))
    (folder / "bytes.conf").write_bytes(b"a = 1\n\xff")
    write(folder / "good.conf", registry("good.example"))
    assert machine.registries_conf().find("good.example/x")
    assert machine.notices.all == (
        f"{machine.system} is a folder, not a file; it is not used.",
        f"{folder}/big.conf is larger than 1 MiB; it is not used.",
        f"{folder}/bytes.conf line 2: this is not UTF-8; the file is not used.",
    )


def test_folders_and_files_that_may_not_be_read(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    write(machine.system, registry("x.example"))
    opened, listed = Path.open, Path.iterdir

    def refuse_opening(path: Path, mode: str) -> object:
        if path == machine.system:
            raise PermissionError(13, "Permission denied")
        return opened(path, mode)

    def refuse_listing(path: Path) -> object:
        if path.is_relative_to(machine.etc):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "open", refuse_opening)
    monkeypatch.setattr(Path, "iterdir", refuse_listing)
    assert machine.registries_conf().find("x.example/x") is None
    assert set(machine.notices.all) == {
        f"{machine.system} cannot be read (permission denied); it is not used.",
        f"{machine.system}.d cannot be read; its files are not used.",
    }


_TOML = st.recursive(
    st.sampled_from(["true", "1", '"x.example"', '"*.x"', '"a\\u0000b"', "1.5", "1979-05-27", "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(st.sampled_from(["prefix", "location", "mirror", "blocked"]), inner, max_size=4).map(
            lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each.items()) + "}"
        ),
    ),
    max_leaves=10,
)
_KEYS = st.sampled_from(["registry", "registries"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.dictionaries(_KEYS, _TOML), st.text(), st.text())
def test_any_registries_conf_is_survived(tmp_path: Path, values: dict[str, str], junk: str, name: str) -> None:
    machine = Machine(tmp_path)
    for text in ("\n".join(f"{key} = {value}" for key, value in values.items()), junk):
        read = machine.registries_conf(text.encode("utf-8", "replace").decode())
        read.find(name)
        read.insecure_by(name)
    machine.environ["CONTAINERS_REGISTRIES_CONF"] = junk
    machine.registries_conf()
