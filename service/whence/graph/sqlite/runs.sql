-- Attempts of runs.

-- name: attempts_of_runs
SELECT run, number, job, start, "end", state, last, parent, anomalies
FROM (SELECT value AS wanted FROM json_each(:runs)) JOIN attempt ON attempt.run = wanted
-- name: runs_of_job
SELECT run, number, job, start, "end", state, last, parent, anomalies FROM attempt
WHERE job = :job AND start <= :as_of AND (start, run, number) < (:at, :key, :number)
ORDER BY start DESC, run DESC, number DESC LIMIT :limit
-- name: runs_of_jobs
SELECT run, number, job, start, "end", state, last, parent, anomalies
FROM (SELECT value AS wanted FROM json_each(:jobs)) CROSS JOIN attempt ON (run, number) IN (
    SELECT run, number FROM attempt WHERE job = wanted AND start BETWEEN :since AND :until
    ORDER BY start DESC, run DESC, number DESC LIMIT :limit)
