from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "dispatch.api"

    def ready(self) -> None:
        """What this room seals is sealed anew with the rest, and operators are told of its troubles."""
        from dispatch.api import endpoints
        from dispatch.api.models import Endpoint
        from dispatch.desk import standstill
        from dispatch.operations import resealing
        from dispatch.operations.resealing import Column

        resealing.COLUMNS.append(Column("webhooks' secrets", Endpoint, "endpoint", "id", "secrets"))
        standstill.OTHERS.append(endpoints.given_up)
