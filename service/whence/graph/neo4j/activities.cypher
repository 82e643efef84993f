// What owners did: their reports, and the footprints that these refer to.

// name: activities (of each owner the last ones observed that name datasets, and the last ones declared that do and do not)
UNWIND $owners AS owner
CALL (owner) {
    MATCH (r:Report)
    WHERE r.owner = owner AND r.declared = 0 AND r.reported = 1 AND r.start <= $as_of
        AND r.run IS NOT NULL AND r.number IS NOT NULL
    RETURN r ORDER BY r.owner DESC, r.declared DESC, r.reported DESC, r.start DESC, r.run DESC, r.number DESC LIMIT $window
    UNION ALL
    MATCH (r:Report)
    WHERE r.owner = owner AND r.declared = 1 AND r.reported = 1 AND r.start <= $as_of
        AND r.run IS NOT NULL AND r.number IS NOT NULL
    RETURN r ORDER BY r.owner DESC, r.declared DESC, r.reported DESC, r.start DESC, r.run DESC, r.number DESC LIMIT 1
    UNION ALL
    MATCH (r:Report)
    WHERE r.owner = owner AND r.declared = 1 AND r.reported = 0 AND r.start <= $as_of
        AND r.run IS NOT NULL AND r.number IS NOT NULL
    RETURN r ORDER BY r.owner DESC, r.declared DESC, r.reported DESC, r.start DESC, r.run DESC, r.number DESC LIMIT 1
}
RETURN collect([r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last])

// name: later (owners with such reports that start after a time)
UNWIND $owners AS owner
UNWIND [[0, 1], [1, 0], [1, 1]] AS said
MATCH (r:Report)
WHERE r.owner = owner AND r.declared = said[0] AND r.reported = said[1] AND r.start > $as_of
    AND r.run IS NOT NULL AND r.number IS NOT NULL
RETURN collect(DISTINCT [owner])

// name: stretches (of each span the reports that begin or end a stretch, with their place in it)
UNWIND $spans AS span
UNWIND [0, 1] AS reported
CALL (span, reported) {
    MATCH (r:Report)
    WHERE r.owner = span[0] AND r.declared = $declared AND r.reported = reported
        AND r.start > span[1] AND r.start <= $until AND r.run IS NOT NULL AND r.number IS NOT NULL
    WITH r ORDER BY r.owner, r.declared, r.reported, r.start, r.run, r.number
    RETURN collect([r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last]) AS rows
}
RETURN span[0], span[1], [i IN range(0, size(rows) - 1)
    WHERE i IN [0, size(rows) - 1] OR rows[i][6] <> rows[i - 1][6] OR rows[i][6] <> rows[i + 1][6] | [i + 1] + rows[i]]

// name: footprints
UNWIND $keys AS key
MATCH (f:Footprint {key: key}) RETURN collect([f.key, f.document])
