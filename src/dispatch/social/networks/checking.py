"""What stands against publishing a draft, in an editor's words: the same questions for every network, by its own limits."""

from collections.abc import Iterator

from dispatch.social.networks.base import Account, Draft, Limits

ALT_OPTIONAL = "alt_optional"
"""A channel's setting, for a newsroom that would rather post a picture undescribed than not at all."""


def problems(draft: Draft, account: Account, limits: Limits, length: int) -> list[str]:
    """Everything that does not fit; `length` is the text's, as the network counts it. Empty: nothing stands against it."""
    return [*_text(draft, limits, length), *_pictures(draft, account, limits), *_place(draft, limits)]


def _text(draft: Draft, limits: Limits, length: int) -> Iterator[str]:
    longest = limits.longest
    if draft.media and limits.longest_caption is not None:
        longest = min(longest, limits.longest_caption)
    if length > longest:
        beside = " beside pictures" if longest < limits.longest else ""
        yield f"{length} {limits.unit}, {longest} fit{beside}"
    size = len(draft.text.encode())
    if limits.longest_bytes is not None and size > limits.longest_bytes:
        yield f"{size} bytes of text, {limits.longest_bytes} fit; letters that are not Latin take two or more"
    if not draft.text.strip() and not draft.media:
        yield "there is nothing to say"


def _pictures(draft: Draft, account: Account, limits: Limits) -> Iterator[str]:
    if len(draft.media) > limits.pictures:
        yield f"{len(draft.media)} pictures, {limits.pictures or 'none'} fit"
    if len(draft.media) < limits.pictures_needed and not draft.reply_to:
        yield "a picture is needed here"
    for number, picture in enumerate(draft.media, start=1):
        if limits.alt_longest and not picture.alt.strip() and not account.settings.get(ALT_OPTIONAL):
            yield f"picture {number} is not described"
        if limits.alt_longest and len(picture.alt) > limits.alt_longest:
            yield f"the description of picture {number} has {len(picture.alt)} characters, {limits.alt_longest} fit"


def _place(draft: Draft, limits: Limits) -> Iterator[str]:
    is_comment = bool(draft.settings.get("is_comment"))
    if draft.reply_to and is_comment and not limits.comments:
        yield "comments cannot be posted here"
    as_comment = limits.comments and draft.settings.get(
        "corrects"
    )  # a correction stands beneath, whatever that is called
    if draft.reply_to and not is_comment and not limits.threads and not as_comment:
        yield "threads cannot be posted here"
    if draft.content_warning and not limits.warnings:
        yield "there is no content warning here"
