-- Facets: what was said of entities, and by whom.

-- name: facet_names
WITH RECURSIVE said (entity, facet) AS (
    SELECT wanted, (SELECT min(facet) FROM claim WHERE entity = wanted) FROM (SELECT value AS wanted FROM json_each(:entities))
    UNION ALL
    SELECT entity, (SELECT min(facet) FROM claim WHERE claim.entity = said.entity AND claim.facet > said.facet)
    FROM said WHERE facet IS NOT NULL)
SELECT entity, facet FROM said WHERE facet IS NOT NULL
-- name: facets_before (of each entity's claims of a facet that were last said by then, those of the latest time)
WITH wanted (one) AS (SELECT value FROM json_each(:entities))
SELECT entity, facet, last, value, unit FROM wanted CROSS JOIN claim ON entity = one AND facet = :facet
    AND (:unit IS NULL OR unit = :unit)
    AND last = (
        SELECT max(last) FROM claim
        WHERE entity = one AND facet = :facet AND last <= :as_of AND (:unit IS NULL OR unit = :unit))
-- name: facets_across (those that were said by then and again later, with when they were first said)
WITH wanted (one) AS (SELECT value FROM json_each(:entities))
SELECT entity, facet, first, value, unit FROM wanted CROSS JOIN claim ON entity = one AND facet = :facet
    AND last > :as_of AND first <= :as_of AND (:unit IS NULL OR unit = :unit)
-- name: said_later (entities of which something was said after a time)
SELECT wanted FROM (SELECT value AS wanted FROM json_each(:entities))
WHERE EXISTS (SELECT 1 FROM claim WHERE entity = wanted AND facet = :facet AND last > :as_of)

-- name: first_said
SELECT CASE WHEN first > :after THEN first ELSE last END AS at, unit FROM claim
WHERE entity = :entity AND facet = :facet AND last > :after AND value = :value AND at <= :until
ORDER BY at, unit LIMIT 1
-- name: said_by
SELECT claim.unit, entity, claim.facet, first, last, claim.value FROM (SELECT value AS wanted FROM json_each(:units))
CROSS JOIN claim INDEXED BY claim_by_unit
    ON claim.unit = wanted AND claim.facet IN (SELECT value FROM json_each(:names)) AND claim.value <> ''
-- name: facet_bodies
SELECT facet.value, body FROM (SELECT value AS wanted FROM json_each(:keys)) JOIN facet ON facet.value = wanted
