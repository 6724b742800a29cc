"""A Prometheus with the shipped rules, in a hurry: how long an alert must last before it fires is divided by FASTER. The
expressions, with their own seconds and days, are as they are shipped."""

import json
import re
import subprocess
import time
import urllib.request

from runbooks import pages

DEPLOY = pages.ROOT / "deploy/prometheus"
THERE = pages.ROOT / ".cache/prometheus"
FASTER = 120
"""Two minutes are a second, and an hour is half a minute."""
SECONDS = {"s": 1, "m": 60, "h": 3600}
PATIENCE = 300.0


class Alerts:
    """What fires."""

    def __init__(self, folder, web, port):
        self.folder, self.asked = folder, f"http://127.0.0.1:{port}"
        rules = (DEPLOY / "rules/dispatch.yml").read_text(encoding="utf-8")
        (folder / "rules.yml").write_text(re.sub(r"\bfor: (\d+)([smh])$", _hurried, rules, flags=re.MULTILINE))
        text = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8").replace("127.0.0.1:8321", f"127.0.0.1:{web}")
        (folder / "prometheus.yml").write_text(
            text.replace("scrape_interval: 15s", "scrape_interval: 5s")
            .replace("15s", "1s")
            .replace("rules/*.yml", str(folder / "rules.yml"))
        )
        self.process = self._start(port)

    def _start(self, port):
        with (self.folder / "prometheus.log").open("w") as log:
            return subprocess.Popen(
                [THERE / "usr/bin/prometheus", f"--config.file={self.folder}/prometheus.yml",
                 f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def firing(self):
        """By name, those that fire now; the first of each name."""
        try:
            with urllib.request.urlopen(f"{self.asked}/api/v1/alerts", timeout=10) as answer:
                found = json.load(answer)["data"]["alerts"]
        except OSError:
            return {}
        return {one["labels"]["alertname"]: one for one in reversed(found) if one["state"] == "firing"}

    def wait(self, name, *, fires):
        """Until it fires, or does so no more: the seconds that took. Raises Failed."""
        began = time.monotonic()
        while (name in self.firing()) is not fires:
            if time.monotonic() - began > PATIENCE:
                raise pages.Failed(
                    f"{name} {'did not fire' if fires else 'does not end'}; these fire: {sorted(self.firing())}"
                )
            time.sleep(0.5)
        return time.monotonic() - began

    def end(self):
        self.process.terminate()
        self.process.wait()


def _hurried(match):
    return f"for: {int(match[1]) * SECONDS[match[2]] * 1000 // FASTER}ms"
