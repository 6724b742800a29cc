from django.urls import URLPattern, URLResolver, path

from dispatch.api import out_pages, pages, reference
from dispatch.api.interface import interface

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/tokens/", pages.own, name="tokens"),
    path("account/tokens/make", pages.make, name="token_make"),
    path("account/tokens/<int:number>/end", pages.revoke, name="token_revoke"),
    path("webhooks/out/", out_pages.listed, name="webhooks_out"),
    path("webhooks/out/add", out_pages.add, name="webhook_out_add"),
    path("webhooks/out/<int:number>", out_pages.one, name="webhook_out"),
    path("webhooks/out/<int:number>/secret", out_pages.rotate, name="webhook_out_rotate"),
    path("webhooks/out/<int:number>/switch/<str:to>", out_pages.switch, name="webhook_out_switch"),
    path("webhooks/out/<int:number>/test", out_pages.test, name="webhook_out_test"),
    path("webhooks/out/again/<int:number>", out_pages.again, name="webhook_out_again"),
    path("api/docs", reference.page, name="api_docs"),
    path("api/problems/<slug:kind>", reference.problem, name="api_problem"),
    path("api/", interface.urls),
    path("api/<path:rest>", reference.nothing),
]
