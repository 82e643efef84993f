// The database's format: what is kept of the database itself, constraints and indexes, and how all is deleted.

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
// name: tagged_owner
CREATE INDEX whence_tagged_owner IF NOT EXISTS FOR ()-[t:TAGGED]-() ON (t.owner)
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
