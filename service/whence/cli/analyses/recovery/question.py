"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE

_RECOVERY_OF = """
  $of: LineageStart!, $version: String, $since: DateTime, $until: DateTime, $late: Boolean!, $asOf: DateTime,
  $window: Int!
"""

_RECOVERY_ARGUMENTS = (
    "of: $of, version: $version, since: $since, until: $until, late: $late, asOf: $asOf, window: $window"
)

_VERSION = "... on DatasetVersion { label }"

_PROOF = f"""
  path {{ reason basis run {{ {PLACE} ... on Run {{ runId }} }} read {{ {PLACE} }} }}
"""

_WORK = f"""
  id reason status certainty partition nominalStart nominalEnd replaced job {{ {PLACE} }}
  run {{ {PLACE} ... on Run {{ runId }} }} madeGoodBy {{ ... on Run {{ runId }} }} {_PROOF}
"""

_STEPS = f"""
  edges {{ node {{
    wave orchestrator command commandLine waits hint cycle
    work(first: 500) {{ edges {{ node {{ {_WORK} }} }} {MORE} }}
  }} }}
  {MORE}
"""

RECOVERY = f"""
query Recovery({_RECOVERY_OF}, $first: Int!) {{
  recovery({_RECOVERY_ARGUMENTS}) {{
    asOf since until late truncated truncatedBy notes logSize cursor
    start {{ {PLACE} ... on Run {{ runId }} }}
    counts {{ stale current inferred open running done waves steps byHand repairs unresolved }}
    stale(first: $first) {{
      edges {{ node {{
        reason distance certainty current at partitions
        dataset {{ {PLACE} }} version {{ {_VERSION} }} run {{ {PLACE} ... on Run {{ runId }} }} {_PROOF}
      }} }}
      {MORE}
    }}
    repairs(first: $first) {{
      edges {{ node {{ reason dataset {{ {PLACE} }} jobs {{ {PLACE} }} }} }} {MORE}
    }}
    steps(first: 100) {{ {_STEPS} }}
    done: work(statuses: [DONE, RUNNING], first: $first) {{ edges {{ node {{ {_WORK} }} }} {MORE} }}
    fallbacks(first: $first) {{
      edges {{ node {{
        goodNow producedAt partition dataset {{ {PLACE} }} version {{ {_VERSION} }} run {{ ... on Run {{ runId }} }}
      }} }}
      {MORE}
    }}
    good(first: $first) {{ edges {{ node {{ reason distance node {{ {PLACE} }} }} }} {MORE} }}
    unresolved(first: $first) {{
      edges {{ node {{ label dataset {{ {PLACE} }} run {{ ... on Run {{ runId }} }} }} }} {MORE}
    }}
  }}
}}
"""

RECOVERY_STEPS = f"""
query RecoverySteps({_RECOVERY_OF}, $after: String!) {{
  recovery({_RECOVERY_ARGUMENTS}) {{ steps(first: 100, after: $after) {{ {_STEPS} }} }}
}}
"""
