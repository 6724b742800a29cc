-- True for a post p that follows none, or one that is out and known by a name; and that nobody wants taken back.
NOT EXISTS (SELECT 1 FROM social_post f WHERE f.id = p.follows_id AND (f.state <> 'sent' OR f.remote_id = ''))
AND NOT EXISTS (SELECT 1 FROM social_change h
                WHERE h.post_id = p.id AND h.act = 'delete' AND h.state IN ('waiting', 'claimed'))
