-- Others are told of what happens here (docs/decisions/0029). The database notices it itself: whoever changes a row, by whatever
-- statement, writes the outbox in the same transaction, so that nothing is told that did not happen and nothing that happened
-- is forgotten. None of these tables is written once a reader; where no endpoint wants an event, it costs one look.
CREATE FUNCTION api_tell(kind text, data jsonb, story bigint, edition bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO api_delivery (endpoint_id, kind, data, story, edition, at, state, due_at, attempts_made)
    SELECT e.id, api_tell.kind, api_tell.data, api_tell.story, api_tell.edition, clock_timestamp(), 'waiting', clock_timestamp(), 0
    FROM api_endpoint e
    WHERE e.active AND api_tell.kind = ANY (e.events)
$$;

CREATE FUNCTION api_on_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_tell(
        'post.' || NEW.state,
        jsonb_build_object('post', NEW.id, 'story', NEW.story_id, 'state', NEW.state, 'language', NEW.language, 'channel',
                           (SELECT slug FROM social_channel WHERE id = NEW.channel_id)),
        NEW.story_id, NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_post AFTER UPDATE OF state ON social_post FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('sent', 'refused', 'unknown', 'gone'))
    EXECUTE FUNCTION api_on_post();

CREATE FUNCTION api_on_article() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_tell(
        CASE NEW.state WHEN 'withdrawn' THEN 'story.withdrawn' ELSE 'story.planned' END,
        jsonb_build_object('story', NEW.story_id, 'article', NEW.id, 'language', NEW.language, 'state', NEW.state),
        NEW.story_id, NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_article AFTER UPDATE OF planned_at ON articles_article FOR EACH ROW
    WHEN (OLD.planned_at IS NULL AND NEW.planned_at IS NOT NULL)
    EXECUTE FUNCTION api_on_article();

CREATE FUNCTION api_say_send(kind text, send delivery_send) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_tell(
        kind,
        jsonb_build_object('send', send.id, 'edition', send.edition_id, 'state', send.state, 'newsletter',
                           (SELECT n.slug FROM editions_edition e JOIN audience_newsletter n ON n.id = e.newsletter_id
                            WHERE e.id = send.edition_id)),
        NULL, send.edition_id);
END
$$;
CREATE FUNCTION api_on_send() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('paused', 'finished', 'cancelled', 'unbalanced') THEN
        PERFORM api_say_send('send.' || NEW.state, NEW);
    END IF;
    IF NEW.is_held AND NOT OLD.is_held THEN
        PERFORM api_say_send('edition.held', NEW);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER api_send AFTER UPDATE OF state, is_held ON delivery_send FOR EACH ROW EXECUTE FUNCTION api_on_send();

-- Looked at when the transaction ends: a send that needs a second person is let go and held again in one.
CREATE FUNCTION api_on_sent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now delivery_send;
BEGIN
    SELECT * INTO now FROM delivery_send WHERE id = NEW.id;
    IF now.state IN ('sending', 'first_wave') THEN
        PERFORM api_say_send('edition.sent', now);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER api_sent AFTER UPDATE OF state ON delivery_send DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state IN ('draft', 'enlisting', 'ready') AND NEW.state IN ('sending', 'first_wave'))
    EXECUTE FUNCTION api_on_sent();

CREATE FUNCTION api_on_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting delivery_send;
BEGIN
    SELECT * INTO waiting FROM delivery_send WHERE id = NEW.send_id;
    PERFORM api_say_send('edition.held', waiting);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_approval AFTER INSERT ON delivery_approval FOR EACH ROW
    WHEN (NEW.agreed_at IS NULL)
    EXECUTE FUNCTION api_on_approval();

CREATE FUNCTION api_on_stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_tell(
        CASE WHEN NEW.lifted_at IS NULL THEN 'stop.pulled' ELSE 'stop.lifted' END,
        jsonb_build_object('stop', NEW.id, 'scope', NEW.scope),
        NULL, NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER api_stop AFTER INSERT ON accounts_stop FOR EACH ROW EXECUTE FUNCTION api_on_stop();
CREATE TRIGGER api_stop_lifted AFTER UPDATE OF lifted_at ON accounts_stop FOR EACH ROW
    WHEN (OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL)
    EXECUTE FUNCTION api_on_stop();
