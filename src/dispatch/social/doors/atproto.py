"""Who is behind a handle of AT Protocol, and which server keeps their account (atproto.com/specs/handle, /did)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dispatch import fetching
from dispatch.social.doors import asking
from dispatch.social.doors.base import No

DIRECTORY = "https://plc.directory"
RESOLVER = "https://public.api.bsky.app"
HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
DID = re.compile(r"did:(plc:[a-z2-7]{24}|web:[a-zA-Z0-9.:%-]+)")


@dataclass(frozen=True)
class Who:
    """An account, and where it lives."""

    did: str
    handle: str
    server: str


def find(typed: str, server: str = "") -> Who:
    """From a handle or a DID; `server` is asked where it is given, and keeps the account then. Raises No."""
    name = typed.strip().removeprefix("@").removeprefix("https://bsky.app/profile/").strip("/")
    name = name if name.startswith("did:") else name.lower()
    if not HANDLE.fullmatch(name) and not DID.fullmatch(name):
        raise No(f"“{typed.strip()[:80]}” is no handle; write it like office.bsky.social")
    if server:
        place = asking.server(server)
        return Who(name if name.startswith("did:") else _did_at(place, name), name, place)
    did = name if name.startswith("did:") else _did(name)
    document = _document(did)
    handle = next((one[5:] for one in document.get("alsoKnownAs", []) if str(one).startswith("at://")), did)
    if not name.startswith("did:") and handle != name:
        raise No(f"{name} leads to an account that says its handle is {handle[:80]}. Use that one.")
    return Who(did, handle, _home(document))


def _did(handle: str) -> str:
    """By the handle's own web address, or else by the resolver that also reads its DNS."""
    answer = fetching.fetch(f"https://{handle}/.well-known/atproto-did", seconds=8, largest=2048)
    if isinstance(answer, fetching.Fetched) and answer.status == 200:
        text = answer.body.decode("ascii", "replace").strip()
        if DID.fullmatch(text):
            return text
    return _did_at(RESOLVER, handle)


def _did_at(server: str, handle: str) -> str:
    try:
        said = asking.get(f"{server}/xrpc/com.atproto.identity.resolveHandle", {"handle": handle})
    except No as error:
        raise No(f"Nobody is found behind {handle}: {error}") from error
    did = str(said.get("did", ""))
    if not DID.fullmatch(did):
        raise No(f"{handle} leads to no account that can be used.")
    return did


def _document(did: str) -> Mapping[str, Any]:
    if did.startswith("did:web:"):
        host = unquote(did.removeprefix("did:web:"))
        said = asking.get(f"https://{host}/.well-known/did.json")
    else:
        said = asking.get(f"{DIRECTORY}/{did}")
    if not isinstance(said, Mapping) or said.get("id") != did:
        raise No("The account's document is not its own. Nothing was connected.")
    return said


def _home(document: Mapping[str, Any]) -> str:
    for service in document.get("service", []):
        if str(service.get("id", "")).endswith("#atproto_pds"):
            return asking.server(str(service.get("serviceEndpoint", "")))
    raise No("The account's document names no server that keeps it.")
