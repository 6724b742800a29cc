"""What happens to a send, done twice: to the real ledger and to a model of it, which must then say the same."""

import contextlib
import copy
from collections import Counter
from unittest import mock

import psycopg
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q
from ledger_model import Model

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience.models import Subscription, Suppression
from dispatch.delivery import acts, chunk_acts, closing, journal, ledger
from dispatch.delivery.models import Chunk, DeliveryException, Relay, Send

LATER, LONG_AGO = "2999-01-01T00:00Z", "2020-01-01T00:00Z"
GOING = {"sending", "paused"}


class Died(BaseException):
    """A process that was killed."""


@contextlib.contextmanager
def death(after):
    """The process dies once that many statements were run; 0: it lives."""
    execute, seen = psycopg.Cursor.execute, Counter()
    if not after:
        yield
        return

    def counted(cursor, statement, *args, **kwargs):
        result = execute(cursor, statement, *args, **kwargs)
        seen["run"] += 1
        if seen["run"] == after:
            raise Died
        return result

    with mock.patch.object(psycopg.Cursor, "execute", counted):
        yield


class Worker:
    """One that holds a chunk, as far as it knows: what it may send, what is under way, what was answered."""

    def __init__(self, claimed):
        self.claimed, self.owner = claimed, (claimed.number, claimed.token)
        self.given = self.ahead = claimed.settled
        self.flying, self.skipped, self.answers = [], {}, {}  # places; places by reader; words by reader
        self.journal = journal.Journal(claimed.chunk, claimed.token, len(claimed.recipients))
        self.is_late = False

    @property
    def known(self):
        return self.flying[0] if self.flying else self.given

    def untold(self):
        """What the ledger is to hear, in the model's words and in its own; once."""
        words, self.answers = self.answers, {}
        words |= {reader: "skipped" for reader, place in self.skipped.items() if place < self.known}
        self.skipped = {reader: place for reader, place in self.skipped.items() if place >= self.known}
        excepts = [
            ledger.Except(reader, word, "450 4.2.0", LATER if word == "deferred" else None)
            for reader, word in words.items()
            if word not in {"sent", "unknown"}
        ]
        sent, doubts = ([one for one in words if words[one] == word] for word in ("sent", "unknown"))
        return words, ledger.Answers(sent, excepts, doubts)


class Deeds:
    """`wire` is what readers really got, `most` what they may get. `dies`: the process does, after so many statements."""

    def __init__(self, send, model):
        self.send, self.pk, self.model = send, send.pk, model
        self.workers, self.gone, self.pulled = [], set(), None
        self.once = 1 if model.policy == "never_twice" else 2
        self.wire, self.most = Counter(), Counter(dict.fromkeys(model.readers, self.once))

    def same(self, real, *steps, dies=0):
        """What both say. Who dies of it leaves all of a step or nothing."""
        stages, said = [self.model], None
        for step in steps:
            stages.append(copy.deepcopy(stages[-1]))
            said = step(stages[-1])
        try:
            with death(dies):
                answer = real()
        except Died:
            rows = rows_of(self.send)
            self.model = next(stage for stage in stages if stage.as_rows() == rows)
            self.forget_journals_that_were_read()
            return None
        assert answer == said
        self.model = stages[-1]
        return answer

    def forget_journals_that_were_read(self):
        chunks = dict(Chunk.objects.filter(send=self.send).values_list("number", "pk"))
        for number, token in list(self.model.journals):
            if not journal._path(chunks[number], token).exists():
                del self.model.journals[number, token]

    def number(self, which):
        return 1 + which % len(self.model.chunks)

    def clear_the_way(self):
        """Whatever keeps workers from working is over."""
        self.resume()
        if self.pulled:
            self.stop()
        if not self.model.takeable():
            self.end_leases()
            self.end_waits()
            self.promote()

    def claim(self, which, dies=0, *, number=0, or_next=False):
        """A worker, or nothing."""
        got, free = [], self.model.takeable()
        number = number or (free[which % len(free)] if free else self.number(which))

        def really():
            got.append(ledger.claim(self.pk, number, or_next=or_next))
            return got[0] and (got[0].token, got[0].settled, got[0].ahead)

        def modelled(model):
            chunk = model.claim(number, or_next)
            return chunk and (chunk.token, chunk.settled, chunk.ahead)

        if not self.same(really, modelled, dies=dies):
            return None
        worker = Worker(*got)
        self.workers.append(worker)
        self.model.journals[worker.owner] = [journal.UNTOUCHED] * len(worker.claimed.recipients)
        self.model.living.add(worker.owner)
        return worker

    def write_ahead(self, worker, more, dies=0):
        """Settle what is known and ask for more; who is told no, or dies, lets go."""
        if self.once == 1 and worker.flying:
            return
        ahead = min(max(worker.known + min(more, self.once == 1 or more), worker.given), len(worker.claimed.recipients))
        if self.tell(worker, ahead, dies) is None:
            self.let_go(worker, Died)

    def tell(self, worker, ahead, dies=0):
        words, answers = worker.untold()
        at = {"settled": worker.known, "given": worker.given, "ahead": ahead}
        granted = self.same(
            lambda: ledger.advance(worker.claimed, answers, **at),
            lambda model: model.advance(*worker.owner, words, **at),
            dies=dies,
        )
        if granted is not None:
            worker.ahead, worker.is_late = granted, False
        return granted

    def hand_over(self, worker):
        """The next letter, unless its reader left meanwhile, or the lease may be over."""
        if worker.given == worker.ahead or worker.is_late:
            return
        reader = worker.claimed.recipients[worker.given]
        ((*_, wanted, _),) = ledger.window(worker.claimed, [reader])
        assert wanted == (reader not in self.gone)
        if wanted:
            self.mark(worker, worker.given, journal.LEFT)
            worker.flying.append(worker.given)
        else:
            worker.skipped[reader] = worker.given
        worker.given += 1

    def answer(self, worker, word):
        """To the oldest letter under way."""
        if not worker.flying:
            return
        place = worker.flying.pop(0)
        reader = worker.claimed.recipients[place]
        self.wire[reader] += word in {"sent", "lost after"}
        worker.answers[reader] = "unknown" if word.startswith("lost") else word
        if not word.startswith("lost"):
            self.mark(worker, place, journal.ACCEPTED if word == "sent" else journal.ANSWERED)

    def mark(self, worker, place, what):
        worker.journal.mark(place, what)
        self.model.journals[worker.owner][place] = what

    def die(self, worker, arrived):
        """With so many of the letters that were under way having arrived all the same."""
        self.wire.update(worker.claimed.recipients[place] for place in worker.flying[:arrived])
        self.let_go(worker, Died)

    def end(self, worker, *, is_troubled=False):
        """Nothing more is under way, and the chunk is given back; twice, where the relay was in trouble."""
        if worker.flying:
            return
        self.tell(worker, worker.known)
        if is_troubled:
            self.same(lambda: ledger.release(worker.claimed, None), lambda model: model.release(*worker.owner))
        self.let_go(worker, None)

    def let_go(self, worker, failure):
        """Its lock is free; its journal stays after a failure."""
        self.workers.remove(worker)
        self.model.living.discard(worker.owner)
        worker.journal.__exit__(failure)
        if failure is None:
            self.model.journals.pop(worker.owner, None)

    def end_leases(self):
        """Whoever holds a chunk was frozen."""
        Chunk.objects.filter(send=self.send, state="leased").update(lease_until=LONG_AGO)
        for chunk in self.model.chunks.values():
            chunk.is_over = chunk.state == "leased"
        for worker in self.workers:
            worker.is_late = True

    def end_waits(self):
        DeliveryException.objects.filter(send=self.send, state="deferred").update(next_attempt_at=LONG_AGO)
        for one in self.model.exceptions.values():
            one.is_due = one.state == "deferred"

    def expire(self):
        Send.objects.filter(pk=self.pk).update(expires_at=LONG_AGO)
        self.model.is_expired = True

    def promote(self, dies=0):
        self.same(ledger.promote_due, lambda model: [(self.pk, number) for number in model.promote()], dies=dies)

    def close(self, dies=0):
        return self.same(lambda: closing.close(self.send), Model.close, dies=dies)

    def pause(self, dies=0):
        self.same(
            lambda: acts.pause(self.pk, None, "a look"), lambda model: model.move({"sending"}, "paused"), dies=dies
        )

    def resume(self, dies=0):
        self.same(
            lambda: acts.resume(self.pk, None, "fine"), lambda model: model.move({"paused"}, "sending"), dies=dies
        )

    def cancel(self, dies=0):
        steps = [lambda model: model.move(GOING, "cancelling")]
        if self.model.state in GOING:
            steps.append(lambda model: model.cancel_free() or True)
        self.same(lambda: acts.cancel(self.pk, None, "withdrawn"), *steps, dies=dies)

    def stop(self):
        """Or lift it."""
        if self.pulled:
            stopping.lift(self.pulled.pk, None, "fine")
        self.pulled = None if self.pulled else stopping.stop(Stop.Scope.EVERYTHING, None, None, "a look")
        self.model.is_stopped = self.pulled is not None

    def leave(self, reader):
        Subscription.objects.filter(subscriber=reader).update(state="left")
        self.gone.add(reader)

    def suppress(self, reader):
        index = Subscription.objects.get(subscriber=reader).subscriber.address_index
        Suppression.objects.get_or_create(address_index=index, defaults={"reason": "complained"})
        self.gone.add(reader)

    def retry(self, state, dies=0):
        """Who is tried again begins anew: a person has looked."""
        tried = self.model.would_retry(state)

        def again(model):
            model.retry(state)
            return len(tried)

        def promote(model):
            model.promote()
            return len(tried)

        steps = (again, promote) if tried else (again,)
        self.same(lambda: acts.retry(self.pk, None, "looked at it", state=state), *steps, dies=dies)
        self.most.update(dict.fromkeys(tried, self.once))

    def drop(self, state, dies=0):
        self.same(lambda: acts.drop(self.pk, None, "too late", state=state), lambda model: model.drop(state), dies=dies)

    def free(self, which, dies=0):
        number = self.number(which)
        self.same(
            lambda: acts.free_stuck(self.pk, number, None, "again"), lambda model: model.free_stuck(number), dies=dies
        )

    def drop_stuck(self, which, dies=0):
        number = self.number(which)
        real = lambda: chunk_acts.drop(self.key(number), None, "it cannot be made")  # noqa: E731
        self.same(real, lambda model: model.drop_stuck(number), dies=dies)

    def move_chunk(self, which, dies=0):
        """By which relay is no matter of the model's."""
        number = self.number(which)
        real = lambda: chunk_acts.move(self.key(number), Relay.objects.get(), None, "main kills it")  # noqa: E731
        self.same(real, lambda model: model.move_chunk(number), dies=dies)
        Chunk.objects.filter(send=self.send).update(relay=None, tie="")

    def key(self, number):
        return Chunk.objects.values_list("pk", flat=True).get(send=self.send, number=number)


def rows_of(send):
    """What its tables hold, as the model has it: of a lease only whether it is over."""
    over = ExpressionWrapper(Q(state="leased", lease_until=LONG_AGO), BooleanField())
    columns = (
        "number",
        "recipients",
        "is_retry",
        "state",
        "settled",
        "ahead",
        "token",
        "takeovers",
        "is_careful",
        over,
    )
    state = Send.objects.values_list("state", flat=True).get(pk=send.pk)
    chunks = list(Chunk.objects.filter(send=send).order_by("number").values_list(*columns))
    found = DeliveryException.objects.filter(send=send)
    exceptions = {
        reader: rest for reader, *rest in found.values_list("subscriber_id", "state", "doubts", "retry_chunk")
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT subscriber_id, fate FROM delivery_fate WHERE send_id = %s", [send.pk])
        return state, chunks, {reader: tuple(rest) for reader, rest in exceptions.items()}, dict(cursor.fetchall())
