from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dispatch.accounts"

    def ready(self) -> None:
        """Signing in by password is allauth's; it is written into the audit log all the same."""
        from allauth.account.signals import user_logged_in

        from dispatch.accounts import signing_in

        user_logged_in.connect(signing_in.by_password)
