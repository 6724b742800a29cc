"""The demo's own pages; mounted only where DISPATCH_DEMO is set."""

from django.urls import URLPattern, path

from dispatch.local import views

urlpatterns: list[URLPattern] = [
    path("inbox", views.inbox_list, name="inbox"),
    path("inbox/<int:number>", views.letter, name="letter"),
    path("inbox/<int:number>/html", views.letter_html, name="letter_html"),
    path("wall", views.wall_page, name="wall"),
    path("wall/pictures/<int:number>", views.wall_picture, name="wall_picture"),
]
