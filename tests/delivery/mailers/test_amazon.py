"""Amazon SES by its real library, against a server that speaks SESv2's SendEmail: what it asks, and what its words mean."""

import base64
import json
import subprocess
import sys
from email import message_from_bytes, policy

import certificates
import ports
import provider_api
import pytest

from dispatch.delivery import relays
from dispatch.delivery.mailers.base import Message, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

WORDS = "region_name=eu-central-1&aws_access_key_id=AKIDEXAMPLE&aws_secret_access_key=secret&endpoint_url="


def letter(number=1):
    head = "From: Офіс <news@example.org>\r\nTo: alice@example.org\r\nSubject: Навіны\r\n"
    rest = f"Message-ID: <m{number}@mail.example.org>\r\nList-Unsubscribe: <https://example.org/leave/x>\r\n"
    body = 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\nHello\r\n'
    return Message("news@example.org", "alice@example.org", f"{head}{rest}{body}".encode())


def refusal(status, name):
    return status, json.dumps({"message": "no"}), {"x-amzn-ErrorType": name}


@pytest.fixture
def api():
    with provider_api.serving(answer=lambda _: (200, '{"MessageId": "0100-abc"}')) as serving:
        yield serving


@pytest.fixture
def amazon(api):
    """amazon("timeout=1") is a mailer that speaks to it."""
    made = []

    def make(words="", to=api.url):
        made.append(relays.mailer_of(f"anymail+amazon-ses://?{WORDS}{to}&{words}")[1])
        return made[-1]

    yield make
    for mailer in made:
        mailer.close()


def one(mailer):
    (answer,) = mailer.send([letter()])
    return answer


def test_a_letter_is_asked_for_with_a_signature_for_its_one_recipient(api, amazon):
    assert one(amazon("configuration_set_name=news")) == Sent(remote_id="0100-abc")
    (asked,) = api.asked
    assert asked.path == "/v2/email/outbound-emails"
    assert "Credential=AKIDEXAMPLE" in asked.headers["Authorization"]
    assert "eu-central-1/ses" in asked.headers["Authorization"]
    said = json.loads(asked.body)
    assert said["Destination"] == {"ToAddresses": ["alice@example.org"]}
    assert said["ConfigurationSetName"] == "news"
    mail = message_from_bytes(base64.b64decode(said["Content"]["Raw"]["Data"]), policy=policy.default)
    assert (mail["Subject"], mail["To"], mail["Message-ID"]) == ("Навіны", "alice@example.org", "<m1@mail.example.org>")
    assert mail["List-Unsubscribe"] == "<https://example.org/leave/x>"
    assert mail.get_content().strip() == "Hello"
    assert json.loads(mail["X-Metadata"]) == {"dispatch": "m1"}


def test_its_clients_are_kept_for_a_chunk_and_several_letters_are_under_way(api, amazon, monkeypatch):
    monkeypatch.setattr("dispatch.delivery.mailers.provider.REST", 600.0)
    api.latency = 0.05
    answers = list(amazon("connections=3").send(letter(number) for number in range(24)))
    assert [type(answer) for answer in answers] == [Sent] * 24
    assert (api.connections, len(api.asked)) == (3, 24)
    assert api.most_at_once <= 3


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (refusal(429, "TooManyRequestsException"), Deferred),
        (refusal(400, "Throttling"), Deferred),
        (refusal(400, "LimitExceededException"), Deferred),
        (refusal(400, "MessageRejected"), Deferred),
        (refusal(404, "NotFoundException"), Deferred),
        (refusal(400, "MailFromDomainNotVerifiedException"), Trouble),
        (refusal(400, "SendingPausedException"), Trouble),
        (refusal(400, "AccountSuspendedException"), Trouble),
        (refusal(403, "InvalidSignatureException"), Trouble),
        (refusal(403, "AccessDeniedException"), Trouble),
        (refusal(413, "RequestEntityTooLargeException"), Refused),
        (refusal(500, "InternalServiceErrorException"), Unknown),
        (refusal(503, "ServiceUnavailable"), Unknown),
        ((200, "{}"), Unknown),
        ((200, "nonsense"), Unknown),
        (provider_api.HANG_UP, Unknown),
    ],
    ids=str,
)
def test_what_it_says_is_one_of_ours_and_it_is_asked_once(api, amazon, says, outcome):
    api.answer = lambda _: says
    assert isinstance(one(amazon()), outcome)
    assert len(api.asked) == 1


def test_a_rejected_letter_burns_nobody_and_the_breaker_counts_it(api, amazon):
    api.answer = lambda _: refusal(400, "MessageRejected")
    assert " 5.7." in one(amazon()).code


def test_no_answer_in_time_is_unknown_and_it_is_not_asked_again(api, amazon):
    api.latency = 3
    assert isinstance(one(amazon("timeout=0.2")), Unknown)
    assert len(api.asked) == 1


def test_nobody_there_is_trouble_and_so_is_a_certificate_that_is_not_to_be_trusted(amazon, tmp_path):
    assert isinstance(one(amazon(to=f"http://127.0.0.1:{ports.free()}")), Trouble)
    with provider_api.serving(certificates.make(tmp_path)) as strange:
        assert isinstance(one(amazon(to=strange.url)), Trouble)
    assert strange.asked == []


def test_settings_that_its_library_refuses_are_the_relays_trouble_and_no_traceback(monkeypatch, tmp_path):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for words, why in (("", "NoRegionError"), ("profile_name=press&region_name=x", "ProfileNotFound")):
        _, mailer = relays.mailer_of(f"anymail+amazon-ses://?{words}")
        assert why in mailer.knock().reason
        assert why in one(mailer).reason
        mailer.close()


def test_its_library_is_loaded_by_nobody_else():
    program = (
        "import sys, django; django.setup()\nfrom dispatch.delivery import relays\n"
        "relays.mailer_of('anymail+brevo://?api_key=k')\nprint(sorted({'boto3', 'botocore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout == "[]\n"
