"""The GraphQL that the command asks."""

from whence.cli.selections import ATTEMPT, MORE, PLACE

_MEASURE = f"facet name column value median of change changed dataset {{ {PLACE} }}"
_CHECK = f"assertion column severity dataset {{ {PLACE} }}"

HISTORY = f"""
query History(
  $of: LineageStart!, $threshold: Float!, $previous: Int!, $asOf: DateTime, $first: Int!
) {{
  history(of: $of, threshold: $threshold, previous: $previous, asOf: $asOf, first: $first) {{
    asOf threshold previous truncated truncatedBy notes logSize cursor
    of {{ {PLACE} }}
    failing(first: 100) {{ edges {{ node {{ {_CHECK} since times lastPassed exact }} }} {MORE} }}
    entries {{
      edges {{ node {{
        at role attempt {{ {ATTEMPT} }}
        measures(first: 100) {{ edges {{ node {{ {_MEASURE} }} }} {MORE} }}
        changed: measures(changed: true, first: 100) {{ edges {{ node {{ {_MEASURE} }} }} {MORE} }}
        checks(first: 100) {{ edges {{ node {{ {_CHECK} passed status }} }} {MORE} }}
      }} }}
      {MORE}
    }}
  }}
}}
"""
