from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "dispatch.operations"
    label = "operations"
