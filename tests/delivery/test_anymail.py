"""A provider's API: one message, one recipient, its words in our outcomes. Its network is the one thing replaced."""

import sys

import pytest
import requests
import urllib3
from anymail.exceptions import AnymailAPIError
from requests.adapters import HTTPAdapter

from dispatch.delivery import relays
from dispatch.delivery.mailers import provider as providers
from dispatch.delivery.mailers.base import Message, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

DATA = (
    b"From: Office <news@example.org>\r\nTo: alice@example.org\r\nSubject: News\r\nMessage-ID: <a@mail.example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/leave/x>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b--\r\n"
)


@pytest.fixture
def provider(monkeypatch):
    """Brevo, whose answer the test sets; `asked` holds what it was sent."""
    mailer = relays.mailer_of("anymail+brevo://?api_key=k")[1]
    mailer.asked, mailer.says = [], (201, '{"messageId": "<1@brevo>"}')

    def send(adapter, request, **options):
        mailer.asked.append(request)
        if isinstance(mailer.says, Exception):
            raise mailer.says
        response = requests.Response()
        response.status_code, response._content = mailer.says[0], mailer.says[1].encode()
        response.request, response.url = request, request.url
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    yield mailer
    mailer.close()


def one(provider):
    (answer,) = provider.send([Message("news@example.org", "alice@example.org", DATA)])
    return answer


def test_a_message_goes_to_one_recipient_with_its_headers_and_without_tracking(provider):
    assert one(provider) == Sent(remote_id="<1@brevo>")
    (asked,) = provider.asked
    body = requests.compat.json.loads(asked.body)
    assert body["to"] == [{"email": "alice@example.org"}]
    assert "cc" not in body
    assert body["headers"]["List-Unsubscribe"] == "<https://example.org/leave/x>"
    assert body["htmlContent"].strip() == "<p>Hello</p>"


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ((429, "{}"), Deferred),
        ((400, "{}"), Deferred),
        ((422, "{}"), Deferred),
        ((406, "{}"), Refused),
        ((408, "{}"), Deferred),
        ((401, "{}"), Trouble),
        ((500, "{}"), Unknown),
        (requests.Timeout(), Unknown),
        (requests.ReadTimeout(), Unknown),
        (requests.ConnectionError("the connection broke"), Unknown),
        (requests.ConnectTimeout(), Trouble),
        (requests.ConnectionError(urllib3.exceptions.NewConnectionError(None, "refused")), Trouble),
    ],
)
def test_the_providers_answer_is_one_of_ours(provider, says, outcome):
    provider.says = says
    assert isinstance(one(provider), outcome)


def test_a_provider_without_its_key_or_library_is_told_in_words(monkeypatch):
    with pytest.raises(relays.Unusable, match="BREVO_API_KEY"):
        relays.mailer_of("anymail+brevo://")
    monkeypatch.delitem(sys.modules, "anymail.backends.amazon_ses", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(relays.Unusable, match="boto3 package isn't installed"):
        relays.mailer_of("anymail+amazon-ses://")


def test_a_sender_that_is_not_set_up_burns_nobody(provider):
    provider.says = (422, "{}")
    assert " 5.7." in one(provider).code  # the breaker counts it, and opens after five


def test_amazons_own_retries_are_off_since_a_letter_may_be_out_already():
    options = providers._for("amazon_ses", {"region_name": "eu-central-1", "aws_access_key_id": "k"})
    assert options["client_params"]["config"]["retries"] == {"total_max_attempts": 1}
    assert options["session_params"] == {"region_name": "eu-central-1", "aws_access_key_id": "k"}


def amazon(answer=None, cause=None):
    error = AnymailAPIError("no", response=answer)
    error.__cause__ = cause
    return providers._of_error(error)


def test_amazons_words_are_ours_too():
    assert isinstance(amazon({"Error": {"Code": "TooManyRequestsException"}}), Deferred)
    assert isinstance(amazon({"ResponseMetadata": {"HTTPStatusCode": 403}}), Trouble)
    assert isinstance(amazon({"ResponseMetadata": {"HTTPStatusCode": 500}}), Unknown)
    assert isinstance(amazon(cause=TimeoutError("read")), Unknown)
    assert isinstance(amazon(cause=type("EndpointConnectionError", (Exception,), {})()), Trouble)
