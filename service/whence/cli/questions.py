"""The GraphQL that commands ask. `tests/cli/test_questions.py` holds it to the schema."""

NODES = """
query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id kind namespace name } }
"""

SEARCH = """
query Search($text: String!, $kinds: [NodeKind!]!, $first: Int!, $after: String) {
  search(text: $text, kinds: $kinds, first: $first, after: $after) {
    edges { node { id kind namespace name ... on Column { field } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

RUN_BY_ID = """
query RunById($id: ID!) { run(id: $id) { id kind namespace name runId } }
"""

FIELDS = """
query Fields($namespace: String!, $name: String!) { dataset(namespace: $namespace, name: $name) { fields { name } } }
"""

LINEAGE = """
query Lineage(
  $of: LineageStart!, $direction: Direction!, $depth: Int!, $granularity: Granularity!, $asOf: DateTime, $window: Int!
) {
  lineage(of: $of, direction: $direction, depth: $depth, granularity: $granularity, asOf: $asOf, window: $window) {
    asOf truncated truncatedBy notes logSize cursor
    start { id kind namespace name field }
    nodes {
      id kind namespace name field distance
      ... on Run { runId state startedAt }
      ... on DatasetVersion { label producedAt complete }
    }
    edges {
      source target kind by basis observed declared firstSeen lastSeen
      seen { attempts of failed }
      transformations { type subtype description masking }
    }
  }
}
"""

_PLACE = "kind namespace name field"

_TOUCHED = f"""
  distance certainty node {{ {_PLACE} }}
  path {{ certainty node {{ {_PLACE} }} by {{ {_PLACE} }} transformations {{ type subtype description masking }} }}
"""

_MORE = "pageInfo { hasNextPage endCursor }"
_COUNTS = "distance datasets columns jobs recorded inferred owners tags models reports"

IMPACT = f"""
query Impact(
  $of: [LineageStart!]!, $change: ImpactChange!, $granularity: Granularity, $depth: Int!, $asOf: DateTime,
  $window: Int!, $first: Int!
) {{
  impact(of: $of, change: $change, granularity: $granularity, depth: $depth, asOf: $asOf, window: $window) {{
    asOf change granularity truncated truncatedBy notes logSize cursor
    starts {{ {_PLACE} }}
    counts {{ {_COUNTS} }}
    byDistance {{ {_COUNTS} }}
    touched(first: $first) {{ edges {{ node {{ {_TOUCHED} }} }} {_MORE} }}
    owners(first: $first) {{
      edges {{ node {{ owner {{ name }} distance assets nearest {{ {_PLACE} }} }} }} {_MORE}
    }}
    tags(first: $first) {{
      edges {{ node {{ tag {{ name value }} distance certainty node {{ {_PLACE} }} origin {{ {_PLACE} }} }} }}
      {_MORE}
    }}
    ends(first: $first) {{ edges {{ node {{ kind word {_TOUCHED} }} }} {_MORE} }}
  }}
}}
"""

_PRODUCTION = "at attempt state run { runId namespace name }"

FRESHNESS = f"""
query Freshness(
  $of: [NameInput!]!, $namespace: String, $rules: [FreshnessRuleInput!]!, $states: [FreshnessState!]!, $asOf: DateTime,
  $first: Int!, $after: String, $holds: Boolean!, $counts: Boolean!
) {{
  freshness(
    of: $of, namespace: $namespace, rules: $rules, states: $states, asOf: $asOf, first: $first, after: $after
  ) {{
    asOf truncated truncatedBy notes logSize cursor
    counts @include(if: $counts) {{ fresh late never dropped unknown truncatedBy }}
    datasets {{
      edges {{ node {{
        dataset {{ {_PLACE} }} state
        lastProduced {{ {_PRODUCTION} }} lastIncomplete {{ {_PRODUCTION} }}
        rhythm {{ basis said rule graceSeconds }} dueAt lateSeconds
        holdsUp @include(if: $holds) {{
          datasets jobs truncatedBy
          nearest(first: 20) {{ edges {{ node {{ distance dataset {{ {_PLACE} }} }} }} {_MORE} }}
          owners(first: 20) {{ edges {{ node {{ distance assets owner {{ name }} }} }} {_MORE} }}
        }}
      }} }}
      {_MORE}
    }}
  }}
}}
"""

_ATTEMPT = "number state startedAt endedAt durationSeconds run { runId } job { namespace name }"
_MEASURE = f"facet name column value median of change changed dataset {{ {_PLACE} }}"
_CHECK = f"assertion column severity dataset {{ {_PLACE} }}"

HISTORY = f"""
query History(
  $of: LineageStart!, $threshold: Float!, $previous: Int!, $asOf: DateTime, $first: Int!
) {{
  history(of: $of, threshold: $threshold, previous: $previous, asOf: $asOf, first: $first) {{
    asOf threshold previous truncated truncatedBy notes logSize cursor
    of {{ {_PLACE} }}
    failing(first: 100) {{ edges {{ node {{ {_CHECK} since times lastPassed exact }} }} {_MORE} }}
    entries {{
      edges {{ node {{
        at role attempt {{ {_ATTEMPT} }}
        measures(first: 100) {{ edges {{ node {{ {_MEASURE} }} }} {_MORE} }}
        changed: measures(changed: true, first: 100) {{ edges {{ node {{ {_MEASURE} }} }} {_MORE} }}
        checks(first: 100) {{ edges {{ node {{ {_CHECK} passed status }} }} {_MORE} }}
      }} }}
      {_MORE}
    }}
  }}
}}
"""

_TRIED = f"state tries attempt {{ {_ATTEMPT} }}"

PARTITIONS = f"""
query Partitions(
  $of: LineageStart!, $from: DateTime!, $to: DateTime, $step: PartitionStep, $zone: String, $asOf: DateTime,
  $window: Int!, $states: [PartitionState!]!, $first: Int!, $after: String
) {{
  partitions(of: $of, from: $from, to: $to, step: $step, zone: $zone, asOf: $asOf, window: $window) {{
    asOf step rhythm basis zone truncated truncatedBy notes logSize cursor
    of {{ {_PLACE} }}
    counts {{ expected present partial running failed missing beside }}
    partitions(states: $states, first: $first, after: $after) {{
      edges {{ node {{
        at label expected {_TRIED} keys(first: 100) {{ edges {{ node {{ key {_TRIED} }} }} {_MORE} }}
      }} }}
      {_MORE}
    }}
  }}
}}
"""

_PROVENANCE = f"""
fragment Provenance on Provenance {{
  asOf direction truncated truncatedBy notes logSize cursor
  counts {{
    attempts runs datasets versions sources codeVersions dirty withoutCode named inferred unknown
    models answers prompts documents indexes
  }}
  attempts(first: $first) {{
    edges {{
      node {{
        id distance
        run {{ {_PLACE} runId }}
        attempt {{ number state startedAt endedAt }}
        code {{ dirty sourceSha256 version commits {{ namespace name }} }}
        parameters {{ name value sha256 }}
      }}
    }}
    {_MORE}
  }}
  versions(first: $first) {{
    edges {{
      node {{ id distance asset source dataset {{ {_PLACE} }} version {{ label producedAt complete partitions }} }}
    }}
    {_MORE}
  }}
  used(first: $first) {{
    edges {{
      node {{
        attempt version distance basis partitions retrieval {{ collection chunks {{ id score rank sha256 }} }}
      }}
    }}
    {_MORE}
  }}
  generated(first: $first) {{ edges {{ node {{ attempt version distance partitions }} }} {_MORE} }}
  decisions(first: $first) {{
    edges {{ node {{ approver decision at reference agrees version {{ id }} run {{ runId }} }} }} {_MORE}
  }}
  models(first: $first) {{
    edges {{ node {{ distance trainedAt current dataset {{ {_PLACE} }} version {{ label }} }} }} {_MORE}
  }}
  gaps(first: $first) {{ edges {{ node {{ kind distance attempt {{ id }} version {{ id }} }} }} {_MORE} }}
}}
"""

PROVENANCE = f"""
query Provenance(
  $of: ProvenanceStart!, $up: Boolean!, $down: Boolean!, $depth: Int!, $asOf: DateTime, $first: Int!
) {{
  upstream: provenance(of: $of, direction: UPSTREAM, depth: $depth, asOf: $asOf) @include(if: $up) {{ ...Provenance }}
  downstream: provenance(of: $of, direction: DOWNSTREAM, depth: $depth, asOf: $asOf) @include(if: $down) {{
    ...Provenance
  }}
}}
{_PROVENANCE}
"""

_RECOVERY_OF = """
  $of: LineageStart!, $version: String, $since: DateTime, $until: DateTime, $late: Boolean!, $asOf: DateTime,
  $window: Int!
"""
_RECOVERY_ARGUMENTS = (
    "of: $of, version: $version, since: $since, until: $until, late: $late, asOf: $asOf, window: $window"
)
_VERSION = "... on DatasetVersion { label }"
_PROOF = f"""
  path {{ reason basis run {{ {_PLACE} ... on Run {{ runId }} }} read {{ {_PLACE} }} }}
"""
_WORK = f"""
  id reason status certainty partition nominalStart nominalEnd replaced job {{ {_PLACE} }}
  run {{ {_PLACE} ... on Run {{ runId }} }} madeGoodBy {{ ... on Run {{ runId }} }} {_PROOF}
"""
_STEPS = f"""
  edges {{ node {{
    wave orchestrator command commandLine waits hint cycle
    work(first: 500) {{ edges {{ node {{ {_WORK} }} }} {_MORE} }}
  }} }}
  {_MORE}
"""

RECOVERY = f"""
query Recovery({_RECOVERY_OF}, $first: Int!) {{
  recovery({_RECOVERY_ARGUMENTS}) {{
    asOf since until late truncated truncatedBy notes logSize cursor
    start {{ {_PLACE} ... on Run {{ runId }} }}
    counts {{ stale current inferred open running done waves steps byHand repairs unresolved }}
    stale(first: $first) {{
      edges {{ node {{
        reason distance certainty current at partitions
        dataset {{ {_PLACE} }} version {{ {_VERSION} }} run {{ {_PLACE} ... on Run {{ runId }} }} {_PROOF}
      }} }}
      {_MORE}
    }}
    repairs(first: $first) {{
      edges {{ node {{ reason dataset {{ {_PLACE} }} jobs {{ {_PLACE} }} }} }} {_MORE}
    }}
    steps(first: 100) {{ {_STEPS} }}
    done: work(statuses: [DONE, RUNNING], first: $first) {{ edges {{ node {{ {_WORK} }} }} {_MORE} }}
    fallbacks(first: $first) {{
      edges {{ node {{
        goodNow producedAt partition dataset {{ {_PLACE} }} version {{ {_VERSION} }} run {{ ... on Run {{ runId }} }}
      }} }}
      {_MORE}
    }}
    good(first: $first) {{ edges {{ node {{ reason distance node {{ {_PLACE} }} }} }} {_MORE} }}
    unresolved(first: $first) {{
      edges {{ node {{ label dataset {{ {_PLACE} }} run {{ ... on Run {{ runId }} }} }} }} {_MORE}
    }}
  }}
}}
"""

RECOVERY_STEPS = f"""
query RecoverySteps({_RECOVERY_OF}, $after: String!) {{
  recovery({_RECOVERY_ARGUMENTS}) {{ steps(first: 100, after: $after) {{ {_STEPS} }} }}
}}
"""

_SHOWING = "{ at attempt run { runId name } }"
_SHOWN = f"shown {{ first {_SHOWING} last {_SHOWING} without {_SHOWING} reach }}"
_WAYS = "transformations { type subtype description masking }"
_EDGE = f"kind observed declared {_WAYS}"
_NODE = f"{_PLACE} ... on Dataset {{ names {{ namespace name }} }}"
_COLUMN_DIFF = f"dataset {{ {_PLACE} }} path change before after said {_SHOWING}"
_CODE = "repository commit branch path dirty source version"
_CODE_DIFF = f"job {{ {_PLACE} }} before {{ {_CODE} }} after {{ {_CODE} }} texts {{ facet diff cut }} said {_SHOWING}"
_FACET_DIFF = f"of {{ {_PLACE} }} name difference before after said {_SHOWING}"

DIFF = f"""
query Diff(
  $of: LineageStart!, $from: DateTime!, $to: DateTime, $direction: Direction!, $depth: Int!, $granularity: Granularity,
  $window: Int!, $first: Int!
) {{
  diff(
    of: $of, from: $from, to: $to, direction: $direction, depth: $depth, granularity: $granularity, window: $window
  ) {{
    from to granularity window truncated truncatedBy notes logSize cursor
    start {{ {_PLACE} }}
    counts {{ nodesAppeared nodesVanished nodesChanged edgesAppeared edgesVanished edgesChanged }}
    nodes(first: $first) {{
      edges {{ node {{ difference distance before {{ {_NODE} }} after {{ {_NODE} }} {_SHOWN} }} }} {_MORE}
    }}
    edges(first: $first) {{
      edges {{ node {{
        difference distance before {{ {_EDGE} }} after {{ {_EDGE} }}
        source {{ {_PLACE} }} target {{ {_PLACE} }} by {{ {_PLACE} }} {_SHOWN}
      }} }} {_MORE}
    }}
    columns(first: $first) {{ edges {{ node {{ {_COLUMN_DIFF} }} }} {_MORE} }}
    code(first: $first) {{ edges {{ node {{ {_CODE_DIFF} }} }} {_MORE} }}
    facets(first: $first) {{ edges {{ node {{ {_FACET_DIFF} }} }} {_MORE} }}
  }}
}}
"""

_COMPARED = "kind namespace name runId state startedAt endedAt nominalStart nominalEnd"
_READING = "version { label } producedAt basis rows bytes partitions"

RUN_DIFF = f"""
query RunDiff($before: RunChoice!, $after: RunChoice!, $first: Int!) {{
  runDiff(before: $before, after: $after) {{
    notes logSize cursor
    before {{ {_COMPARED} }}
    after {{ {_COMPARED} }}
    datasets(first: $first) {{
      edges {{ node {{
        dataset {{ {_PLACE} }} role difference before {{ {_READING} }} after {{ {_READING} }}
      }} }} {_MORE}
    }}
    lineage(first: $first) {{
      edges {{ node {{
        difference source {{ {_PLACE} }} target {{ {_PLACE} }}
        before {{ type subtype description masking }} after {{ type subtype description masking }}
      }} }} {_MORE}
    }}
    columns(first: $first) {{ edges {{ node {{ {_COLUMN_DIFF} }} }} {_MORE} }}
    code {{ {_CODE_DIFF} }}
    parameters(first: $first) {{ edges {{ node {{ name difference before after }} }} {_MORE} }}
    facets(first: $first) {{ edges {{ node {{ {_FACET_DIFF} }} }} {_MORE} }}
    parts(first: $first) {{
      edges {{ node {{ job {{ {_PLACE} }} difference before {{ runId state }} after {{ runId state }} }} }} {_MORE}
    }}
  }}
}}
"""

DRIFT = f"""
query Drift(
  $job: NameInput, $namespace: String, $kinds: [DriftKind!]!, $asOf: DateTime, $window: Int!, $first: Int!,
  $after: String, $named: Int!
) {{
  drift(
    job: $job, namespace: $namespace, kinds: $kinds, asOf: $asOf, window: $window, first: $first, after: $after
  ) {{
    asOf window examined truncated truncatedBy notes logSize cursor
    jobs {{
      edges {{ node {{
        job {{ {_PLACE} }} declaredAt
        findings(first: 500) {{
          edges {{ node {{
            kind subject dataset {{ {_PLACE} }} field source {{ {_PLACE} }} sourceField declared observed since runs
            silent lastShown {_SHOWING}
            downstream {{
              truncated
              counts {{ datasets columns jobs models reports owners }}
              touched(kinds: [DATASET], first: $named) {{ edges {{ node {{ distance node {{ {_PLACE} }} }} }} {_MORE} }}
              owners(first: $named) {{ edges {{ node {{ owner {{ name }} }} }} {_MORE} }}
            }}
          }} }}
          {_MORE}
        }}
      }} }}
      {_MORE}
    }}
  }}
}}
"""

_SCORES = "score scores { check known countable score }"

_COMPLETENESS = """
  $namespace: String, $owner: String, $checks: [CompletenessCheck!]!, $asOf: DateTime, $window: Int!
"""
_ASKED = "namespace: $namespace, owner: $owner, checks: $checks, asOf: $asOf, window: $window"

COMPLETENESS = f"""
query Completeness({_COMPLETENESS}, $first: Int!) {{
  completeness({_ASKED}) {{
    asOf truncated truncatedBy notes logSize cursor {_SCORES}
    byNamespace(first: $first) {{ edges {{ node {{ name {_SCORES} }} }} {_MORE} }}
    byOwner(first: $first) {{ edges {{ node {{ name {_SCORES} }} }} {_MORE} }}
    findings(first: $first) {{
      edges {{ node {{
        check certainty since missing of why mend
        node {{ {_PLACE} ... on Run {{ runId }} }} others {{ {_PLACE} }}
      }} }}
      {_MORE}
    }}
  }}
}}
"""

COMPLETENESS_SCORES = f"""
query CompletenessScores({_COMPLETENESS}) {{
  completeness({_ASKED}) {{ asOf truncated truncatedBy notes logSize cursor {_SCORES} }}
}}
"""

_ASSET = """
  documentation(asOf: $asOf)
  owners(asOf: $asOf) { name type }
  tags(asOf: $asOf) { name value field }
  facets(asOf: $asOf) { name at value }
"""

_LINK = "observed declared lastSeen seen { attempts of failed } node { kind namespace name }"

_USES = """
  inputs { dataset { namespace name } basis version { label producedAt } }
  outputs { dataset { namespace name } version { label complete } }
  checks { assertion { name } passed status severity description expected actual }
"""

DATASET = f"""
query Dataset($namespace: String!, $name: String!, $asOf: DateTime, $window: Int!, $first: Int!) {{
  status {{ logSize cursor lag }}
  dataset(namespace: $namespace, name: $name) {{
    kind namespace name {_ASSET}
    names(asOf: $asOf) {{ namespace name }}
    fields(asOf: $asOf) {{ name type description }}
    writtenBy(asOf: $asOf, window: $window) {{ {_LINK} }}
    readBy(asOf: $asOf, window: $window) {{ {_LINK} }}
    versions(asOf: $asOf, first: $first) {{
      edges {{ node {{ label producedAt complete dropped producedBy {{ runId state name }} }} }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}
"""

JOB = f"""
query Job($namespace: String!, $name: String!, $asOf: DateTime, $window: Int!, $first: Int!) {{
  status {{ logSize cursor lag }}
  job(namespace: $namespace, name: $name) {{
    kind namespace name {_ASSET}
    parents(asOf: $asOf, window: $window) {{ namespace name }}
    children(asOf: $asOf, window: $window) {{ namespace name }}
    inputs(asOf: $asOf, window: $window) {{ {_LINK} }}
    outputs(asOf: $asOf, window: $window) {{ {_LINK} }}
    runs(asOf: $asOf, first: $first) {{
      edges {{ node {{ runId state startedAt endedAt }} }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}
"""

RUN = f"""
query Run($id: ID!) {{
  status {{ logSize cursor lag }}
  run(id: $id) {{
    kind namespace name runId state startedAt endedAt nominalStart nominalEnd
    parent {{ runId namespace name state }}
    root {{ runId namespace name state }}
    children {{ runId namespace name state startedAt endedAt }}
    codeVersions {{ namespace name }}
    tags {{ name value field }}
    attempts {{ number state startedAt endedAt anomalies }}
    facets {{ name at value }}
    {_USES}
  }}
}}
"""

COLUMN = """
query Column($of: LineageStart!, $namespace: String!, $name: String!, $asOf: DateTime, $window: Int!) {
  status { logSize cursor lag }
  dataset(namespace: $namespace, name: $name) { fields(asOf: $asOf) { name type description } }
  lineage(of: $of, depth: 1, granularity: COLUMN, asOf: $asOf, window: $window) {
    nodes { id kind namespace name field }
    edges { source target transformations { type subtype description masking } }
    start { id kind namespace name field }
  }
}
"""
