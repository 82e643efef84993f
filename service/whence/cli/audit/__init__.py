"""`whence audit`: evidence for people outside, and its verification."""

import typer

from whence.cli.audit import checkpoint, erase, export, hold, log, report, retention, verify

app = typer.Typer(name="audit", help="Export, verify and report evidence; erase what must go.", no_args_is_help=True)
app.command("export")(export.export)
app.command("verify")(verify.verify)
app.command("checkpoint")(checkpoint.checkpoint)
app.command("rotate-key")(checkpoint.rotate_key)
app.command("report")(report.report)
app.command("frameworks")(report.frameworks)
app.command("erase")(erase.erase)
app.command("retention")(retention.retention)
app.add_typer(hold.app)
app.command("log")(log.log)
