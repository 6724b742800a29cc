"""Bluesky by signing in at the account's own server (atproto.com/specs/oauth): pushed requests, PKCE, bound tokens."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from dispatch.social import dpop
from dispatch.social.doors import asking, atproto
from dispatch.social.doors.base import Begun, Identity, No, Way
from dispatch.social.doors.bluesky import HANDLE, SERVER
from dispatch.social.networks import scopes

SCOPE = " ".join(scopes.BLUESKY)
DOCUMENT = "/channels/connect/program.json"
"""Where Dispatch shows what it is; the document's whole address is its client_id."""

NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint")


class SignInThere:
    """See SignIn. Without https a program is known only on loopback (the specification's development client)."""

    way = Way(
        network="bluesky",
        name="oauth",
        label="Sign in at Bluesky",
        words="You sign in at the account's own server and allow Dispatch to post. No password is kept here.",
        fields=(HANDLE, SERVER),
        scopes=SCOPE,
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:
        """RFC 9126: what is asked for is told to the server first; the browser carries only its name."""
        client = client_id(redirect)
        who = atproto.find(asked.get("handle", ""), asked.get("server", ""))
        said = _authority(who.server)
        key, verifier, issuer = dpop.new_key(), asking.verifier(), str(said["issuer"])
        form = {"client_id": client, "redirect_uri": redirect, "response_type": "code", "scope": SCOPE, "state": state}
        form |= {
            "code_challenge": asking.challenge(verifier),
            "code_challenge_method": "S256",
            "login_hint": who.handle,
        }
        pushed = str(said["pushed_authorization_request_endpoint"])
        answer = asking.read(dpop.post(pushed, form, key, issuer), pushed)
        query = urlencode({"client_id": client, "request_uri": str(answer["request_uri"])})
        kept = {"issuer": issuer, "token_url": str(said["token_endpoint"]), "verifier": verifier, "key": key}
        kept |= {"client": client, "did": who.did, "handle": who.handle, "server": who.server}
        return Begun(f"{said['authorization_endpoint']}?{query}", kept)

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:
        """Only from the server that was asked (RFC 9207), and only for the account that was named."""
        if said.get("iss") != kept["issuer"]:
            raise No("The answer came from another server than the one that was asked.")
        form = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": redirect}
        form |= {"code_verifier": kept["verifier"], "client_id": kept["client"]}
        given = asking.read(dpop.post(kept["token_url"], form, kept["key"], kept["issuer"]), kept["token_url"])
        if given.get("sub") != kept["did"]:
            raise No(f"You signed in as another account than {kept['handle']}.")
        if "transition:generic" not in str(given.get("scope", "")).split() or given.get("token_type") != "DPoP":
            raise No("The server did not allow posting.")
        credentials = {"identifier": kept["did"], "dpop_key": kept["key"], "client_id": kept["client"]}
        credentials |= {"issuer": kept["issuer"], "token_url": kept["token_url"], **tokens(given)}
        return [Identity(key=kept["did"], account=kept["handle"], server=kept["server"], credentials=credentials)]


def tokens(given: Mapping[str, Any]) -> dict[str, str]:
    """What a token answer leaves among credentials."""
    ends = asking.ends(given)
    found = {"access_token": str(given["access_token"]), "refresh_token": str(given["refresh_token"])}
    return {**found, **({"expires_at": ends.isoformat()} if ends else {})}


def client_id(redirect: str) -> str:
    """Who we are to servers. Raises No."""
    parts = urlsplit(redirect)
    if parts.scheme == "https":
        return f"https://{parts.netloc}{DOCUMENT}"
    if parts.hostname != "127.0.0.1":
        raise No(
            "Signing in at Bluesky needs DISPATCH_PUBLIC_URL to be an https address. Use an app password meanwhile."
        )
    return "http://localhost?" + urlencode({"redirect_uri": redirect, "scope": SCOPE})


def document(redirect: str) -> dict[str, Any]:
    """What servers read of us (atproto.com/specs/oauth#client-id-metadata-document)."""
    parts, key = urlsplit(redirect), dpop.own_key()
    return {
        "client_id": f"{parts.scheme}://{parts.netloc}{DOCUMENT}",
        "client_name": "Dispatch",
        "client_uri": f"{parts.scheme}://{parts.netloc}",
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [redirect],
        "scope": SCOPE,
        "dpop_bound_access_tokens": True,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [dpop.public(key) | {"kid": json.loads(key)["kid"], "use": "sig", "alg": "ES256"}]},
    }


def _authority(server: str) -> Mapping[str, Any]:
    """The authorization server of an account's own (RFC 9728, RFC 8414), which must say of itself what we were told."""
    resource = asking.get(f"{server}/.well-known/oauth-protected-resource")
    issuer = str(resource["authorization_servers"][0])
    said = asking.get(f"{issuer}/.well-known/oauth-authorization-server")
    if said.get("issuer") != issuer or not said.get("client_id_metadata_document_supported"):
        raise No("The account's server does not let programs sign in. Use an app password.")
    return {name: said[name] for name in NEEDED}
