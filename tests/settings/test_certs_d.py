"""Folders of certificates: which one counts, what is read from it, and what is said of the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from real.certificates import Signer, authority
from regbrowse.settings.certificates import Trust
from support.machine import HOST, Machine

SIGNER = authority()
OTHER = authority("another")
CLIENT = "not using a client certificate"


def write(folder: Path, *names: str, signer: Signer = SIGNER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    certificate = signer.certificate.public_bytes(serialization.Encoding.PEM)
    key = private(signer, serialization.NoEncryption())
    for name in names:
        (folder / name).write_bytes(key if name.endswith(".key") else certificate)
    return folder


def private(signer: Signer, encryption: serialization.KeySerializationEncryption) -> bytes:
    return signer.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_an_empty_machine_trusts_nothing_more(machine: Machine) -> None:
    place = machine.home / ".config" / "containers" / "certs.d"
    assert machine.trust() == Trust(folder=place / HOST)
    assert machine.trust("::1", 5000) == Trust(folder=place / "[::1]:5000")
    assert machine.notices.all == ()


def test_the_first_folder_counts_alone(machine: Machine) -> None:
    places = [
        machine.etc / "docker" / "certs.d",
        machine.home / ".docker" / "certs.d",
        machine.home / ".config" / "docker" / "certs.d",
        machine.etc / "containers" / "certs.d",
        machine.home / ".config" / "containers" / "certs.d",
    ]
    for place in places:
        folder = write(place / HOST, "ca.crt")
        assert machine.trust() == Trust((folder / "ca.crt",), folder=folder)


def test_a_host_is_looked_for_once(machine: Machine) -> None:
    certificates = machine.certs()
    before = certificates.trust(HOST, 443)
    write(machine.etc / "docker" / "certs.d" / HOST, "ca.crt")
    assert certificates.trust(HOST, 443) is before
    assert machine.trust() != before


def test_the_folder_of_the_environment(machine: Machine, tmp_path: Path) -> None:
    machine.environ["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    folder = write(tmp_path / "xdg" / "containers" / "certs.d" / HOST, "ca.crt")
    assert machine.trust().folder == folder


@pytest.mark.parametrize(
    ("name", "host", "port", "platform"),
    [
        (HOST, HOST, 443, "linux"),
        (f"{HOST}:443", HOST, 443, "linux"),
        (f"{HOST}:5000", HOST, 5000, "linux"),
        (f"{HOST}5000", HOST, 5000, "win32"),
        ("[::1]:5000", "::1", 5000, "linux"),
        ("[::1]", "::1", 443, "linux"),
        ("docker.io", "registry-1.docker.io", 443, "linux"),
        ("registry-1.docker.io", "registry-1.docker.io", 443, "linux"),
    ],
)
def test_names_of_folders(machine: Machine, name: str, host: str, port: int, platform: str) -> None:
    machine.platform = platform
    folder = write(machine.etc / "docker" / "certs.d" / name, "ca.crt")
    assert machine.trust(host, port).ca_files == (folder / "ca.crt",)


def test_other_ports_are_other_places(machine: Machine) -> None:
    write(machine.etc / "docker" / "certs.d" / HOST, "ca.crt", "client.cert", "client.key")
    found = machine.trust(HOST, 5000)
    assert (found.ca_files, found.pair) == ((), None)


@pytest.mark.parametrize("host", ["..", ".", "", "a/b", "..\\x", "a\x00b", "hö"])
def test_no_host_leads_out_of_the_folder(machine: Machine, host: str) -> None:
    write(machine.etc / "docker" / "certs.d", "ca.crt")
    write(machine.etc / "docker", "ca.crt")
    assert machine.trust(host) == Trust()


def test_everything_in_one_folder(machine: Machine) -> None:
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "b.crt", "a.crt", "client.cert", "client.key", "README")
    assert machine.trust() == Trust(
        (folder / "a.crt", folder / "b.crt"), (folder / "client.cert", folder / "client.key"), folder=folder
    )
    assert machine.notices.all == ()


@pytest.mark.parametrize(
    ("names", "half", "rest"),
    [
        (["client.cert"], "found client.cert without client.key", " Certificates to be trusted are named *.crt."),
        (["client.key"], "found client.key without client.cert", ""),
    ],
)
def test_half_a_pair_is_named(machine: Machine, names: list[str], half: str, rest: str) -> None:
    folder = write(machine.etc / "docker" / "certs.d" / HOST, *names)
    assert machine.trust().pair is None
    assert machine.notices.all == (f"{folder}: {half}; {CLIENT}.{rest}",)


def test_a_half_beside_a_whole_and_several_wholes(machine: Machine) -> None:
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "a.key", "b.cert", "b.key", "c.cert", "c.key")
    assert machine.trust().pair == (folder / "b.cert", folder / "b.key")
    assert machine.notices.all == (
        f"{folder}: found a.key without a.cert; using b.cert.",
        f"{folder}: found 2 client certificates; using b.cert.",
    )


def test_what_is_no_certificate_is_named_and_the_rest_used(machine: Machine) -> None:
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "good.crt", "good.cert", "good.key", "mixed.cert")
    (folder / "bad.crt").write_text("canary")
    (folder / "folder.crt").mkdir()
    (folder / "gone.crt").symlink_to(folder / "nowhere")
    write(folder, "mixed.key", signer=OTHER)
    (folder / "asks.cert").write_bytes((folder / "good.cert").read_bytes())
    (folder / "asks.key").write_bytes(private(SIGNER, serialization.BestAvailableEncryption(b"canary")))
    found = machine.trust()
    assert found.ca_files == (folder / "good.crt",)
    assert found.pair == (folder / "good.cert", folder / "good.key")
    told = f"{folder}/asks.cert and {folder}/asks.key are no PEM certificate and its key without a password"
    assert set(machine.notices.all) == {
        f"{folder}/bad.crt holds no certificate in PEM form; it is not used.",
        f"{folder}/folder.crt is not a file; it is not used.",
        f"{folder}/gone.crt does not exist; it is not used.",
        f"{told}; not using this client certificate.",
        f"{told.replace('asks', 'mixed')}; not using this client certificate.",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_named_and_the_next_folder_counts(machine: Machine) -> None:
    closed = write(machine.etc / "containers" / "certs.d" / HOST, "ca.crt")
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "ca.crt", "own.crt", "me.cert", "me.key")
    (folder / "own.crt").chmod(0)
    (folder / "me.key").chmod(0)
    closed.chmod(0)
    try:
        found = machine.trust()
    finally:
        closed.chmod(0o700)
    assert found == Trust((folder / "ca.crt",), folder=folder)
    assert machine.notices.all == (
        f"{closed} cannot be read (permission denied); its certificates are not used.",
        f"{folder}/own.crt cannot be read (permission denied); it is not used.",
        f"{folder}/me.key cannot be read (permission denied); not using this client certificate.",
    )


def test_a_folder_that_may_not_be_listed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = write(machine.etc / "containers" / "certs.d" / HOST, "ca.crt")
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "ca.crt")
    listed = Path.iterdir

    def refuse(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert machine.trust().folder == folder
    assert machine.notices.all == (f"{closed} cannot be read (permission denied); its certificates are not used.",)


def test_containerd_comes_last(machine: Machine) -> None:
    place = machine.hosts('ca = "own.pem"\nclient = [["c.pem", "k.key"]]')
    write(place, "own.pem", "c.pem", "k.key")
    assert machine.trust() == Trust((place / "own.pem",), (place / "c.pem", place / "k.key"), folder=place)
    folder = write(machine.etc / "docker" / "certs.d" / HOST, "ca.crt")
    assert machine.trust().folder == folder


@pytest.mark.parametrize("folder", [f"{HOST}_5000_", f"{HOST}:5000", "_default"])
def test_containerds_names_of_folders(machine: Machine, folder: str) -> None:
    place = write(machine.hosts('ca = ["own.pem"]', folder), "own.pem")
    assert machine.trust(HOST, 5000).ca_files == (place / "own.pem",)


def test_a_folder_of_its_own_comes_before_the_one_for_all(machine: Machine) -> None:
    machine.hosts('ca = "own.pem"', "_default")
    own = write(machine.hosts('ca = "own.pem"', f"{HOST}:443"), "own.pem")
    assert machine.trust().folder == own


def test_containerds_host_tables(machine: Machine) -> None:
    place = machine.hosts(
        f'server = "https://{HOST}"\n'
        f'[host."https://{HOST}:443/v2"]\nca = "/nowhere/ca.pem"\nclient = "both.pem"\nskip_verify = true\n'
        '[host."https://mirror.example.com"]\nca = "mirror.pem"\nskip_verify = false\n'
    )
    write(place, "mirror.pem", "key.key", "cert.pem")
    (place / "both.pem").write_bytes((place / "cert.pem").read_bytes() + (place / "key.key").read_bytes())
    assert machine.trust() == Trust(
        pair=(place / "both.pem", place / "both.pem"),
        verify=False,
        unverified_by=str(place / "hosts.toml"),
        folder=place,
    )
    assert machine.notices.all == ("/nowhere/ca.pem does not exist; it is not used.",)


def test_certificates_of_another_server_are_not_ours(machine: Machine) -> None:
    place = write(machine.hosts('server = "https://mirror.example.com"\nca = "ca.pem"\nskip_verify = true'), "ca.pem")
    assert machine.trust() == Trust(folder=place)


def test_for_every_host_no_client_certificate_and_no_blindness(machine: Machine) -> None:
    place = write(machine.hosts('client = "both.pem"\nskip_verify = true', "_default"), "both.pem")
    assert machine.trust() == Trust(folder=place)
    assert machine.notices.all == (
        f'{place}/hosts.toml: "client" and "skip_verify" for every host are not used; name the host.',
    )


def test_without_hosts_toml_containerds_folder_is_like_dockers(machine: Machine) -> None:
    root = machine.etc / "containerd" / "certs.d"
    every = write(root / "_default", "ca.crt", "me.cert", "me.key")
    assert machine.trust() == Trust((every / "ca.crt",), folder=every)
    own = write(root / HOST, "ca.crt", "me.cert", "me.key")
    assert machine.trust() == Trust((own / "ca.crt",), (own / "me.cert", own / "me.key"), folder=own)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("ca = 5", '"ca" must be a path or a list of paths, not a number; it is not used'),
        ("ca = [true]", '"ca" must be a path or a list of paths, not true or false; it is not used'),
        ("client = 1.5", '"client" must be a path, a list of paths or a list of pairs of paths, not a number;'
         " it is not used"),
        ('client = [["a", "b", "c"]]', '"client" must be a path, a list of paths or a list of pairs of paths,'
         " not a list; it is not used"),
        ('skip_verify = "true"', '"skip_verify" must be true or false, not a text; it is not used'),
        ("server = []", '"server" must be a text, not a list; it is not used'),
        ("host = 5", '"host" must be a table, not a number; it is not used'),
        ('[host]\n"https://x" = 5', '"host."https://x"" must be a table, not a number; it is not used'),
    ],
)  # fmt: skip
def test_wrong_kinds_in_hosts_toml_are_named(machine: Machine, text: str, notice: str) -> None:
    place = machine.hosts(text)
    assert machine.trust() == Trust(folder=place)
    assert machine.notices.all == (f"{place}/hosts.toml: {notice}.",)


def test_a_broken_hosts_toml_is_named_with_its_line(machine: Machine) -> None:
    place = machine.hosts('ca = "x"\nskip_verify = yes\n')
    assert machine.trust().folder == place
    assert machine.notices.all == (
        f"{place}/hosts.toml line 2: the value is none of TOML; texts need quotation marks; the file is not used.",
    )


_VALUES = st.recursive(
    st.sampled_from(["true", "1", '"x"', '"a\\u0000b"', "1.5", "1979-05-27", "[]", "{}", "nan"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["ca", "client", "skip_verify", "server", "host"]), _VALUES), st.text())
def test_any_hosts_toml_is_survived(tmp_path: Path, values: dict[str, str], junk: str) -> None:
    place = tmp_path / "etc" / "containerd" / "certs.d" / HOST
    place.mkdir(parents=True, exist_ok=True)
    for text in ("\n".join(f"{key} = {value}" for key, value in values.items()), junk):
        (place / "hosts.toml").write_text(text, encoding="utf-8", errors="surrogatepass")
        Machine(tmp_path).trust()
