// Edges: into nodes, of owners, by name.

// name: edges_into
UNWIND $targets AS target
MATCH (:Node {key: target})<-[edge:KIND]-(source)
RETURN collect([edge.owner, type(edge), source.key, target])
// name: edges_from (an owner's edges start from itself)
UNWIND $owners AS owner
MATCH (source:Node {key: owner})-[edge:KIND]->(target) WHERE edge.owner = owner
RETURN collect([owner, type(edge), source.key, target.key, edge.observed, edge.declared])
// name: tags_from (... or from its columns; few are tagged, which the index tells at once)
UNWIND $owners AS owner
MATCH (source)-[edge:TAGGED]->(target) USING INDEX edge:TAGGED(owner) WHERE edge.owner = owner
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
// name: since
UNWIND $edges AS row
MATCH (source:Node {key: row[2]}) MATCH (target:Node {key: row[3]})
MATCH (source)-[edge:KIND]->(target) WHERE edge.owner = row[0] AND type(edge) = row[1]
RETURN collect([edge.owner, type(edge), source.key, target.key, edge.observed, edge.declared])
// name: aliases
UNWIND $keys AS key
MATCH (:Node {key: key})-[edge:ALIAS|RENAMED_FROM]-()
WITH DISTINCT edge
RETURN collect([edge.owner, type(edge), startNode(edge).key, endNode(edge).key, edge.observed, edge.declared])
