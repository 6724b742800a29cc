"""What networks fetch."""

from django.urls import URLPattern, path

from dispatch.social import views

urlpatterns: list[URLPattern] = [
    path("shown/<str:token>", views.shown_picture, name="shown_picture"),
]
