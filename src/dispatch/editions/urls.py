from django.urls import URLPattern, path

from dispatch.editions import archive, views

urlpatterns: list[URLPattern] = [
    path("e/<str:public_id>/<str:language>", views.edition, name="edition"),
    path("archive/<slug:slug>/<str:language>.atom", archive.feed, name="archive-feed"),
    path("archive/<slug:slug>/<str:language>", archive.page, name="archive"),
    path("editions/<int:edition_id>/<str:language>/preview", views.preview, name="edition_preview"),
    path("editions/<int:edition_id>/<str:language>/text", views.preview_text, name="edition_preview_text"),
]
