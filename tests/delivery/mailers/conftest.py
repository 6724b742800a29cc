"""Relays that fail as they are told, and a mailer to them."""

import pytest
from faulty_relay import Relay

from dispatch.delivery.mailers import dialling, shelf, smtp


@pytest.fixture
def relay():
    """relay(Fault("RCPT", "drop")) starts one."""
    started = []

    def start(*faults, **options):
        started.append(Relay(*faults, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def mailer():
    """mailer(relay, connections=1) opens one to it; impatient in a test that waits."""
    opened = []

    def open_to(relay, *, patience=None, **options):
        patience = dialling.Patience(**(patience or {}))
        options = {"security": "none"} | options
        opened.append(smtp.Smtp(dialling.Relay("127.0.0.1", relay.port, patience=patience, **options)))
        return opened[-1]

    yield open_to
    for one in opened:
        one.close()


@pytest.fixture(autouse=True)
def _nothing_stays_on_the_shelf():
    yield
    shelf.clear()
