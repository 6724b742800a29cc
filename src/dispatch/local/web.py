"""`dispatch web`: the web server alone."""

import argparse

from dispatch import env, logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument(
        "--port", type=int, default=int(env.number("DISPATCH_PORT", 8321)), help="the port to listen on"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop. No access log: its lines would hold readers' tokens and network addresses."""
    logs.configure()
    import uvicorn

    uvicorn.run(
        "dispatch.asgi:application",
        host=options.host,
        port=options.port,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=3,
    )
    return 0
