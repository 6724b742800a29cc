from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "dispatch.delivery"

    def ready(self) -> None:
        """Hear what providers say."""
        from anymail import signals

        from dispatch.delivery import hearing

        signals.tracking.connect(hearing.hear)
