"""What a mail that came back says, and the codes that it says it with (RFC 3463)."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What it means for the reader."""

    HARD = "hard"  # no such mailbox: never again
    SOFT = "soft"  # not this letter, for now
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"  # asks to prove that a person wrote
    NOTICE = "notice"  # delayed, or delivered: there is nothing to do
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """A kind, and the codes it rests on: "550 5.1.1", "", never a word of the reply."""

    kind: Kind
    code: str = ""


ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
BASIC = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[\s-])")
GONE = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4", "4.310"}
"""Of class 5: no such mailbox or domain, moved, takes no mail (RFC 7505), disabled, no way there (4.310 is Exchange's)."""
ADDRESS = re.compile(r"[\w.+%=~-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){0,8}")
VAGUE = {"0.0", "1.0", "2.0", "3.0", "4.0", "4.1", "5.0", "7.1"}
"""Of class 5: servers say these of unknown users, of spam and of much else; the words decide."""


def judge(status: str, diagnostic: str, words: str = "") -> Verdict:
    """By the enhanced code, then by what the other server said. Soft where nothing is sure: whoever is struck off by
    mistake loses their newsletter, a dead mailbox costs a few more letters.
    """
    enhanced = _decisive(status) or _decisive(diagnostic) or _any(diagnostic) or _any(status) or _any(words)
    said = BASIC.search(diagnostic) or BASIC.search(words)
    code = " ".join(filter(None, [said[1] if said else "", enhanced]))
    family, _, detail = enhanced.partition(".")
    if family == "2":
        return Verdict(Kind.NOTICE, code)
    if family == "4":
        return Verdict(Kind.SOFT, code)
    if family == "5" and detail not in VAGUE:
        is_gone = detail in GONE and not IN_USE.search(_plain(diagnostic))
        return Verdict(Kind.HARD if is_gone else Kind.SOFT, code)
    return Verdict(by_words(f"{diagnostic}\n{words}"), code)


def by_words(text: str) -> Kind:
    """Where no code decides."""
    plain = _plain(text)
    if SOFT_WORDS.search(plain):
        return Kind.SOFT
    return Kind.HARD if HARD_WORDS.search(plain) else Kind.SOFT


def _plain(text: str) -> str:
    """Addresses left out: spam@ and quota@ are names."""
    return ADDRESS.sub("@", " ".join(text.lower().split()))


def _decisive(text: str) -> str:
    return next((one[0] for one in ENHANCED.finditer(text) if one[0].partition(".")[2] not in VAGUE), "")


def _any(text: str) -> str:
    found = ENHANCED.search(text)
    return found[0] if found else ""


def _either(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


IN_USE = _either(
    r"quota|mailbox (is )?full|out of storage|bo[iî]te .{0,40}pleine",
    r"receiving (e?mail|messages) (too quickly|at a rate)|too (much|many) (e?mails?|messages)",
)
"""Comcast and Orange say of a full mailbox that it is none (5.1.1), Gmail of a busy one that it is disabled (5.2.1)."""
SOFT_WORDS = _either(
    r"\b(mailbox|inbox|account|user)( \S{1,80})?( is|'s)? (over quota|full|out of storage)\b",
    r"quota exceeded|over quota|exceed(s|ed)? (the |its |their )?(storage"
    r"|quota|limit)|disk full|insufficient (disk|storage)",
    r"out of storage space|message too (large|big)|size limit|too many (messages|connections|recipients)",
    r"try again later|temporarily|timed? ?out|greylist|rate limit"
    r"|(retry|queue) time.{0,30}(exceeded|expired)|delivery time expired",
    r"\bspam\b|spamhaus|blocklist|blacklist|blocked using|reputation"
    r"|content rejected|virus|policy (violation|reasons)|dmarc|\bspf\b",
    r"ящик.{0,20}переполнен|переполнен.{0,20}ящик|превышена квота|спам|скрыня.{0,20}перапоўнен",
)
HARD_WORDS = _either(
    r"(no such|unknown|invalid|non-?existent|not a (known|valid)) (\S+ )?(user"
    r"|mailbox|recipient|account|address|person|local part)",
    r"\b(user|recipient|mailbox|account|address|person|alias)( \S{1,120})?( address)?( is)? "
    r"(unknown|not found|invalid|disabled|inactive|suspended|deactivated"
    r"|deleted|closed|unrouteable|unavailable: user not found)",
    r"\b(user|recipient|mailbox|account|address|person|email account)( \S{1,120})? "
    r"(does ?n[o']t exist|does not exist|doesn't have|has been (disabled"
    r"|deleted|closed|deactivated)|was not found|not listed|no longer)",
    r"(doesn't|does not) have (an?|this) \S{0,60} ?(account|mailbox)"
    r"|no mailbox here|no (such )?mailbox|mailbox unavailable",
    r"unrouteable (mail )?(address|domain)|unknown (host|domain)"
    r"|host or domain name not found|domain (name )?(not found|does not exist)",
    r"couldn't find any host named|could not be found|wasn't found at"
    r"|domain.{0,80}(couldn't be found|does not accept mail)|nullmx|null mx|record indicated no smtp service",
    r"recipient address rejected: (access denied|user unknown|undeliverable|not in recipient list)|marked as invalid"
    r"|recipient rejected|no longer (exists|available|valid|works)",
    r"нет такого (пользователя|адреса|ящика)|ящик.{0,30}не (существует"
    r"|найден)|пользователь не найден|адрес.{0,40}не (найден|существует)",
    r"няма такога|скрыня не існуе",
)
