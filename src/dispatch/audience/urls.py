"""Readers' links."""

from django.urls import URLPattern, path

from dispatch.audience import views

urlpatterns: list[URLPattern] = [
    path("leave/<str:token>", views.leave, name="leave"),
    path("preferences/<str:token>", views.preferences, name="preferences"),
]
