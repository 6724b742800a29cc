from django.urls import URLPattern, path

from dispatch.delivery.bounces import webhooks

urlpatterns: list[URLPattern] = [path("<slug:provider>", webhooks.told, name="mail_webhook")]
