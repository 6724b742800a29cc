from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "dispatch.delivery"

    def ready(self) -> None:
        """Hear what providers say, and let no host that is gone hold up the ledger."""
        from anymail import signals

        from dispatch import connecting
        from dispatch.delivery import hearing

        connecting.install()
        signals.tracking.connect(hearing.hear)
