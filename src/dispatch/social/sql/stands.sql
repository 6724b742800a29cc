-- True for a post p whose article may be posted: it is published, and for everybody. A correction goes out beneath what is out
-- though its article does not stand any more.
(p.settings ? 'corrects' OR EXISTS (SELECT FROM articles_article v WHERE v.id = p.article_id
                                    AND v.state = 'published' AND v.visibility = 'public'))
