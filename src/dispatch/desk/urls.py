from django.urls import URLPattern, path

from dispatch.desk import breaking, embargoes, exports, people, posting, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("stories/", views.stories, name="stories"),
    path("stories/<int:story_id>", views.story, name="story"),
    path("stories/<int:story_id>/embargo", embargoes.place, name="embargo_place"),
    path("stories/<int:story_id>/embargo/lift", embargoes.lift, name="embargo_lift"),
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
