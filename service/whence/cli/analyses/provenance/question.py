"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE

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
        run {{ {PLACE} runId }}
        attempt {{ number state startedAt endedAt }}
        code {{ dirty sourceSha256 version commits {{ namespace name }} }}
        parameters {{ name value sha256 }}
      }}
    }}
    {MORE}
  }}
  versions(first: $first) {{
    edges {{
      node {{ id distance asset source dataset {{ {PLACE} }} version {{ label producedAt complete partitions }} }}
    }}
    {MORE}
  }}
  used(first: $first) {{
    edges {{
      node {{
        attempt version distance basis partitions retrieval {{ collection chunks {{ id score rank sha256 }} }}
      }}
    }}
    {MORE}
  }}
  generated(first: $first) {{ edges {{ node {{ attempt version distance partitions }} }} {MORE} }}
  decisions(first: $first) {{
    edges {{ node {{ approver decision at reference agrees version {{ id }} run {{ runId }} }} }} {MORE}
  }}
  models(first: $first) {{
    edges {{ node {{ distance trainedAt current dataset {{ {PLACE} }} version {{ label }} }} }} {MORE}
  }}
  gaps(first: $first) {{ edges {{ node {{ kind distance attempt {{ id }} version {{ id }} }} }} {MORE} }}
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
