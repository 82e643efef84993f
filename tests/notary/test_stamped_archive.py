"""Archives with RFC 3161 time stamps of an authority of our own."""

import json

import pytest

from tests.audit.test_archive import RUN, checks, exporting, proved, refused
from tests.independent.forging import Parts
from whence.audit.stamps import read_certificates
from whence.audit.verify import verify
from whence.notary.keys import KeyFile
from whence.notary.notary import Notary
from whence.notary.timestamps import TimestampAuthority
from whence_schemas.errors import VerificationFailed


@pytest.fixture
async def stamped(tmp_path, authority):
    """A log whose exports are stamped, and the certificate of who stamps them."""
    async with exporting(tmp_path) as made:
        stamping = await Notary.open(made.log, KeyFile(tmp_path / "key"), authority=TimestampAuthority(authority.url))
        made.notary = stamping
        made.source = made.source._replace(notary=stamping)
        made.certificate = read_certificates((authority.folder / "ca.pem").read_bytes())
        yield made


async def test_the_checkpoint_of_an_export_is_stamped(stamped):
    path = await stamped.export(RUN)
    assert "the first 10 entries were there by 20" in proved(path, authorities=stamped.certificate)["time-stamps"]
    assert {"timestamps/1.checkpoint", "timestamps/1.tsr"} <= Parts(path).files.keys()


async def test_earlier_stamps_are_of_checkpoints_that_the_log_continues(stamped):
    await stamped.export(RUN, "before.zip")
    path = await stamped.export(RUN)
    assert proved(path, authorities=stamped.certificate)["time-stamps"].startswith("2 time stamps")


async def test_without_a_certificate_it_is_told_that_nobody_vouches_for_the_stamp(stamped):
    verdict = verify(await stamped.export(RUN))
    assert verdict.accepted
    assert "time-stamps" in checks(verdict.not_proved)
    assert "time-stamps" not in checks(verdict.proved)


async def test_a_stamp_of_another_authority_is_none(stamped, tmp_path, authority):
    authority.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-config", "c", "-extensions", "ca",
                      "-keyout", "other.key", "-out", "other.pem")  # fmt: skip
    other = read_certificates((authority.folder / "other.pem").read_bytes())
    assert set(refused(await stamped.export(RUN), authorities=other)) == {"time-stamps"}


async def test_a_stamp_of_something_else_is_refused(stamped):
    await stamped.export(RUN, "before.zip")
    parts = Parts(await stamped.export(RUN))
    parts.files["timestamps/1.tsr"] = parts.files["timestamps/2.tsr"]
    path = parts.write(stamped.folder / "forged.zip", stamped.signer)
    assert set(refused(path)) == set(refused(path, authorities=stamped.certificate)) == {"time-stamps"}


async def test_a_stamp_of_a_checkpoint_that_the_log_does_not_continue_is_refused(stamped):
    await stamped.export(RUN, "before.zip")
    parts = Parts(await stamped.export(RUN))
    proofs = json.loads(parts.files["consistency.json"])
    parts.files["consistency.json"] = json.dumps(proofs[1:]).encode()
    assert "time-stamps" in refused(parts.write(stamped.folder / "forged.zip", stamped.signer))


async def test_an_export_does_not_wait_for_an_authority_that_is_away(stamped, authority):
    authority.answer = lambda reply: b""
    assert "time-stamps" not in proved(await stamped.export(RUN))


def test_what_is_no_certificate_is_told():
    with pytest.raises(VerificationFailed, match="no certificate"):
        read_certificates(b"hello")
