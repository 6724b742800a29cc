"""Signing in and out, one's own account and second factors; nothing else of allauth is reachable."""

from allauth.account import views as allauth_views
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as codes
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, path

from dispatch.accounts import views

urlpatterns: list[URLPattern] = [
    path("", views.own, name="account_own"),
    path("sessions/end", views.end_sessions, name="account_end_sessions"),
    path("password/", views.password, name="account_password"),
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("link/<str:token>", views.sign_in_link, name="sign_in_link"),
    path("again/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("factors/", factors.index, name="mfa_index"),
    path("factors/", factors.index, name="mfa_list_webauthn"),
    path("factors/show/", factors.authenticate, name="mfa_authenticate"),
    path("factors/again/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("factors/codes/add/", codes.activate_totp, name="mfa_activate_totp"),
    path("factors/codes/remove/", codes.deactivate_totp, name="mfa_deactivate_totp"),
    path("factors/recovery/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("factors/recovery/renew/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("factors/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("factors/passkeys/again/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("factors/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
]
