// Nodes: by key, counted, searched.

// name: nodes
UNWIND $keys AS key
MATCH (n:Node {key: key}) RETURN collect([n.key, n.kind, n.namespace, n.name, n.of])
// name: counts
MATCH (n:KIND) RETURN count(n)
// name: search
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
