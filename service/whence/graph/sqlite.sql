-- Statements of the SQLite graph store. Lists of keys come as one JSON array.

-- name: schema
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('cursor', 0);

CREATE TABLE node (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, of TEXT NOT NULL,
    folded_name TEXT NOT NULL, folded_namespace TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX node_by_name ON node (kind, folded_name, folded_namespace, key);

CREATE TABLE edge (
    owner TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    observed INTEGER, declared INTEGER,
    PRIMARY KEY (owner, kind, source, target)
) WITHOUT ROWID;
CREATE INDEX edge_by_target ON edge (target, kind) WHERE kind <> 'HAS_FIELD';
CREATE INDEX alias_by_source ON edge (source) WHERE kind IN ('ALIAS', 'RENAMED_FROM');
CREATE INDEX alias_by_target ON edge (target) WHERE kind IN ('ALIAS', 'RENAMED_FROM');

CREATE TABLE attempt (
    run TEXT NOT NULL, number INTEGER NOT NULL, job TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER,
    state TEXT NOT NULL, last INTEGER NOT NULL, parent TEXT NOT NULL, anomalies TEXT NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE INDEX attempt_by_job ON attempt (job, start, run, number);

CREATE TABLE report (
    owner TEXT NOT NULL, declared INTEGER NOT NULL, reported INTEGER NOT NULL, start INTEGER NOT NULL,
    run TEXT NOT NULL, number INTEGER NOT NULL, footprint TEXT NOT NULL, state TEXT NOT NULL, last INTEGER NOT NULL,
    unit TEXT NOT NULL
);
CREATE UNIQUE INDEX report_by_owner ON report (owner, declared, reported, start, run, number);
CREATE INDEX report_by_unit ON report (unit);
CREATE INDEX report_by_footprint ON report (footprint);

CREATE TABLE claim (
    entity TEXT NOT NULL, facet TEXT NOT NULL, last INTEGER NOT NULL, value TEXT NOT NULL, first INTEGER NOT NULL,
    unit TEXT NOT NULL,
    PRIMARY KEY (entity, facet, last, value, first, unit)
) WITHOUT ROWID;
CREATE INDEX claim_by_unit ON claim (unit);
CREATE INDEX claim_by_value ON claim (value) WHERE value <> '';

CREATE TABLE use (
    run TEXT NOT NULL, number INTEGER NOT NULL, role TEXT NOT NULL, dataset TEXT NOT NULL, at INTEGER NOT NULL,
    version TEXT NOT NULL, label TEXT NOT NULL, complete INTEGER NOT NULL, partitions TEXT NOT NULL,
    PRIMARY KEY (run, number, role, dataset)
) WITHOUT ROWID;
CREATE INDEX use_by_dataset ON use (dataset, role, at, run, number);
CREATE INDEX use_by_version ON use (version) WHERE version <> '';

CREATE TABLE facet (value TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE footprint (key TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE failure ("index" INTEGER PRIMARY KEY, unit TEXT NOT NULL, error TEXT NOT NULL);

-- name: format_2 (small indexes: who is owned or tagged; names in a namespace; of each dataset the last productions that
-- are complete, or failed, without the others)
CREATE INDEX IF NOT EXISTS label_by_owner ON edge (owner) WHERE kind IN ('OWNED_BY', 'TAGGED');
CREATE INDEX IF NOT EXISTS node_by_namespace ON node (kind, namespace, folded_name, key);
CREATE INDEX IF NOT EXISTS production_by_dataset ON use (dataset, complete, at, run, number) WHERE role = 'PRODUCED';

-- name: clear
DELETE FROM node; DELETE FROM edge; DELETE FROM attempt; DELETE FROM report; DELETE FROM claim; DELETE FROM use;
DELETE FROM facet; DELETE FROM footprint; DELETE FROM failure; UPDATE meta SET value = 0 WHERE name = 'cursor';

-- name: cursor
SELECT value FROM meta WHERE name = 'cursor'
-- name: set_cursor
UPDATE meta SET value = ? WHERE name = 'cursor'

-- name: remains
SELECT value FROM meta WHERE name = 'remains'
-- name: set_remains
INSERT OR REPLACE INTO meta VALUES ('remains', 1)
-- name: clear_remains
DELETE FROM meta WHERE name = 'remains'

-- name: remove_attempt
DELETE FROM attempt WHERE run = ? AND number = ?
-- name: remove_report
DELETE FROM report WHERE owner = ? AND declared = ? AND reported = ? AND start = ? AND run = ? AND number = ?
-- name: remove_claim
DELETE FROM claim WHERE entity = ? AND facet = ? AND value = ? AND first = ? AND last = ? AND unit = ?
-- name: remove_use
DELETE FROM use WHERE run = ? AND number = ? AND role = ? AND dataset = ?

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
-- name: add_node
INSERT OR IGNORE INTO node (key, kind, namespace, name, of, folded_name, folded_namespace)
VALUES (?, ?, ?, ?, ?, ?, ?)
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
SELECT footprint, declared, min(start) FROM report WHERE owner = ? GROUP BY footprint, declared
-- name: claims_by_value
SELECT facet, value, substr(unit, 1, 1) AS kind, min(first) FROM claim WHERE entity = ? AND value <> ''
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

-- name: attempts_of_units
SELECT run, number, job, start, "end", state, last, parent, anomalies
FROM (SELECT value AS wanted FROM json_each(?)) JOIN attempt ON attempt.run = wanted
-- name: reports_of_units
SELECT owner, declared, reported, start, run, number, footprint, state, last, report.unit
FROM (SELECT value AS wanted FROM json_each(?)) JOIN report ON report.unit = wanted
-- name: claims_of_units
SELECT entity, facet, claim.value, first, last, claim.unit
FROM (SELECT value AS wanted FROM json_each(?)) JOIN claim ON claim.unit = wanted
-- name: uses_of_runs
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:runs))
JOIN use ON use.run = wanted AND role IN (SELECT value FROM json_each(:roles))
-- name: edges_of_owners
SELECT owner, kind, source, target, observed, declared
FROM (SELECT value AS wanted FROM json_each(?)) JOIN edge ON edge.owner = wanted
-- name: facet_bodies
SELECT facet.value, body FROM (SELECT value AS wanted FROM json_each(?)) JOIN facet ON facet.value = wanted
-- name: footprints
SELECT key, document FROM (SELECT value AS wanted FROM json_each(?)) JOIN footprint ON footprint.key = wanted

-- name: add_failure
INSERT OR REPLACE INTO failure ("index", unit, error) VALUES (?, ?, ?)
-- name: release_failure
DELETE FROM failure WHERE "index" = ?
-- name: failures
SELECT "index", unit, error FROM failure ORDER BY "index" LIMIT ?

-- name: nodes
SELECT key, kind, namespace, name, of FROM (SELECT value AS wanted FROM json_each(?)) JOIN node ON node.key = wanted
-- name: counts
SELECT kind, count(*) FROM node GROUP BY kind
-- name: search
SELECT folded_name, folded_namespace, key, kind, namespace, name, of FROM node
WHERE kind = :kind AND (folded_name, folded_namespace, key) > (:name, :namespace, :key)
    AND (instr(folded_name, :text) > 0 OR instr(folded_namespace, :text) > 0)
ORDER BY folded_name, folded_namespace, key LIMIT :limit
-- name: search_in (one namespace)
SELECT folded_name, folded_namespace, key, kind, namespace, name, of FROM node
WHERE kind = :kind AND namespace = :in AND (folded_name, key) > (:name, :key)
    AND (instr(folded_name, :text) > 0 OR instr(folded_namespace, :text) > 0)
ORDER BY folded_name, key LIMIT :limit
-- name: named
SELECT key, kind, namespace, name, of FROM (SELECT value AS wanted FROM json_each(:kinds))
JOIN node ON node.kind = wanted AND folded_name = :name
ORDER BY kind, folded_namespace, key LIMIT :limit

-- name: edges_into
SELECT owner, kind, source, target FROM (SELECT value AS wanted FROM json_each(:targets))
JOIN edge ON edge.target = wanted AND kind IN (SELECT value FROM json_each(:kinds)) AND kind <> 'HAS_FIELD'
-- name: aliases (most datasets have none, which the two small indexes tell at once)
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:keys))
JOIN edge INDEXED BY alias_by_source ON source = wanted AND kind IN ('ALIAS', 'RENAMED_FROM')
UNION ALL
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:keys))
JOIN edge INDEXED BY alias_by_target ON target = wanted AND kind IN ('ALIAS', 'RENAMED_FROM')

-- name: edges_from
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:owners))
JOIN edge ON edge.owner = wanted AND kind IN (SELECT value FROM json_each(:kinds))
-- name: labels_from (few are owned or tagged, which the small index tells at once)
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(:owners))
JOIN edge INDEXED BY label_by_owner ON edge.owner = wanted AND kind IN ('OWNED_BY', 'TAGGED')
    AND kind IN (SELECT value FROM json_each(:kinds))
-- name: since
SELECT owner, kind, source, target, observed, declared FROM (SELECT value AS wanted FROM json_each(?))
JOIN edge ON owner = json_extract(wanted, '$[0]') AND kind = json_extract(wanted, '$[1]')
    AND source = json_extract(wanted, '$[2]') AND target = json_extract(wanted, '$[3]')

-- name: activities (of each owner the last ones observed, and the last one declared)
SELECT report.owner, declared, reported, start, run, number, footprint, state, last
FROM (SELECT value AS wanted FROM json_each(:owners)) CROSS JOIN report ON report.rowid IN (
    SELECT * FROM (
        SELECT rowid FROM report
        WHERE owner = wanted AND declared = 0 AND reported = 1 AND start <= :as_of
        ORDER BY start DESC, run DESC, number DESC LIMIT :window)
    UNION ALL
    SELECT * FROM (
        SELECT rowid FROM report
        WHERE owner = wanted AND declared = 1 AND reported = 1 AND start <= :as_of
        ORDER BY start DESC, run DESC, number DESC LIMIT 1))
ORDER BY start DESC, run DESC, number DESC

-- name: stretches (of each span the reports that begin or end a stretch, with their place in it)
WITH span AS (SELECT json_extract(value, '$[0]') AS wanted, json_extract(value, '$[1]') AS after FROM json_each(:spans)),
said AS (
    SELECT wanted, after, owner, declared, reported, start, run, number, footprint, state, last,
        row_number() OVER by_time AS place,
        lag(footprint) OVER by_time AS before,
        lead(footprint) OVER by_time AS behind
    FROM span CROSS JOIN report
        ON owner = wanted AND declared = :declared AND reported IN (0, 1) AND start > after AND start <= :until
    WINDOW by_time AS (PARTITION BY wanted, after, reported ORDER BY start, run, number))
SELECT wanted, after, place, owner, declared, reported, start, run, number, footprint, state, last FROM said
WHERE before IS NOT footprint OR behind IS NOT footprint
ORDER BY wanted, after, reported, place

-- name: facet_names
WITH RECURSIVE said (entity, facet) AS (
    SELECT wanted, (SELECT min(facet) FROM claim WHERE entity = wanted) FROM (SELECT value AS wanted FROM json_each(?))
    UNION ALL
    SELECT entity, (SELECT min(facet) FROM claim WHERE claim.entity = said.entity AND claim.facet > said.facet)
    FROM said WHERE facet IS NOT NULL)
SELECT entity, facet FROM said WHERE facet IS NOT NULL
-- name: facets (of each entity's claims of a facet that were last said by then, the latest; and those that were said by
-- then and again later, with when they were first said)
WITH wanted (one) AS (SELECT value FROM json_each(:entities))
SELECT entity, facet, last, value, unit FROM wanted CROSS JOIN claim ON entity = one AND facet = :facet
    AND (last, value, first, unit) = (
        SELECT last, value, first, unit FROM claim
        WHERE entity = one AND facet = :facet AND last <= :as_of AND (:unit IS NULL OR unit = :unit)
        ORDER BY last DESC, value DESC, unit DESC LIMIT 1)
UNION ALL
SELECT entity, facet, first, value, unit FROM wanted CROSS JOIN claim ON entity = one AND facet = :facet
    AND last > :as_of AND first <= :as_of AND (:unit IS NULL OR unit = :unit)
-- name: first_said
SELECT CASE WHEN first > :after THEN first ELSE last END AS at, unit FROM claim
WHERE entity = :entity AND facet = :facet AND last > :after AND value = :value AND at <= :until
ORDER BY at, unit LIMIT 1

-- name: said_by
SELECT claim.unit, entity, claim.facet, first, last, claim.value FROM (SELECT value AS wanted FROM json_each(:units))
CROSS JOIN claim INDEXED BY claim_by_unit
    ON claim.unit = wanted AND claim.facet IN (SELECT value FROM json_each(:names)) AND claim.value <> ''

-- name: runs_of_job
SELECT run, number, job, start, "end", state, last, parent, anomalies FROM attempt
WHERE job = :job AND start <= :as_of AND (start, run, number) < (:at, :key, :number)
ORDER BY start DESC, run DESC, number DESC LIMIT :limit
-- name: runs_of_jobs
SELECT run, number, job, start, "end", state, last, parent, anomalies
FROM (SELECT value AS wanted FROM json_each(:jobs)) CROSS JOIN attempt ON (run, number) IN (
    SELECT run, number FROM attempt WHERE job = wanted AND start BETWEEN :since AND :until
    ORDER BY start DESC, run DESC, number DESC LIMIT :limit)
-- name: uses_of_dataset
SELECT run, number, role, dataset, at, version, label, complete, partitions FROM use
WHERE dataset = :dataset AND role = :role AND at <= :as_of AND (at, run, number) < (:at, :key, :number)
ORDER BY at DESC, run DESC, number DESC LIMIT :limit
-- name: last_productions
SELECT run, number, role, dataset, at, version, label, complete, partitions FROM use
WHERE dataset = :dataset AND role = 'PRODUCED' AND complete = :complete AND at <= :as_of
ORDER BY at DESC, run DESC, number DESC LIMIT :limit
-- name: uses_between
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:datasets)) CROSS JOIN use ON (run, number, role, dataset) IN (
    SELECT run, number, role, dataset FROM use
    WHERE dataset = wanted AND role = :role AND at BETWEEN :since AND :until
    ORDER BY at DESC, run DESC, number DESC LIMIT :limit)
-- name: uses_of_versions
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:versions))
JOIN use ON use.version = wanted AND use.version <> '' AND role IN (SELECT value FROM json_each(:roles))
-- name: last_produced (by each reading's place in the list)
WITH reading (place, dataset, at, run, number, parts) AS MATERIALIZED (
    SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]')
    FROM json_each(?))
SELECT place, use.run, use.number, use.role, use.dataset, use.at, version, label, complete, partitions
FROM reading CROSS JOIN use ON (use.run, use.number, use.role, use.dataset) = (
    SELECT run, number, role, dataset FROM use
    WHERE dataset = reading.dataset AND role = 'PRODUCED' AND at <= reading.at AND complete <> 0
        AND (run, number) <> (reading.run, reading.number)
        AND (partitions = '' OR parts = '[]' OR EXISTS (
            SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) > 0))
    ORDER BY at DESC, run DESC, number DESC LIMIT 1)
-- name: read_since
WITH made (dataset, at, parts) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(:made)),
until (dataset, at, parts, any_part, all_parts) AS MATERIALIZED (
    SELECT made.*,
        (SELECT at FROM use WHERE dataset = made.dataset AND role = 'PRODUCED' AND at > made.at AND complete <> 0
        ORDER BY at LIMIT 1),
        (SELECT at FROM use WHERE dataset = made.dataset AND role = 'PRODUCED' AND at > made.at AND complete <> 0
            AND (partitions = '' OR (parts <> '[]' AND NOT EXISTS (
                SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) = 0)))
        ORDER BY at LIMIT 1)
    FROM made)
SELECT DISTINCT use.run, number, role, use.dataset, use.at, version, label, complete, partitions
FROM until CROSS JOIN use ON use.dataset = until.dataset AND role = 'CONSUMED' AND use.at >= until.at
    AND use.at <= min(:as_of, ifnull(all_parts, :as_of)) AND version = ''
    AND CASE WHEN partitions = '' THEN use.at <= ifnull(any_part, :as_of) ELSE parts = '[]' OR EXISTS (
        SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) > 0) END
