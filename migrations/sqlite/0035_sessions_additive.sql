-- The id that a session had before it was given the present one. A client that follows the former id is told of a
-- replacement and not of an end.
ALTER TABLE sessions ADD COLUMN former_id BLOB CHECK (length(former_id) = 16);
