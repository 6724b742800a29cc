"""LinkedIn: a person's own profile, or a page of an organization that they administer (learn.microsoft.com/linkedin)."""

from collections.abc import Iterator, Mapping

from dispatch.social.doors import asking
from dispatch.social.doors.base import Begun, Field, Identity, No, Way

VERSION = "202610"
"""Of the REST API (learn.microsoft.com/linkedin/marketing/versioning)."""


class LinkedIn:
    """See SignIn. Docs: learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow."""

    way = Way(
        network="linkedin",
        name="oauth",
        label="Sign in at LinkedIn",
        words="You sign in at LinkedIn, allow Dispatch to post, and choose your organization's page or your profile.",
        registers=(Field("client_id", "Client ID"), Field("client_secret", "Client secret", kind="password")),
        scopes="openid profile w_member_social r_organization_admin w_organization_social",
        guide="linkedin.com/developers, your app, Auth: Authorized redirect URLs",
    )

    def begin(self, asked: Mapping[str, str], redirect: str, state: str) -> Begun:  # noqa: ARG002 - nothing is asked
        """Its authorization page."""
        program = asking.program("linkedin", "LinkedIn")
        address = f"{program.server or 'https://www.linkedin.com'}/oauth/v2/authorization"
        url = asking.authorize(address, client_id=program.id, redirect_uri=redirect, state=state, scope=self.way.scopes)
        return Begun(url, {})

    def finish(self, said: Mapping[str, str], kept: Mapping[str, str], redirect: str) -> list[Identity]:  # noqa: ARG002
        """A token for sixty days; some programs are given one for further ones (docs: programmatic-refresh-tokens)."""
        program = asking.program("linkedin", "LinkedIn")
        login, api = (program.server or f"https://{host}.linkedin.com" for host in ("www", "api"))
        mine = {"client_id": program.id, "client_secret": program.secret}
        form = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": redirect}
        given = asking.post(f"{login}/oauth/v2/accessToken", form | mine)
        token, ends = str(given["access_token"]), asking.ends(given)
        credentials = {"access_token": token, **mine, **({"expires_at": ends.isoformat()} if ends else {})}
        if given.get("refresh_token"):
            credentials["refresh_token"] = str(given["refresh_token"])
        until = None if given.get("refresh_token") else ends
        return [
            Identity(
                key=urn,
                account=name,
                server=program.server,
                expires_at=until,
                credentials=credentials | {"author": urn},
            )
            for urn, name in (*_organizations(api, token), *_person(api, token))
        ]


def _person(api: str, token: str) -> Iterator[tuple[str, str]]:
    """docs: linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2."""
    me = asking.get(f"{api}/v2/userinfo", token=token)
    yield f"urn:li:person:{me['sub']}", str(me.get("name") or "your own profile")


def _organizations(api: str, token: str) -> Iterator[tuple[str, str]]:
    """docs: linkedin/marketing/community-management/organizations/organization-access-control-by-role. A program that was
    not granted this product sees none."""
    headers = {"X-Restli-Protocol-Version": "2.0.0", "LinkedIn-Version": VERSION}
    query = {"q": "roleAssignee", "role": "ADMINISTRATOR", "state": "APPROVED"}
    try:
        rows = asking.get(f"{api}/rest/organizationAcls", query, token=token, headers=headers).get("elements", [])
    except No:
        return
    for row in rows:
        urn = str(row["organization"])
        said = asking.get(f"{api}/rest/organizations/{urn.rpartition(':')[2]}", token=token, headers=headers)
        yield urn, str(said.get("localizedName") or urn)
