// Facets: what was said of entities, and by whom.

// name: next_facets (the first facet of each entity after the given one)
UNWIND $places AS place
CALL (place) {
    MATCH (c:Claim) WHERE c.entity = place[0] AND c.name > place[1] AND c.last IS NOT NULL
    RETURN c ORDER BY c.entity, c.name LIMIT 1
}
RETURN collect([c.entity, c.name])
// name: facets (of the claims last said by then the latest; of those said again later: when they were first said)
UNWIND $pairs AS pair
CALL (pair) {
    MATCH (c:Claim) WHERE c.entity = pair[0] AND c.name = pair[1] AND c.last <= $as_of
    RETURN c, c.last AS at ORDER BY c.entity DESC, c.name DESC, c.last DESC, c.value DESC, c.unit DESC LIMIT 1
    UNION ALL
    MATCH (c:Claim) WHERE c.entity = pair[0] AND c.name = pair[1] AND c.last > $as_of AND c.first <= $as_of
    RETURN c, c.first AS at
}
RETURN collect([c.entity, coalesce(c.full_name, c.name), at, c.value, c.unit])
// name: said_later (entities of which something was said after a time)
UNWIND $pairs AS pair
MATCH (c:Claim) WHERE c.entity = pair[0] AND c.name = pair[1] AND c.last > $as_of
RETURN collect(DISTINCT [c.entity])
// name: facets_of_unit
MATCH (c:Claim {unit: $unit})
WHERE c.entity IN $entities AND c.first <= $as_of AND ($names IS NULL OR c.name IN $names)
WITH c, CASE WHEN c.last <= $as_of THEN c.last ELSE c.first END AS at
RETURN collect([c.entity, coalesce(c.full_name, c.name), at, c.value, c.unit])

// name: first_said
UNWIND $values AS wanted
CALL (wanted) {
    MATCH (c:Claim) WHERE c.entity = wanted[0] AND c.name = wanted[1] AND c.last > $after AND c.value = wanted[2]
    WITH CASE WHEN c.first > $after THEN c.first ELSE c.last END AS at, c.unit AS unit WHERE at <= $until
    RETURN min([at, unit]) AS said
}
RETURN wanted, said
// name: said_by
UNWIND $units AS unit
MATCH (c:Claim {unit: unit}) WHERE c.name IN $names AND c.value <> ''
RETURN collect([unit, c.entity, coalesce(c.full_name, c.name), c.first, c.last, c.value])
// name: facet_bodies
UNWIND $keys AS key
MATCH (f:Facet {value: key}) RETURN f.value, f.body
