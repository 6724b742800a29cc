"""Calls about a story after it was out: what differs from what is true now, what is decided of it, and how it was taken."""

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from dispatch.accounts import desks
from dispatch.api import asked, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.desk import afterwards, deciding, feedback
from dispatch.desk.afterwards import Mailed, Out
from dispatch.desk.models import Decision
from dispatch.editions.models import Edition
from dispatch.social import acts, correcting
from dispatch.social.acts import MAYBE_OUT
from dispatch.social.models import Change

router = Router(tags=["Stories"])


class DifferingPost(Schema):
    """A post that is, or may be, out. `proposal`: what the template would have it say now; `correction`: as a reply."""

    post: int
    channel: str
    state: str
    language: str
    text: str
    told_title: str
    true_title: str | None
    differs: bool
    open: bool
    decided: str | None
    proposal: str
    correction: str
    can_edit: bool
    can_delete: bool
    can_follow: bool
    change: told.ChangeOut | None

    @classmethod
    def of(cls, out: Out) -> "DifferingPost":
        """As it stands."""
        return cls(
            post=out.post.pk,
            channel=out.post.channel.slug,
            state=out.post.state,
            language=out.post.language,
            text=out.post.text,
            told_title=out.told.title,
            true_title=out.told.now.title if out.told.now else None,
            differs=out.differs,
            open=out.is_open,
            decided=out.decision.how if out.decision else None,
            proposal=out.proposal,
            correction=out.correction,
            can_edit=out.limits.edits,
            can_delete=out.limits.deletes,
            can_follow=out.can_follow,
            change=told.ChangeOut.of(out.change) if out.change else None,
        )


class DifferingEdition(Schema):
    """An edition that told the story; `languages` are those in which something else is true now."""

    edition: int
    newsletter: str
    languages: list[str]
    differs: bool
    open: bool
    decided: str | None

    @classmethod
    def of(cls, mailed: Mailed) -> "DifferingEdition":
        """As it stands."""
        return cls(
            edition=mailed.edition.pk,
            newsletter=mailed.edition.newsletter.slug,
            languages=[one.language for one in mailed.told if one.differs],
            differs=mailed.differs,
            open=mailed.is_open,
            decided=mailed.decision.how if mailed.decision else None,
        )


class Plan(Schema):
    """Everything of a story that is out; editions with the scope `editions`."""

    posts: list[DifferingPost]
    editions: list[DifferingEdition]


class Reply(asked.Why):
    """A correction beneath a post."""

    text: asked.Text = Field(min_length=1, max_length=50_000)


class ByHand(asked.Why):
    """Of an edit or a deletion that failed: `done` says that somebody did it by hand; else it is let be."""

    done: bool


class MailTaken(Schema):
    """An edition in steps of twenty readers: at least so many, 0 for fewer than twenty."""

    edition: int
    send: int
    readers: int
    accepted: int
    bounced: int
    left: int
    is_over: bool


class PostTaken(Schema):
    """A post in its network's own public numbers, as last asked; null: it does not say."""

    post: int
    channel: str
    tells: bool
    replies: int | None
    likes: int | None
    reposts: int | None


class Taken(Schema):
    """Without looking at anyone."""

    step: int
    mail: list[MailTaken]
    posts: list[PostTaken]


@router.get("/stories/{int:story_id}/changes", response=Plan, **asks(Scope.POSTS))
def story_changes(request: HttpRequest, story_id: asked.Number) -> Plan:
    """What is out of it, whether it says what is not so any more, and what may be done; `open`: somebody has to decide."""
    plan = afterwards.plan(reached.story(request, story_id))
    mailings = plan.mailings if Scope.EDITIONS in door.token_of(request).scopes else []
    posts = [DifferingPost.of(one) for one in plan.posts]
    return Plan(posts=posts, editions=[DifferingEdition.of(one) for one in mailings])


@router.post("/posts/{int:post_id}/let-be", response={204: None}, **asks(Scope.CHANGE))
def let_post_be(request: HttpRequest, post_id: asked.Number, said: asked.Why) -> Status[None]:
    """It stays as it is, and is asked about again only when its story changes again."""
    post = reached.own_post(request, post_id)
    if post.state not in MAYBE_OUT:
        raise Problem("too-late")
    deciding.of_post(post, Decision.How.LET_BE, door.token_of(request).user, said.reason)
    return Status(204, None)


@router.post("/posts/{int:post_id}/correct", response={201: told.PostOut}, **asks(Scope.CHANGE))
def correct_post(request: HttpRequest, post_id: asked.Number, said: Reply) -> Status[told.PostOut]:
    """Post a correction beneath it, now."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    if problem := correcting.problem(post, said.text):
        raise Problem("invalid", errors={"text": problem})
    made = correcting.reply(post.pk, user, said.reason, said.text)
    if made is None:
        raise Problem("too-late")
    deciding.of_post(post, Decision.How.CORRECTED, user, said.reason)
    return Status(201, told.PostOut.of(made))


@router.post("/changes/{int:change_id}/settle", response={204: None}, **asks(Scope.CHANGE))
def settle_change(request: HttpRequest, change_id: asked.Number, said: ByHand) -> Status[None]:
    """An edit or a deletion that a network refused or never answered."""
    token = door.token_of(request)
    change = Change.objects.select_related("post__channel").filter(pk=change_id, post__in=seen.posts(token)).first()
    if change is None:
        raise Problem("not-found")
    desks.insist(token.user, change.post.channel)
    if not acts.settle_change(change_id, token.user, said.reason, done=said.done):
        raise Problem("too-late")
    return Status(204, None)


@router.post("/stories/{int:story_id}/editions/{int:edition_id}/let-be", response={204: None}, **asks(Scope.CHANGE))
def let_edition_be(
    request: HttpRequest, story_id: asked.Number, edition_id: asked.Number, said: asked.Why
) -> Status[None]:
    """Readers of that edition are told nothing more."""
    story, user = reached.story(request, story_id), door.token_of(request).user
    edition = Edition.objects.select_related("newsletter").filter(pk=edition_id, stories__story=story).first()
    if edition is None:
        raise Problem("not-found")
    desks.insist(user, edition.newsletter)
    told_of = afterwards.of_edition(story, edition)
    if told_of is None:
        raise Problem("too-late")
    deciding.of_edition(story.pk, told_of, Decision.How.LET_BE, user, said.reason)
    return Status(204, None)


@router.get("/stories/{int:story_id}/feedback", response=Taken, **asks(Scope.POSTS))
def story_feedback(request: HttpRequest, story_id: asked.Number) -> Taken:
    """How it was taken: posts in public numbers and, with the scope `editions`, mail in steps of twenty readers."""
    story = reached.story(request, story_id)
    mailed = feedback.mailed(story) if Scope.EDITIONS in door.token_of(request).scopes else []
    mail = [
        MailTaken(edition=one.send.edition_id, send=one.send.pk, is_over=one.is_over, **one.floors) for one in mailed
    ]
    return Taken(step=feedback.STEP, mail=mail, posts=[_taken(one) for one in feedback.posted(story)])


def _taken(posted: feedback.Posted) -> PostTaken:
    now = posted.latest
    counts = {name: getattr(now, name, None) for name in ("replies", "likes", "reposts")}
    return PostTaken(post=posted.post.pk, channel=posted.post.channel.slug, tells=posted.tells, **counts)
