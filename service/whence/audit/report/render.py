"""A report as HTML, PDF or JSON."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import orjson
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from whence.audit.report.content import EntryLink, Report

_PACKAGE = files(__package__)


def render_html(report: Report) -> bytes:
    """The report as one HTML file in UTF-8, without scripts, and without anything that is fetched from elsewhere."""
    return _template().render(report=report, is_link=lambda cell: isinstance(cell, EntryLink)).encode()


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = _breakable
    return environment.from_string(_PACKAGE.joinpath("report.html.j2").read_text(encoding="utf-8"))


def _breakable(text: str) -> Markup:
    """Text that a line may break after what separates the parts of names."""
    return Markup(re.sub(r"([/._@])", r"\1<wbr>", str(escape(text))))  # noqa: S704  # it is escaped


def render_pdf(report: Report) -> bytes:
    """The report as PDF, with bookmarks; the same report gives the same bytes, where the same fonts are installed.

    It is PDF/A-2a, for archives, and PDF/UA-1, for those who hear it, unless a name has characters that no font shows.
    """
    import typst  # it takes time and memory that those who make no PDF can keep

    source = _PACKAGE.joinpath("report.typ").read_bytes()
    data = {"report": orjson.dumps(report).decode()}
    try:
        return typst.compile(source, format="pdf", sys_inputs=data, pdf_standards=["a-2a", "ua-1"])
    except typst.TypstError:
        return typst.compile(source, format="pdf", sys_inputs=data)


def render_json(report: Report) -> bytes:
    """The report as JSON: the fields of `Report`."""
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


RENDERERS: dict[str, Callable[[Report], bytes]] = {"html": render_html, "pdf": render_pdf, "json": render_json}
"""What renders a report, by format."""

MEDIA_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}
