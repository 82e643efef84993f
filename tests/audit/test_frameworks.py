"""Frameworks: what is shipped is dated and sourced, and what users bring is checked."""

import inspect
import re
from datetime import date

import pytest

from whence.audit.frameworks import EVIDENCE, load_framework, shipped
from whence_schemas.errors import ConfigurationError

MINE = """
id = "mine"
title = "Ours"
source = "Rules of the house"
url = "https://example.org/rules"
checked = 2026-11-21

[[requirement]]
id = "one"
title = "Owners"
text = "Somebody owns it."
source = "Section 1"
url = "https://example.org/rules#1"
checked = 2026-11-21
evidence = [{ kind = "owners" }, { kind = "retention", months = 3 }]
unanswerable = []
"""


def load(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return load_framework(str(file))


def test_those_that_are_shipped():
    found = {framework.id: {requirement.id for requirement in framework.requirement} for framework in shipped()}
    articles = {"10", "11", "12", "13", "14", "15", "17-1-f", "17-1-k", "18", "19", "26-6", "72"}
    assert found["eu-ai-act"] == {f"art-{article}" for article in articles}
    outcomes = {"govern-1.6", "govern-6.1", "map-2.3", "map-4.1", "measure-2.1", "measure-2.8"}
    outcomes |= {"manage-3.2", "manage-4.1", "manage-4.3", "ms-2.5-003", "ms-2.5-005", "mg-4.1-006"}
    assert found["nist-ai-rmf"] == outcomes


@pytest.mark.parametrize("framework", shipped(), ids=lambda framework: framework.id)
def test_each_requirement_is_dated_and_says_what_lineage_cannot_answer(framework):
    for requirement in framework.requirement:
        assert date(2026, 11, 1) <= requirement.checked <= date.today()
        assert requirement.unanswerable


def test_every_kind_of_evidence_is_used_and_described():
    used = {
        call.kind for framework in shipped() for requirement in framework.requirement for call in requirement.evidence
    }
    assert used == EVIDENCE.keys()
    assert all(inspect.getdoc(function) for function in EVIDENCE.values())


def test_what_is_often_wrong_elsewhere_is_right_here():
    by_id = {r.id: r for framework in shipped() for r in framework.requirement}
    assert "not for every high-risk system" in by_id["art-12"].text
    assert not re.search(r"years|months", by_id["art-11"].text)  # how long is Articles 18 and 19
    assert "inventory" in by_id["govern-1.6"].text
    assert "govern-1.4" not in by_id


def test_one_of_ones_own(tmp_path):
    framework = load(tmp_path, MINE)
    assert [call.parameters for call in framework.requirement[0].evidence] == [{}, {"months": 3}]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("checked = 2026-11-21\n\n", "\n", "checked: Field required"),
        (
            'kind = "owners"',
            'kind = "gossip"',
            "requirement[0].evidence[0]: Value error, 'gossip' is no kind of evidence",
        ),
        (", months = 3", "", "retention takes months, not none"),
        (", months = 3", ", years = 3", "retention takes months, not years"),
        ("months = 3", 'months = "three"', "valid integer"),
        ("https://example.org/rules#1", "javascript:alert(1)", "requirement[0].url"),
        ('id = "mine"', 'id = "<b>"', "id: "),
        ('title = "Ours"', 'title = ""', "title: "),
        ("unanswerable = []", "unanswerable = []\nverdict = 1", "requirement[0].verdict: Extra inputs"),
        ("unanswerable = []", "unanswerable = [", "is no TOML"),
    ],
)
def test_what_is_no_framework_is_refused(tmp_path, old, new, told):
    assert old in MINE
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        load(tmp_path, MINE.replace(old, new, 1))


def test_two_requirements_of_one_id_are_refused(tmp_path):
    twice = MINE + MINE[MINE.index("[[requirement]]") :]
    with pytest.raises(ConfigurationError, match="two requirements have the id 'one'"):
        load(tmp_path, twice)


@pytest.mark.parametrize("name", ["gdpr", "../eu-ai-act", "nowhere.toml", ""])
def test_one_that_is_not_there_is_told(name):
    with pytest.raises(ConfigurationError, match=r"there is no framework|cannot be read"):
        load_framework(name)
