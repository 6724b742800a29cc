"""Mastodon: Dispatch registers itself at the instance, then its page is where a person says yes (docs.joinmastodon.org)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from dispatch.social import programs
from dispatch.social.doors import asking
from dispatch.social.doors.base import Begun, Field, Identity, No, Way
from dispatch.social.networks import scopes
from dispatch.social.programs import Program

SCOPES = " ".join(scopes.MASTODON)


class Mastodon:
    """See SignIn. An instance's program is registered when it is first needed, and anew where people come back elsewhere."""

    way = Way(
        network="mastodon",
        name="oauth",
        label="Sign in at your instance",
        words="You sign in at your instance and allow Dispatch to post. Sign in there as the account that is to post.",
        fields=(Field("server", "Instance", "such as social.example.org"),),
        scopes=SCOPES,
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:
        """Its authorization page (docs.joinmastodon.org/methods/oauth)."""
        server, verifier = asking.server(asked.get("server", "")), asking.verifier()
        program = _program(server, redirect)
        url = asking.authorize(
            f"{server}/oauth/authorize",
            client_id=program.id,
            redirect_uri=redirect,
            scope=SCOPES,
            state=state,
            code_challenge=asking.challenge(verifier),
            code_challenge_method="S256",
            force_login="true",
        )
        return Begun(url, {"server": server, "verifier": verifier})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:
        """A token that does not expire, and whose it is."""
        server = kept["server"]
        program = programs.find(_place(server))
        if program is None:
            raise No("The program of this instance is not there any more. Begin again.")
        form = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": redirect, "scope": SCOPES}
        mine = {"client_id": program.id, "client_secret": program.secret, "code_verifier": kept["verifier"]}
        try:
            token = str(asking.post(f"{server}/oauth/token", form | mine)["access_token"])
        except No:
            programs.forget(_place(server))  # an instance that lost it would refuse it for ever
            raise
        me = asking.get(f"{server}/api/v1/accounts/verify_credentials", token=token)
        account = f"@{me['acct']}@{urlsplit(str(me.get('url') or server)).hostname}"
        return [Identity(key=str(me["id"]), account=account, server=server, credentials={"access_token": token})]


def _program(server: str, redirect: str) -> Program:
    """POST /api/v1/apps (docs.joinmastodon.org/methods/apps)."""
    place = _place(server)
    known = programs.find(place)
    if known and known.redirect == redirect:
        return known
    said = asking.post(
        f"{server}/api/v1/apps", {"client_name": "Dispatch", "redirect_uris": redirect, "scopes": SCOPES}
    )
    if not said.get("client_id"):
        raise No(f"{urlsplit(server).hostname} is no Mastodon instance, or a very old one.")
    made = Program(server, str(said["client_id"]), str(said.get("client_secret", "")), redirect)
    programs.keep(place, made)
    return made


def _place(server: str) -> str:
    return f"mastodon {server}"
