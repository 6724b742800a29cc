"""A mail calls nobody: not its parser's view of it, not a browser's."""

from email import message_from_bytes, policy

import newsroom
import pytest
from lxml import html as parser
from privacy import searching

from dispatch.articles import cleaning
from dispatch.audience import letters
from dispatch.audience.models import Letter
from dispatch.delivery import ledger
from dispatch.editions.models import Edition
from dispatch.workers import email

pytestmark = pytest.mark.django_db(transaction=True)
LOADING = {
    "src",
    "srcset",
    "background",
    "poster",
    "data",
    "action",
    "formaction",
    "codebase",
    "cite",
    "longdesc",
    "ping",
}
TRACKER = (
    '<p>Words.</p><img src="https://pixel.example.net/a.gif"><img srcset="https://pixel.example.net/b.gif 2x">'
    '<p style="background:url(https://pixel.example.net/c.gif)">x</p><link rel="stylesheet" href="https://pixel.example.net/d.css">'
    '<style>@import "https://pixel.example.net/e.css"; @font-face{font-family:x;src:url(https://pixel.example.net/f.woff)}</style>'
    '<video poster="https://pixel.example.net/g.png" src="https://pixel.example.net/h.mp4"></video>'
    '<table background="https://pixel.example.net/i.png"><tr><td>x</td></tr></table><script src="https://pixel.example.net/j.js"></script>'
    '<iframe src="https://pixel.example.net/k"></iframe><object data="https://pixel.example.net/l"></object>'
    '<svg><image href="https://pixel.example.net/m.svg"/></svg><meta http-equiv="refresh" content="0;url=https://pixel.example.net/n">'
)


def loads(document):
    """What this HTML would fetch, as far as markup tells."""
    tree = parser.document_fromstring(document)
    for element in tree.iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        for name, value in element.attrib.items():
            is_link = tag in {"link", "image", "use"} and name.endswith("href")
            if (name.lower() in LOADING or is_link) and not value.startswith(("cid:", "data:")):
                yield f"{tag} {name}={value}"
            if name == "style" and "url(" in value:
                yield f"{tag} style={value}"
        if tag in {"script", "iframe", "object", "embed", "base"} or (
            tag == "meta" and element.get("http-equiv") == "refresh"
        ):
            yield tag
        if tag == "style" and any(word in (element.text or "") for word in ("url(", "@import")):
            yield "style"


def bodies(message):
    return [
        part.get_content()
        for part in message_from_bytes(message.whole(), policy=policy.default).walk()
        if part.get_content_type() == "text/html"
    ]


@pytest.fixture
def mailed(office, post, is_gate):
    """Every kind of mail that Dispatch builds, in each of its languages: editions at once and by day, and letters."""
    languages = ("en", "be", "ru") if is_gate else ("be",)
    for cadence in ("each", "daily", "weekly"):
        one = newsroom.newsletter(f"of-{cadence}", cadence=cadence, names={"en": cadence})
        newsroom.readers(one, **dict.fromkeys(languages, 2))
        story = newsroom.story(*languages)
        for article in story.articles.all():
            article.current.html, article.current.summary = cleaning.clean(TRACKER, base=article.url), "Words."
            article.current.save()
        made = newsroom.edition(one, story)
        if made.state == Edition.State.GATHERING:
            Edition.objects.filter(pk=made.pk).update(state=Edition.State.DUE)
            newsroom.rendering.render(made.pk)
        send = ledger.enlist(made.pk)
        for chunk in send.chunks.all():
            email.send_chunk(send.pk, chunk.number)
    for kind in Letter.Kind.values:
        for language in languages:
            email.send_letter(letters.write(kind, office, language, searching.canaries(1)[0]).pk)
    return post.taken


def test_the_parser_sees_what_would_be_loaded():
    assert len(list(loads(TRACKER))) >= 10
    assert list(loads('<p><a href="https://example.org/">x</a><img src="cid:1"></p>')) == []


@pytest.mark.promise("Nothing in a mail loads from anywhere")
def test_no_mail_loads_anything(mailed, chromium, promise):
    documents = [body for message in mailed for body in bodies(message)]
    assert len(documents) >= 6
    assert [found for document in documents for found in loads(document)] == []
    asked = []
    context = chromium.new_context()
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    for document in dict.fromkeys(documents):
        page.set_content(document, wait_until="load")
    page.set_content('<img src="https://pixel.example.net/seen.gif">', wait_until="commit")
    page.wait_for_timeout(50)
    context.close()
    assert asked == ["https://pixel.example.net/seen.gif"]  # the last page alone, which shows that the watch is on
    promise(f"{len(mailed)} messages, {len(documents)} HTML bodies parsed and opened in Chromium, 0 requests")
