"""Signing in and out; nothing else of allauth is reachable."""

from allauth.account import views as allauth_views
from django.urls import URLPattern, path

from dispatch.accounts import views

urlpatterns: list[URLPattern] = [
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("link/<str:token>", views.sign_in_link, name="sign_in_link"),
]
