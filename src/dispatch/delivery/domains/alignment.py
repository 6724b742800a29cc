"""Whether what proves a letter is of the domain that its From shows: DMARC asks that of SPF or of DKIM."""

from collections.abc import Iterator

from dispatch.delivery.domains import dmarc, ours
from dispatch.delivery.domains.records import Record, Standing
from dispatch.delivery.reputation import DkimKey


def look(domain: str) -> Iterator[Record]:
    """One line, where there is a DMARC record at all. Raises asking.Silent."""
    if not dmarc.policy(domain):
        return
    strict_spf, _ = dmarc.modes(domain)
    back = ours.return_path(domain) or domain
    by_spf = back == domain or (not strict_spf and dmarc.organisation(back) == dmarc.organisation(domain))
    by_dkim = DkimKey.objects.filter(domain=domain, active=True).exists()
    ways = [*(["SPF, by the return path"] if by_spf else []), *(["DKIM, by our signature"] if by_dkim else [])]
    if by_spf or by_dkim:
        only = "" if len(ways) == 2 else " Two are safer: forwarded mail keeps its signature, not its SPF."
        yield Record("Alignment", Standing.WELL, f"{domain} is proved by {' and '.join(ways)}.", only.strip(), domain)
        return
    why = "its record asks for the very domain (aspf=s)" if strict_spf else "that is another organisation's"
    said = f"Letters from {domain} come back to {back}: {why}, and no key of ours signs for {domain}."
    todo = f"Choose a DISPATCH_BOUNCE_DOMAIN below {domain}, or: dispatch dkim make {domain}. Fine if your relay signs."
    yield Record("Alignment", Standing.LOOK, said, todo, domain)
