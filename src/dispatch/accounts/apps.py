from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dispatch.accounts"

    def ready(self) -> None:
        """Signing in and second factors are allauth's; they are written into the audit log all the same."""
        from allauth.account.signals import user_logged_in
        from allauth.mfa import signals

        from dispatch.accounts import losing, proof, signing_in

        user_logged_in.connect(signing_in.signed_in)
        user_logged_in.connect(losing.signed_in)
        signals.authenticator_added.connect(proof.added)
        signals.authenticator_added.connect(losing.added)
        signals.authenticator_removed.connect(proof.removed)
        signals.authenticator_reset.connect(proof.renewed)
