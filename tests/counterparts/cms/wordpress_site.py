"""A WordPress of the tests' own: Debian's, on PHP's web server and a MariaDB, used by its REST API as its editor uses it."""

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import ports

HERE = Path(__file__).parent / "wordpress"
UNPACKED = Path(__file__).parents[3] / ".cache" / "wordpress"
ABSENT = "WordPress is not here: run tests/counterparts/cms/wordpress/unpack (Debian)"
PLUGIN = Path(__file__).parents[3] / "deploy/wordpress/tell-dispatch.php"
USR = UNPACKED / "usr"
EXTENSIONS = ("mysqlnd", "mysqli", "gd", "dom", "xml", "simplexml", "xmlreader", "mbstring", "tokenizer", "ctype", "iconv",
              "fileinfo", "exif", "posix")  # fmt: skip
PATIENCE = 120


class Site:
    """`url`, and what its owner may do there."""

    def __init__(self, url, folder, password=""):
        self.url, self.folder = url, folder
        self.client = httpx.Client(base_url=f"{url}/wp-json/wp/v2/", auth=("olga", password), timeout=120)

    def ask(self, method, path, **how):
        answer = self.client.request(method, path, **how)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def write(self, content, **fields):
        """A new post; as WordPress tells it back."""
        return self.ask(
            "POST", "posts", json={"title": "Bread is dearer", "content": content, "status": "publish"} | fields
        )

    def change(self, post, **fields):
        return self.ask("POST", f"posts/{post['id']}", json=fields)

    def trash(self, post):
        self.ask("DELETE", f"posts/{post['id']}")

    def delete(self, post):
        self.ask("DELETE", f"posts/{post['id']}", params={"force": "true"})

    def tag(self, name, kind="tags"):
        found = self.ask("GET", kind, params={"search": name, "per_page": 100})
        return (
            next((one["id"] for one in found if one["name"] == name), None)
            or self.ask("POST", kind, json={"name": name})["id"]
        )

    def upload(self, path, alt=""):
        said = {"Content-Disposition": f'attachment; filename="{path.name}"', "Content-Type": "image/jpeg"}
        made = self.ask("POST", "media", content=path.read_bytes(), headers=said)
        return self.ask("POST", f"media/{made['id']}", json={"alt_text": alt})

    def connect(self, hook, secret):
        """The page's steps two and three."""
        plugins = self.folder / "wp-content/mu-plugins"
        plugins.mkdir(exist_ok=True)
        shutil.copy(PLUGIN, plugins)
        lines = f"<?php\ndefine('DISPATCH_HOOK', {json.dumps(hook)});\ndefine('DISPATCH_TOKEN', '{secret}');\n"
        (self.folder / "dispatch.php").write_text(lines)

    def set_option(self, name, value):
        """One that tests/counterparts/cms/wordpress/languages.php lets be set from without."""
        self.ask("POST", "settings", json={name: value})

    def errors(self):
        return (self.folder.parent / "php.log").read_text()

    def visit(self):
        """As a reader does, without whom WordPress does nothing at its time."""
        httpx.get(f"{self.url}/wp-cron.php", timeout=120)


@contextmanager
def running(folder):
    """A WordPress that has just been set up in `folder`."""
    port, socket = ports.free(), folder / "db.sock"
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(USR / "lib/x86_64-linux-gnu"), "WORDPRESS_SOCKET": str(socket)}
    site = _lay_out(folder)
    with _database(folder, socket, libraries), (folder / "log").open("wb") as log:
        command = [*_php(folder), "-S", f"127.0.0.1:{port}", "-t", str(site), str(HERE / "router.php")]
        workers = {"PHP_CLI_SERVER_WORKERS": "4"}
        url = f"http://127.0.0.1:{port}"
        settled = subprocess.run(
            [*_php(folder), str(site / "settle.php"), url], env=libraries, capture_output=True, text=True, check=False
        )
        assert settled.returncode == 0, settled.stdout + settled.stderr
        process = subprocess.Popen(command, env=libraries | workers, stdout=log, stderr=log, start_new_session=True)
        try:
            made = Site(url, site, settled.stdout.strip())
            _wait(lambda: made.client.get("posts").status_code == 200, process, folder / "log")
            yield made
            made.client.close()
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


def _lay_out(folder):
    site = folder / "site"
    shutil.copytree(USR / "share/wordpress", site, ignore_dangling_symlinks=True)
    shutil.copytree(
        USR / "share/wordpress/wp-content", site / "wp-content", dirs_exist_ok=True, ignore_dangling_symlinks=True
    )
    for name in ("wp-config.php", "settle.php"):
        shutil.copy(HERE / name, site / name)
    plugins = site / "wp-content/mu-plugins"
    plugins.mkdir(exist_ok=True)
    shutil.copy(HERE / "languages.php", plugins)
    return site


def _php(folder):
    modules = next((USR / "lib/php").glob("2*"))
    program = next((USR / "bin").glob("php[0-9].[0-9]"))
    options = ["-n", "-d", f"extension_dir={modules}", "-d", f"error_log={folder / 'php.log'}", "-d", "log_errors=1"]
    options += ["-d", "sendmail_path=/bin/true", "-d", "upload_max_filesize=20M", "-d", "post_max_size=20M"]
    for name in EXTENSIONS:
        if (modules / f"{name}.so").exists():
            options += ["-d", f"extension={name}"]
    return [str(program), *options]


@contextmanager
def _database(folder, socket, libraries):
    data, share = folder / "db", USR / "share/mysql"
    data.mkdir()
    command = [
        str(USR / "sbin/mariadbd"), "--no-defaults", "--user=root", f"--datadir={data}", f"--basedir={USR}",
        f"--lc-messages-dir={share}", f"--character-sets-dir={share}/charsets", f"--socket={socket}",
        "--skip-networking", "--skip-grant-tables", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0",
    ]  # fmt: skip
    tables = "".join((share / f"mysql_system_tables{part}.sql").read_text() for part in ("", "_data"))
    first = f"CREATE DATABASE mysql;\nCREATE DATABASE wordpress CHARACTER SET utf8mb4;\nUSE mysql;\n{tables}"
    log = folder / "db.log"
    with log.open("wb") as out:
        subprocess.run(
            [*command, "--bootstrap"], input=first.encode(), env=libraries, stdout=out, stderr=out, check=True
        )
        process = subprocess.Popen(command, env=libraries, stdout=out, stderr=out, start_new_session=True)
        try:
            _wait(socket.exists, process, log)
            yield
        finally:
            process.terminate()
            process.wait(60)


def _wait(condition, process, log):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)
