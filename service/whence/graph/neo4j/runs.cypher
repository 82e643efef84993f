// Attempts of runs.

// name: attempts_of_runs
UNWIND $keys AS key
MATCH (:Node {key: key})<-[:OF]-(a:Attempt)
RETURN collect([a.run, a.number, a.job, a.start, a.`end`, a.state, a.last, a.parent, a.anomalies])
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
