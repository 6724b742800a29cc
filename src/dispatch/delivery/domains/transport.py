"""How mail comes to a domain: who takes it, whether others must encrypt it (MTA-STS, RFC 8461), and who is told where that
failed (TLSRPT, RFC 8460)."""

import re
from collections.abc import Iterator

from dispatch import fetching
from dispatch.delivery.domains import asking, ours
from dispatch.delivery.domains.records import Paste, Record, Standing, tags

MODES = {"enforce", "testing", "none"}
WELL_KNOWN = "https://mta-sts.{}/.well-known/mta-sts.txt"
LARGEST = 64 * 1024
LONGEST = 31557600
"""Seconds of max_age (RFC 8461 section 3.2)."""


def mail(domain: str) -> Iterator[Record]:
    """Whether letters can come back there."""
    if hosts := asking.exchangers(domain):
        yield Record("MX", Standing.WELL, f"{', '.join(hosts)} take{'s' * (len(hosts) == 1)} its mail.", host=domain)
    else:
        paste = Paste(domain, "10 mail.example.org.", "MX")
        said = f"Nobody takes mail for {domain}: what cannot be delivered is never heard of."
        yield Record("MX", Standing.WRONG, said, "Publish this record, with your mail server's name.", domain, paste)


def reports(domain: str) -> Iterator[Record]:
    """Only where mail comes to the domain at all."""
    if not asking.exchangers(domain):
        return
    name = f"_smtp._tls.{domain}"
    found = [text for text in asking.texts(name) if text.replace(" ", "").lower().startswith("v=tlsrptv1;")]
    place = ours.return_path(domain) or domain
    paste = Paste(name, f"v=TLSRPTv1; rua=mailto:reports@{place}")
    if not found:
        said = f"Nobody is told where mail to {domain} could not be encrypted."
        yield Record("TLS-RPT", Standing.MAY, said, "Publish this record; Dispatch reads what comes.", name, paste)
    elif len(found) > 1 or not re.match(r"(mailto:|https://)", tags(found[0]).get("rua", "")):
        todo = "One record, with rua=mailto:… or rua=https://…"
        yield Record("TLS-RPT", Standing.LOOK, f"{name} is not understood.", todo, name, paste)
    else:
        yield Record("TLS-RPT", Standing.WELL, f"{name} says who is told.", host=name)


def policy(domain: str) -> Iterator[Record]:
    """Only where mail comes to the domain at all. Asks mta-sts.<domain> for its policy."""
    hosts = asking.exchangers(domain)
    if not hosts:
        return
    name = f"_mta-sts.{domain}"
    found = [text for text in asking.texts(name) if text.replace(" ", "").lower().startswith("v=stsv1;")]
    if not found:
        said = f"Others may bring mail for {domain} unencrypted."
        todo = f"Serve a policy at {WELL_KNOWN.format(domain)}, then publish this record with a number of your own."
        yield Record("MTA-STS", Standing.MAY, said, todo, name, Paste(name, "v=STSv1; id=1"))
        return
    if len(found) > 1 or not re.fullmatch(r"[A-Za-z0-9]{1,32}", tags(found[0]).get("id", "")):
        todo = "One record, with an id of letters and digits."
        yield Record("MTA-STS", Standing.LOOK, f"{name} is not understood.", todo, name, Paste(name, "v=STSv1; id=1"))
        return
    yield _served(domain, name, hosts)


def _served(domain: str, name: str, hosts: list[str]) -> Record:
    url = WELL_KNOWN.format(domain)
    answer = fetching.fetch(url, largest=LARGEST)
    if isinstance(answer, fetching.Failed) or answer.status != 200 or answer.url != url:
        why = answer.reason if isinstance(answer, fetching.Failed) else f"it answers {answer.status}"
        return Record("MTA-STS", Standing.WRONG, f"{url} cannot be read: {why}.", "Serve the policy there.", name)
    return judge(answer.body.decode("utf-8", "replace"), name, hosts)


def judge(text: str, name: str, hosts: list[str]) -> Record:
    """A policy's text against the hosts that take the mail."""
    fields: dict[str, list[str]] = {}
    for key, colon, value in (line.partition(":") for line in text.splitlines()):
        if colon:
            fields.setdefault(key.strip().lower(), []).append(value.strip().lower())
    mode, age = fields.get("mode", [""])[0], fields.get("max_age", [""])[0]
    if fields.get("version") != ["stsv1"] or mode not in MODES or not age.isdigit() or int(age) > LONGEST:
        words = "The policy is not understood: it has version: STSv1, mode, mx and max_age (RFC 8461 section 3.2)."
        return Record("MTA-STS", Standing.WRONG, words, "Mend it, and give the record another id.", name)
    outside = [host for host in hosts if not any(_is_like(host, one) for one in fields.get("mx", []))]
    if outside and mode != "none":
        standing = Standing.WRONG if mode == "enforce" else Standing.LOOK
        fate = "refused" if mode == "enforce" else "told of"
        words = f"The policy does not name {', '.join(outside)}: mail to it is {fate}."
        return Record("MTA-STS", standing, words, f"Add: mx: {outside[0]}", name)
    return Record("MTA-STS", Standing.WELL, f"Its policy is read ({mode}).", host=name)


def _is_like(host: str, pattern: str) -> bool:
    """ "*." stands for one label (section 4.1)."""
    return host == pattern or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])
