"""TLS reports (RFC 8460): how others could bring mail to a domain over TLS, and what went wrong.

Addresses of the senders are not read.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from dispatch.delivery.reports.told import Line, Told, Unreadable, merged

MOST = 5_000
RESULTS = {
    *("starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted"),
    *("validation-failure", "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error"),
    *("sts-policy-invalid", "sts-webpki-invalid"),
}
"""Of section 4.3; others are called so."""
POLICIES = {"tlsa", "sts", "no-policy-found"}
HOST = re.compile(r"[a-z0-9.-]{1,120}", re.IGNORECASE)


def read(text: bytes) -> list[Told]:
    """One for each policy's domain. Raises Unreadable."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("its JSON is broken") from problem
    try:
        return list(_read(report))
    except (KeyError, TypeError, AttributeError) as problem:
        raise Unreadable("it lacks what RFC 8460 asks for") from problem


def _read(report: dict[str, Any]) -> Iterator[Told]:
    reach, policies = report["date-range"], report["policies"]
    by_domain: dict[str, list[Line]] = {}
    if len(policies) > MOST:
        raise Unreadable("it has too many policies")
    for policy in policies:
        domain = str(policy["policy"]["policy-domain"])[:253].lower().rstrip(".")
        by_domain.setdefault(domain, []).extend(_lines(policy))
    identity = str(report["report-id"]).strip()[:256]
    if not identity:
        raise Unreadable("it does not say which report it is")
    for domain, lines in by_domain.items():
        yield Told(
            kind="tls",
            reporter=str(report.get("organization-name", ""))[:120],
            identity=identity,
            domain=domain,
            begins=_day(reach["start-datetime"]),
            ends=_day(reach["end-datetime"]),
            lines=merged(lines),
        )


def _lines(policy: dict[str, Any]) -> Iterator[Line]:
    kind, summary = str(policy["policy"]["policy-type"]), policy["summary"]
    treated = kind if kind in POLICIES else ""
    if went := _count(summary.get("total-successful-session-count", 0)):
        yield Line("", "encrypted", treated, went)
    told = 0
    for failure in (policy.get("failure-details") or [])[:MOST]:
        named, host = str(failure.get("result-type", "")), str(failure.get("receiving-mx-hostname") or "")
        count = _count(failure.get("failed-session-count", 0))
        told += count
        source = host.lower() if HOST.fullmatch(host) else ""
        yield Line(source, named if named in RESULTS else "another failure", treated, count)
    if (rest := _count(summary.get("total-failure-session-count", 0)) - told) > 0:
        yield Line("", "another failure", treated, rest)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
        raise Unreadable("a count is no number")
    return value


def _day(text: object) -> date:
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError as problem:
        raise Unreadable("its dates are not as RFC 3339 has them") from problem
