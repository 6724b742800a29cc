"""Connecting an account in the browser, or connecting it again: out to the network's own page and back, or with keys."""

from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import audit, desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.social import connecting, doors, programs, slots, tending
from dispatch.social.doors import bluesky_oauth
from dispatch.social.doors.base import Door, No, Paste, SignIn
from dispatch.social.models import Channel
from dispatch.social.programs import Program


@permissions.requires(Role.OPERATOR)
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What can be connected, and how."""
    found: dict[str, list[Door]] = {}
    for door in doors.offered():
        found.setdefault(doors.label(door.way.network), []).append(door)
    return render(request, "desk/connect.html", {"networks": found})


@permissions.requires(Role.OPERATOR)
def way(request: HttpRequest, network: str, way: str, slug: str = "") -> HttpResponse:
    """The form of one way; posted, its first step."""
    door, channel = _door(network, way), _channel(slug, network)
    if channel:
        desks.insist(_user(request), channel)
        if door not in connecting.again(channel):
            raise Http404
    if request.method != "POST":
        return _form(request, door, channel, {})
    given = {name: request.POST.get(name, "") for name in request.POST}
    try:
        return _go(request, door, channel, given)
    except (No, slots.Unclear) as problem:
        words = str(problem) if isinstance(problem, No) else f"{str(problem).capitalize()}. {connecting.NOTHING}"
        messages.error(request, words)
        return _form(request, door, channel, given, status=422)


@require_safe
def program(_request: HttpRequest) -> HttpResponse:
    """What Dispatch says of itself to servers of AT Protocol, which read it when an account is connected: public."""
    if not settings.SECURE:
        raise Http404
    shown = JsonResponse(bluesky_oauth.document(back_to("bluesky")))
    shown["Cache-Control"] = "max-age=600"
    return shown


@permissions.requires(Role.OPERATOR)
@require_safe
def back(request: HttpRequest, network: str) -> HttpResponse:
    """Where a network's page sends people to. It acts, though it is a GET: the state is its key, good once."""
    said = {name: request.GET[name] for name in request.GET}
    try:
        done = connecting.finish(network, said, _visitor(request))
    except No as problem:
        return _told(request, problem)
    if isinstance(done, connecting.Choice):
        return redirect("connect_choose", network, done.token)
    return _done(request, done)


@permissions.requires(Role.OPERATOR)
def choose(request: HttpRequest, network: str, token: str) -> HttpResponse:
    """Which of several accounts."""
    try:
        if request.method == "POST":
            typed = request.POST.get("account", "")
            number = int(typed) if typed.isdecimal() else -1
            return _done(request, connecting.choose(network, token, number, _visitor(request)))
        names = connecting.names(network, token, _visitor(request))
        if not names:
            raise No(connecting.OVER)
    except No as problem:
        return _told(request, problem)
    return render(request, "desk/connect_choose.html", {"names": names, "network": doors.label(network)})


@permissions.requires(Role.OPERATOR)
@require_POST
def register(request: HttpRequest, network: str, way: str) -> HttpResponse:
    """Keep the newsroom's program at a network: sealed, and never shown again."""
    door = _door(network, way)
    given = {one.name: request.POST.get(one.name, "").strip() for one in door.way.registers}
    missing = [one.label for one in door.way.registers if one.required and not given[one.name]]
    if not door.way.registers or missing:
        messages.error(request, f"Missing: {', '.join(missing)}. Nothing was kept.")
    else:
        before = programs.find(door.way.place)
        server = before.server if before else ""
        made = Program(server, given["client_id"], given.get("client_secret", ""), back_to(network))
        programs.keep(door.way.place, made)
        audit.record(
            _user(request), "channel.program", f"network:{door.way.place}", "the newsroom's program was registered"
        )
        messages.success(request, f"Kept, sealed. Now sign in at {doors.label(network)}.")
    return redirect("connect_way", network, way)


def back_to(network: str) -> str:
    """The address to register at a network: exactly this one."""
    return settings.PUBLIC_URL + reverse("connect_back", args=[network])


def _go(request: HttpRequest, door: Door, channel: Channel | None, given: dict[str, str]) -> HttpResponse:
    wish = connecting.Wish(
        name=given.get("name", "").strip()[:120],
        languages=tending.languages(given.get("languages", "")),
        topics=tending.topics(given.get("topics", "")),
        channel=channel.pk if channel else None,
    )
    if isinstance(door, SignIn):
        url = connecting.begin(door, given, wish, back_to(door.way.network), _visitor(request))
        # A link and no redirect: the page's policy lets no form lead to another host, and a person sees to which they go.
        shown = {
            "address": url,
            "host": urlsplit(url).netloc,
            "way": door.way,
            "network": doors.label(door.way.network),
        }
        return render(request, "desk/connect_leave.html", shown)
    assert isinstance(door, Paste)
    return _done(request, connecting.paste(door, given, wish, _user(request)))


def _form(
    request: HttpRequest, door: Door, channel: Channel | None, given: dict[str, str], status: int = 200
) -> HttpResponse:
    is_known = programs.find(door.way.place) is not None
    context = {
        "way": door.way,
        "network": doors.label(door.way.network),
        "channel": channel,
        "given": _prefilled(door, channel) | _shown(door, given),
        "is_registered": is_known or not door.way.registers,
        "redirect": back_to(door.way.network),
    }
    return render(request, "desk/connect_way.html", context, status=status)


def _prefilled(door: Door, channel: Channel | None) -> dict[str, str]:
    """What is known of the account already."""
    known = dict.fromkeys([one.name for one in door.way.fields] + ["name", "languages", "topics"], "")
    if standin := programs.find(door.way.place):
        known["server"] = standin.server
    if channel:
        known |= {"account": channel.account, "handle": channel.account}
        known |= {"server": channel.server} if channel.network == "mastodon" else {}
    return known


def _shown(door: Door, given: dict[str, str]) -> dict[str, str]:
    """What was typed, without its secrets."""
    hidden = {one.name for one in door.way.fields if one.kind == "password"}
    return {name: value for name, value in given.items() if name not in hidden}


def _told(request: HttpRequest, problem: No) -> HttpResponse:
    """Why not, where one would try again."""
    messages.error(request, str(problem))
    channel = Channel.objects.filter(pk=problem.channel, removed_at=None).first() if problem.channel else None
    return redirect("channel_page", channel.slug) if channel else redirect("connect")


def _done(request: HttpRequest, channel: Channel) -> HttpResponse:
    messages.success(request, f"{channel.name} is connected, and can post.")
    return redirect("channel_page", channel.slug)


def _door(network: str, way: str) -> Door:
    door = doors.get(network, way)
    if door is None:
        raise Http404
    return door


def _channel(slug: str, network: str) -> Channel | None:
    return get_object_or_404(Channel, slug=slug, network=network, removed_at=None) if slug else None


def _visitor(request: HttpRequest) -> connecting.Visitor:
    return connecting.Visitor(_user(request), request.session.session_key or "")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
