-- Edges: into nodes, of owners, by name.

-- name: edges_into
SELECT owner, kind, source, target FROM (SELECT value AS wanted FROM json_each(:targets))
JOIN edge ON edge.target = wanted AND kind IN (SELECT value FROM json_each(:kinds)) AND kind <> 'HAS_FIELD'
-- name: edges_from
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:owners))
JOIN edge ON edge.owner = wanted AND kind IN (SELECT value FROM json_each(:kinds))
-- name: labels_from (few are owned or tagged, which the small index tells at once)
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:owners))
JOIN edge INDEXED BY label_by_owner ON edge.owner = wanted AND kind IN ('OWNED_BY', 'TAGGED')
    AND kind IN (SELECT value FROM json_each(:kinds))
-- name: since
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:edges))
JOIN edge ON owner = json_extract(wanted, '$[0]') AND kind = json_extract(wanted, '$[1]')
    AND source = json_extract(wanted, '$[2]') AND target = json_extract(wanted, '$[3]')
-- name: aliases (most datasets have none, which the two small indexes tell at once)
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:keys))
JOIN edge INDEXED BY alias_by_source ON source = wanted AND kind IN ('ALIAS', 'RENAMED_FROM')
UNION ALL
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:keys))
JOIN edge INDEXED BY alias_by_target ON target = wanted AND kind IN ('ALIAS', 'RENAMED_FROM')
