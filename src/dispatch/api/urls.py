from django.urls import URLPattern, URLResolver, path

from dispatch.api import pages, reference
from dispatch.api.interface import interface

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/tokens/", pages.own, name="tokens"),
    path("account/tokens/make", pages.make, name="token_make"),
    path("account/tokens/<int:number>/end", pages.revoke, name="token_revoke"),
    path("api/docs", reference.page, name="api_docs"),
    path("api/problems/<slug:kind>", reference.problem, name="api_problem"),
    path("api/", interface.urls),
    path("api/<path:rest>", reference.nothing),
]
