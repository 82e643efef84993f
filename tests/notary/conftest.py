"""A time-stamp authority of our own: `openssl ts` behind a small HTTP server.

Its root has a long name, since `openssl ts` puts the certificates into its answer as they come, and DER, which
`rfc3161-client` insists on, wants the shorter first.
"""

import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
O = An organisation with a long name
CN = Root certificate of the test authority
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamper]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """The authority's URL, and its folder, where ``ca.pem`` is its root. `answer` alters what it answers."""

    def __init__(self, folder):
        self.folder = folder
        self.url = ""
        self.asked = 0
        self.answer = lambda reply: reply
        self.openssl(
            "req", "-x509", *NEW_KEY, "-config", "c", "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem"
        )
        self.openssl(
            "req", *NEW_KEY, "-config", "c", "-subj", "/CN=Test stamper", "-keyout", "tsa.key", "-out", "tsa.csr"
        )
        signed_by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "c", "-extensions", "stamper"]
        self.openssl("x509", "-req", "-in", "tsa.csr", *signed_by, "-out", "tsa.pem")

    def openssl(self, *arguments):
        (self.folder / "c").write_text(CONFIG)
        return subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True).stdout

    def reply(self, query):
        self.asked += 1
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            (Path(folder) / "query").write_bytes(query)
            self.openssl("ts", "-reply", "-config", "c", "-queryfile", f"{folder}/query", "-out", f"{folder}/reply")
            return self.answer((Path(folder) / "reply").read_bytes())

    def verify(self, response, data):
        """What `openssl ts -verify` says."""
        (self.folder / "response").write_bytes(response)
        (self.folder / "data").write_bytes(data)
        return self.openssl("ts", "-verify", "-in", "response", "-data", "data", "-CAfile", "ca.pem")


@contextmanager
def serving(handler):
    """A server on a free port; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def authority(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("NOT CHECKED that time stamps are got and verified: openssl is missing")
    folder = tmp_path / "authority"
    folder.mkdir()
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            reply = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments):
            pass

    with serving(Handler) as authority.url:
        yield authority
