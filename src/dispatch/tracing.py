"""Traces for OpenTelemetry: off, and nothing of it loaded, unless DISPATCH_TRACES says where they go.

A span here has a word for what was done, numbers, states and the trail of the logs; no address, path, task's argument or
exception's text, any of which may name a reader. That is why the libraries that trace Django and Celery by themselves are not
used (docs/decisions).
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dispatch import __version__, env, logs

Figure = str | int | float | bool
CARRIER = "traceparent"
"""The header that goes with a doorbell, as W3C Trace Context has it."""


def begin() -> None:
    """Load what traces need, where they are asked for. Raises env.Misconfigured where that is not installed."""
    _tracer()


@contextmanager
def span(name: str, carried: str = "", **figures: Figure) -> Iterator[None]:
    """What is done inside is a span, of the one around it, or of the one that `carried` names."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    from opentelemetry.trace import Status, StatusCode

    around = _extracted(carried) if carried else None
    with tracer.start_as_current_span(
        name, around, attributes=_named(figures), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            if trail := logs.trail.get():
                current.set_attribute("dispatch.trail", trail)


def note(**figures: Figure) -> None:
    """Say more of the present span, where there is one."""
    if _tracer() is None:
        return
    from opentelemetry import trace

    trace.get_current_span().set_attributes(_named(figures))


def carried() -> dict[str, str]:
    """What a doorbell takes along so that whoever hears it goes on with the present trace."""
    if _tracer() is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {CARRIER: carrier[CARRIER]} if CARRIER in carrier else {}


def opened(name: str, carried: str, **figures: Figure) -> Callable[[], None]:
    """Open a span, for those who cannot wrap a block around it: what is returned closes it, in the same thread."""
    around = span(name, carried, **figures)
    around.__enter__()

    def close() -> None:
        around.__exit__(None, None, None)

    return close


def flush(seconds: float = 2.0) -> None:
    """Send what waits, for programs about to end."""
    if _tracer() is not None:
        _provider().force_flush(int(seconds * 1000))


def _named(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {f"dispatch.{name}": value for name, value in figures.items()}


def _extracted(carried: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({CARRIER: carried})


@functools.cache
def _tracer() -> Any:
    return _provider().get_tracer("dispatch") if env.text("DISPATCH_TRACES", "") else None


@functools.cache
def _provider() -> Any:
    """One a process; its thread is started anew in those that a worker forks. What cannot be sent is dropped."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise env.Misconfigured(
            "DISPATCH_TRACES is set, but OpenTelemetry is not installed. Run: pip install 'dispatch[otel]'"
        ) from error
    where = env.text("DISPATCH_TRACES").rstrip("/")
    about = Resource.create({"service.name": "dispatch", "service.version": __version__})
    provider = TracerProvider(resource=about)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{where}/v1/traces", timeout=5)))
    return provider
