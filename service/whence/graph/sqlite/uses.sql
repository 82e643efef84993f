-- What runs consumed and produced.

-- name: uses_of_runs
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:runs))
JOIN use ON use.run = wanted AND role IN (SELECT value FROM json_each(:roles))
-- name: uses_of_versions
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:versions))
JOIN use ON use.version = wanted AND use.version <> '' AND role IN (SELECT value FROM json_each(:roles))

-- name: uses_of_dataset
SELECT run, number, role, dataset, at, version, label, complete, partitions FROM use
WHERE dataset = :dataset AND role = :role AND at <= :as_of AND (at, run, number) < (:at, :key, :number)
ORDER BY at DESC, run DESC, number DESC LIMIT :limit
-- name: uses_between
SELECT run, number, role, dataset, at, version, label, complete, partitions
FROM (SELECT value AS wanted FROM json_each(:datasets)) CROSS JOIN use ON (run, number, role, dataset) IN (
    SELECT run, number, role, dataset FROM use
    WHERE dataset = wanted AND role = :role AND at BETWEEN :since AND :until
    ORDER BY at DESC, run DESC, number DESC LIMIT :limit)
-- name: last_productions
SELECT run, number, role, dataset, at, version, label, complete, partitions FROM use
WHERE dataset = :dataset AND role = 'PRODUCED' AND complete = :complete AND at <= :as_of
ORDER BY at DESC, run DESC, number DESC LIMIT :limit

-- name: last_produced (by each reading's place in the list)
WITH reading (place, dataset, at, run, number, parts) AS MATERIALIZED (
    SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]')
    FROM json_each(:readings))
SELECT place, use.run, use.number, use.role, use.dataset, use.at, version, label, complete, partitions
FROM reading CROSS JOIN use ON (use.run, use.number, use.role, use.dataset) = (
    SELECT run, number, role, dataset FROM use
    WHERE dataset = reading.dataset AND role = 'PRODUCED' AND at <= reading.at AND complete <> 0
        AND (run, number) <> (reading.run, reading.number)
        AND (partitions = '' OR parts = '[]' OR EXISTS (
            SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) > 0))
    ORDER BY at DESC, run DESC, number DESC LIMIT 1)
-- name: read_since (by each production's place in the list)
WITH made (place, dataset, at, parts) AS MATERIALIZED (
    SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
    FROM json_each(:made)),
until (place, dataset, at, parts, any_part, all_parts) AS MATERIALIZED (
    SELECT made.*,
        (SELECT at FROM use WHERE dataset = made.dataset AND role = 'PRODUCED' AND at > made.at AND complete <> 0
        ORDER BY at LIMIT 1),
        (SELECT at FROM use WHERE dataset = made.dataset AND role = 'PRODUCED' AND at > made.at AND complete <> 0
            AND (partitions = '' OR (parts <> '[]' AND NOT EXISTS (
                SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) = 0)))
        ORDER BY at LIMIT 1)
    FROM made)
SELECT place, use.run, number, role, use.dataset, use.at, version, label, complete, partitions
FROM until CROSS JOIN use ON use.dataset = until.dataset AND role = 'CONSUMED' AND use.at >= until.at
    AND use.at <= ifnull(all_parts, 9223372036854775807) AND version = ''
    AND CASE WHEN partitions = '' THEN use.at <= ifnull(any_part, 9223372036854775807) ELSE parts = '[]' OR EXISTS (
        SELECT 1 FROM json_each(parts) WHERE instr(partitions, value) > 0) END
