from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "dispatch.desk"

    def ready(self) -> None:
        """Whoever's second factor is said to be lost learns of each step."""
        from dispatch.accounts import losing
        from dispatch.desk import personal

        losing.told.connect(personal.tell)
