"""SPF's macros (RFC 7208 section 7). Pure."""

import ipaddress
import re

MACRO = re.compile(r"%(?:\{([slodiphcrtv])(\d*)(r?)([.\-+,/_=]*)\}|([%_-]))", re.IGNORECASE)
LITERAL = {"%": "%", "_": " ", "-": "%20"}


def expanded(spec: str, address: str, domain: str, sender_domain: str) -> str:
    """A domain-spec for mail of postmaster@`sender_domain` from `address`, while `domain`'s record is read."""
    at = ipaddress.ip_address(address)
    dotted = str(at) if at.version == 4 else ".".join(at.exploded.replace(":", ""))
    values = {
        "s": f"postmaster@{sender_domain}",
        "l": "postmaster",
        "o": sender_domain,
        "d": domain,
        "i": dotted,
        "p": "unknown",
        "h": sender_domain,
        "v": "in-addr" if at.version == 4 else "ip6",
        "c": str(at),
        "r": "unknown",
        "t": "0",
    }

    def one(found: re.Match[str]) -> str:
        if found[5]:
            return LITERAL[found[5]]
        parts = re.split(f"[{re.escape(found[4] or '.')}]", values[found[1].lower()])
        parts = parts[::-1] if found[3] else parts
        return ".".join(parts[-int(found[2]) :] if found[2] and int(found[2]) else parts)

    return MACRO.sub(one, spec)
