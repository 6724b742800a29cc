"""Webhooks."""

from django.urls import URLPattern, path

from dispatch.articles import views

urlpatterns: list[URLPattern] = [path("<slug:slug>", views.receive_webhook, name="webhook")]
