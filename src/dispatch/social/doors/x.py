"""X: signing in there (docs.x.com/fundamentals/authentication/oauth-2-0), or the four keys of OAuth 1.0a."""

from collections.abc import Mapping

from dispatch.social import programs
from dispatch.social.doors import asking
from dispatch.social.doors.base import Begun, Field, Identity, No, Way
from dispatch.social.networks import scopes

KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
ID_AND_SECRET = (
    Field("client_id", "Client ID"),
    Field("client_secret", "Client Secret", "empty for a public client", kind="password", required=False),
)


class X:
    """See SignIn."""

    way = Way(
        network="x",
        name="oauth",
        label="Sign in at X",
        words="You sign in at X and allow Dispatch to post. Sign in there as the account that is to post.",
        registers=ID_AND_SECRET,
        scopes=" ".join(scopes.X),
        guide="developer.x.com, your app, User authentication settings: type “Web App”, permissions “Read and write”",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization page."""
        program, verifier = asking.program("x", "X"), asking.verifier()
        url = asking.authorize(
            f"{program.server or 'https://x.com'}/i/oauth2/authorize",
            client_id=program.id,
            redirect_uri=redirect,
            scope=self.way.scopes,
            state=state,
            code_challenge=asking.challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(url, {"verifier": verifier})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:
        """A token for two hours and one for further ones, and whose they are."""
        program = asking.program("x", "X")
        api = program.server or "https://api.x.com"
        form = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": redirect}
        form |= {"code_verifier": kept["verifier"], "client_id": program.id}
        basic = (program.id, program.secret) if program.secret else None
        given = asking.post(f"{api}/2/oauth2/token", form, basic=basic)
        if not given.get("refresh_token"):
            raise No("X gave no lasting permission: the scope offline.access is missing in your app.")
        me = asking.get(f"{api}/2/users/me", token=str(given["access_token"]))["data"]
        credentials = {"oauth2_token": str(given["access_token"]), "refresh_token": str(given["refresh_token"])}
        ends = asking.ends(given)
        credentials |= {"client_id": program.id, "client_secret": program.secret}
        credentials |= {"expires_at": ends.isoformat()} if ends else {}
        account = f"@{me['username']}"
        return [Identity(key=str(me["id"]), account=account, server=program.server, credentials=credentials)]


class Keys:
    """See Paste. X tries them; an access token begins with its account's number."""

    way = Way(
        network="x",
        name="keys",
        label="Paste four keys",
        words="The keys of your own app at X, from its page “Keys and tokens”; its permission must be “Read and write”.",
        fields=tuple(Field(name, name.replace("_", " ").capitalize(), kind="password") for name in KEYS),
    )

    def check(self, given: Mapping[str, str]) -> Identity:
        """By their shape; whether they are good is seen when the channel is first asked."""
        number, dash, _ = given["access_token"].partition("-")
        if not (dash and number.isdecimal()):
            raise No("That is no access token of X: one begins with its account's number and a dash.")
        program = programs.find("x")
        return Identity(key=number, account="", server=program.server if program else "", credentials=given)
