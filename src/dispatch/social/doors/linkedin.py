"""LinkedIn: a page of an organization that somebody administers, or their own profile (learn.microsoft.com/linkedin).

Two doors, with two programs: what pages need comes with the Community Management API only, which has to be "the only
product on the application"; what tells who a person is comes with other products. LinkedIn refuses all where one
permission is not the program's (unauthorized_scope_error).
"""

from collections.abc import Iterable, Iterator, Mapping

from dispatch.social.doors import asking
from dispatch.social.doors.base import Begun, Field, Identity, No, Way
from dispatch.social.networks import base, scopes

VERSION = "202610"
"""Of the REST API (learn.microsoft.com/linkedin/marketing/versioning)."""
PROGRAM = (Field("client_id", "Client ID"), Field("client_secret", "Client secret", kind="password"))
MOST = "100"
"""Pages of one person that are asked for; LinkedIn tells of ten unless it is asked for more."""


class Page:
    """See SignIn. Docs: learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow."""

    way = Way(
        network="linkedin",
        name="page",
        label="Sign in for a page",
        words="For your organization's page: you sign in at LinkedIn as one of its administrators, allow Dispatch to post, "
        "and choose the page.",
        registers=PROGRAM,
        accounts="urn:li:organization:",
        scopes=" ".join(scopes.LINKEDIN_PAGE),
        guide="linkedin.com/developers, an app whose only product is the Community Management API, "
        "Auth: Authorized redirect URLs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization page."""
        return _out(self.way, redirect, state)

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """The pages that this person administers."""
        token, credentials, server = _back(self.way, said["code"], redirect)
        found = _found(_organizations(server or "https://api.linkedin.com", token), credentials, server)
        if not found:
            raise No("LinkedIn shows no page that you administer. Sign in there as one of the page's administrators.")
        return found


class Person:
    """See SignIn."""

    way = Way(
        network="linkedin",
        name="person",
        label="Sign in as yourself",
        words="For your own profile: you sign in at LinkedIn and allow Dispatch to post as you, under your name.",
        registers=PROGRAM,
        app="person",
        accounts="urn:li:person:",
        scopes=" ".join(scopes.LINKEDIN_PERSON),
        guide="linkedin.com/developers, an app with the products Share on LinkedIn and Sign In with LinkedIn using OpenID "
        "Connect, which cannot be the one for pages, Auth: Authorized redirect URLs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization page."""
        return _out(self.way, redirect, state)

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """Whoever signed in (docs: linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2)."""
        token, credentials, server = _back(self.way, said["code"], redirect)
        me = asking.get(f"{server or 'https://api.linkedin.com'}/v2/userinfo", token=token)
        who = (f"urn:li:person:{me['sub']}", str(me.get("name") or "your own profile"))
        return _found([who], credentials, server)


def _out(way: Way, redirect: str, state: str) -> Begun:
    program = asking.program(way.place, "LinkedIn")
    address = f"{program.server or 'https://www.linkedin.com'}/oauth/v2/authorization"
    return Begun(
        asking.authorize(address, client_id=program.id, redirect_uri=redirect, state=state, scope=way.scopes), {}
    )


def _back(way: Way, code: str, redirect: str) -> tuple[str, dict[str, str], str]:
    """A token for sixty days; some programs are given one for further ones (docs: programmatic-refresh-tokens)."""
    program = asking.program(way.place, "LinkedIn")
    mine = {"client_id": program.id, "client_secret": program.secret}
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
    given = asking.post(f"{program.server or 'https://www.linkedin.com'}/oauth/v2/accessToken", form | mine)
    token, ends = str(given["access_token"]), asking.ends(given)
    credentials = {"access_token": token, **mine, **({"expires_at": ends.isoformat()} if ends else {})}
    if given.get("refresh_token"):
        credentials["refresh_token"] = str(given["refresh_token"])
    return token, credentials, program.server


def _found(accounts: Iterable[tuple[str, str]], credentials: Mapping[str, str], server: str) -> list[Identity]:
    until = None if "refresh_token" in credentials else base.ends(credentials)
    return [
        Identity(key=urn, account=name, server=server, expires_at=until, credentials={**credentials, "author": urn})
        for urn, name in accounts
    ]


def _organizations(api: str, token: str) -> Iterator[tuple[str, str]]:
    """docs: linkedin/marketing/community-management/organizations/organization-access-control-by-role."""
    headers = {"X-Restli-Protocol-Version": "2.0.0", "LinkedIn-Version": VERSION}
    query = {"q": "roleAssignee", "role": "ADMINISTRATOR", "state": "APPROVED", "count": MOST}
    for row in asking.get(f"{api}/rest/organizationAcls", query, token=token, headers=headers).get("elements", []):
        urn = str(row["organization"])
        said = asking.get(f"{api}/rest/organizations/{urn.rpartition(':')[2]}", token=token, headers=headers)
        yield urn, str(said.get("localizedName") or urn)
