-- Nodes: by key, counted, searched.

-- name: nodes
SELECT key, kind, namespace, name, of FROM (SELECT value AS wanted FROM json_each(:keys)) JOIN node ON node.key = wanted
-- name: counts
SELECT kind, count(*) FROM node GROUP BY kind
-- name: search
SELECT folded_name, folded_namespace, key, kind, namespace, name, of FROM node
WHERE kind = :kind AND (folded_name, folded_namespace, key) > (:name, :namespace, :key)
    AND (instr(folded_name, :text) > 0 OR instr(folded_namespace, :text) > 0)
ORDER BY folded_name, folded_namespace, key LIMIT :limit
-- name: search_in (one namespace)
SELECT folded_name, folded_namespace, key, kind, namespace, name, of FROM node
WHERE kind = :kind AND namespace = :within AND (folded_name, key) > (:name, :key)
    AND (instr(folded_name, :text) > 0 OR instr(folded_namespace, :text) > 0)
ORDER BY folded_name, key LIMIT :limit
-- name: named
SELECT key, kind, namespace, name, of FROM (SELECT value AS wanted FROM json_each(:kinds))
JOIN node ON node.kind = wanted AND folded_name = :name
ORDER BY kind, folded_namespace, key LIMIT :limit
