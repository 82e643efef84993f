// What is around nodes.

// name: onward (edges into what sources lead to by edges of their own; one row of nulls where there are none)
UNWIND $sources AS key
MATCH (source:Node {key: key})-[edge:READS|WRITES]->(target) WHERE edge.owner = key AND type(edge) IN $onward
WITH DISTINCT target
OPTIONAL MATCH (target)<-[edge:KIND]-(source)
RETURN collect([edge.owner, type(edge), source.key, target.key])
