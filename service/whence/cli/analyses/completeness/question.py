"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE

_SCORES = "score scores { check known countable score }"

_COMPLETENESS = """
  $namespace: String, $owner: String, $checks: [CompletenessCheck!]!, $asOf: DateTime, $window: Int!
"""

_ASKED = "namespace: $namespace, owner: $owner, checks: $checks, asOf: $asOf, window: $window"

COMPLETENESS = f"""
query Completeness({_COMPLETENESS}, $first: Int!) {{
  completeness({_ASKED}) {{
    asOf truncated truncatedBy notes logSize cursor {_SCORES}
    byNamespace(first: $first) {{ edges {{ node {{ name {_SCORES} }} }} {MORE} }}
    byOwner(first: $first) {{ edges {{ node {{ name {_SCORES} }} }} {MORE} }}
    findings(first: $first) {{
      edges {{ node {{
        check certainty since missing of why mend
        node {{ {PLACE} ... on Run {{ runId }} }} others {{ {PLACE} }}
      }} }}
      {MORE}
    }}
  }}
}}
"""

COMPLETENESS_SCORES = f"""
query CompletenessScores({_COMPLETENESS}) {{
  completeness({_ASKED}) {{ asOf truncated truncatedBy notes logSize cursor {_SCORES} }}
}}
"""
