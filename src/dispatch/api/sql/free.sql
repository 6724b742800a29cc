-- Is not about a story under embargo, nor an edition that brings one (part of due.sql and claim.sql). Asked at each attempt, so
-- that it does not matter when an embargo came, moved or was lifted.
NOT EXISTS (SELECT FROM articles_story s WHERE s.id = d.story AND s.embargo_until > clock_timestamp())
AND NOT EXISTS (
    SELECT FROM editions_editionstory b JOIN articles_story s ON s.id = b.story_id
    WHERE b.edition_id = d.edition AND s.embargo_until > clock_timestamp()
)
