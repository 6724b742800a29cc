"""The networks that have a stand-in: each test of the contract asks every one."""

from dispatch.local.networks import speakers

NETWORKS = tuple(speakers.SPEAKERS)
