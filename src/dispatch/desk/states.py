"""Every state in a person's word and a shape: a colour alone says nothing to those who do not see it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """`shape` is a class of dispatch.css: good, going, later, held, unsure, bad, over, or "" for what waits its turn."""

    shape: str
    word: str


WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "article": {"published": ("good", "published"), "withdrawn": ("over", "taken back")},
    "edition": {
        "draft": ("held", "being written"),
        "gathering": ("", "gathering stories"),
        "due": ("going", "being rendered"),
        "rendered": ("good", "rendered"),
        "empty": ("over", "nothing to say, not sent"),
        "withdrawn": ("over", "taken back"),
        "failed": ("bad", "could not be rendered"),
        "late": ("held", "late, waits for you"),
    },
    "send": {
        "draft": ("held", "waits for a second person"),
        "enlisting": ("going", "gathering readers"),
        "ready": ("later", "ready, can be stopped"),
        "first_wave": ("going", "first wave"),
        "sending": ("going", "sending"),
        "paused": ("held", "paused"),
        "cancelling": ("going", "cancelling"),
        "cancelled": ("over", "cancelled"),
        "finished": ("good", "finished"),
        "unbalanced": ("bad", "does not add up"),
    },
    "story": {"embargo": ("held", "under embargo")},
    "post": {
        "draft": ("held", "waits for you"),
        "scheduled": ("", "scheduled"),
        "claimed": ("going", "being posted"),
        "deferred": ("later", "deferred"),
        "late": ("held", "late, waits for you"),
        "sent": ("good", "posted"),
        "refused": ("bad", "refused"),
        "unknown": ("unsure", "did it go out?"),
        "dropped": ("over", "dropped"),
        "withdrawn": ("over", "taken back"),
        "gone": ("over", "deleted there"),
    },
    "notice": {
        "waiting": ("", "waiting"),
        "sending": ("going", "being sent"),
        "sent": ("good", "told"),
        "refused": ("bad", "refused"),
        "unknown": ("unsure", "may have arrived"),
    },
    "change": {
        "waiting": ("going", "waits to be done there"),
        "claimed": ("going", "being done there"),
        "done": ("good", "done there"),
        "refused": ("bad", "refused there"),
        "unknown": ("unsure", "no answer"),
        "void": ("over", "nothing to do"),
        "open": ("unsure", "says what is not so any more"),
        "decided": ("over", "decided"),
        "same": ("good", "says what is true now"),
    },
    "line": {
        "would be planned": ("", "would be planned"),
        "stands already": ("over", "stands already"),
        "problem": ("bad", "problem"),
    },
    "export": {
        "asked": ("held", "waits for a second person"),
        "agreed": ("going", "may be taken"),
        "taken": ("over", "taken"),
        "over": ("over", "over"),
        "seen": ("bad", "got out"),
    },
    "lost": {
        "asked": ("later", "asked for"),
        "granted": ("later", "granted by one"),
        "agreed": ("going", "agreed, waits"),
    },
    "person": {
        "has": ("good", "set up"),
        "has_not": ("", "not yet"),
        "closed": ("over", "closed"),
    },
    "reader": {
        "deferred": ("later", "deferred"),
        "refused": ("bad", "refused"),
        "bounced": ("bad", "bounced"),
        "complained": ("bad", "complained"),
        "skipped": ("over", "skipped"),
        "failed_render": ("bad", "could not be built"),
        "unknown": ("unsure", "unknown"),
        "cancelled": ("over", "cancelled"),
        "owed": ("later", "with their next letter"),
    },
    "letter": {
        "waiting": ("", "waiting"),
        "sending": ("going", "being sent"),
        "deferred": ("later", "deferred"),
        "refused": ("bad", "refused"),
        "unknown": ("unsure", "unknown"),
        "late": ("bad", "too late"),
        "sent": ("good", "sent"),
        "dropped": ("over", "dropped"),
    },
    "chunk": {
        "pending": ("", "waiting"),
        "leased": ("going", "being sent"),
        "done": ("good", "done"),
        "stuck": ("bad", "stuck"),
    },
    "endpoint": {"on": ("good", "on"), "failing": ("later", "does not answer"), "off": ("over", "off")},
    "delivery": {
        "waiting": ("going", "on its way"),
        "delivered": ("good", "told"),
        "failed": ("bad", "given up"),
        "void": ("over", "not told"),
    },
    "breaker": {"closed": ("good", "works"), "open": ("bad", "left alone"), "half_open": ("later", "on trial")},
    "relay": {
        "works": ("good", "works"),
        "rough": ("later", "failed lately"),
        "spare": ("over", "stands by"),
        "full": ("later", "full for today"),
        "trial": ("later", "on trial"),
        "alone": ("bad", "left alone"),
        "paused": ("held", "paused"),
    },
    "channel": {
        "lives": ("good", "lives"),
        "unasked": ("", "not asked yet"),
        "trouble": ("bad", "in trouble"),
        "refused": ("bad", "has to be reconnected"),
        "stopped": ("held", "STOP"),
        "off": ("over", "switched off"),
        "unknown": ("bad", "unknown network"),
    },
    "record": {
        "well": ("good", "stands"),
        "may": ("", "could be"),
        "look": ("unsure", "look"),
        "wrong": ("bad", "wrong"),
    },
    "key": {"on": ("good", "signs"), "off": ("", "does not sign")},
    "check": {"ok": ("good", "ok"), "todo": ("later", "to do"), "bad": ("bad", "not well")},
}

WORDS["finding"] = {"ok": ("good", "ok"), "look": ("unsure", "look"), "blocks": ("bad", "blocks")}
WORDS["item"] = {
    "due": ("", "due"),
    "failed": ("bad", "failed"),
    "done": ("good", "done"),
    "over": ("over", "over"),
}
WORDS["attempt"] = {
    "sent": ("good", "posted"),
    "deferred": ("later", "deferred"),
    "refused": ("bad", "refused"),
    "unknown": ("unsure", "unknown"),
    "open": ("going", "no answer yet"),
}
WORDS["trial"] = {
    "waiting": ("", "waiting"),
    "sending": ("going", "being sent"),
    "sent": ("good", "accepted"),
    "deferred": ("later", "deferred"),
    "refused": ("bad", "refused"),
    "unknown": ("unsure", "unknown"),
}
WORDS["missing"] = WORDS["reader"] | {"in_flight": ("going", "on the wire"), "untouched": ("", "waits its turn")}


def of(kind: str, state: str) -> Shown:
    """The word and shape of a state. Raises KeyError for one that has none."""
    return Shown(*WORDS[kind][state])
