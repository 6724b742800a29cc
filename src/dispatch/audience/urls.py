"""Readers' links."""

from django.urls import URLPattern, path

from dispatch.audience import doors, views

urlpatterns: list[URLPattern] = [
    path("subscribe/<slug:slug>", doors.subscribe, name="subscribe"),
    path("subscribe/<slug:slug>/frame", doors.frame, name="subscribe-frame"),
    path("subscribe/<slug:slug>/ask", doors.ask, name="subscribe-ask"),
    path("settings/<slug:slug>", doors.link, name="settings"),
    path("confirm/<str:token>", views.confirm, name="confirm"),
    path("leave/<str:token>", views.leave, name="leave"),
    path("preferences/<str:token>", views.neutral, name="preferences"),
    path("choose/<str:token>", views.choose, name="choose"),
    path("move/<str:token>", views.move, name="move"),
]
