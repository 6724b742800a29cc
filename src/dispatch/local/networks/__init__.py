"""Stand-ins for social networks: they speak the networks' protocols as strictly as the networks' own clients need, keep
what was posted for the demo's wall, and fail on demand for the tests."""
