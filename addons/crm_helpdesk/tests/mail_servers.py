"""Real servers for mail on loopback: nothing of the machine is changed, all is gone with the test."""

import contextlib
import datetime
import grp
import mailbox
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
PASSWORD = "open-sesame"
PATIENCE = 20  # seconds
DOVECOT = ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot")

COMMON = """
protocols = imap
listen = {host}
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = helpdesk-test
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
auth_mechanisms = plain login
ssl = yes
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""
BEFORE_2_4 = """
mail_location = maildir:{folder}/mail/%u
disable_plaintext_auth = no
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
"""
SINCE_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
auth_allow_cleartext = yes
ssl_server_cert_file = {folder}/cert.pem
ssl_server_key_file = {folder}/key.pem
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}/home/%{{user}}
  }}
}}
"""


def free_port():
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class SmtpServer:
    """Takes mail and hands it to a function, or keeps it in ``mails`` as bytes.

    :param deliver: function of (raw bytes, list of recipients), called by the server's own thread
    """

    def __init__(self, deliver=None):
        self.mails = []
        self._deliver = deliver or (lambda raw, _recipients: self.mails.append(raw))
        self._controller = Controller(self, hostname=HOST, port=free_port())

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  the library's name
        """What the library calls with each mail."""
        try:
            self._deliver(envelope.content, envelope.rcpt_tos)
        except Exception as error:
            return f"554 {type(error).__name__}"
        return "250 OK"

    @property
    def port(self):
        return self._controller.port

    def start(self):
        self._controller.start()

    def stop(self):
        self._controller.stop()


class ImapServer:
    """Dovecot with one mailbox per name, as an ordinary user, in a folder of its own."""

    def __init__(self):
        self.port, self.tls_port = free_port(), free_port()
        self._program = _find_dovecot()
        # The superuser may read no mail: then it is the user that Debian's package has for this.
        name = "dovecot" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._account = pwd.getpwnam(name)
        self._folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self._process = None

    def start(self):
        """Start it, and wait until it answers.

        :raise RuntimeError: it does not; with what it says
        """
        for name in ("run", "state", "mail", "home"):
            (self._folder / name).mkdir()
        _make_certificate(self._folder)
        config = self._folder / "dovecot.conf"
        config.write_text(self._configuration())
        self._give_away(self._folder)
        as_user = {}
        if os.geteuid() == 0:
            as_user = {
                "user": self._account.pw_uid,
                "group": self._account.pw_gid,
                "extra_groups": [],
            }
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **as_user,
        )
        self._wait()

    def stop(self):
        """Stop it, and remove what it had."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)
            with contextlib.suppress(ProcessLookupError):
                # Those that still talk to somebody.
                os.killpg(self._process.pid, signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def deliver(self, name, raw):
        """Put a mail into a mailbox, as a mail server does."""
        folder = self._folder / "mail" / name
        mailbox.Maildir(folder, create=True).add(raw)
        self._give_away(folder)

    def _configuration(self):
        version = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=True)
        number = tuple(int(part) for part in version.stdout.split()[0].split(".")[:2])
        # 2.4 wants its version in the first line.
        template = SINCE_2_4 + COMMON if number >= (2, 4) else BEFORE_2_4 + COMMON
        return template.format(
            folder=self._folder,
            host=HOST,
            port=self.port,
            tls_port=self.tls_port,
            password=PASSWORD,
            user=self._account.pw_name,
            group=_group_name(self._account.pw_gid),
        )

    def _give_away(self, folder):
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _wait(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection((HOST, self.port), timeout=1) as connection:
                    if connection.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.05)
        log = self._folder / "dovecot.log"
        words = log.read_text() if log.exists() else ""
        self.stop()
        raise RuntimeError(f"Dovecot does not answer: {words}")


def _find_dovecot():
    program = shutil.which("dovecot") or next((path for path in DOVECOT if Path(path).exists()), None)
    if not program:
        raise RuntimeError(
            "These tests need Dovecot as a server of real mailboxes: sudo apt-get install dovecot-imapd"
        )
    return program


def _group_name(gid):
    return grp.getgrgid(gid).gr_name


def _make_certificate(folder):
    """A certificate nobody signed, as many mail servers in house have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start = datetime.datetime(2020, 1, 1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
