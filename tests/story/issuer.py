# SPDX-License-Identifier: EUPL-1.2
"""A stand-in for who issues tokens: it serves metadata, keys and introspection over TLS on this machine, in
all the ways in which that goes wrong, counts what it is asked, and makes tokens. Keys and signatures are made
with the openssl command."""
import base64
import collections
import contextlib
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.parse

METADATA, KEYS, INTROSPECTION = "/.well-known/openid-configuration", "/jwks", "/introspect"


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl"] + list(args), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(args), done.stderr.decode(errors="replace")))
    return done.stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der(data):
    """The values of a DER sequence's or bit string's inside, one level deep: (tag, content) each."""
    values = []
    while data:
        tag, length, at = data[0], data[1], 2
        if length & 0x80:
            n = length & 0x7F
            length, at = int.from_bytes(data[2:2 + n], "big"), 2 + n
        values.append((tag, data[at:at + length]))
        data = data[at + length:]
    return values


def der_integer(n):
    data = n.to_bytes(n.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


class Key:
    """A key pair: kind is RSA, P-256, P-384 or Ed25519."""
    NEW = {
        "RSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        "Ed25519": ["-algorithm", "ED25519"],
    }
    ALGS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}

    def __init__(self, directory, kind="P-256", kid=None, alg=None):
        self.kind, self.kid = kind, kid or "kid-%s" % kind
        self.alg = alg or self.ALGS[kind]
        self.path = "%s/key-%s-%s.pem" % (directory, self.kid, os.urandom(4).hex())
        with open(self.path, "wb") as f:
            f.write(openssl("genpkey", *self.NEW[kind]))
        os.chmod(self.path, 0o600)

    def public_pem(self):
        return openssl("pkey", "-in", self.path, "-pubout")

    def jwk(self, **more):
        spki = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        bits = der(der(spki)[0][1])[1][1][1:]
        jwk = {"kid": self.kid, "use": "sig", "alg": self.alg}
        if self.kind == "RSA":
            n, e = (value.lstrip(b"\0") for _, value in der(der(bits)[0][1]))
            jwk.update(kty="RSA", n=b64(n), e=b64(e))
        elif self.kind == "Ed25519":
            jwk.update(kty="OKP", crv="Ed25519", x=b64(bits))
        else:
            half = (len(bits) - 1) // 2
            jwk.update(kty="EC", crv=self.kind, x=b64(bits[1:1 + half]), y=b64(bits[1 + half:]))
        jwk.update(more)
        return {k: v for k, v in jwk.items() if v is not None}

    def sign(self, data, alg=None):
        """As JWA has it (RFC 7518, RFC 8037): r and s of full length, PSS salts as long as the hash."""
        alg = alg or self.alg
        if alg == "EdDSA":
            path = "%s.%s" % (self.path, os.urandom(4).hex())
            with open(path, "wb") as f:
                f.write(data)
            try:
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", path)
            finally:
                os.unlink(path)
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"] if alg.startswith("PS") else []
        made = openssl("dgst", "-sha" + alg[2:], "-sign", self.path, *options, stdin=data)
        if not alg.startswith("ES"):
            return made
        half = {"ES256": 32, "ES384": 48}[alg]
        return b"".join(value.lstrip(b"\0").rjust(half, b"\0") for _, value in der(der(made)[0][1]))

    def verify(self, data, signature, alg=None):
        alg = alg or self.alg
        stem = "%s.%s" % (self.path, os.urandom(4).hex())
        if alg.startswith("ES"):
            half = len(signature) // 2
            inside = b"".join(der_integer(int.from_bytes(part, "big")) for part in (signature[:half], signature[half:]))
            signature = b"\x30" + bytes([len(inside)] if len(inside) < 128 else [0x81, len(inside)]) + inside
        with open(stem + ".sig", "wb") as f:
            f.write(signature)
        with open(stem + ".data", "wb") as f:
            f.write(data)
        try:
            if alg == "EdDSA":
                openssl("pkeyutl", "-verify", "-rawin", "-inkey", self.path, "-in", stem + ".data", "-sigfile", stem + ".sig")
            else:
                openssl("dgst", "-sha" + alg[2:], "-prverify", self.path, "-signature", stem + ".sig", stem + ".data")
            return True
        except RuntimeError:
            return False
        finally:
            os.unlink(stem + ".sig")
            os.unlink(stem + ".data")


def jws(key, claims, alg=None, header=None):
    """A compact JWS; what is None in header is left out."""
    head = {"alg": alg or key.alg, "kid": key.kid, "typ": "JWT"}
    head.update(header or {})
    head = {k: v for k, v in head.items() if v is not None}
    signed = "%s.%s" % (b64(json.dumps(head).encode()), b64(claims if isinstance(claims, bytes) else json.dumps(claims).encode()))
    return "%s.%s" % (signed, b64(key.sign(signed.encode(), alg)))


class Authority:
    """Who certifies the stand-ins of a story; `ca` is the file to trust."""

    def __init__(self, directory):
        self.dir = directory + "/authority"
        os.makedirs(self.dir, exist_ok=True)
        self.ca = self.dir + "/ca.pem"
        if not os.path.exists(self.ca):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Proef CA",
                    "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.dir + "/ca.key", "-out", self.ca)

    def certify(self, name):
        """A certificate with its key in one file, for 127.0.0.1 and localhost."""
        stem = "%s/%s" % (self.dir, name)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                "-keyout", stem + ".key", "-out", stem + ".csr")
        with open(stem + ".ext", "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", stem + ".csr", "-CA", self.ca, "-CAkey", self.dir + "/ca.key", "-set_serial",
                str(int.from_bytes(os.urandom(8), "big")), "-days", "30", "-extfile", stem + ".ext", "-out", stem + ".crt")
        with open(stem + ".pem", "wb") as out:
            for part in (".crt", ".key"):
                with open(stem + part, "rb") as f:
                    out.write(f.read())
        return stem + ".pem"


class Issuer:
    """Serves until stop(). What it does is set in its attributes while it runs:
    mode[PATH]   ok, late (no answer until released), slow (none after that either), 500, redirect, huge, garbage,
                 wrong-issuer, or drop
    keys         what it publishes: a list of Key
    headers      of its answers, by path
    tokens       what introspection says of a token: claims, which are active
    And what it saw: asked[PATH] counts requests, seen is the list of them (path, headers, body)."""

    def __init__(self, scratch, name="idp", keys=None, path=""):
        self.dir = "%s/%s" % (scratch, name)
        os.makedirs(self.dir, exist_ok=True)
        self.name, self.prefix = name, path
        self.authority = Authority(scratch)
        self.ca = self.authority.ca
        self.certificate = self.authority.certify(name)
        self.keys = keys if keys is not None else [Key(self.dir)]
        self.mode = collections.defaultdict(lambda: "ok")
        self.headers = collections.defaultdict(dict)
        self.asked, self.seen = collections.Counter(), []
        self.tokens, self.clients, self.client_keys = {}, {}, {}
        self.released = threading.Event()
        self.port, self.server = 0, None
        self.start()

    # ---- being there ----

    def start(self):
        """Begins, or begins again at the same port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self.server = Server(("127.0.0.1", self.port), Handler, self, context)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.stopped = True
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    # ---- what it is called ----

    def url(self, path=""):
        return "https://127.0.0.1:%d%s%s" % (self.port, self.prefix, path)

    @property
    def issuer(self):
        return self.url()

    def section(self, name=None, how="discovery", more=""):
        """An [issuer] section of a configuration: how is discovery, jwks or introspection."""
        path = {"discovery": METADATA, "jwks": KEYS, "introspection": INTROSPECTION}[how]
        return "\n[issuer %s]\nissuer = %s\n%s = %s\nca = %s\naudience = none\n%s\n" % (
            name or self.name, self.issuer, how, self.url(path), self.ca, more)

    # ---- tokens ----

    def claims(self, **more):
        now = int(time.time())
        claims = {"iss": self.issuer, "iat": now, "nbf": now, "exp": now + 300, "jti": os.urandom(8).hex(), "client_id": "afzender"}
        claims.update(more)
        return {k: v for k, v in claims.items() if v is not None}

    def token(self, key=None, alg=None, header=None, **claims):
        return jws(key or self.keys[0], self.claims(**claims), alg, header)

    def opaque(self, **claims):
        """A token that only introspection knows."""
        token = os.urandom(16).hex()
        self.tokens[token] = dict(self.claims(**claims), active=True)
        return token

    # ---- answers ----

    def document(self, path):
        if path == METADATA:
            return {"issuer": self.issuer, "jwks_uri": self.url(KEYS), "introspection_endpoint": self.url(INTROSPECTION)}
        return {"keys": [k.jwk() if isinstance(k, Key) else k for k in self.keys]}

    def knows_client(self, headers, form):
        """client_secret_basic, or private_key_jwt (RFC 7523); the client's name, or None."""
        if headers.get("Authorization", "").startswith("Basic "):
            pair = base64.b64decode(headers["Authorization"][6:]).decode().split(":")
            name, secret = (urllib.parse.unquote_plus(part) for part in pair)
            return name if self.clients.get(name) == secret else None
        if form.get("client_assertion_type") != ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]:
            return None
        parts = form["client_assertion"][0].split(".")
        head, claims = (json.loads(unb64(part)) for part in parts[:2])
        key, now = self.client_keys.get(claims["iss"]), time.time()
        good = (key and head["alg"] == key.alg and claims["sub"] == claims["iss"] and claims["aud"] == self.url(INTROSPECTION) and
                now - 60 < claims["iat"] <= now + 1 and claims["exp"] == claims["iat"] + 60 and claims["jti"] not in self.asked)
        self.asked[claims["jti"]] += 1
        return claims["iss"] if good and key.verify(".".join(parts[:2]).encode(), unb64(parts[2])) else None

    def introspect(self, headers, body):
        form = urllib.parse.parse_qs(body.decode())
        if headers.get("Content-Type") != "application/x-www-form-urlencoded" or form.get("token_type_hint") != ["access_token"]:
            return 400, {"error": "invalid_request"}
        if not self.knows_client(headers, form):
            return 401, {"error": "invalid_client"}
        return 200, self.tokens.get(form["token"][0], {"active": False})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler, issuer, context):
        self.issuer, self.context, self.stopped = issuer, context, False
        super().__init__(address, handler)

    def finish_request(self, request, client_address):
        """The handshake is made by the thread of the connection, so that nobody holds up another."""
        request.settimeout(60)
        with contextlib.suppress(OSError):
            tls = self.context.wrap_socket(request, server_side=True)
            with contextlib.suppress(OSError):
                super().finish_request(tls, client_address)
            tls.close()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.serve(b"")

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def serve(self, body):
        issuer = self.server.issuer
        path = self.path[len(issuer.prefix):] if self.path.startswith(issuer.prefix) else self.path
        if self.server.stopped:
            self.close_connection = True
            return
        issuer.asked[path] += 1
        issuer.seen.append((path, dict(self.headers), body))
        mode = issuer.mode[path]
        if mode == "late":
            issuer.released.wait(60)
        if mode == "slow":
            issuer.released.wait(60)
            self.close_connection = True
        elif mode == "drop":
            self.close_connection = True
        elif mode == "500":
            self.answer(500, b"kapot")
        elif mode == "redirect":
            self.answer(302, b"", Location=issuer.url("/elders"))
        elif mode == "huge":
            self.answer(200, json.dumps(dict(issuer.document(path), x="x" * 600000)).encode())
        elif mode == "garbage":
            self.answer(200, b"<html>onderhoud</html>")
        elif mode == "wrong-issuer":
            self.answer(200, json.dumps(dict(issuer.document(path), issuer=issuer.issuer + "/")).encode())
        elif path == INTROSPECTION and self.command == "POST":
            status, answer = issuer.introspect(self.headers, body)
            self.answer(status, json.dumps(answer).encode())
        elif path in (METADATA, KEYS, "/elders"):
            self.document(path, json.dumps(issuer.document(path)).encode())
        else:
            self.answer(404, b"{}")

    def document(self, path, text):
        headers = dict(self.server.issuer.headers[path])
        etag = headers.get("ETag")
        if etag and re.search(re.escape(etag), self.headers.get("If-None-Match", "")):
            self.answer(304, None, **headers)
        else:
            self.answer(200, text, **headers)

    def answer(self, status, text, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if text is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if text:
            self.wfile.write(text)
