-- The second subject won: what waits of the first one's letters becomes the second one's. Nothing of it is on the wire, or ever was.
UPDATE delivery_chunk c SET variant_id = b.id
FROM editions_variant a
JOIN editions_variant b ON b.edition_id = a.edition_id AND b.language = a.language AND b.arm = 'b'
WHERE c.send_id = %(send)s AND a.id = c.variant_id AND a.arm = 'a'
  AND NOT c.in_wave AND NOT c.is_retry AND c.state = 'pending' AND c.ahead = 0;
