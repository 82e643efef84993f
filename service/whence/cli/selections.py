"""Fields that several commands ask GraphQL for."""

PLACE = "kind namespace name field"
MORE = "pageInfo { hasNextPage endCursor }"
WAYS = "type subtype description masking"
ATTEMPT = "number state startedAt endedAt durationSeconds run { runId } job { namespace name }"
SHOWING = "{ at attempt run { runId name } }"
