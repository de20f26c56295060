"""What this machine says of one registry, when several files speak at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from real.certificates import authority
from regbrowse.oci.platform import Platform
from regbrowse.reference import Registry, Repository, parse_reference
from regbrowse.settings.certificates import Trust
from regbrowse.settings.network import Resolved
from regbrowse.settings.proxies import Proxy
from support.files import write
from support.machine import Machine

SIGNER = authority()


def registry(name: str) -> Registry:
    return Registry.parse(name)


def repository(name: str) -> Repository:
    return parse_reference(name).repository


def test_an_empty_machine(machine: Machine) -> None:
    network = machine.network()
    alpine = repository("alpine")
    assert network.resolve(alpine) == Resolved(alpine)
    assert network.blocked(alpine.registry) == ""
    assert not network.http_allowed(alpine.registry)
    assert not network.http_asked(alpine.registry)
    places = machine.home / ".config" / "containers" / "certs.d"
    assert network.trust("registry-1.docker.io", 443) == Trust(folder=places / "docker.io")
    assert network.proxy("https", "registry-1.docker.io", 443) is None
    assert network.connections("registry-1.docker.io", 443) == 4
    assert (network.cache_size, network.platform, network.notices) == (None, None, ())


def test_a_blocked_registry_names_the_file(machine: Machine) -> None:
    file = write(
        machine.system,
        '[[registry]]\nlocation = "evil.example"\nblocked = true\n'
        '[[registry]]\nprefix = "docker.io/library"\nblocked = true\n'
        '[[registry]]\nprefix = "*.bad.example"\nblocked = true\n'
        '[[registry]]\nlocation = "evil.example/good"\n',
    )
    network = machine.network()
    assert network.blocked(registry("evil.example")) == f"evil.example is blocked by {file}."
    assert network.blocked(registry("EVIL.example.:443")) == f"evil.example is blocked by {file}."
    assert network.blocked(registry("a.bad.example:5000")) == f"*.bad.example is blocked by {file}."
    assert network.blocked(registry("docker.io")) == ""
    assert network.resolve(repository("alpine")).blocked == f"docker.io/library is blocked by {file}."
    assert network.resolve(repository("acme/app")).blocked == ""
    assert network.resolve(repository("evil.example/app")).blocked == f"evil.example is blocked by {file}."
    assert network.resolve(repository("evil.example/good/app")).blocked == ""


@pytest.mark.parametrize(
    ("name", "real", "shown"),
    [
        ("alpine", "mirror.example/hub/library/alpine", "docker.io/library/alpine"),
        ("a.corp.example:5000/app", "mirror.example/corp/app", "a.corp.example:5000/app"),
    ],
)
def test_another_location_is_used_and_shown(machine: Machine, name: str, real: str, shown: str) -> None:
    file = write(
        machine.system,
        '[[registry]]\nprefix = "docker.io"\nlocation = "mirror.example/hub"\n'
        '[[registry]]\nprefix = "*.corp.example"\nlocation = "mirror.example/corp"\n',
    )
    resolved = machine.network().resolve(repository(name))
    assert resolved == Resolved(repository(real), f"{shown} → {real} ({file})")


def test_a_wildcard_without_location_moves_nothing(machine: Machine) -> None:
    write(machine.system, '[[registry]]\nprefix = "*.corp.example"\ninsecure = true\n')
    network = machine.network()
    app = repository("a.corp.example/app")
    assert network.resolve(app) == Resolved(app)
    assert network.http_allowed(app.registry)


def test_a_location_that_is_no_repository_is_told(machine: Machine) -> None:
    file = str(write(machine.system, '[[registry]]\nprefix = "docker.io"\nlocation = "mirror.example/UP"\n'))
    resolved = machine.network().resolve(repository("alpine"))
    assert resolved == Resolved(
        repository("alpine"),
        f'{file} names "mirror.example/UP/library/alpine" for docker.io/library/alpine, which is no repository.',
    )


def test_mirrors_are_shown_and_only_our_own_is_for_use(machine: Machine) -> None:
    write(
        machine.system,
        '[[registry]]\nprefix = "docker.io"\nlocation = "docker.io"\n'
        '[[registry.mirror]]\nlocation = "one.example/hub"\npull-from-mirror = "digest-only"\n'
        '[[registry.mirror]]\nlocation = "two.example"\n',
    )
    write(machine.etc / "docker/daemon.json", '{"registry-mirrors": ["https://two.example", "https://three.example"]}')
    write(
        machine.etc / "containerd/certs.d/docker.io/hosts.toml",
        '[host."https://four.example/v2"]\nskip_verify = true\n',
    )
    write(machine.settings, '[registry."docker.io"]\nmirror = "own.example:5000/hub"\n')
    network = machine.network()
    alpine = repository("alpine")
    assert network.resolve(alpine) == Resolved(
        alpine, mirror=Repository(registry("own.example:5000"), "hub/library/alpine")
    )
    assert network.mirrors(alpine) == (
        "one.example/hub/library/alpine (digests only)",
        "two.example/library/alpine",
        "three.example/library/alpine",
        "four.example/library/alpine",
    )
    other = repository("ghcr.io/acme/app")
    assert network.resolve(other) == Resolved(other)
    assert network.mirrors(other) == ()
    assert network.trust("registry-1.docker.io", 443).verify


def test_our_mirror_belongs_to_the_location(machine: Machine) -> None:
    write(machine.system, '[[registry]]\nprefix = "docker.io"\nlocation = "real.example"\n')
    write(
        machine.settings,
        '[registry."real.example"]\nmirror = "own.example"\n[registry."docker.io"]\nmirror = "not.example"\n',
    )
    resolved = machine.network().resolve(repository("alpine"))
    assert str(resolved.mirror) == "own.example/library/alpine"


def test_a_mirror_that_makes_the_name_too_long_is_not_used(machine: Machine) -> None:
    write(machine.settings, f'[registry."docker.io"]\nmirror = "own.example/{"a" * 200}"\n')
    assert machine.network().resolve(repository(f"acme/{'b' * 100}")).mirror is None


def test_who_may_be_reached_by_http(machine: Machine) -> None:
    write(machine.system, '[[registry]]\nlocation = "conf.example:5000/ns"\ninsecure = true\n')
    write(machine.etc / "docker/daemon.json", '{"insecure-registries": ["docker.example", "10.0.0.0/8"]}')
    write(machine.etc / "containerd/certs.d/ctr.example/hosts.toml", 'server = "http://ctr.example"\n')
    write(machine.etc / "containerd/certs.d/tls.example/hosts.toml", 'server = "https://tls.example"\n')
    write(
        machine.settings,
        '[registry."ours.example:5000"]\nplain_http = true\n[registry."blind.example"]\ninsecure = true\n',
    )
    network = machine.network()
    for name in ("conf.example:5000", "docker.example", "10.1.2.3:5000", "ctr.example", "ours.example:5000"):
        assert network.http_allowed(registry(name)), name
    for name in ("conf.example", "tls.example", "ours.example", "blind.example", "docker.io", "192.168.0.1"):
        assert not network.http_allowed(registry(name)), name
    assert network.http_asked(registry("ours.example:5000"))
    for name in ("conf.example:5000", "docker.example", "10.1.2.3:5000", "ctr.example", "blind.example"):
        assert not network.http_asked(registry(name)), name


def test_who_is_not_verified(machine: Machine) -> None:
    file = str(write(machine.system, '[[registry]]\nlocation = "conf.example"\ninsecure = true\n'))
    write(machine.etc / "docker/daemon.json", '{"insecure-registries": ["docker.example"]}')
    hosts = write(machine.etc / "containerd/certs.d/ctr.example/hosts.toml", "skip_verify = true\n")
    write(
        machine.settings,
        '[registry."ours.example:5000"]\ninsecure = true\n[registry."plain.example"]\nplain_http = true\n'
        '[registry."docker.io"]\ninsecure = true\n[registry."[::1]:5000"]\ninsecure = true\n',
    )
    network = machine.network()

    def by(host: str, port: int = 443) -> tuple[bool, str]:
        trust = network.trust(host, port)
        return trust.verify, trust.unverified_by

    assert by("conf.example") == (False, file)
    assert by("ctr.example") == (False, str(hosts))
    assert by("ours.example", 5000) == by("::1", 5000) == (False, "settings.toml")
    assert by("registry-1.docker.io") == (False, "settings.toml")
    for host, port in (("ours.example", 443), ("conf.example", 8443), ("docker.example", 443), ("plain.example", 443)):
        assert by(host, port) == (True, ""), host


def test_our_certificates_come_before_those_of_the_folder(machine: Machine) -> None:
    folder = machine.etc / "docker" / "certs.d" / "a.example:5000"
    machine.home.mkdir()
    folder.mkdir(parents=True)
    certificate = SIGNER.certificate.public_bytes(serialization.Encoding.PEM)
    key = SIGNER.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path in (machine.home / "ca.pem", machine.home / "me.pem", folder / "ca.crt", folder / "c.cert"):
        path.write_bytes(certificate)
    for path in (machine.home / "me.key", folder / "c.key"):
        path.write_bytes(key)
    ca = '[registry."a.example:5000"]\nca = "ca.pem"\n'
    write(machine.settings, ca)
    files = (machine.home / "ca.pem", folder / "ca.crt")
    assert machine.network().trust("a.example", 5000) == Trust(
        files, (folder / "c.cert", folder / "c.key"), folder=folder
    )
    write(machine.settings, ca + 'client_cert = "me.pem"\nclient_key = "me.key"\n')
    network = machine.network()
    assert network.trust("a.example", 5000).pair == (machine.home / "me.pem", machine.home / "me.key")
    assert network.trust("a.example", 443).pair is None
    assert network.notices == ()


def test_connections_platform_and_cache(machine: Machine) -> None:
    write(
        machine.settings,
        'platform = "linux/arm64"\ncache.size = 0\n'
        '[registry."a.example:5000"]\nconnections = 1\n[registry."docker.io"]\nconnections = 9\n'
        '[registry."[::1]:5000"]\nconnections = 2\n',
    )
    network = machine.network()
    assert (network.platform, network.cache_size) == (Platform("linux", "arm64"), 0)
    assert network.connections("a.example", 5000) == 1
    assert network.connections("a.example", 443) == 4
    assert network.connections("registry-1.docker.io", 443) == 9
    assert network.connections("::1", 5000) == 2


def test_proxies_of_the_environment(machine: Machine) -> None:
    machine.environ = {"HTTPS_PROXY": "http://me:canary@proxy.example:3128", "NO_PROXY": "ghcr.io"}
    network = machine.network()
    proxy = network.proxy("https", "registry-1.docker.io", 443)
    assert isinstance(proxy, Proxy)
    assert (proxy.url, proxy.user, proxy.variable) == ("http://proxy.example:3128", "me", "HTTPS_PROXY")
    assert network.proxy("https", "ghcr.io", 443) is None
    assert network.proxy("https", "127.0.0.1", 5000) is None
    assert network.proxy("http", "registry-1.docker.io", 80) is None


def test_every_trouble_is_told_and_all_else_goes_on(machine: Machine) -> None:
    write(machine.settings, 'platform = 5\n[registry."a.example"]\nconnections = 3\n')
    file = str(write(machine.system, "broken\n"))
    daemon = write(machine.etc / "docker/daemon.json", "[]")
    folder = write(machine.etc / "docker/certs.d/a.example/me.cert", "").parent
    machine.environ = {"HTTPS_PROXY": "http://[canary", "NO_PROXY": "1/2"}
    network = machine.network()
    told: tuple[str, ...] = (
        'settings.toml: "platform" must be a text, not a number; it is not used.',
        f"{file} line 1: an equals sign is missing behind the key; the file is not used.",
        f"{daemon} holds no JSON object; the file is not used.",
        "Ignoring HTTPS_PROXY: it is not a URL with a valid host and port.",
    )
    assert network.notices == told
    assert network.connections("a.example", 443) == 3
    assert network.trust("a.example", 443).folder == folder
    half = "found me.cert without me.key; not using a client certificate. Certificates to be trusted are named *.crt."
    assert network.notices == (*told, f"{folder}: {half}")


def test_there_is_an_end_to_notices(machine: Machine) -> None:
    write(machine.system, "".join(f"[[registry]]\nprefix = {number}\n" for number in range(200)))
    assert len(machine.network().notices) == 50


def test_an_empty_machine_is_asked_without_loading_parsers_and_tls(machine: Machine) -> None:
    code = (
        "import sys, pathlib\n"
        "from regbrowse.settings.network import Network\n"
        f"root = pathlib.Path({str(machine.home)!r})\n"
        "Network.read({}, root, config=root / 'settings.toml', etc=root).trust('a.example', 443)\n"
        "print([name for name in ('ssl', 'tomllib', 'json', 'asyncio', 'httpx') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["HTTPS_PROXY", "NO_PROXY", "XDG_CONFIG_HOME", "CONTAINERS_REGISTRIES_CONF"]),
        st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=20),
    ),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(),
    st.integers(),
)
def test_any_machine_is_survived(machine: Machine, environ: dict[str, str], text: str, host: str, port: int) -> None:
    machine.environ = environ
    for name in ("docker/daemon.json", "containers/registries.conf", "containerd/certs.d/_default/hosts.toml"):
        write(machine.etc / name, text)
    write(machine.settings, text)
    network = machine.network()
    alpine = repository("alpine")
    network.resolve(alpine)
    network.http_allowed(alpine.registry)
    network.trust(host, port)
    network.proxy("https", host, port)
    network.connections(host, port)
    assert all(notice.isprintable() for notice in network.notices)
