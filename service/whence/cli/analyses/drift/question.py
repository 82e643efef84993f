"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE, SHOWING

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
        job {{ {PLACE} }} declaredAt
        findings(first: 500) {{
          edges {{ node {{
            kind subject dataset {{ {PLACE} }} field source {{ {PLACE} }} sourceField declared observed since runs
            silent lastShown {SHOWING}
            downstream {{
              truncated
              counts {{ datasets columns jobs models reports owners }}
              touched(kinds: [DATASET], first: $named) {{ edges {{ node {{ distance node {{ {PLACE} }} }} }} {MORE} }}
              owners(first: $named) {{ edges {{ node {{ owner {{ name }} }} }} {MORE} }}
            }}
          }} }}
          {MORE}
        }}
      }} }}
      {MORE}
    }}
  }}
}}
"""
