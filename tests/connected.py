"""The networks that have a stand-in: each test of the contract asks every one."""

from dispatch.local.networks import speakers

NETWORKS = tuple(speakers.SPEAKERS)
BLIND = {"telegram", "apprise"}  # they give no way to look whether a post is out
