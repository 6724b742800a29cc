"""Apprise: one address names a service and how to reach it (github.com/caronc/apprise/wiki)."""

import hashlib
from collections.abc import Mapping
from urllib.parse import urlsplit

from dispatch.social.doors.base import Field, Identity, No, Way


class Apprise:
    """See Paste. What the address names is checked by the network's module, when the channel is first asked."""

    way = Way(
        network="apprise",
        name="url",
        label="Paste an Apprise address",
        words="For everything else: Matrix, Discord, Slack, Signal and about a hundred more. The address holds the password.",
        fields=(Field("url", "Address", "such as matrixs://user:password@matrix.example.org/#room", kind="password"),),
    )

    def check(self, given: Mapping[str, str]) -> Identity:
        """Its shape. Equal addresses are one account; the address itself is nobody's to read in its name."""
        url = given["url"].strip()
        parts = urlsplit(url)
        if not parts.scheme or "://" not in url or not parts.netloc:
            raise No("That is no Apprise address: it begins with a service's name and ://")
        key = hashlib.sha256(url.encode()).hexdigest()[:32]
        return Identity(key=key, account=parts.scheme, credentials={"url": url})
