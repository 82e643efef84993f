"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE

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
        dataset {{ {PLACE} }} state
        lastProduced {{ {_PRODUCTION} }} lastIncomplete {{ {_PRODUCTION} }}
        rhythm {{ basis said rule graceSeconds }} dueAt lateSeconds
        holdsUp @include(if: $holds) {{
          datasets jobs truncatedBy
          nearest(first: 20) {{ edges {{ node {{ distance dataset {{ {PLACE} }} }} }} {MORE} }}
          owners(first: 20) {{ edges {{ node {{ distance assets owner {{ name }} }} }} {MORE} }}
        }}
      }} }}
      {MORE}
    }}
  }}
}}
"""
