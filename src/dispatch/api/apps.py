from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "dispatch.api"

    def ready(self) -> None:
        """What this room seals is sealed anew with the rest."""
        from dispatch.api.models import Endpoint
        from dispatch.operations import resealing
        from dispatch.operations.resealing import Column

        resealing.COLUMNS.append(Column("webhooks' secrets", Endpoint, "endpoint", "id", "secrets"))
