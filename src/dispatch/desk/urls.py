from django.urls import URLPattern, path

from dispatch.desk import breaking, embargoes, exports, people, posting, views
from dispatch.desk.calendar import adding as calendar_adding
from dispatch.desk.calendar import bulk as calendar_bulk
from dispatch.desk.calendar import moving as calendar_moving
from dispatch.desk.calendar import views as calendar_views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("stories/", views.stories, name="stories"),
    path("stories/<int:story_id>", views.story, name="story"),
    path("stories/<int:story_id>/embargo", embargoes.place, name="embargo_place"),
    path("stories/<int:story_id>/embargo/lift", embargoes.lift, name="embargo_lift"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("calendar/clock", calendar_views.choose_clock, name="calendar_clock"),
    path("calendar/bulk", calendar_bulk.bulk, name="bulk"),
    path("calendar/bulk/plan", calendar_bulk.plan, name="bulk_plan"),
    path("calendar/bulk/results", calendar_bulk.results, name="bulk_results"),
    path("calendar/bulk/template", calendar_bulk.template, name="bulk_template"),
    path("calendar/new", calendar_adding.new, name="calendar_new"),
    path("calendar/channels/<slug:slug>/stop", calendar_views.stop, name="calendar_stop"),
    path("calendar/posts/<int:post_id>", calendar_moving.post, name="calendar_post"),
    path("calendar/posts/<int:post_id>/move", calendar_moving.move, name="calendar_move"),
    path("stories/<int:story_id>/breaking", breaking.announce, name="story_breaking"),
    path("editions/<int:edition_id>", views.edition, name="edition_page"),
    path("editions/<int:edition_id>/do/<str:act>", views.act_on_edition, name="edition_act"),
    path("sends/<int:send_id>/do/<str:act>", views.act_on_send, name="send_act"),
    path("sends/<int:send_id>/missing", views.who_is_missing, name="send_missing"),
    path("sends/<int:send_id>/approve", views.approve, name="send_approve"),
    path("exports/", exports.exports, name="exports"),
    path("exports/ask", exports.ask, name="export_ask"),
    path("exports/<int:number>/take", exports.take, name="export_take"),
    path("exports/<int:number>/do/<str:act>", exports.act, name="export_act"),
    path("people/", people.people, name="people"),
    path("people/signout", people.sign_out_all, name="sign_out_all"),
    path("people/<int:number>/do/<str:act>", people.act, name="person_act"),
    path("audit/", people.audit_log, name="audit_log"),
    path("posts/<int:post_id>/do/<str:act>", posting.act, name="post_act"),
    path("posts/unknown", views.unknown_posts, name="unknown_posts"),
    path("posts/<int:post_id>/settle", views.settle_post, name="post_settle"),
]
