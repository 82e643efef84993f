// All facts, by table.

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
