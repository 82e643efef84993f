// What runs consumed and produced. A use without a version is read as one whose version is empty.

// name: uses_of_runs
UNWIND $keys AS key
MATCH (:Node {key: key})-[u:CONSUMED|PRODUCED]->() WHERE type(u) IN $roles
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])
// name: uses_of_versions
UNWIND $keys AS key
MATCH ()-[u:KIND]->() WHERE u.version = key
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, u.version, u.label, u.complete, u.partitions])

// name: uses_of_dataset
MATCH ()-[u:KIND]->()
WHERE u.dataset = $dataset AND u.at <= $until AND u.run IS NOT NULL AND u.number IS NOT NULL
    AND CASE WHEN u.at < $at OR u.run < $key THEN true ELSE u.run = $key AND u.number < $number END
RETURN u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions
ORDER BY u.dataset DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
// name: uses_between
UNWIND $datasets AS wanted
CALL (wanted) {
    MATCH ()-[u:KIND]->()
    WHERE u.dataset = wanted AND u.at >= $since AND u.at <= $until AND u.run IS NOT NULL AND u.number IS NOT NULL
    RETURN u ORDER BY u.dataset DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
}
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])
// name: last_productions
UNWIND $datasets AS dataset
CALL (dataset) {
    MATCH ()-[u:PRODUCED]->() USING INDEX u:PRODUCED(dataset, complete, at, run, number)
    WHERE u.dataset = dataset AND u.complete = $complete AND u.at <= $as_of
        AND u.run IS NOT NULL AND u.number IS NOT NULL
    RETURN u ORDER BY u.dataset DESC, u.complete DESC, u.at DESC, u.run DESC, u.number DESC LIMIT $limit
}
RETURN collect([u.run, u.number, type(u), u.dataset, u.at, coalesce(u.version, ''), u.label, u.complete, u.partitions])

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
    WHERE u.dataset = made[1] AND u.at > made[2] AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.complete <> 0
    RETURN u.at AS any_part ORDER BY u.dataset, u.at, u.run, u.number LIMIT 1
}
CALL (made) {
    OPTIONAL MATCH ()-[u:PRODUCED]->()
    WHERE u.dataset = made[1] AND u.at > made[2] AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.complete <> 0
        AND CASE WHEN u.partitions = '' THEN true
            ELSE size(made[3]) > 0 AND all(part IN made[3] WHERE u.partitions CONTAINS part) END
    RETURN u.at AS all_parts ORDER BY u.dataset, u.at, u.run, u.number LIMIT 1
}
MATCH ()-[u:CONSUMED]->()
WHERE u.dataset = made[1] AND u.at >= made[2] AND u.at <= coalesce(all_parts, 9223372036854775807)
    AND u.run IS NOT NULL AND u.number IS NOT NULL AND u.version IS NULL
    AND CASE WHEN u.partitions = '' THEN any_part IS NULL OR u.at <= any_part
        ELSE size(made[3]) = 0 OR any(part IN made[3] WHERE u.partitions CONTAINS part) END
RETURN collect([made[0], u.run, u.number, type(u), u.dataset, u.at, '', u.label, u.complete, u.partitions])
