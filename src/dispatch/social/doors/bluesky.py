"""Bluesky by an app password: checked at once at the account's own server, which its handle or DID leads to."""

import base64
import json
from collections.abc import Mapping

from dispatch import fetching
from dispatch.social import programs
from dispatch.social.doors import asking, atproto
from dispatch.social.doors.base import Field, Identity, No, Way

HANDLE = Field("handle", "Handle", "such as office.bsky.social, or your own domain")
SERVER = Field("server", "Server", "only for a server of your own that its handle does not lead to", required=False)


class Password:
    """See Paste."""

    way = Way(
        network="bluesky",
        name="password",
        label="Use an app password",
        words="Make one in Bluesky's settings, Privacy and security, App passwords. It posts, and cannot change the account.",
        fields=(HANDLE, Field("app_password", "App password", "such as abcd-efgh-ijkl-mnop", kind="password"), SERVER),
    )

    def check(self, given: Mapping[str, str]) -> Identity:
        """com.atproto.server.createSession."""
        who = atproto.find(given["handle"], given.get("server", "") or _standin())
        url = f"{who.server}/xrpc/com.atproto.server.createSession"
        keys = {"identifier": who.did, "password": given["app_password"].strip()}
        said = asking.read(fetching.send(url, json=keys), url)
        if str(said["did"]) != who.did:
            raise No("That server signed somebody else in. Nothing was connected.")
        if _is_whole(str(said["accessJwt"])):
            raise No("That is the account's own password. Make an app password in its settings, and use that.")
        credentials = {"identifier": who.did, "app_password": keys["password"]}
        return Identity(key=who.did, account=who.handle, server=who.server, credentials=credentials)


def _standin() -> str:
    """Where the demo has a stand-in for Bluesky."""
    program = programs.find("bluesky")
    return program.server if program else ""


def _is_whole(token: str) -> bool:
    """Whether a session may do all that the account's owner may (atproto.com/specs/xrpc, "Authentication")."""
    try:
        payload = token.split(".")[1]
        scope = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("scope")
    except (ValueError, IndexError, AttributeError):
        return False
    return bool(scope == "com.atproto.access")
