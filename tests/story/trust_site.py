# SPDX-License-Identifier: EUPL-1.2
"""A site with nginx and Apache in front of it at once, where each way to prove who one is has an endpoint and a sender
of its own, by one name. Events go in the binary mode of CloudEvents, in which a body may be anything."""
import collections
import contextlib
import grp
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import threading
import uuid

from issuer import Authority, openssl
from postvak_site import BOUND, Answer, Site, apache, check, equal, for_www_data, free_port, wait
from signers import Ask, Keys, b64url, nobody

Front = collections.namedtuple("Front", "name port tls_port")
MEMBERS = {"type", "code", "title", "status", "detail", "instance"}


class Event:
    """What is sent: each one differs from all others, unless it is given an id."""

    def __init__(self, kind, body=None, media="application/json", id=None):
        self.id = id or uuid.uuid4().hex
        self.body = json.dumps({"hoofdObject": kind, "kenmerken": {"volgnummer": self.id}}).encode() if body is None else body
        self.headers = {"Ce-Specversion": "1.0", "Ce-Id": self.id, "Ce-Source": "/%s" % kind, "Ce-Type": "nl.voorbeeld.%s" % kind,
                        "Content-Type": media}


class Line:
    """A kept-alive connection to a web server. tls: an ssl context; source: the address to come from."""

    def __init__(self, front, tls=None, source=None):
        self.front, self.tls = front, tls
        port = front.tls_port if tls else front.port
        self.host = "%s:%d" % ("localhost" if tls else "127.0.0.1", port)
        if tls:
            self.http = http.client.HTTPSConnection("localhost", port, timeout=BOUND, context=tls)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND, source_address=(source, 0) if source else None)

    def send(self, method, target, headers, body=b"", chunked=False):
        """headers: pairs, in which a name may be repeated."""
        self.http.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", self.host)] + list(headers):
            self.http.putheader(name, value.encode())
        if chunked:
            self.http.putheader("Transfer-Encoding", "chunked")
        elif body or method == "POST":
            self.http.putheader("Content-Length", str(len(body)))
        pieces = [body[i:i + 5000] for i in range(0, len(body), 5000)] if chunked else body
        self.http.endheaders(pieces, encode_chunked=chunked)
        response = self.http.getresponse()
        text = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, text)

    def deliver(self, name, sign, event=None, at=None, alter=None, target=None, chunked=False, url=None):
        """Signs an event for the endpoint of that name and sends it. alter(headers, body) answers with what is sent
        instead; url: (scheme, host, target) as the sender knows it, where that is not what it is sent to."""
        event = event or Event(name)
        target = target or "/" + name
        scheme, host, known = url or ("https" if self.tls else "http", self.host, target)
        added = sign(Ask(known, event.body, event.headers, host, scheme=scheme, at=at))
        headers, body = list(event.headers.items()) + list(added.items()), event.body
        if alter:
            headers, body = alter(headers, body)
        return self.send("POST", target, headers, body, chunked)

    def close(self):
        self.http.close()


class TrustSite(Site):
    def __init__(self, scratch, settings=""):
        super().__init__(scratch)
        self.general, self.sections, self.secrets, self.apache = settings, [], set(), None
        self.keys = Keys(scratch)
        self.dump = scratch + "/dump.txt"
        self.tls = None  # Certificates, for web servers that speak TLS as well
        self.fronts = []

    # ---- configuration ----

    def secret(self, name, *lines):
        """Writes a file of secrets; how a setting refers to it."""
        with open("%s/secrets/%s" % (self.dir, name), "w") as f:
            os.chmod(f.name, 0o600)
            f.write("".join(line + "\n" for line in lines))
        self.secrets.update(line for line in lines if len(line) > 7 and not line.startswith(("{", "whpk_", "---", "Basic")))
        return "file:secrets/" + name

    def file(self, name, text):
        """Something that is no secret, beside them."""
        with open("%s/secrets/%s" % (self.dir, name), "w") as f:
            f.write(text)
        return "file:secrets/" + name

    def add(self, name, sender="", endpoint="", accepts="cloudevents", senders=None):
        """An endpoint at /NAME, and a sender of that name unless others are named."""
        profile = "profile = cncf\n" if accepts == "cloudevents" else ""
        self.sections.append("[endpoint %s]\npath = /%s\naccepts = %s\n%ssenders = %s\n%s\n" % (
            name, name, accepts, profile, senders or name, endpoint))
        if accepts == "cloudevents" and re.search("(?m)^signature = (?!rfc9421|adr-message)", sender):
            sender += "\nsignature.binary = yes"
        if not senders:
            self.sections.append("[sender %s]\n%s\n" % (name, sender))

    def write(self):
        """The configuration as it stands now."""
        handler = self.handler("proef", "option.dump = %s\norder = none\n" % self.dump, events="**")
        self.configure(handlers=handler + "\n".join(self.sections), settings=self.general)
        with open(self.conf) as f:
            text = f.read()
        with open(self.conf, "w") as f:
            f.write(re.sub(r"(?m)^group = .*$", "group = " + self.group, text))

    # ---- running ----

    def open(self):
        """Starts the site and both web servers; what can be sent to."""
        self.group = for_www_data(self.dir) if os.geteuid() == 0 else grp.getgrgid(os.getegid()).gr_name
        self.write()
        self.start(nginx=False)
        self.start_nginx()
        self.fronts = [Front("nginx", self.port, self.tls_port)]
        tls_port = free_port() if self.tls else None
        self.apache = apache(self, apache_lines(self, tls_port))
        self.fronts.append(Front("apache", self.port, tls_port))
        return self.fronts

    def write_nginx(self, upstream=None):
        self.tls_port = free_port() if self.tls else None
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(nginx_text(self))

    def reload_fully(self):
        """A reload, until nothing of the generation before it is left."""
        old = set(self.pids("postvak.fcgi"))
        self.reload()
        wait("the older receivers to leave", lambda: not old & set(self.pids("postvak.fcgi")))

    def close(self):
        if self.apache and self.apache.poll() is None:
            os.killpg(self.apache.pid, signal.SIGKILL)
            self.apache.wait()
        super().close()

    # ---- looking ----

    def events(self, **wanted):
        """The listing, oldest first."""
        out = self.postvak("events", "--json", "--all", status=None)
        rows = [json.loads(line) for line in out.splitlines()]
        return [r for r in reversed(rows) if all(r[k] == v for k, v in wanted.items())]

    def settled(self):
        """The listing when every event is done, or a duplicate."""
        def done():
            rows = self.events()
            return rows if all(e["state"] in ("done", "duplicate") for e in rows) else None

        return wait("every event to be done", done)

    def data(self):
        """What the handler was given: (sender, data) by the id of each event."""
        found = {}
        with open(self.dump) as f:
            for line in f:
                sender, data, *attributes = line.split()
                named = dict(a.split("=", 1) for a in attributes)
                found[bytes.fromhex(named["id"]).decode()] = (sender, bytes.fromhex(data[1:]))
        return found

    def keeps_silent(self):
        """No secret is in the log, nor in what is listed."""
        said = self.log_text() + self.postvak("events", "--json", "--all", status=None) + self.postvak("events", "--rejected", "--json",
                                                                                                       status=None)
        for secret in self.secrets:
            check(secret not in said, "a secret is told")


def accepted(answer, *what):
    check(answer.status in (202, 204), "not accepted:", *what + (answer.status, answer.body))


def refused(answer, *what, status=(401, 403)):
    """A problem that tells no more than that; what it says."""
    check(answer.status in status, "not refused:", *what + (answer.status, answer.body))
    equal(answer.headers["content-type"], "application/problem+json", *what)
    equal(answer.headers["x-content-type-options"], "nosniff", *what)
    problem = json.loads(answer.body)
    equal(set(problem), MEMBERS, *what)
    equal(problem["status"], answer.status, *what)
    check(answer.status != 401 or "www-authenticate" in answer.headers, "a 401 without a challenge", *what)
    return answer.status, problem["code"], problem["detail"]


def other_body(headers, body):
    """One byte of it is another one; it is still JSON."""
    at = body.index(b"volgnummer") if b"volgnummer" in body else len(body) // 2
    return headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


def twice(name, value=None):
    """With another value behind the right one, or the same one."""
    def alter(headers, body):
        found = [v for n, v in headers if n.lower() == name.lower()]
        return headers + [(name, value or found[0])], body

    return alter


# ---- the web servers ----

def nginx_text(site):
    ssl_lines = """
    listen 127.0.0.1:%d ssl;
    ssl_certificate %s; ssl_certificate_key %s; ssl_client_certificate %s; ssl_verify_client optional;
""" % ((site.tls_port,) + site.tls.server() + (site.tls.ca,)) if site.tls else ""
    return """
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx-error.log; %(user)s
worker_rlimit_nofile 4096;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path %(dir)s/tmp-body; fastcgi_temp_path %(dir)s/tmp-fastcgi;
  proxy_temp_path %(dir)s/tmp-proxy; uwsgi_temp_path %(dir)s/tmp-uwsgi; scgi_temp_path %(dir)s/tmp-scgi;
  client_max_body_size 8m; keepalive_requests 1000000; keepalive_timeout 300s; large_client_header_buffers 8 32k;
  upstream postvak { server unix:%(dir)s/run/receiver.sock; keepalive 16; }
  server {
    listen 127.0.0.1:%(port)d;%(ssl)s
    location / {
      fastcgi_pass postvak; fastcgi_keep_conn on; fastcgi_read_timeout 120s;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param QUERY_STRING $query_string; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name; fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param REQUEST_SCHEME $scheme; fastcgi_param SSL_CLIENT_VERIFY $ssl_client_verify;
      fastcgi_param SSL_CLIENT_S_DN $ssl_client_s_dn; fastcgi_param SSL_CLIENT_CERT $ssl_client_escaped_cert;
    }
  }
}
""" % dict(dir=site.dir, user="user www-data %s;" % site.group if os.geteuid() == 0 else "", port=site.port, ssl=ssl_lines)


def apache_lines(site, tls_port):
    lines = """
LimitRequestFieldSize 32768
<Location "/">
  SetHandler "proxy:unix:%s/run/receiver.sock|fcgi://postvak"
  CGIPassAuth On
  Require all granted
</Location>
<Proxy "fcgi://postvak" enablereuse=on max=10>
</Proxy>
""" % site.dir
    if tls_port:
        lines += """
Listen 127.0.0.1:%d https
<VirtualHost 127.0.0.1:%d>
  SSLEngine on
  SSLCertificateFile %s
  SSLCertificateKeyFile %s
  SSLCACertificateFile %s
  SSLVerifyClient optional
  SSLOptions +StdEnvVars +ExportCertData
</VirtualHost>
""" % ((tls_port, tls_port) + site.tls.server() + (site.tls.ca,))
    return lines


class Certificates(Authority):
    """What web servers and clients have."""

    def issue(self, name, subject, names=""):
        """(certificate, key) in PEM. subject: as openssl takes it; names: DNS:..., URI:..."""
        pem, key, request, extra = (self.dir + "/" + name + end for end in (".crt", ".key", ".csr", ".ext"))
        if not os.path.exists(pem):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj", subject,
                    "-utf8", "-out", request)
            with open(extra, "w") as f:
                f.write("basicConstraints = CA:FALSE\n" + ("subjectAltName = %s\n" % names if names else ""))
            openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.dir + "/ca.key", "-CAcreateserial", "-days", "2",
                    "-extfile", extra, "-out", pem)
        return pem, key

    def server(self):
        return self.issue("server", "/CN=localhost", "DNS:localhost")

    def context(self, name=None, subject=None, names=""):
        """For a client with that certificate, or with none."""
        context = ssl.create_default_context(cafile=self.ca)
        if name:
            context.load_cert_chain(*self.issue(name, subject, names))
        return context

    @staticmethod
    def thumbprint(pem):
        """x5t#S256 (RFC 8705 3.1)."""
        return b64url(hashlib.sha256(openssl("x509", "-in", pem, "-outform", "DER")).digest())


# ---- a sender that does not stop ----

class Stream:
    """Sends without pause over one connection, each event another one, with what `sign` is at that moment."""

    def __init__(self, front, name, sign, kind=Event):
        self.name, self.sign, self.kind, self.sent, self.bad = name, sign, kind, [], []
        self.line, self.ended = Line(front), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.is_set() and not self.bad:
            event = self.kind(self.name)
            try:
                answer = self.line.deliver(self.name, self.sign, event)
            except OSError as e:
                self.bad.append(repr(e))
                return
            if answer.status not in (202, 204):
                self.bad.append((answer.status, answer.body))
            self.sent.append(event.id)

    def more(self, n=3):
        """Waits until n more were sent."""
        wanted = len(self.sent) + n
        wait("%s to go on" % self.name, lambda: len(self.sent) >= wanted or self.bad)
        equal(self.bad, [], self.name)

    def end(self):
        self.ended.set()
        self.thread.join(BOUND)
        self.line.close()
        equal(self.bad, [], self.name)
        return self.sent


@contextlib.contextmanager
def streams(made):
    """Ends them all, whatever happens."""
    try:
        yield made
    finally:
        for stream in made:
            stream.ended.set()
        for stream in made:
            stream.thread.join(BOUND)


NOBODY = nobody()
