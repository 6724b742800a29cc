"""Brokers that doorbells may wait at, and what Celery is to know of each kind. What is rung, and for whom: queue.py."""

import socket
from typing import Any

from kombu import Exchange, Queue

from dispatch import env

QUEUES = ("articles", "editions", "email", "social", "upkeep")
BROKERS = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
SILENT = 3
"""Seconds that an answer of the broker may take, and between two looks at whether one is overdue: then what a black-out
swallowed is asked again. Nothing is lost by asking too early: the clock rings again for what nobody heard."""
KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 20_000}
"""A worker only listens: when the broker's machine is gone it is deaf for ever, unless its own system asks (20 s)."""


def transport(url: str) -> dict[str, Any]:
    """Celery's settings for the kind of broker that `url` names: Redis's options mean nothing to RabbitMQ, and its quorum
    queues nothing to Redis. Sentinel's master name comes from DISPATCH_BROKER_SENTINEL_MASTER. Raises env.Misconfigured.
    """
    if why := unknown(url):
        raise env.Misconfigured(why)
    if url.startswith("amqp"):
        return {
            "broker_transport_options": {"confirm_publish": True},
            "broker_heartbeat": 2 * SILENT,
            "task_queues": _queues({"x-queue-type": "quorum"}),
        }
    options: dict[str, Any] = {
        "visibility_timeout": 300,
        "socket_timeout": SILENT,
        "socket_connect_timeout": SILENT,
        "health_check_interval": SILENT,  # also of kombu's look at a BRPOP that has no answer
        "retry_on_timeout": False,  # a worker's only thread would wait twice as long
        "global_keyprefix": "dispatch:",
        "max_retries": 1,  # of connecting for one doorbell; kombu's own way is for ever, with ever longer waits
        "interval_start": 0,
        "interval_step": 0,
    }
    if "+socket:" not in url:
        options |= {"socket_keepalive": True, "socket_keepalive_options": KEEPALIVE}
    if url.startswith("sentinel"):
        options["master_name"] = env.text("DISPATCH_BROKER_SENTINEL_MASTER", "mymaster")
    return {
        "broker_transport_options": options,
        "task_queues": _queues(),
        "worker_disable_prefetch": True,
    }


def unknown(url: str) -> str:
    """Why there is no such kind of broker, in words; empty: there is."""
    scheme = url.partition("://")[0]
    known = ", ".join(BROKERS)
    return "" if scheme in BROKERS else f"DISPATCH_BROKER_URL starts with {scheme[:20]!r}; known are {known}."


def _queues(arguments: dict[str, str] | None = None) -> list[Queue]:
    """Each with an exchange and key of its own; Celery would bind all of them to the default queue's."""
    return [Queue(name, Exchange(name), routing_key=name, queue_arguments=arguments) for name in QUEUES]


BY_REDIS = {"first": 0, "later": 3}  # kombu keeps a list for each, and asks them in this order
BY_AMQP = {"first": 5, "later": 0}  # quorum queues' two classes since RabbitMQ 4; before, all are equal


def priority(url: str, *, is_later: bool) -> int:
    """The number by which that kind of broker knows what is to be heard first, or later."""
    known = BY_AMQP if url.startswith("amqp") else BY_REDIS
    return known["later" if is_later else "first"]


def lists(name: str) -> tuple[str, str]:
    """Where a queue is kept at Redis: what is heard first, and what later."""
    return name, f"{name}\x06\x16{BY_REDIS['later']}"  # as kombu.transport.redis writes it, which takes long to load
