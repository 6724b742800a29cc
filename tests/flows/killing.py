"""A demo whose programs are killed one after another while mail goes out; ends with one line of JSON of what arrived.

`python killing.py 18950 mail database …`: the web's port, and whose process gets a SIGKILL after another share of the mail.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time

from dispatch.local import inbox
from dispatch.local.demo import command, newsroom, readers, stories, telling

READERS = 400


def main(port: int, names: list[str]) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
    options = argparse.Namespace(once=True, port=port)
    with command.started(options) as everything:
        from dispatch.local.demo.following import Following

        people = readers.invent(READERS)
        newsroom.take_in(people)
        wanted = stories.load(stories.SAMPLES)
        total = READERS * (len(wanted) + 2)
        killed: list[str] = []
        killer = threading.Thread(target=kill_in_turn, args=(everything, names, total, killed), daemon=True)
        with telling.bars() as bars:
            following = Following(people, wanted, bars, everything.stopping)
            for story in wanted:
                stories.publish(story, os.environ["DISPATCH_PUBLIC_URL"])
            killer.start()  # whoever publishes would be told of a database that is gone
            following.until_planned()
            following.let_digests_leave()
            account = following.until_mailed()
        killer.join(30)  # what never came keeps it waiting: then it has killed too few, and what is missing is said
        from django.db.models import F, Sum

        from dispatch.delivery.models import Ambiguity

        doubt = Ambiguity.objects.aggregate(readers=Sum(F("last") - F("first") + 1))["readers"] or 0
        texts = {network: count for network, count in account.posts.items() if count < 0}
        told = {"killed": killed, "missing": account.missing, "doubled": account.doubled, "strays": account.strays}
        print(json.dumps({**told, "doubt": doubt, "posted_twice": texts, "posts": dict(account.posts)}), flush=True)  # noqa: T201 - its answer
    return 0


def kill_in_turn(everything, names, total, killed):
    """The next one dies when the next share of the mail has arrived."""
    for number, name in enumerate(names, 1):
        while inbox.count() < total * number / (len(names) + 2):
            time.sleep(0.005)
        (victim,) = [running for running in everything.all if running.program.name == name]
        while not victim.is_alive():
            time.sleep(0.005)
        os.kill(victim.process.pid, signal.SIGKILL)
        killed.append(name)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
