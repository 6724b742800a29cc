"""The networks that have a stand-in, and what a channel on each is connected with."""

CREDENTIALS = {
    "x": {"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_token_secret": "d"},
    "mastodon": {"access_token": "t"},
    "bluesky": {"identifier": "office.example.org", "app_password": "p"},
    "telegram": {"token": "42:secret"},
}
NETWORKS = tuple(CREDENTIALS)
ACCOUNTS = {"telegram": "@office"}
