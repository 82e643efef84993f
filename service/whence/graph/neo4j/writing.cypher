// Writing a batch. Rows are lists, in the order of the facts' fields.

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
// name: add_edges (rows: owner, source, [[target, observed, declared], ...]; the earlier times stand)
UNWIND $rows AS row
MATCH (source:Node {key: row[1]})
UNWIND row[2] AS said
MATCH (target:Node {key: said[0]})
MERGE (source)-[edge:KIND {owner: row[0]}]->(target)
SET edge.observed = CASE WHEN edge.observed <= said[1] THEN edge.observed ELSE coalesce(said[1], edge.observed) END,
    edge.declared = CASE WHEN edge.declared <= said[2] THEN edge.declared ELSE coalesce(said[2], edge.declared) END
RETURN count(*)

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

// name: reports_by_footprint
UNWIND $owners AS owner
MATCH (r:Report {owner: owner}) WHERE r.declared >= 0 AND r.reported IS NOT NULL AND r.start IS NOT NULL
    AND r.run IS NOT NULL AND r.number IS NOT NULL
RETURN owner, r.footprint, r.declared, min(r.start)
// name: claims_by_value
UNWIND $owners AS owner
MATCH (c:Claim {entity: owner}) WHERE c.name IS NOT NULL AND c.last IS NOT NULL AND c.value <> ''
RETURN owner, coalesce(c.full_name, c.name) AS facet, c.value, left(c.unit, 1) AS unit, min(c.first)

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

// name: add_failures
UNWIND $rows AS row
MERGE (f:Failure {entry: row[0]}) SET f.unit = row[1], f.error = row[2]
RETURN count(*)
// name: release_failures
MATCH (f:Failure) WHERE f.entry IN $entries DELETE f
// name: failures
MATCH (f:Failure) WHERE f.entry >= 0
RETURN f.entry, f.unit, f.error ORDER BY f.entry LIMIT $limit
