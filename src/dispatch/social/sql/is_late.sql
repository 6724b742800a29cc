-- True for a post p whose moment has passed by more than its kind may. Of a further part of a thread that moment is when the part
-- before it went out, if that was not hours later than planned; of a story under embargo its end; what comes round again has its
-- own moment only.
((CASE WHEN p.again_id IS NULL
       THEN greatest(p.due_at, (SELECT t.embargo_until FROM articles_story t WHERE t.id = p.story_id),
                     (SELECT f.sent_at FROM social_post f WHERE f.id = p.follows_id))
       ELSE p.due_at END
  < statement_timestamp() - make_interval(secs => CASE WHEN p.placed THEN %(late_placed)s ELSE %(late_brought)s END))
 OR (p.follows_id IS NOT NULL AND p.due_at < statement_timestamp() - interval '6 hours'))
