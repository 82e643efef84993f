-- Rows by the unit that they are of.

-- name: reports_of_units
SELECT owner, declared, reported, start, run, number, footprint, state, last, report.unit
FROM (SELECT value AS wanted FROM json_each(:units)) JOIN report ON report.unit = wanted
-- name: claims_of_units
SELECT entity, facet, claim.value, first, last, claim.unit
FROM (SELECT value AS wanted FROM json_each(:units)) JOIN claim ON claim.unit = wanted
-- name: edges_of_owners
SELECT owner, kind, source, target, observed, declared
FROM (SELECT value AS wanted FROM json_each(:owners)) JOIN edge ON edge.owner = wanted
