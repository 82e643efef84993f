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
query Dataset($namespace: String!, $name: String!, $asOf: DateTime, $first: Int!) {{
  status {{ logSize cursor lag }}
  dataset(namespace: $namespace, name: $name) {{
    kind namespace name {_ASSET}
    names(asOf: $asOf) {{ namespace name }}
    fields(asOf: $asOf) {{ name type description }}
    writtenBy(asOf: $asOf) {{ {_LINK} }}
    readBy(asOf: $asOf) {{ {_LINK} }}
    versions(asOf: $asOf, first: $first) {{
      edges {{ node {{ label producedAt complete dropped producedBy {{ runId state name }} }} }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}
"""

JOB = f"""
query Job($namespace: String!, $name: String!, $asOf: DateTime, $first: Int!) {{
  status {{ logSize cursor lag }}
  job(namespace: $namespace, name: $name) {{
    kind namespace name {_ASSET}
    parents(asOf: $asOf) {{ namespace name }}
    children(asOf: $asOf) {{ namespace name }}
    inputs(asOf: $asOf) {{ {_LINK} }}
    outputs(asOf: $asOf) {{ {_LINK} }}
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
query Column($of: LineageStart!, $namespace: String!, $name: String!, $asOf: DateTime) {
  status { logSize cursor lag }
  dataset(namespace: $namespace, name: $name) { fields(asOf: $asOf) { name type description } }
  lineage(of: $of, depth: 1, granularity: COLUMN, asOf: $asOf) {
    nodes { id kind namespace name field }
    edges { source target transformations { type subtype description masking } }
    start { id kind namespace name field }
  }
}
"""
