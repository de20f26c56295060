"""Docker's daemon.json: who may be reached by http, which mirrors there are, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regbrowse.reference import Registry
from support.files import write
from support.machine import Machine


def test_dockers_daemon(machine: Machine) -> None:
    insecure = ["plain.example:5000", "tls.example:443", "10.0.0.0/8", "fd00::/8", "192.168.0.1/24"]
    text = json.dumps(
        {"insecure-registries": insecure, "registry-mirrors": ["https://m.example/", "http://n.example:1/x"]}
    )
    daemon = machine.daemon(text)
    for name in ("plain.example:5000", "tls.example", "10.1.2.3", "10.1.2.3:5000", "[fd00::5]:5000", "192.168.0.9"):
        assert daemon.is_insecure(Registry.parse(name)), name
    for name in ("plain.example", "11.0.0.1", "[fe80::1]", "ten.example"):
        assert not daemon.is_insecure(Registry.parse(name)), name
    assert daemon.mirrors == ("m.example", "n.example:1/x")
    assert machine.notices.all == ()


def test_every_daemon_file_counts(machine: Machine) -> None:
    write(machine.home / ".docker" / "daemon.json", '{"insecure-registries": ["desktop.example"]}')
    write(machine.home / ".config" / "docker" / "daemon.json", '{"insecure-registries": ["rootless.example"]}')
    daemon = machine.daemon('{"insecure-registries": ["system.example"]}')
    for name in ("desktop.example", "rootless.example", "system.example"):
        assert daemon.is_insecure(Registry.parse(name))


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("{\n", " line 2, column 1: this is not JSON; the file is not used."),
        ("[]", " holds no JSON object; the file is not used."),
        ('{"a', ": this is not JSON; the file is not used."),
        ("<html>", ": this is not JSON; the file is not used."),
        ('{"a":NaN}', " has a number or nesting that is too large; the file is not used."),
        ("[" * 100_000, " has a number or nesting that is too large; the file is not used."),
        ('{"insecure-registries": 5}', ': "insecure-registries" must be a list, not a number; it is not used.'),
        ('{"registry-mirrors": {}}', ': "registry-mirrors" must be a list, not a table; it is not used.'),
        ('{"insecure-registries": [null]}', ': "insecure-registries" has an entry that is null, not a text;'
         " it is not used."),
        ('{"insecure-registries": ["http://x"]}', ': "http://x" in "insecure-registries" is a URL; write the host'
         " without it; it is not used."),
        ('{"insecure-registries": ["10.0.0.0/99"]}', ': "10.0.0.0/99" in "insecure-registries" is not a network;'
         " it is not used."),
        ('{"insecure-registries": ["x_y"]}', ': "x_y" in "insecure-registries" is neither a host nor a network;'
         " it is not used."),
        ('{"registry-mirrors": ["m.example"]}', ': "m.example" in "registry-mirrors" is not an http or https URL;'
         " it is not used."),
        ('{"registry-mirrors": ["https://_"]}', ': "https://_" in "registry-mirrors" has no valid host;'
         " it is not used."),
        ('{"registry-mirrors": ["https://me:canary@m"]}', ': an entry with a user name in it in "registry-mirrors"'
         " has no valid host; it is not used."),
    ],
)  # fmt: skip
def test_wrong_daemon_files_are_named(machine: Machine, text: str, notice: str) -> None:
    machine.daemon(text)
    assert machine.notices.all == (f"{machine.daemon_file}{notice}",)


def test_an_empty_daemon_file_says_nothing(machine: Machine) -> None:
    machine.daemon(" \n")
    assert machine.notices.all == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(["insecure-registries", "registry-mirrors"]), _JSON), st.text())
def test_any_daemon_file_is_survived(tmp_path: Path, values: dict[str, object], junk: str) -> None:
    for text in (json.dumps(values), junk.encode("utf-8", "replace").decode()):
        Machine(tmp_path).daemon(text).is_insecure(Registry.parse("10.0.0.1"))
