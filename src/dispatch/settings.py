"""Django's settings, all from the environment (see docs/operating.md)."""

import zoneinfo
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from dispatch import env, staging

HERE = Path(__file__).parent
PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Of libpq, where the URL says nothing else: a database's host that is cut off must not be waited for for hours."""


def _database(url: str, name: str = "DISPATCH_DATABASE_URL") -> dict[str, Any]:
    refused = env.Misconfigured(
        f"{name} cannot be read. Give it as postgresql://user:password@host/name, with %40 for an @ inside."
    )
    try:
        parts: dict[str, Any] = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its words may hold the password
        raise refused from None
    if "@" in parts.get("host", "") or not str(parts.get("port", "5432")).replace(",", "").isdecimal():
        raise refused
    taken = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    named: dict[str, Any] = {django: str(parts.pop(libpq)) for libpq, django in taken.items() if libpq in parts}
    size = int(env.number("DISPATCH_DATABASE_POOL", 16))  # 0: none
    named |= {"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True}  # 0.1 ms: nobody gets a dead one
    pool = {"min_size": 1, "max_size": size, "timeout": 10} if size else False
    return {**named, "OPTIONS": {**PATIENCE, **parts, "pool": pool}}


def _replica(url: str) -> dict[str, Any]:
    """Read-only even once it is promoted, and not waited for: whoever reads there would rather have the primary."""
    found = _database(url, "DISPATCH_REPLICA_URL")
    options = found["OPTIONS"]
    options |= {"options": f"{options.get('options', '')} -c default_transaction_read_only=on".strip()}
    # Sessions are kept: one that is there is let go sooner than libpq gives up a new one.
    pool = options["pool"] and {"min_size": 1, "max_size": 4, "timeout": 1}
    options |= {"pool": pool, "connect_timeout": "2"}
    return {"NAME": DATABASES["default"].get("NAME", ""), **found, "TEST": {"MIRROR": "default"}}


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise env.Misconfigured(f"DISPATCH_TIME_ZONE is {name!r}; give an IANA name such as Europe/Vilnius.") from None
    return name


DEBUG = False
DEMO = env.flag("DISPATCH_DEMO")
SECRET_KEY = env.text("DISPATCH_SECRET_KEY", "")
PUBLIC_URL = env.text("DISPATCH_PUBLIC_URL", "http://localhost:8321").rstrip("/")
DISCREET_URL = env.text("DISPATCH_DISCREET_URL", "").rstrip("/")
"""Where the links of discreet letters lead, which tells nobody whose letters they are; empty: PUBLIC_URL."""
ALLOWED_HOSTS = env.words("DISPATCH_HOSTS", "localhost 127.0.0.1 [::1]")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
DISPATCH_TEMPLATES = env.text("DISPATCH_TEMPLATES", "")
MESSAGE_ID_DOMAIN = env.text("DISPATCH_MESSAGE_ID_DOMAIN", "mail.invalid")
FETCH_ALLOW = env.words("DISPATCH_FETCH_ALLOW")
"""Hosts (with port) inside the newsroom's own network that Dispatch may fetch from: a private CMS."""

DATABASES = {"default": _database(env.database_url())}
if REPLICA := env.text("DISPATCH_REPLICA_URL", ""):
    DATABASES["replica"] = _replica(REPLICA)
DATABASE_ROUTERS = ["dispatch.history.Router"]
CACHES = {"default": {"BACKEND": "dispatch.accounts.remembering.Shared"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "anymail",
    "dispatch.accounts",
    "dispatch.articles",
    "dispatch.audience",
    "dispatch.editions",
    "dispatch.delivery",
    "dispatch.social",
    "dispatch.desk",
    "dispatch.operations",
    "dispatch.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dispatch.audience.neutral.Host",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "dispatch.headers.Headers",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "dispatch.api.door.Door",
]

ROOT_URLCONF = "dispatch.urls"
ASGI_APPLICATION = "dispatch.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [*([DISPATCH_TEMPLATES] if DISPATCH_TEMPLATES else []), HERE / "templates" / "web"],
        "OPTIONS": {
            "environment": "dispatch.templating.environment",
            "context_processors": ["django.contrib.auth.context_processors.auth", "dispatch.desk.shell.context"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "dispatch.accounts.passwords.OwnWords"},
    {"NAME": "dispatch.accounts.passwords.Breached"},
]
OWN_WORDS = env.words("DISPATCH_OWN_WORDS")
BREACHED_PASSWORDS = env.file("DISPATCH_BREACHED_PASSWORDS")
ACCOUNT_ADAPTER = "dispatch.accounts.adapter.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    "login": None,  # by network address, which everyone behind one proxy shares; axes counts passwords by account
    "login_failed": "10/10m/key",  # codes of a second factor, by person
    "reauthenticate": None,  # counts looking at the page; what is typed there is counted above, and by axes
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
MFA_ADAPTER = "dispatch.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Dispatch"
LOST_FACTOR_WAIT = timedelta(hours=env.number("DISPATCH_LOST_FACTOR_WAIT_HOURS", 24))
"""Between a second administrator's yes and the end of a lost second factor, in which its owner can stop it."""
SECOND_FACTOR = not DEMO
"""Whether everybody needs one. Who only tries the demo does not."""
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or a stranger could keep somebody out for ever
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_USERNAME_CALLABLE = "dispatch.accounts.adapter.tried_account"
AXES_SENSITIVE_PARAMETERS = ["login", "email", "username", "ip_address"]
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "dispatch.accounts.adapter.no_ip_address"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (f"{'__Host-' if SECURE else ''}{name}" for name in ("sessionid", "csrftoken"))
"""With the prefix a browser takes them from this very host only, by https (RFC 6265bis section 4.1.3.2)."""
CSRF_FAILURE_VIEW = "dispatch.desk.errors.forged"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = (
    "same-origin"  # with "no-referrer" browsers send "Origin: null" and every form of ours is refused
)
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("DISPATCH_BEHIND_PROXY") else None
X_FRAME_OPTIONS = "SAMEORIGIN"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

USE_TZ = True
TIME_ZONE = _zone(env.text("DISPATCH_TIME_ZONE", "Europe/Vilnius"))
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("be", "Беларуская"), ("ru", "Русский"), ("uk", "Українська"), ("ar", "العربية")]

DELIVERY: dict[str, Any] = {
    "chunk": int(env.number("DISPATCH_CHUNK", 1000)),
    "window": int(env.number("DISPATCH_WINDOW", 500)),
    "lease_seconds": env.number("DISPATCH_LEASE_SECONDS", 660),
    "journal": env.data_dir() / "journal" if env.flag("DISPATCH_JOURNAL", default=True) else None,
    "resend_wait_seconds": env.number("DISPATCH_RESEND_WAIT_SECONDS", 300),
    "approve_from": int(env.number("DISPATCH_APPROVE_FROM", 0 if DEMO else 5000)),
    "approve_odd_from": int(env.number("DISPATCH_APPROVE_ODD_FROM", 500)),
    "first_wave_from": int(env.number("DISPATCH_FIRST_WAVE_FROM", 5000)),
    "first_wave_share": 0.01,
    "first_wave_most": 500,
    "first_wave_wait_seconds": env.number("DISPATCH_FIRST_WAVE_WAIT_SECONDS", 300),
    "seeds": env.words("DISPATCH_SEEDS"),
}

DNS = env.words("DISPATCH_DNS")
"""Resolvers that are asked about sending domains, "192.0.2.53" or "192.0.2.53:5353"; none: the machine's own."""
SENDING_ADDRESSES = env.addresses("DISPATCH_SENDING_ADDRESSES")
"""Those that receivers see our mail come from; none: what the relays' names lead to."""
BLOCKLISTS = env.words("DISPATCH_BLOCKLISTS", "zen.spamhaus.org bl.spamcop.net")
"""That are asked each night whether they have one of these addresses; an empty value: none."""
DKIM: dict[str, float] = {
    "settle_hours": env.number("DISPATCH_DKIM_SETTLE_HOURS", 1),
    "grace_days": env.number("DISPATCH_DKIM_GRACE_DAYS", 7),
}
"""For how long a new pair must have been seen in the DNS before it signs: who asked too early remembers “no” for a while.
And how long an older one is kept: a letter may be on its way for days."""
SPAMASSASSIN = env.text("DISPATCH_SPAMASSASSIN", "spamassassin")
"""The program that scores letters by SpamAssassin's rules; it is asked for nothing that needs the network."""
SOCIAL: dict[str, float] = {
    "late_planned": 60 * env.number("DISPATCH_LATE_PLANNED_MINUTES", 10),
    "late_brought": 60 * env.number("DISPATCH_LATE_BROUGHT_MINUTES", 60),
}
"""Seconds past its moment after which a post waits for a person: planned for that moment, or brought by a story."""
OLD_STORY_DAYS = env.number("DISPATCH_OLD_STORY_DAYS", 3)
"""Days after which a story is no news: its revisions make no post, letter or edition by themselves. 0: it always is."""
EDITION_LATE = 3600 * env.number("DISPATCH_LATE_EDITION_HOURS", 3)
"""Seconds past its moment after which an edition waits for a person."""

SIGN_UPS: dict[str, int] = {
    "network_an_hour": int(env.number("DISPATCH_SIGN_UPS_NETWORK_AN_HOUR", 60)),
    "an_hour": int(env.number("DISPATCH_SIGN_UPS_AN_HOUR", 5000)),
}
MIRRORS = env.words("DISPATCH_MIRRORS", "")
"""Addresses where the newsroom's site can be read where its own is blocked; letters and the preferences page name them."""
RISKY_PROVIDERS = env.words(
    "DISPATCH_RISKY_PROVIDERS",
    "by mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru vk.com yandex.ru ya.ru yandex.com yandex.kz",
)
"""Mailbox providers, by domain, that answer to those whom readers must fear; the form says so before anything is sent."""

TELLING_FROM = env.text("DISPATCH_TELLING_FROM", "")
"""Whom mail about the newsroom's own troubles comes from; empty: the first newsletter's address."""
TELLING_RELAY = env.text("DISPATCH_TELLING_RELAY_URL", "")
"""A relay of its own for it, so that trouble of the others is told, too; empty: the newsletters' relays."""
FOLLOW_CHANGES = env.words("DISPATCH_FOLLOW_CHANGES", "")
"""What posts that are out do by themselves when their story changes: "edit", "delete"; nothing: a person decides."""

BOUNCES: dict[str, Any] = {
    "domain": env.text("DISPATCH_BOUNCE_DOMAIN", "").lower(),
    "discreet_domain": env.text("DISPATCH_DISCREET_BOUNCE_DOMAIN", "").lower(),
    "soft": int(env.number("DISPATCH_SOFT_BOUNCES", 5)),
    "soft_sends": int(env.number("DISPATCH_SOFT_BOUNCES_SENDS", 3)),
    "soft_days": int(env.number("DISPATCH_SOFT_BOUNCES_DAYS", 30)),
}
"""Where undeliverable mail comes back to; and after how many soft bounces, of how many sends, within how many days a reader
is written to no more. 0: never."""
MAIL_WEBHOOKS = env.pairs("DISPATCH_MAIL_WEBHOOKS")
"""By provider, the secret of the webhook by which it tells of bounces: lines of "brevo user:password"."""
PING_URL = env.text("DISPATCH_PING_URL", "")
"""Asked for by the leading clock each minute while things flow; whoever is there raises the alarm when it is not."""
STAGING_ONLY = staging.mailboxes(env.words("DISPATCH_STAGING_ONLY"))
"""In a rehearsal: whom mail may leave for, "alice@example.org" or "@example.org"; none: this is no rehearsal."""
METRICS_TOKEN = env.text("DISPATCH_METRICS_TOKEN", "")
"""What Prometheus shows to be told the figures; empty: only this machine may ask."""

LOGGING_CONFIG = None
BACKUP_NIGHTLY = env.text("DISPATCH_BACKUP_NIGHTLY", "")  # a folder that gets one each night; empty: none by itself
BACKUP_HOUR = int(env.number("DISPATCH_BACKUP_HOUR", 3))  # of the newsroom's clock
BACKUP_KEEP = int(env.number("DISPATCH_BACKUP_KEEP", 14))  # days until one is deleted, once a newer is whole; 0: never
HONEY_DOMAINS = env.words("DISPATCH_HONEY_DOMAINS", "")
"""Domains whose every mailbox is the newsroom's: where readers live who were invented for an export."""
