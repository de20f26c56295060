"""What the machine of a test says in its files and its environment."""

from __future__ import annotations

from pathlib import Path

from regbrowse.settings.certificates import Trust
from regbrowse.settings.certs_d import CertsD
from regbrowse.settings.daemon_json import DaemonJson, read_daemon_json
from regbrowse.settings.files import Notices
from regbrowse.settings.network import Network
from regbrowse.settings.registries_conf import RegistriesConf, read_registries_conf
from support.files import write

HOST = "registry.example.com"


class Machine:
    """A home, an /etc and an environment to put settings into, and each reader of them."""

    def __init__(self, root: Path) -> None:
        self.home, self.etc = root / "home", root / "etc"
        self.environ: dict[str, str] = {}
        self.platform = "linux"
        self.notices = Notices()
        self.daemon_file = self.etc / "docker" / "daemon.json"
        self.system = self.etc / "containers" / "registries.conf"
        self.user = self.home / ".config" / "containers" / "registries.conf"
        self.settings = self.home / "settings.toml"

    def certs(self) -> CertsD:
        """Read the folders of certificates."""
        return CertsD(self.environ, self.home, self.etc, self.platform, self.notices)

    def trust(self, host: str = HOST, port: int = 443) -> Trust:
        """Read which certificates are for a host."""
        return self.certs().trust(host, port)

    def hosts(self, text: str, folder: str = HOST) -> Path:
        """Write the hosts.toml of containerd, and give its folder."""
        return write(self.etc / "containerd" / "certs.d" / folder / "hosts.toml", text).parent

    def daemon(self, text: str) -> DaemonJson:
        """Write docker's daemon.json, and read it."""
        write(self.daemon_file, text)
        return read_daemon_json(self.home, self.home / ".config", self.etc, self.notices)

    def registries_conf(self, text: str | None = None) -> RegistriesConf:
        """Read registries.conf; `text` is written for the whole system first."""
        if text is not None:
            write(self.system, text)
        return read_registries_conf(self.environ, self.home, self.etc, self.notices)

    def network(self) -> Network:
        """Read everything that says how registries are reached."""
        return Network.read(self.environ, self.home, config=self.settings, etc=self.etc, platform=self.platform)
