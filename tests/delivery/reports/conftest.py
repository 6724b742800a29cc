import pytest


@pytest.fixture(autouse=True)
def _domain(settings):
    settings.BOUNCES = {
        "domain": "bounces.example.org",
        "discreet_domain": "",
        "soft": 3,
        "soft_sends": 2,
        "soft_days": 30,
    }
    settings.SENDING_ADDRESSES = ["203.0.113.7"]
