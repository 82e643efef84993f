-- Writing a batch. Parameters are the facts' fields, in their order.

-- name: cursor
SELECT value FROM meta WHERE name = 'cursor'
-- name: set_cursor
UPDATE meta SET value = ? WHERE name = 'cursor'

-- name: remove_attempt
DELETE FROM attempt WHERE run = ? AND number = ?
-- name: remove_report
DELETE FROM report WHERE owner = ? AND declared = ? AND reported = ? AND start = ? AND run = ? AND number = ?
-- name: remove_claim
DELETE FROM claim WHERE entity = ? AND facet = ? AND value = ? AND first = ? AND last = ? AND unit = ?
-- name: remove_use
DELETE FROM use WHERE run = ? AND number = ? AND role = ? AND dataset = ?

-- name: add_node
INSERT OR IGNORE INTO node (key, kind, namespace, name, of, folded_name, folded_namespace)
VALUES (?, ?, ?, ?, ?, ?, ?)
-- name: add_attempt
INSERT OR REPLACE INTO attempt (run, number, job, start, "end", state, last, parent, anomalies)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_report
INSERT OR REPLACE INTO report (owner, declared, reported, start, run, number, footprint, state, last, unit)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_claim
INSERT OR REPLACE INTO claim (entity, facet, value, first, last, unit) VALUES (?, ?, ?, ?, ?, ?)
-- name: add_use
INSERT OR REPLACE INTO use (run, number, role, dataset, at, version, label, complete, partitions)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_facet
INSERT OR IGNORE INTO facet (value, body) VALUES (?, ?)
-- name: add_footprint
INSERT OR IGNORE INTO footprint (key, document) VALUES (?, ?)
-- name: add_edge
INSERT INTO edge (owner, kind, source, target, observed, declared) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    observed = coalesce(min(observed, excluded.observed), observed, excluded.observed),
    declared = coalesce(min(declared, excluded.declared), declared, excluded.declared)

-- name: remove_edges
DELETE FROM edge WHERE owner = ?

-- name: reports_by_footprint
SELECT footprint, declared, min(start) FROM report WHERE owner = :owner GROUP BY footprint, declared
-- name: claims_by_value
SELECT facet, value, substr(unit, 1, 1) AS kind, min(first) FROM claim WHERE entity = :owner AND value <> ''
GROUP BY facet, value, kind

-- name: release_facet
DELETE FROM facet WHERE value = ?1 AND NOT EXISTS (SELECT 1 FROM claim WHERE value = ?1 AND value <> '')
-- name: release_footprint
DELETE FROM footprint WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM report WHERE footprint = ?1)
-- name: release_node
DELETE FROM node WHERE key = ?1
    AND NOT EXISTS (SELECT 1 FROM edge WHERE target = ?1 AND kind <> 'HAS_FIELD')
    AND NOT EXISTS (SELECT 1 FROM edge
        WHERE owner = node.of AND kind = 'HAS_FIELD' AND source = node.of AND target = ?1)
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE run = ?1)
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE job = ?1)
    AND NOT EXISTS (SELECT 1 FROM report WHERE owner = ?1)
    AND NOT EXISTS (SELECT 1 FROM claim WHERE entity = ?1)
    AND NOT EXISTS (SELECT 1 FROM use WHERE dataset = ?1)
    AND NOT EXISTS (
        SELECT 1 FROM edge writes JOIN edge derived
            ON derived.owner = writes.owner AND derived.kind = 'DERIVED_FROM' AND derived.source = ?1
        WHERE writes.target = node.of AND writes.kind = 'WRITES')
    AND NOT EXISTS (SELECT 1 FROM edge WHERE owner = node.of AND kind = 'DERIVED_FROM' AND source = ?1)

-- name: add_failure
INSERT OR REPLACE INTO failure ("index", unit, error) VALUES (?, ?, ?)
-- name: release_failure
DELETE FROM failure WHERE "index" = ?
-- name: failures
SELECT "index", unit, error FROM failure ORDER BY "index" LIMIT :limit

-- name: remains
SELECT value FROM meta WHERE name = 'remains'
-- name: set_remains
INSERT OR REPLACE INTO meta VALUES ('remains', 1)
-- name: clear_remains
DELETE FROM meta WHERE name = 'remains'
