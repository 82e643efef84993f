"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE, WAYS

_TOUCHED = f"""
  distance certainty node {{ {PLACE} }}
  path {{ certainty node {{ {PLACE} }} by {{ {PLACE} }} transformations {{ {WAYS} }} }}
"""

_COUNTS = "distance datasets columns jobs recorded inferred owners tags models reports"

IMPACT = f"""
query Impact(
  $of: [LineageStart!]!, $change: ImpactChange!, $granularity: Granularity, $depth: Int!, $asOf: DateTime,
  $window: Int!, $first: Int!
) {{
  impact(of: $of, change: $change, granularity: $granularity, depth: $depth, asOf: $asOf, window: $window) {{
    asOf change granularity truncated truncatedBy notes logSize cursor
    starts {{ {PLACE} }}
    counts {{ {_COUNTS} }}
    byDistance {{ {_COUNTS} }}
    touched(first: $first) {{ edges {{ node {{ {_TOUCHED} }} }} {MORE} }}
    owners(first: $first) {{
      edges {{ node {{ owner {{ name }} distance assets nearest {{ {PLACE} }} }} }} {MORE}
    }}
    tags(first: $first) {{
      edges {{ node {{ tag {{ name value }} distance certainty node {{ {PLACE} }} origin {{ {PLACE} }} }} }}
      {MORE}
    }}
    ends(first: $first) {{ edges {{ node {{ kind word {_TOUCHED} }} }} {MORE} }}
  }}
}}
"""
