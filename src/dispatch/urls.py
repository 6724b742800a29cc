"""Where each address leads: every domain keeps its own list."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dispatch.desk.urls")),
    path("account/", include("dispatch.accounts.urls")),
    path("hooks/", include("dispatch.articles.urls")),
    path("", include("dispatch.audience.urls")),
    path("", include("dispatch.editions.urls")),
    path("operations/", include("dispatch.operations.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("dispatch.local.urls")))
