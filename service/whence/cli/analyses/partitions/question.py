"""The GraphQL that the command asks."""

from whence.cli.selections import ATTEMPT, MORE, PLACE

_TRIED = f"state tries attempt {{ {ATTEMPT} }}"

PARTITIONS = f"""
query Partitions(
  $of: LineageStart!, $from: DateTime!, $to: DateTime, $step: PartitionStep, $zone: String, $asOf: DateTime,
  $window: Int!, $states: [PartitionState!]!, $first: Int!, $after: String
) {{
  partitions(of: $of, from: $from, to: $to, step: $step, zone: $zone, asOf: $asOf, window: $window) {{
    asOf step rhythm basis zone truncated truncatedBy notes logSize cursor
    of {{ {PLACE} }}
    counts {{ expected present partial running failed missing beside }}
    partitions(states: $states, first: $first, after: $after) {{
      edges {{ node {{
        at label expected {_TRIED} keys(first: 100) {{ edges {{ node {{ key {_TRIED} }} }} {MORE} }}
      }} }}
      {MORE}
    }}
  }}
}}
"""
