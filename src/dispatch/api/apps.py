from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "dispatch.api"
