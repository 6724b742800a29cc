"""`dispatch publish FILE_OR_URL --language en`."""

import argparse
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to publish, and in which language it is."""
    parser.add_argument("what", metavar="FILE_OR_URL", help="a text file, an HTML file, or an https address")
    parser.add_argument("--language", required=True, help="en, be, ru, …")
    parser.add_argument("--story", default="", help="the key of a story this is a language version of")
    parser.add_argument("--title", default="", help="where the text has no heading of its own")
    parser.add_argument(
        "--embargo", metavar="MOMENT", help="nothing of it leaves before, such as 2026-11-23T08:30+02:00"
    )


def run(options: argparse.Namespace) -> int:
    """Bring it, and say what was done."""
    django.setup()
    from dispatch import queue
    from dispatch.articles import bringing, extraction

    try:
        text, url = bringing.read(options.what)
        accepted, article = bringing.bring(
            text,
            language=options.language,
            url=url,
            story=options.story,
            title=options.title,
            embargo_until=bringing.moment(options.embargo),
        )
    except (bringing.Unreadable, extraction.Nothing) as problem:
        print(f"dispatch publish: {problem}", file=sys.stderr)
        return 1
    queue.flush()
    assert article.current
    why = f" ({accepted.why})" if accepted.why else ""
    print(f"{accepted.did}{why}: {article.current.title} [{article.language}], story {article.story.key}")
    return 0
