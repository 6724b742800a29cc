"""Where each address leads: every domain keeps its own list."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from dispatch.operations import probes

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dispatch.desk.urls")),
    path("account/", include("dispatch.accounts.urls")),
    path("hooks/mail/", include("dispatch.delivery.urls")),
    path("hooks/", include("dispatch.articles.urls")),
    path("", include("dispatch.audience.urls")),
    path("", include("dispatch.editions.urls")),
    path("", include("dispatch.social.urls")),
    path("", include("dispatch.api.urls")),
    path("operations/", include("dispatch.operations.urls")),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("dispatch.local.urls")))

handler400 = "dispatch.api.problems.bad_request"
handler403 = "dispatch.desk.errors.forbidden"
handler404 = "dispatch.desk.errors.not_found"
handler500 = "dispatch.desk.errors.server_error"
