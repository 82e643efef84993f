"""The end of a step is committed after later entries of its run's log, and after entries of another run: PostgreSQL
gives out ids before it commits. Prints which ends are told to who looked meanwhile, and to who goes on from its cursor.
"""

import json
from datetime import timedelta

import dagster as dg
import psycopg2

from whence_dagster.names import Names
from whence_dagster.tail import Cursor, Tail

ENTRY = "run_id = %s AND dagster_event_type = 'STEP_SUCCESS'"


class Reader:
    """A tail and what it told."""

    def __init__(self, instance, cursor):
        self.transport, self.dropped, self.events = self, 0, []
        self.tail, self.cursor = Tail(instance, self, Names()), cursor

    def emit(self, event):
        self.events.append(event)

    def look(self):
        """Runs whose step is told to have ended, and of this look only."""
        self.events.clear()
        while self.tail.poll(self.cursor):
            pass
        ended = [e for e in self.events if getattr(e, "eventType", None) and e.job.name.endswith(".one")]
        return [e.run.facets["whence_dagster"]["runId"] for e in ended if e.eventType.value == "COMPLETE"]


@dg.asset
def one():
    pass


def main():
    job = dg.Definitions([one]).get_implicit_global_asset_job_def()
    with dg.DagsterInstance.get() as instance:
        database = psycopg2.connect(instance.event_log_storage.postgres_url.replace("+psycopg2", ""))
        late, other = (job.execute_in_process(instance=instance).run_id for _ in range(2))
        statements = database.cursor()
        statements.execute(f"CREATE TEMP TABLE late AS SELECT * FROM event_logs WHERE {ENTRY}", [late])
        statements.execute(f"DELETE FROM event_logs WHERE {ENTRY}", [late])
        database.commit()
        looking = Reader(instance, Cursor.start(timedelta(minutes=1)))
        before = looking.look()
        kept = looking.cursor.to_json()
        statements.execute("INSERT INTO event_logs SELECT * FROM late")
        database.commit()
        again = looking.look()
        restarted = Reader(instance, Cursor.from_json(kept)).look()
        told = {"before": before, "again": again, "restarted": restarted}
        print(json.dumps({who: ["late" if run == late else "other" for run in runs] for who, runs in told.items()}))
        assert {*before, *again, *restarted} <= {late, other}


main()
