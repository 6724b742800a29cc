from django.urls import URLPattern, path

from dispatch.operations import crew, domains, flows, probes, readers, relays, views
from dispatch.operations.items import views as items

urlpatterns: list[URLPattern] = [
    path("queue/", views.queue, name="queue"),
    path("queue/items/", items.items, name="items"),
    path("queue/items/act", items.act, name="items_act"),
    path("queue/items/<slug:kind>/<slug:number>/", items.item, name="item"),
    path("queue/flow/", flows.flow, name="flow"),
    path("queue/flow.json", flows.flow_json, name="flow_json"),
    path("queue/workers/", crew.crew, name="crew"),
    path("queue/posts/<int:post_id>/<str:act>", views.act_on_post, name="queue_post_act"),
    path("queue/webhooks/<int:number>/<str:act>", views.act_on_webhook, name="webhook_act"),
    path("queue/letters/<slug:kind>/<str:act>", views.act_on_letters, name="letters_act"),
    path("queue/mail/<int:send_id>/<str:state>/<str:act>", views.act_on_mail, name="mail_act"),
    path("queue/sweeps/<int:number>/stop", views.stop_sweep, name="sweep_stop"),
    path("queue/chunks/<int:send_id>/<int:number>", views.free_chunk, name="chunk_free"),
    path("queue/chunks/<int:send_id>/<int:number>/drop", views.drop_chunk, name="chunk_drop"),
    path("stop", views.stop, name="stop"),
    path("stop/<int:stop_id>/lift", views.lift, name="stop_lift"),
    path("reader/", readers.reader, name="reader"),
    path("relays/", relays.relays, name="relays"),
    path("relays/<int:number>/pace", relays.set_pace, name="relay_pace"),
    path("domains/", domains.domains, name="domains"),
    path("domains/look", domains.look_now, name="domains_look"),
    path("relays/<int:number>/test", relays.test, name="relay_test"),
    path("relays/<int:number>/<slug:act>", relays.act, name="relay_act"),
    path("health/", views.health, name="health"),
    path("health.json", views.health_json, name="health_json"),
    path("live", views.live, name="live"),
    path("events", views.events, name="events"),
    path("metrics", probes.metrics, name="metrics"),
]
