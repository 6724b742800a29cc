"""`dispatch check`: says in words what is wrong with a configuration, one line a finding, and what to do about it."""

import argparse
import dataclasses
import json
import zoneinfo
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import django
import psycopg
from django.core.exceptions import ImproperlyConfigured

from dispatch import brokers, env, logs, saying, vault
from dispatch.local import discreet, instance, major_upgrade, shares, switching, worker_health
from dispatch.local.finding import Finding, ok, todo, wrong

OLDEST_POSTGRES = 16
LOCAL = ("localhost", "127.0.0.1", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--live, and --beating for a container's health check."""
    parser.add_argument(
        "--live", action="store_true", help="also ask each relay and channel itself; nothing is sent or posted"
    )
    parser.add_argument(
        "--dns", action="store_true", help="also ask the DNS about each sending domain and relay's address"
    )
    parser.add_argument(
        "--keep", action="store_true", help="with --dns: keep what is seen, as the look of each night does"
    )
    parser.add_argument("--json", action="store_true", help="for programs: one list")
    parser.add_argument("--beating", action="store_true", help="the same as dispatch worker-health")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: nothing is wrong."""
    logs.configure()
    if options.beating:
        return worker_health.ask()
    is_wrong = False
    found = []
    for finding in findings(ask_live=options.live, ask_dns=options.dns, keep=options.keep):
        found.append({name: value for name, value in dataclasses.asdict(finding).items() if value is not None})
        if not options.json:
            print(f"{finding.state:<6}{finding.words}", flush=True)
        is_wrong |= finding.state == "WRONG"
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    return 1 if is_wrong else 0


def findings(*, ask_live: bool = False, ask_dns: bool = False, keep: bool = False) -> Iterator[Finding]:
    """Everything there is to say; a check that stumbles over a setting says which."""
    yield from _told(secrets)
    try:
        django.setup()
    except (env.Misconfigured, ImproperlyConfigured, psycopg.ProgrammingError) as error:
        yield wrong(f"The settings cannot be read: {error}")
        return
    also: list[Callable[[], Iterator[Finding]]] = [counterparts] if ask_live else []
    also += [partial(sending_domains, keep=keep)] if ask_dns else []
    for part in (public_url, discreet.url, time_zone, database, copied, kept_databases, broker, *also):
        yield from _told(part)


def secrets() -> Iterator[Finding]:
    """Secret key and vault keys: there, whole, and nobody else's business."""
    if len(env.text("DISPATCH_SECRET_KEY", "")) < 32:
        yield wrong(
            "DISPATCH_SECRET_KEY is missing or shorter than 32 characters. `dispatch up` makes one in the data directory; "
            "elsewhere set it, or DISPATCH_SECRET_KEY_FILE, to a long random text."
        )
    else:
        yield ok("The secret key is there.")
    for name in instance.KEYS.values():
        path = env.data_dir() / "keys" / name
        if path.exists() and path.stat().st_mode & 0o077:
            yield wrong(f"{path} can be read by others. Run: chmod 600 {path}")
    yield ok(f"The vault's keys are there (fingerprint {vault.fingerprint()}).")
    if (env.data_dir() / "keys").is_dir() and not shares.is_made():
        yield todo(
            "No offline share of these keys was made: with this disk every address is lost. See: dispatch keys share"
        )


def public_url() -> Iterator[Finding]:
    """Readers' links start with it."""
    from django.conf import settings
    from django.http.request import validate_host

    url = urlsplit(settings.PUBLIC_URL)
    host = url.hostname or ""
    if url.scheme not in {"http", "https"} or not host:
        yield wrong(
            f"DISPATCH_PUBLIC_URL is {settings.PUBLIC_URL!r}; give a whole address, https://dispatch.example.org"
        )
    elif url.scheme == "http" and host not in LOCAL:
        yield wrong(
            f"DISPATCH_PUBLIC_URL is {settings.PUBLIC_URL}: readers' links would travel in the clear. Use https://"
        )
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        yield wrong(f"DISPATCH_HOSTS does not name {host}, so the web refuses its readers. Add it to DISPATCH_HOSTS.")
    elif host in LOCAL:
        yield todo(
            f"Readers' links lead to {settings.PUBLIC_URL}, this machine only. Set DISPATCH_PUBLIC_URL for real mail."
        )
    else:
        yield ok(f"Readers' links lead to {settings.PUBLIC_URL}.")


def time_zone() -> Iterator[Finding]:
    """Digests go out by it."""
    from django.conf import settings

    if settings.TIME_ZONE in zoneinfo.available_timezones():
        yield ok(f"The newsroom's clock is {settings.TIME_ZONE}.")
    else:
        yield wrong(f"DISPATCH_TIME_ZONE is {settings.TIME_ZONE!r}; give an IANA name such as Europe/Vilnius.")


def database() -> Iterator[Finding]:
    """Reachable, new enough, migrated; then what it says about the newsroom."""
    try:
        with psycopg.connect(env.database_url(), connect_timeout=5) as session:
            version = session.info.server_version // 10_000
    except psycopg.Error as error:
        hint = "`dispatch up` starts it." if env.is_embedded("DATABASE") else "See DISPATCH_DATABASE_URL."
        yield wrong(f"The database cannot be reached. {hint} It says: {' '.join(str(error).split())}")
        return
    if version < OLDEST_POSTGRES:
        yield wrong(f"The database is PostgreSQL {version}; Dispatch needs {OLDEST_POSTGRES} or newer. Upgrade it.")
        return
    missing = pending_migrations()
    if missing:
        yield wrong(f"The database is behind by {missing} migrations. Run: dispatch migrate")
        return
    yield ok(f"The database answers (PostgreSQL {version}) and is at this version.")
    yield from relays()


def copied() -> Iterator[Finding]:
    """The replica that history is read at."""
    from dispatch import replica

    if not replica.is_set():
        return
    seen = replica.Watch().once()
    if seen.state == replica.State.FOREIGN:
        yield wrong(f"The replica: {seen.words}, so the web does not start. See DISPATCH_REPLICA_URL.")
    elif seen.state == replica.State.WELL:
        yield ok("The replica follows, and history is read there.")
    else:
        yield todo(f"The replica: {seen.words}. Until it follows everything is read from the primary.")


def kept_databases() -> Iterator[Finding]:
    """What `dispatch upgrade-database` left: who leaves is erased in the new one only."""
    for one in switching.all_kept((env.data_dir() / "postgres").resolve()) if env.is_embedded("DATABASE") else ():
        held = saying.size(major_upgrade.size(one))
        yield todo(
            f"The database from before the upgrade is still in {one} ({held}), with readers who have left since. "
            f"Once you are content: rm -r {one}"
        )


def relays() -> Iterator[Finding]:
    """Without one no mail leaves."""
    from dispatch.delivery.models import Relay

    count = Relay.objects.filter(active=True).count()
    if count:
        yield ok(f"{count} mail relay{'s' if count > 1 else ''} in use.")
    else:
        yield todo("There is no mail relay yet. Add one: dispatch relay add NAME smtp://user:password@host:587")


def broker() -> Iterator[Finding]:
    """Of a kind we know, and reachable."""
    from dispatch import queue

    if why := brokers.unknown(env.broker_url()):
        yield wrong(why)
    elif trouble := queue.ping():
        hint = "`dispatch up` starts it." if env.is_embedded("BROKER") else "See DISPATCH_BROKER_URL."
        yield wrong(f"The broker cannot be reached. {hint} It says: {trouble}")
    else:
        yield ok("The broker answers.")


def counterparts() -> Iterator[Finding]:
    """What relays and networks themselves say."""
    from dispatch.local import live

    yield from live.counterparts()


def sending_domains(*, keep: bool = False) -> Iterator[Finding]:
    """What the DNS says of them."""
    from dispatch.local import names

    yield from names.domains(keep=keep)


def pending_migrations() -> int:
    """How many migrations the database is behind."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _told(part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from part()
    except env.Misconfigured as error:
        yield wrong(str(error))
