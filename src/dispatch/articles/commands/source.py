"""`dispatch source add|set|list|log`: the CMSs and feeds that tell what was published."""

import argparse
import base64
import secrets
import sys
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.articles.models import Source

KINDS = ("native", "ghost", "wordpress", "feed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every source, and its trouble")
    log = acts.add_parser("log", help="the last webhooks, and what became of each")
    log.add_argument("--slug", help="of one source; without it of all")
    log.add_argument("--last", type=int, default=20, metavar="N", help="20 where nothing is said")
    for act in ("add", "set"):
        one = acts.add_parser(act)
        if act == "add":
            one.add_argument("kind", choices=KINDS)
        one.add_argument("--slug", required=True, help="in the webhook's address: /hooks/<slug>")
        one.add_argument("--name")
        one.add_argument("--base-url", help="of the site")
        one.add_argument("--poll-url", help="a feed, or the site whose API is asked for what a webhook missed")
        one.add_argument("--poll-every", type=int, metavar="SECONDS", help="300 where nothing is said")
        one.add_argument("--language", help="where neither payload nor tag says")
        one.add_argument("--language-tag", action="append", metavar="be=hash-be", help="the tag that marks a language")
        one.add_argument(
            "--secret-file", help="holds the webhook's secret; without it a new one is made and shown once"
        )
        one.add_argument("--api-key-file", help="holds the key for polling the CMS")
        one.add_argument(
            "--new-secret", action="store_true", help="make one; the one before it stays good until the next"
        )


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from dispatch.articles.models import Source

    if options.act == "list":
        for source in Source.objects.order_by("slug"):
            print(f"{source.slug}\t{source.kind}\t{source.base_url}\t{source.poll_trouble or 'fine'}")
        return 0
    if options.act == "log":
        return _show_log(options.slug, options.last)
    found = Source.objects.filter(slug=options.slug).first()
    if options.act == "set" and found is None:
        print(f"dispatch source: there is no {options.slug}.", file=sys.stderr)
        return 1
    if options.act == "add" and found is not None:
        print(f"dispatch source: {options.slug} is there already; `dispatch source set` changes it.", file=sys.stderr)
        return 1
    return _save(found or Source(slug=options.slug, kind=options.kind, name=options.name or options.slug), options)


def _show_log(slug: str | None, last: int) -> int:
    from dispatch.articles.models import WebhookDelivery

    found = WebhookDelivery.objects.select_related("source").defer("said").order_by("-id")
    for each in found.filter(source__slug=slug)[:last] if slug else found[:last]:
        print(f"{each.received_at:%Y-%m-%d %H:%M:%S}\t{each.source.slug}\t{each.event}\t{each.did}\t{each.why}")
    return 0


def _save(source: "Source", options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.urls import reverse

    from dispatch import vault

    for name in ("name", "base_url", "poll_url", "poll_every", "language"):
        if vars(options)[name] is not None:
            setattr(source, name, vars(options)[name])
    for pair in options.language_tag or []:
        language, _, tag = pair.partition("=")
        source.language_tags[language] = tag
    if options.api_key_file:
        key = _read(options.api_key_file)
        source.api_key = vault.seal(key, f"source:{source.slug}:api_key")
    shown = _settle_secret(source, options)
    source.save()
    print(f"{source.slug} is saved. Webhook: {settings.PUBLIC_URL}{reverse('webhook', args=[source.slug])}")
    if shown:
        print(f"Secret (shown this once): {shown}")
    return 0


def _settle_secret(source: "Source", options: argparse.Namespace) -> str:
    from dispatch import vault
    from dispatch.articles import signatures

    if source.kind == "feed" or (source.secrets and not (options.secret_file or options.new_secret)):
        return ""
    kept = (
        vault.unseal(bytes(source.secrets), f"source:{source.slug}:secrets").split("\n")[:1] if source.secrets else []
    )
    made = "" if options.secret_file else _make(source.kind)
    source.secrets = signatures.seal_secrets(source.slug, [made or _read(options.secret_file), *kept])
    return made


def _make(kind: str) -> str:
    raw = secrets.token_bytes(24)
    return "whsec_" + base64.b64encode(raw).decode() if kind == "native" else secrets.token_urlsafe(24)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - /dev/stdin is a fine name here
        return file.read().strip()
