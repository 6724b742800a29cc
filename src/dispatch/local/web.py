"""`dispatch web`: the web server alone."""

import argparse
import socket

import django

from dispatch import env, logs, tracing
from dispatch.local import answering


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port, or a socket that is open already; --watched."""
    default = int(env.number("DISPATCH_PORT", 8321))
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=default, help="the port to listen on")
    parser.add_argument("--watched", action="store_true", help="start it anew when it dies or answers no more")
    parser.add_argument("--listening", type=int, help=argparse.SUPPRESS)  # an inherited socket's number


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop. No access log: its lines would hold readers' tokens and network addresses."""
    logs.configure()
    if options.watched:
        return answering.keep(options.host, options.port)
    tracing.begin()
    django.setup()
    from dispatch import replica
    from dispatch.local import starting

    starting.require()
    replica.require()
    import uvicorn

    config = uvicorn.Config(
        "dispatch.asgi:application",
        host=options.host,
        port=options.port,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    if options.listening is None:
        answering.tell_beside(options.host, options.port)
    server.run(sockets=None if options.listening is None else [socket.socket(fileno=options.listening)])
    return 0 if server.started else 1
