"""Facebook Pages, Instagram and Threads: Meta's three logins, each with a token that lasts for weeks."""

from collections.abc import Mapping
from typing import Any

from dispatch.social.doors import asking
from dispatch.social.doors.base import Begun, Field, Identity, No, Way
from dispatch.social.networks import scopes

VERSION = "v25.0"
"""Of the Graph API (developers.facebook.com/docs/graph-api/changelog)."""
PROGRAM = (Field("client_id", "App ID"), Field("client_secret", "App secret", kind="password"))
ALLOWED = "Sign in there as somebody who may post for the newsroom."


class Facebook:
    """See SignIn. Docs: developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
    developers.facebook.com/docs/pages-api/getting-started."""

    way = Way(
        network="facebook",
        name="oauth",
        label="Sign in at Facebook",
        words=f"You sign in at Facebook, allow Dispatch to post to your Pages, and then choose the Page. {ALLOWED}",
        registers=PROGRAM,
        scopes=",".join(scopes.FACEBOOK),
        guide="developers.facebook.com, your app, Facebook Login: Valid OAuth Redirect URIs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """The login dialog."""
        program = asking.program("facebook", "Facebook")
        address = f"{program.server or 'https://www.facebook.com'}/{VERSION}/dialog/oauth"
        url = asking.authorize(address, client_id=program.id, redirect_uri=redirect, state=state, scope=self.way.scopes)
        return Begun(url, {})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """Tokens of Pages, which do not expire when they come of a person's long-lived one (docs: facebook-login/guides/
        access-tokens/get-long-lived)."""
        program = asking.program("facebook", "Facebook")
        api = f"{program.server or 'https://graph.facebook.com'}/{VERSION}"
        mine = {"client_id": program.id, "client_secret": program.secret}
        short = asking.post(f"{api}/oauth/access_token", {**mine, "redirect_uri": redirect, "code": said["code"]})
        exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": str(short["access_token"])}
        lasting = asking.post(f"{api}/oauth/access_token", mine | exchange)
        token, ends = str(lasting["access_token"]), asking.ends(lasting)
        renewing = {"user_token": token, "app_id": program.id, "app_secret": program.secret}
        renewing |= {"expires_at": ends.isoformat()} if ends else {}
        asked = {"fields": "id,name,access_token,tasks", "limit": "100"}
        pages = asking.get(f"{api}/me/accounts", asked, token=token)["data"]
        found = [
            Identity(
                key=str(page["id"]),
                account=str(page["name"]),
                server=program.server,
                credentials={"access_token": str(page["access_token"]), "page_id": str(page["id"]), **renewing},
            )
            for page in pages
            if "CREATE_CONTENT" in page.get("tasks", ["CREATE_CONTENT"])
        ]
        if not found:
            raise No("Facebook shows no Page that you may post to. Choose the Page in Facebook's own window, too.")
        return found


class Instagram:
    """See SignIn. Docs: developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/
    business-login."""

    way = Way(
        network="instagram",
        name="oauth",
        label="Sign in at Instagram",
        words="You sign in at Instagram as the newsroom's professional account and allow Dispatch to post.",
        registers=PROGRAM,
        scopes=",".join(scopes.INSTAGRAM),
        guide="developers.facebook.com, your app, Instagram, API setup with Instagram login: OAuth redirect URIs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization window."""
        program = asking.program("instagram", "Instagram")
        address = f"{program.server or 'https://www.instagram.com'}/oauth/authorize"
        url = asking.authorize(address, client_id=program.id, redirect_uri=redirect, state=state, scope=self.way.scopes)
        return Begun(url, {})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """A token for sixty days, which is renewed before its end."""
        program = asking.program("instagram", "Instagram")
        api, login = (program.server or f"https://{host}.instagram.com" for host in ("graph", "api"))
        form = {"client_id": program.id, "client_secret": program.secret, "grant_type": "authorization_code"}
        given = asking.post(f"{login}/oauth/access_token", {**form, "redirect_uri": redirect, "code": said["code"]})
        given = (given.get("data") or [given])[0]
        asked = {"grant_type": "ig_exchange_token", "client_secret": program.secret}
        lasting = asking.get(f"{api}/access_token", {**asked, "access_token": str(given["access_token"])})
        me = asking.get(f"{api}/{VERSION}/me", {"fields": "user_id,username"}, token=str(lasting["access_token"]))
        return [_own(lasting, me, "user_id", program.server)]


class Threads:
    """See SignIn. Docs: developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions."""

    way = Way(
        network="threads",
        name="oauth",
        label="Sign in at Threads",
        words="You sign in at Threads as the newsroom's account and allow Dispatch to post.",
        registers=PROGRAM,
        scopes=",".join(scopes.THREADS),
        guide="developers.facebook.com, your app, Access the Threads API, Settings: Redirect Callback URLs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization window."""
        program = asking.program("threads", "Threads")
        address = f"{program.server or 'https://threads.net'}/oauth/authorize"
        url = asking.authorize(address, client_id=program.id, redirect_uri=redirect, state=state, scope=self.way.scopes)
        return Begun(url, {})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """A token for sixty days (docs: threads/get-started/long-lived-tokens)."""
        program = asking.program("threads", "Threads")
        api = program.server or "https://graph.threads.net"
        form = {"client_id": program.id, "client_secret": program.secret, "grant_type": "authorization_code"}
        given = asking.post(f"{api}/oauth/access_token", {**form, "redirect_uri": redirect, "code": said["code"]})
        asked = {"grant_type": "th_exchange_token", "client_secret": program.secret}
        lasting = asking.get(f"{api}/access_token", {**asked, "access_token": str(given["access_token"])})
        me = asking.get(f"{api}/v1.0/me", {"fields": "id,username"}, token=str(lasting["access_token"]))
        return [_own(lasting, me, "id", program.server)]


def _own(lasting: Mapping[str, Any], me: Mapping[str, Any], named: str, server: str) -> Identity:
    number, ends = str(me[named]), asking.ends(lasting)
    credentials = {"access_token": str(lasting["access_token"]), "user_id": number}
    credentials |= {"expires_at": ends.isoformat()} if ends else {}
    account = f"@{me.get('username', number)}"
    return Identity(key=number, account=account, server=server, credentials=credentials, expires_at=ends)
