"""Channels: which accounts are connected, whether they live, what they take and when; and what an operator does with one."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch import saying
from dispatch.accounts import audit, desks, permissions, stopping
from dispatch.accounts.models import Role, Stop, User
from dispatch.desk import acting
from dispatch.outcomes import Sent
from dispatch.social import channels as connected
from dispatch.social import (
    connecting,
    doors,
    expiring,
    feedback,
    networks,
    preferences,
    probing,
    slots,
    standing_in,
    tending,
    timing,
    trying,
)
from dispatch.social.models import Channel, Post
from dispatch.social.networks import allowances
from dispatch.social.networks.base import Limits

UNSAID = {"facebook": "Facebook says so only once many calls were made"}
"""Where a network tells what is left sometimes, and did not when it was asked last."""
TIMES = ("slots", "quiet", "zone")
FRESHLY = {"lift", "remove"}


@dataclass(frozen=True)
class Card:
    """A channel as a page shows it."""

    channel: Channel
    network: str  # as people call it
    state: str  # of states.WORDS["channel"]
    waiting: int  # posts
    risks: tuple[str, ...]  # posts that will not go out as things stand, by name, and why
    expiry: str  # that its credentials will be over; empty: not soon, or never
    stop: Stop | None  # of this channel alone


@permissions.requires(Role.EDITOR)
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """All of them."""
    return render(request, "desk/channels.html", {"cards": cards(Channel.objects.filter(removed_at=None))})


@permissions.requires(Role.EDITOR)
@require_safe
def channel(request: HttpRequest, slug: str) -> HttpResponse:
    """One."""
    return _page(request, _found(slug), written(_found(slug)))


@permissions.requires(Role.OPERATOR)
@require_POST
def save(request: HttpRequest, slug: str) -> HttpResponse:
    """Its rules, as a person wrote them; what is not understood is shown again beside what to do about it."""
    found, given = _found(slug), request.POST
    desks.insist(_user(request), found)
    texts = {name: given.get(name, "") for name in ("name", "languages", "topics", *TIMES)}
    wanted = tending.Rules(**texts, on=frozenset(given.getlist("on")), texts=_texts(found, given))
    try:
        changed = tending.set_rules(found, wanted, _user(request))
    except slots.Unclear as problem:
        messages.error(request, f"{_capital(str(problem))}. Nothing was changed.")
        return _page(request, _found(slug), wanted, status=422)
    acting.tell(request, bool(changed), f"Changed: {', '.join(changed)}.", "It was so already; nothing was changed.")
    return redirect("channel_page", slug)


@permissions.requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest, slug: str, act: str) -> HttpResponse:
    """One of the buttons."""
    found = _found(slug)
    desks.insist(_user(request), found)
    doing = {
        "probe": _probe,
        "on": _switch_on,
        "off": _switch_off,
        "stop": _stop,
        "lift": _lift,
        "remove": _remove,
        "test": _test,
    }.get(act)
    if doing is None:
        raise Http404
    if act in FRESHLY and (first := permissions.prove(request)):
        return first
    why = "" if act == "probe" else acting.reason(request)
    if act == "probe" or why:
        doing(request, found, why)
    is_there = Channel.objects.filter(slug=slug).exists()
    return redirect("channel_page", slug) if is_there else redirect("channels")


def cards(found: "QuerySet[Channel]") -> list[Card]:
    """With what hangs on each, in a few queries for all."""
    rows = found.annotate(waiting=Count("posts", filter=Q(posts__state__in=Post.WAITING))).order_by("name")
    stops = list(stopping.in_force().filter(Q(scope=Stop.Scope.EVERYTHING) | Q(scope=Stop.Scope.CHANNEL)))
    risks: dict[int, list[str]] = {}
    for risk in probing.risks():
        risks.setdefault(risk.channel.pk, []).append(_risk(risk))
    ending = {expiry.channel.pk: expiry.words for expiry in expiring.soon()}
    return [
        Card(
            channel=one,
            network=doors.label(one.network),
            state=state(one, stopped=any(stop.target in {None, one.pk} for stop in stops)),
            waiting=one.waiting,
            risks=tuple(risks.get(one.pk, ())),
            expiry=ending.get(one.pk, ""),
            stop=next((stop for stop in stops if stop.target == one.pk), None),
        )
        for one in rows
    ]


def state(one: Channel, *, stopped: bool) -> str:
    """What holds it most."""
    if stopped:
        return "stopped"
    if one.network not in networks.registry:
        return "unknown"
    if not one.active:
        return "off"
    if one.refused_at:
        return "refused"
    if one.trouble:
        return "trouble"
    return "lives" if one.probed_at else "unasked"


def written(one: Channel) -> tending.Rules:
    """Its rules as a person writes them."""
    quiet = f"{one.quiet_from:%H:%M}-{one.quiet_to:%H:%M}" if one.quiet_from and one.quiet_to else ""
    return tending.Rules(
        name=one.name,
        languages=" ".join(one.languages),
        topics=", ".join(one.topics),
        slots=slots.written((slot.weekday, slot.at) for slot in one.slots.all()),
        quiet=quiet,
        zone=one.zone,
        on=frozenset(key for key, value in one.settings.items() if value),
        texts={said.key: str(one.settings.get(said.key, "")) for said in preferences.of(one.network) if said.reads},
    )


def fits(limits: Limits) -> str:
    """ "500 characters, 4 pictures"."""
    text = f"{saying.number(limits.longest)} {limits.unit}"
    return f"{text}, {saying.many(limits.pictures, 'picture')}" if limits.pictures else f"{text}, no pictures"


def _texts(one: Channel, given: QueryDict) -> dict[str, str]:
    return {said.key: given.get(f"of-{said.key}", "")[:300] for said in preferences.of(one.network) if said.reads}


def _risk(risk: probing.Risk) -> str:
    """Which posts; and why, where the channel's own trouble does not say it already."""
    return risk.words if risk.why == risk.channel.trouble else f"{risk.words}: {risk.why.rstrip('.')}"


def _page(request: HttpRequest, one: Channel, rules: tending.Rules, status: int = 200) -> HttpResponse:
    (card,) = cards(Channel.objects.filter(pk=one.pk))
    limits = networks.of(one.network).limits(connected.unopened(one))
    context = {
        "card": card,
        "channel": one,
        "rules": rules,
        "preferences": preferences.of(one.network),
        "doors": [door.way for door in connecting.again(one)],
        "fits": fits(limits) if one.network in networks.registry else "",
        "needs_picture": limits.pictures_needed > 0,
        "picture": standing_in.kept_by(one),
        "sends_tests": trying.offers(one),
        "left": allowances.kept(one.limits),
        "uncounted": feedback.refusal(one),
        "unsaid": UNSAID.get(one.network, f"{card.network} does not say"),
        "zone_used": timing.zone(one).key,
        "next_slot": timing.next_free(one, timezone.now()),
        "in_the_way": tending.in_the_way(one),
        "last": audit.last(f"channel:{one.slug}", ["channel.connect", "channel.reconnect", "channel.settings"]),
    }
    return render(request, "desk/channel.html", context, status=status)


def _probe(request: HttpRequest, one: Channel, _why: str) -> None:
    health = connected.probe(one)
    words = f" It says: {health.words.rstrip('.')}." if health.words else ""
    acting.tell(request, health.ok, f"It can post.{words}", f"It cannot post.{words}")


def _test(request: HttpRequest, one: Channel, why: str) -> None:
    if not trying.offers(one):
        messages.warning(request, "This network is asked instead; nothing was sent.")
        return
    outcome = trying.send(one, _user(request), why)
    acting.tell(request, isinstance(outcome, Sent), trying.words(outcome), trying.words(outcome))


def _switch_on(request: HttpRequest, one: Channel, why: str) -> None:
    done = tending.switch(one, on=True, by=_user(request), reason=why)
    acting.tell(request, done, "Switched on. What waited goes on, unless it is late.", "It was on already.")


def _switch_off(request: HttpRequest, one: Channel, why: str) -> None:
    done = tending.switch(one, on=False, by=_user(request), reason=why)
    words = f"Switched off. {_still(one)} What waits stays here, and is not posted."
    acting.tell(request, done, words, "It was off already.")


def _stop(request: HttpRequest, one: Channel, why: str) -> None:
    if stopping.in_force().filter(scope=Stop.Scope.CHANNEL, target=one.pk).exists():
        messages.warning(request, "Somebody pulled it before you; nothing was changed.")
        return
    stopping.stop(Stop.Scope.CHANNEL, one.pk, _user(request), why)
    messages.success(request, f"STOP. Nothing is posted to {one.name}. {_still(one)}")


def _lift(request: HttpRequest, one: Channel, why: str) -> None:
    held = list(stopping.in_force().filter(scope=Stop.Scope.CHANNEL, target=one.pk))
    for stop in held:
        stopping.lift(stop.pk, _user(request), why)
    acting.tell(request, bool(held), "Lifted. What it held goes on.", "There was no STOP; nothing was changed.")


def _remove(request: HttpRequest, one: Channel, why: str) -> None:
    problem = tending.remove(one, _user(request), why)
    words = f"{one.name} is removed, and its credentials are destroyed. Take its permission back at the network, too."
    acting.tell(request, not problem, words, f"Not removed: {problem}.")


def _still(one: Channel) -> str:
    """What it came too late for."""
    count = tending.may_leave(one)
    return f"At most {saying.many(count, 'post')} may still appear." if count else "Nothing is on its way."


def _found(slug: str) -> Channel:
    return get_object_or_404(Channel, slug=slug, removed_at=None)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
