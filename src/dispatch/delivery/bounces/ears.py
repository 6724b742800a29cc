"""By which ways the world tells us of bounces, and when each was last heard: "intake", "mailbox:main", "webhook:brevo"."""

from django.db import connection

HEARD = """
INSERT INTO delivery_ear AS e (way, heard, heard_at, refused, refused_at, alive_at)
VALUES (%(way)s, %(heard)s, CASE WHEN %(heard)s > 0 THEN now() END, %(refused)s, CASE WHEN %(refused)s > 0 THEN now() END,
        CASE WHEN %(alive)s THEN now() END)
ON CONFLICT (way) DO UPDATE
SET heard = e.heard + excluded.heard, heard_at = coalesce(excluded.heard_at, e.heard_at),
    refused = e.refused + excluded.refused, refused_at = coalesce(excluded.refused_at, e.refused_at),
    alive_at = coalesce(excluded.alive_at, e.alive_at)
"""


def note(way: str, *, heard: int = 0, refused: int = 0, alive: bool = False) -> None:
    """So many that were genuine and so many that were not, just now; `alive`: its process listens."""
    with connection.cursor() as cursor:
        cursor.execute(HEARD, {"way": way, "heard": heard, "refused": refused, "alive": alive})
