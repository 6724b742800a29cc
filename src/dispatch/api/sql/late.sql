-- What is late waits for a person, and others are told of it, too: a post, and an edition whose mail never began.
DROP TRIGGER api_post ON social_post;
CREATE TRIGGER api_post AFTER UPDATE OF state ON social_post FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('sent', 'refused', 'unknown', 'gone', 'late'))
    EXECUTE FUNCTION api_on_post();

CREATE FUNCTION api_on_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_tell(
        'edition.late',
        jsonb_build_object('edition', NEW.id, 'state', NEW.state, 'newsletter',
                           (SELECT slug FROM audience_newsletter WHERE id = NEW.newsletter_id)),
        NULL, NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_edition AFTER UPDATE OF state ON editions_edition FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state = 'late')
    EXECUTE FUNCTION api_on_edition();
