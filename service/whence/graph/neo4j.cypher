// Statements of the Neo4j graph store. KIND stands for a label or for relationship types from a closed list; all values
// are parameters. Rows are lists, in the order of the facts' fields; keys of hot indexes are short whatever names hold.
// Where many small rows come back they are collected in one: each record costs the driver some 60 µs.
// USING INDEX stands where statistics of a smaller graph have made the planner take another index, and sort.

// name: meta_constraint
CREATE CONSTRAINT whence_meta IF NOT EXISTS FOR (m:WhenceMeta) REQUIRE m.id IS UNIQUE
// name: meta
MERGE (m:WhenceMeta {id: 'whence'}) ON CREATE SET m.version = 0, m.cursor = 0
RETURN m.version, coalesce(m.clearing, false)
// name: set_version
MATCH (m:WhenceMeta {id: 'whence'}) SET m.version = $version
// name: await_indexes
CALL db.awaitIndexes(600)

// name: node_key
CREATE CONSTRAINT whence_node_key IF NOT EXISTS FOR (n:Node) REQUIRE n.key IS UNIQUE
// name: node_place
CREATE INDEX whence_node_place IF NOT EXISTS FOR (n:Node) ON (n.kind, n.place, n.key)
// name: node_within
CREATE INDEX whence_node_within IF NOT EXISTS FOR (n:Node) ON (n.kind, n.within, n.place, n.key)
// name: fill_within (the namespace, or its beginning: a key of an index must not be too long)
MATCH (n:Node) WHERE n.within IS NULL
CALL (n) { SET n.within = left(n.namespace, 200) } IN TRANSACTIONS OF 10000 ROWS
// name: attempt_job
CREATE INDEX whence_attempt_job IF NOT EXISTS FOR (a:Attempt) ON (a.job, a.start, a.run, a.number)
// name: report_owner
CREATE CONSTRAINT whence_report_owner IF NOT EXISTS FOR (r:Report)
REQUIRE (r.owner, r.declared, r.reported, r.start, r.run, r.number) IS UNIQUE
// name: report_unit
CREATE INDEX whence_report_unit IF NOT EXISTS FOR (r:Report) ON (r.unit)
// name: report_footprint
CREATE INDEX whence_report_footprint IF NOT EXISTS FOR (r:Report) ON (r.footprint)
// name: claim_entity
CREATE INDEX whence_claim_entity IF NOT EXISTS FOR (c:Claim) ON (c.entity, c.name, c.last)
// name: claim_unit
CREATE INDEX whence_claim_unit IF NOT EXISTS FOR (c:Claim) ON (c.unit)
// name: claim_value
CREATE INDEX whence_claim_value IF NOT EXISTS FOR (c:Claim) ON (c.value)
// name: consumed_dataset
CREATE INDEX whence_consumed_dataset IF NOT EXISTS FOR ()-[u:CONSUMED]-() ON (u.dataset, u.at, u.run, u.number)
// name: produced_dataset
CREATE INDEX whence_produced_dataset IF NOT EXISTS FOR ()-[u:PRODUCED]-() ON (u.dataset, u.at, u.run, u.number)
// name: consumed_version
CREATE INDEX whence_consumed_version IF NOT EXISTS FOR ()-[u:CONSUMED]-() ON (u.version)
// name: produced_version
CREATE INDEX whence_produced_version IF NOT EXISTS FOR ()-[u:PRODUCED]-() ON (u.version)
// name: produced_complete
CREATE INDEX whence_produced_complete IF NOT EXISTS
FOR ()-[u:PRODUCED]-() ON (u.dataset, u.complete, u.at, u.run, u.number)
// name: facet_value
CREATE CONSTRAINT whence_facet_value IF NOT EXISTS FOR (f:Facet) REQUIRE f.value IS UNIQUE
// name: footprint_key
CREATE CONSTRAINT whence_footprint_key IF NOT EXISTS FOR (f:Footprint) REQUIRE f.key IS UNIQUE
// name: failure_entry
CREATE CONSTRAINT whence_failure_entry IF NOT EXISTS FOR (f:Failure) REQUIRE f.entry IS UNIQUE

// name: begin_clear (a clear that is cut short goes on at the next start)
MATCH (m:WhenceMeta {id: 'whence'}) SET m.cursor = 0, m.clearing = true
// name: clear_relationships (first, because a node may have a million)
MATCH ()-[r:KIND|CONSUMED|PRODUCED|OF|RAN]->()
CALL (r) { DELETE r } IN TRANSACTIONS OF 10000 ROWS
// name: clear_nodes
MATCH (n:Node|Attempt|Report|Claim|Facet|Footprint|Failure)
CALL (n) { DELETE n } IN TRANSACTIONS OF 10000 ROWS
// name: end_clear
MATCH (m:WhenceMeta {id: 'whence'}) REMOVE m.clearing

// name: lock (one writer at a time: the others wait here until it has committed)
MATCH (m:WhenceMeta {id: 'whence'}) SET m.locked = true REMOVE m.locked
// name: cursor
MATCH (m:WhenceMeta {id: 'whence'}) RETURN m.cursor
// name: set_cursor
MATCH (m:WhenceMeta {id: 'whence'}) SET m.cursor = $cursor

// name: remove_attempts
UNWIND $rows AS row
MATCH (:Node {key: row[0]})<-[:OF]-(a:Attempt) WHERE a.number = row[1]
DETACH DELETE a
// name: remove_reports
UNWIND $rows AS row
MATCH (r:Report {owner: row[0], declared: row[1], reported: row[2], start: row[3], run: row[4], number: row[5]})
DELETE r
// name: remove_claims
UNWIND $rows AS row
MATCH (c:Claim {entity: row[0], name: row[1], last: row[2]})
WHERE c.value = row[3] AND c.first = row[4] AND c.unit = row[5]
DELETE c
// name: remove_uses
UNWIND $rows AS row
MATCH (:Node {key: row[0]})-[u:CONSUMED|PRODUCED]->(:Node {key: row[3]})
WHERE u.number = row[1] AND type(u) = row[2]
DELETE u

// name: add_nodes
UNWIND $rows AS row
MERGE (n:Node {key: row[0]})
ON CREATE SET n:KIND, n.kind = row[1], n.namespace = row[2], n.name = row[3], n.of = row[4],
    n.place = row[5], n.within = left(row[2], 200)
RETURN count(*)
// name: add_attempts
UNWIND $rows AS row
MATCH (run:Node {key: row[0]}) MATCH (job:Node {key: row[2]})
CREATE (run)<-[:OF]-(a:Attempt {run: row[0], number: row[1], job: row[2], start: row[3], `end`: row[4], state: row[5],
    last: row[6], parent: row[7], anomalies: row[8]})-[:RAN]->(job)
RETURN count(*)
// name: add_reports
UNWIND $rows AS row
CREATE (:Report {owner: row[0], declared: row[1], reported: row[2], start: row[3], run: row[4], number: row[5],
    footprint: row[6], state: row[7], last: row[8], unit: row[9]})
RETURN count(*)
// name: add_claims (full_name: the facet's, where the name in the index is a shortened one)
UNWIND $rows AS row
CREATE (:Claim {entity: row[0], name: row[1], last: row[2], value: row[3], first: row[4], unit: row[5],
    full_name: row[6]})
RETURN count(*)
// name: add_uses (a use without a version has none, so that the index holds no empty ones)
UNWIND $rows AS row
MATCH (run:Node {key: row[0]}) MATCH (dataset:Node {key: row[3]})
CREATE (run)-[:KIND {run: row[0], number: row[1], dataset: row[3], at: row[4], version: row[5], label: row[6],
    complete: row[7], partitions: row[8]}]->(dataset)
RETURN count(*)
// name: add_facets
UNWIND $rows AS row
MERGE (f:Facet {value: row[0]}) ON CREATE SET f.body = row[1]
RETURN count(*)
// name: add_footprints
UNWIND $rows AS row
MERGE (f:Footprint {key: row[0]}) ON CREATE SET f.document = row[1]
RETURN count(*)
// name: add_failures
UNWIND $rows AS row
MERGE (f:Failure {entry: row[0]}) SET f.unit = row[1], f.error = row[2]
RETURN count(*)
// name: release_failures
MATCH (f:Failure) WHERE f.entry IN $entries DELETE f
// name: add_edges (rows: owner, source, [[target, observed, declared], ...]; the earlier times stand)
UNWIND $rows AS row
MATCH (source:Node {key: row[1]})
UNWIND row[2] AS said
MATCH (target:Node {key: said[0]})
MERGE (source)-[edge:KIND {owner: row[0]}]->(target)
SET edge.observed = CASE WHEN edge.observed <= said[1] THEN edge.observed ELSE coalesce(said[1], edge.observed) END,
    edge.declared = CASE WHEN edge.declared <= said[2] THEN edge.declared ELSE coalesce(said[2], edge.declared) END
RETURN count(*)

// name: reports_by_footprint
UNWIND $owners AS owner
MATCH (r:Report {owner: owner}) WHERE r.declared >= 0 AND r.reported IS NOT NULL AND r.start IS NOT NULL
    AND r.run IS NOT NULL AND r.number IS NOT NULL
RETURN owner, r.footprint, r.declared, min(r.start)
// name: claims_by_value
UNWIND $owners AS owner
MATCH (c:Claim {entity: owner}) WHERE c.name IS NOT NULL AND c.last IS NOT NULL AND c.value <> ''
RETURN owner, coalesce(c.full_name, c.name) AS facet, c.value, left(c.unit, 1) AS unit, min(c.first)

// name: remove_edges (an owner's edges start from itself)
UNWIND $owners AS owner
MATCH (:Node {key: owner})-[edge:KIND]->() WHERE edge.owner = owner
DELETE edge
// name: remove_inner_edges (... from what it writes, and from the columns of both)
UNWIND $owners AS owner
MATCH (o:Node {key: owner})
CALL (o) { RETURN o AS dataset UNION MATCH (o)-[:WRITES]->(dataset) RETURN dataset }
CALL (dataset) {
    RETURN dataset AS source
    UNION MATCH (source:Node) WHERE source.key STARTS WITH 'C' + substring(dataset.key, 1) RETURN source
}
MATCH (source)-[edge:KIND]->() WHERE edge.owner = owner
DELETE edge

// name: release_facets
UNWIND $keys AS key
MATCH (f:Facet {value: key}) WHERE NOT EXISTS { (:Claim {value: key}) }
DELETE f
// name: release_footprints
UNWIND $keys AS key
MATCH (f:Footprint {key: key}) WHERE NOT EXISTS { (:Report {footprint: key}) }
DELETE f
// name: release_nodes
UNWIND $keys AS key
MATCH (n:Node {key: key})
WHERE NOT EXISTS { (n)--() }
    AND NOT EXISTS {
        MATCH (r:Report {owner: key}) WHERE r.declared >= 0 AND r.reported IS NOT NULL AND r.start IS NOT NULL
            AND r.run IS NOT NULL AND r.number IS NOT NULL }
    AND NOT EXISTS { MATCH (c:Claim {entity: key}) WHERE c.name IS NOT NULL AND c.last IS NOT NULL }
DELETE n

// name: attempts_of_runs
UNWIND $keys AS key
MATCH (:Node {key: key})<-[:OF]-(a:Attempt)
RETURN collect([a.run, a.number, a.job, a.start, a.`end`, a.state, a.last, a.parent, a.anomalies])
// name: reports_of_units
UNWIND $keys AS key
MATCH (r:Report {unit: key})
RETURN collect([r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last, r.unit])
// name: claims_of_units
UNWIND $keys AS key
MATCH (c:Claim {unit: key})
RETURN collect([c.entity, coalesce(c.full_name, c.name), c.value, c.first, c.last, c.unit])
// name: uses_of_runs
UNWIND $keys AS key
MATCH (:Node {key: key})-[u:CONSUMED|PRODUCED]->() WHERE type(u) IN $roles
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])
// name: facet_bodies
UNWIND $keys AS key
MATCH (f:Facet {value: key}) RETURN f.value, f.body
// name: footprints
UNWIND $keys AS key
MATCH (f:Footprint {key: key}) RETURN collect([f.key, f.document])
// name: failures
MATCH (f:Failure) WHERE f.entry >= 0
RETURN f.entry, f.unit, f.error ORDER BY f.entry LIMIT $limit

// name: nodes
UNWIND $keys AS key
MATCH (n:Node {key: key}) RETURN collect([n.key, n.kind, n.namespace, n.name, n.of])
// name: counts
MATCH (n:KIND) RETURN count(n)
// name: search (CASE, here and below: an OR may be planned as a union of scans, which has no order)
UNWIND $kinds AS kind
CALL (kind) {
    MATCH (n:Node) USING INDEX SEEK n:Node(kind, place, key)
    WHERE n.kind = kind AND n.place >= $place AND n.key IS NOT NULL
        AND CASE WHEN n.place <> $place THEN true ELSE n.key > $key END AND n.place CONTAINS $text
    RETURN n ORDER BY n.kind, n.place, n.key LIMIT $limit
}
RETURN n.key, n.kind, n.namespace, n.name, n.of
// name: search_in (one namespace)
UNWIND $kinds AS kind
CALL (kind) {
    MATCH (n:Node) USING INDEX SEEK n:Node(kind, within, place, key)
    WHERE n.kind = kind AND n.within = left($namespace, 200) AND n.place >= $place AND n.key IS NOT NULL
        AND n.namespace = $namespace AND CASE WHEN n.place <> $place THEN true ELSE n.key > $key END
        AND n.place CONTAINS $text
    RETURN n ORDER BY n.kind, n.within, n.place, n.key LIMIT $limit
}
RETURN n.key, n.kind, n.namespace, n.name, n.of
// name: named
UNWIND $kinds AS kind
CALL (kind) {
    MATCH (n:Node) USING INDEX SEEK n:Node(kind, place, key)
    WHERE n.kind = kind AND n.place STARTS WITH $name AND n.key IS NOT NULL
    RETURN n ORDER BY n.kind, n.place, n.key LIMIT $limit
}
RETURN n.key, n.kind, n.namespace, n.name, n.of

// name: edges_into
UNWIND $targets AS target
MATCH (:Node {key: target})<-[edge:KIND]-(source)
RETURN collect([edge.owner, type(edge), source.key, target])
// name: onward (edges into what sources lead to by edges of their own; one row of nulls where there are none)
UNWIND $sources AS key
MATCH (source:Node {key: key})-[edge:READS|WRITES]->(target) WHERE edge.owner = key AND type(edge) IN $onward
WITH DISTINCT target
OPTIONAL MATCH (target)<-[edge:KIND]-(source)
RETURN collect([edge.owner, type(edge), source.key, target.key])
// name: edges_from (an owner's edges start from itself)
UNWIND $owners AS owner
MATCH (source:Node {key: owner})-[edge:KIND]->(target) WHERE edge.owner = owner
RETURN collect([owner, type(edge), source.key, target.key, edge.observed, edge.declared])
// name: inner_edges_from (... from what it writes, and from the columns of both)
UNWIND $owners AS owner
MATCH (o:Node {key: owner})
CALL (o) { RETURN o AS dataset UNION MATCH (o)-[:WRITES]->(dataset) RETURN dataset }
CALL (dataset) {
    RETURN dataset AS source
    UNION MATCH (source:Node) WHERE source.key STARTS WITH 'C' + substring(dataset.key, 1) RETURN source
}
MATCH (source)-[edge:KIND]->(target) WHERE edge.owner = owner
RETURN collect([owner, type(edge), source.key, target.key, edge.observed, edge.declared])
// name: aliases
UNWIND $keys AS key
MATCH (:Node {key: key})-[edge:ALIAS|RENAMED_FROM]-()
WITH DISTINCT edge
RETURN collect([edge.owner, type(edge), startNode(edge).key, endNode(edge).key, edge.observed, edge.declared])
// name: since
UNWIND $edges AS row
MATCH (source:Node {key: row[2]}) MATCH (target:Node {key: row[3]})
MATCH (source)-[edge:KIND]->(target) WHERE edge.owner = row[0] AND type(edge) = row[1]
RETURN collect([edge.owner, type(edge), source.key, target.key, edge.observed, edge.declared])

// name: activities (of each owner the last ones observed, and the last one declared)
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
}
RETURN collect([r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last])

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

// name: next_facets (the first facet of each entity after the given one)
UNWIND $places AS place
CALL (place) {
    MATCH (c:Claim) WHERE c.entity = place[0] AND c.name > place[1] AND c.last IS NOT NULL
    RETURN c ORDER BY c.entity, c.name LIMIT 1
}
RETURN c.entity, c.name
// name: facets (of the claims last said by then the latest; of those said again later: when they were first said)
UNWIND $pairs AS pair
CALL (pair) {
    MATCH (c:Claim) WHERE c.entity = pair[0] AND c.name = pair[1] AND c.last <= $as_of
    RETURN c, c.last AS at ORDER BY c.entity DESC, c.name DESC, c.last DESC, c.value DESC, c.unit DESC LIMIT 1
    UNION ALL
    MATCH (c:Claim) WHERE c.entity = pair[0] AND c.name = pair[1] AND c.last > $as_of AND c.first <= $as_of
    RETURN c, c.first AS at
}
RETURN c.entity, coalesce(c.full_name, c.name), at, c.value, c.unit
// name: first_said
UNWIND $values AS wanted
CALL (wanted) {
    MATCH (c:Claim) WHERE c.entity = wanted[0] AND c.name = wanted[1] AND c.last > $after AND c.value = wanted[2]
    WITH CASE WHEN c.first > $after THEN c.first ELSE c.last END AS at, c.unit AS unit WHERE at <= $until
    RETURN min([at, unit]) AS said
}
RETURN wanted, said
// name: facets_of_unit
MATCH (c:Claim {unit: $unit})
WHERE c.entity IN $entities AND c.first <= $as_of AND ($names IS NULL OR c.name IN $names)
RETURN c.entity, coalesce(c.full_name, c.name), CASE WHEN c.last <= $as_of THEN c.last ELSE c.first END, c.value, c.unit

// name: said_by
UNWIND $units AS unit
MATCH (c:Claim {unit: unit}) WHERE c.name IN $names AND c.value <> ''
RETURN collect([unit, c.entity, coalesce(c.full_name, c.name), c.first, c.last, c.value])

// name: runs_of_job
MATCH (a:Attempt)
WHERE a.job = $job AND a.start <= $until AND a.run IS NOT NULL AND a.number IS NOT NULL
    AND CASE WHEN a.start < $at OR a.run < $key THEN true ELSE a.run = $key AND a.number < $number END
RETURN a.run, a.number, a.job, a.start, a.`end`, a.state, a.last, a.parent, a.anomalies
ORDER BY a.job DESC, a.start DESC, a.run DESC, a.number DESC LIMIT $limit
// name: runs_of_jobs
UNWIND $jobs AS wanted
CALL (wanted) {
    MATCH (a:Attempt)
    WHERE a.job = wanted AND a.start >= $since AND a.start <= $until AND a.run IS NOT NULL AND a.number IS NOT NULL
    RETURN a ORDER BY a.job DESC, a.start DESC, a.run DESC, a.number DESC LIMIT $limit
}
RETURN collect([a.run, a.number, a.job, a.start, a.`end`, a.state, a.last, a.parent, a.anomalies])
// name: uses_of_dataset
MATCH ()-[u:KIND]->()
WHERE u.dataset = $dataset AND u.at <= $until AND u.run IS NOT NULL AND u.number IS NOT NULL
    AND CASE WHEN u.at < $at OR u.run < $key THEN true ELSE u.run = $key AND u.number < $number END
RETURN u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions
ORDER BY u.dataset DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
// name: last_productions
UNWIND $datasets AS dataset
CALL (dataset) {
    MATCH ()-[u:PRODUCED]->() USING INDEX u:PRODUCED(dataset, complete, at, run, number)
    WHERE u.dataset = dataset AND u.complete = $complete AND u.at <= $as_of
        AND u.run IS NOT NULL AND u.number IS NOT NULL
    RETURN u ORDER BY u.dataset DESC, u.complete DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
}
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])
// name: uses_between
UNWIND $datasets AS wanted
CALL (wanted) {
    MATCH ()-[u:KIND]->()
    WHERE u.dataset = wanted AND u.at >= $since AND u.at <= $until AND u.run IS NOT NULL AND u.number IS NOT NULL
    RETURN u ORDER BY u.dataset DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
}
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])
// name: uses_of_versions
UNWIND $keys AS key
MATCH ()-[u:KIND]->() WHERE u.version = key
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, u.version, u.label, u.complete, u.partitions])
// name: last_produced (by each reading's place in the list)
UNWIND $readings AS reading
CALL (reading) {
    MATCH ()-[u:PRODUCED]->()
    WHERE u.dataset = reading[1] AND u.at <= reading[2] AND u.run IS NOT NULL AND u.number IS NOT NULL
        AND u.complete <> 0
        AND CASE WHEN u.run <> reading[3] THEN true ELSE u.number <> reading[4] END
        AND CASE WHEN u.partitions = '' OR size(reading[5]) = 0 THEN true
            ELSE any(part IN reading[5] WHERE u.partitions CONTAINS part) END
    RETURN u ORDER BY u.dataset DESC, u.at DESC, u.run DESC, u.number DESC LIMIT 1
}
RETURN collect([reading[0], u.run, u.number, type(u), u.dataset, u.at, u.version, u.label, u.complete, u.partitions])
// name: read_since (until something of it is produced again, and until all partitions are)
UNWIND $productions AS made
CALL (made) {
    OPTIONAL MATCH ()-[u:PRODUCED]->()
    WHERE u.dataset = made[0] AND u.at > made[1] AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.complete <> 0
    RETURN u.at AS any_part ORDER BY u.dataset, u.at, u.run, u.number LIMIT 1
}
CALL (made) {
    OPTIONAL MATCH ()-[u:PRODUCED]->()
    WHERE u.dataset = made[0] AND u.at > made[1] AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.complete <> 0
        AND CASE WHEN u.partitions = '' THEN true
            ELSE size(made[2]) > 0 AND all(part IN made[2] WHERE u.partitions CONTAINS part) END
    RETURN u.at AS all_parts ORDER BY u.dataset, u.at, u.run, u.number LIMIT 1
}
MATCH ()-[u:CONSUMED]->()
WHERE u.dataset = made[0] AND u.at >= made[1] AND u.at <= coalesce(all_parts, $as_of) AND u.at <= $as_of
    AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.version IS NULL
    AND CASE WHEN u.partitions = '' THEN u.at <= coalesce(any_part, $as_of)
        ELSE size(made[2]) = 0 OR any(part IN made[2] WHERE u.partitions CONTAINS part) END
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, '', u.label, u.complete, u.partitions])

// name: dump_attempt
MATCH (a:Attempt) RETURN a.run, a.number, a.job, a.start, a.`end`, a.state, a.last, a.parent, a.anomalies
// name: dump_claim
MATCH (c:Claim) RETURN c.entity, coalesce(c.full_name, c.name), c.value, c.first, c.last, c.unit
// name: dump_edge
MATCH (source:Node)-[edge:KIND]->(target:Node)
RETURN edge.owner, type(edge), source.key, target.key, edge.observed, edge.declared
// name: dump_facet
MATCH (f:Facet) RETURN f.value, f.body
// name: dump_footprint
MATCH (f:Footprint) RETURN f.key, f.document
// name: dump_node
MATCH (n:Node) RETURN n.key, n.kind, n.namespace, n.name, n.of
// name: dump_report
MATCH (r:Report)
RETURN r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last, r.unit
// name: dump_use
MATCH (:Node)-[u:CONSUMED|PRODUCED]->(:Node)
RETURN u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions
