from django.urls import URLPattern, path

from dispatch.desk import views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("stories/", views.stories, name="stories"),
    path("stories/<int:story_id>", views.story, name="story"),
    path("editions/<int:edition_id>", views.edition, name="edition_page"),
    path("editions/<int:edition_id>/do/<str:act>", views.act_on_edition, name="edition_act"),
    path("sends/<int:send_id>/do/<str:act>", views.act_on_send, name="send_act"),
    path("posts/unknown", views.unknown_posts, name="unknown_posts"),
    path("posts/<int:post_id>/settle", views.settle_post, name="post_settle"),
]
