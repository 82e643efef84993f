"""The GraphQL that the command asks, by what is shown."""

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
