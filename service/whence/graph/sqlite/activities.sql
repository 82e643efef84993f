-- What owners did: their reports, and the footprints that these refer to.

-- name: activities (of each owner the last ones observed that name datasets, and the last ones declared that do and do not)
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
        ORDER BY start DESC, run DESC, number DESC LIMIT 1)
    UNION ALL
    SELECT * FROM (
        SELECT rowid FROM report
        WHERE owner = wanted AND declared = 1 AND reported = 0 AND start <= :as_of
        ORDER BY start DESC, run DESC, number DESC LIMIT 1))
ORDER BY start DESC, run DESC, number DESC

-- name: later (owners with such reports that start after a time)
SELECT wanted FROM (SELECT value AS wanted FROM json_each(:owners)) WHERE
    EXISTS (SELECT 1 FROM report WHERE owner = wanted AND declared = 0 AND reported = 1 AND start > :as_of) OR
    EXISTS (SELECT 1 FROM report WHERE owner = wanted AND declared = 1 AND reported IN (0, 1) AND start > :as_of)

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

-- name: footprints
SELECT key, document FROM (SELECT value AS wanted FROM json_each(:keys)) JOIN footprint ON footprint.key = wanted
