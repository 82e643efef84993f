-- The file's format, migration by migration, and how all is deleted.

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
