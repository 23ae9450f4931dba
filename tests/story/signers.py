# SPDX-License-Identifier: EUPL-1.2
"""Senders that prove who they are, written from the specifications and without a line of the program's: the standard
library makes what is made with a shared secret, the openssl command what is made with a private key.

A signer is a function that is given what is about to be sent (Ask) and answers with the headers that prove it."""
import base64
import hashlib
import hmac
import json
import os
import threading
import time
import uuid

from issuer import Key, openssl
from issuer import b64 as b64url


class Ask:
    """What is about to be sent. Signers read it; `at` is when it is signed, in seconds since 1970."""

    def __init__(self, target, body, headers, host="localhost", method="POST", scheme="http", at=None):
        self.target, self.body, self.headers, self.host, self.method, self.scheme = target, body, headers, host, method, scheme
        self.at = int(time.time()) if at is None else at

    def header(self, name):
        return {k.lower(): v for k, v in self.headers.items()}[name.lower()]


def b64(data):
    return base64.b64encode(data).decode()


def octets(secret):
    return secret if isinstance(secret, bytes) else secret.encode()


def mac(secret, data, hash_name="sha256"):
    return hmac.new(octets(secret), data, getattr(hashlib, hash_name))


# ---- keys ----

class Keys:
    """Private keys in a directory, each made when it is first asked for: KIND (rsa, p256, p384, ed25519) and a number."""

    KINDS = {"rsa": "RSA", "p256": "P-256", "p384": "P-384", "ed25519": "Ed25519"}

    def __init__(self, scratch):
        self.dir, self.made, self.lock = scratch + "/keys", {}, threading.Lock()
        os.makedirs(self.dir, exist_ok=True)

    def key(self, kind, n=0):
        with self.lock:
            if (kind, n) not in self.made:
                self.made[kind, n] = Key(self.dir, self.KINDS[kind], "%s-%d" % (kind, n))
            return self.made[kind, n]

    def public(self, kind, n=0):
        """In PEM."""
        return self.key(kind, n).public_pem().decode()

    def der(self, kind, n=0):
        return openssl("pkey", "-in", self.key(kind, n).path, "-pubout", "-outform", "DER")

    def jwk(self, kind, n=0, **more):
        """The public key, for any algorithm of its kind."""
        return self.key(kind, n).jwk(alg=None, **more)

    def set(self, *kinds):
        """A JWK Set of KIND or (KIND, N)."""
        return json.dumps({"keys": [self.jwk(*(k if isinstance(k, tuple) else (k,))) for k in kinds]})

    def sign(self, kind, n, alg, data):
        return self.key(kind, n).sign(data, alg)


# ---- secrets as they are ----

def nobody():
    return lambda ask: {}


def authorization(value):
    return lambda ask: {"Authorization": value}


def basic(pair):
    return authorization("Basic " + b64(pair.encode()))


def api_key(value, header="X-Api-Key"):
    return lambda ask: {header: value}


# ---- JOSE ----

def compact(header, payload, sign):
    """A JWS in its compact form; sign(data) makes the signature."""
    text = b64url(json.dumps(header).encode()) + "." + b64url(payload)
    return text + "." + b64url(sign(text.encode()))


def by_secret(secret):
    return lambda data: mac(secret, data).digest()


def by_key(keys, kind, n, alg):
    return lambda data: keys.sign(kind, n, alg, data)


def jwt(claims, header, sign):
    return compact(dict({"typ": "JWT"}, **header), json.dumps(claims).encode(), sign)


def zgw(pair, age=0, **claims):
    """CLIENT_ID:SECRET. A fresh token for each request, as ZGW APIs have it."""
    client, secret = pair.split(":", 1)

    def sign(ask):
        all_claims = dict({"iss": client, "iat": ask.at - age, "client_id": client, "user_id": "", "user_representation": ""}, **claims)
        return {"Authorization": "Bearer " + jwt(all_claims, {"alg": "HS256"}, by_secret(secret))}

    return sign


def bearer(keys, kind, n, alg, claims, **header):
    """claims: without times; exp, iat and nbf are added."""
    header = {k: v for k, v in dict({"alg": alg, "kid": "%s-%d" % (kind, n)}, **header).items() if v is not None}

    def sign(ask):
        all_claims = {k: v for k, v in dict({"iat": ask.at, "nbf": ask.at, "exp": ask.at + 120}, **claims).items() if v is not None}
        return {"Authorization": "Bearer " + jwt(all_claims, header, by_key(keys, kind, n, alg))}

    return sign


def detached(keys, kind, n, alg, header="X-JWS-Signature", plain=True, **more):
    """RFC 7515 appendix F; plain: RFC 7797, the body is signed as it is."""
    def sign(ask):
        protected = {"alg": alg, "kid": "%s-%d" % (kind, n)}
        if plain:
            protected.update({"b64": False, "crit": ["b64"]})
        protected.update(more)
        encoded = b64url(json.dumps(protected).encode())
        data = encoded.encode() + b"." + (ask.body if plain else b64url(ask.body).encode())
        made = mac(n, data).digest() if alg == "HS256" else keys.sign(kind, n, alg, data)
        return {header: encoded + ".." + b64url(made)}

    return sign


# ---- HMAC over the body ----

def standard(secret, names="webhook", key=None):
    """Standard Webhooks, and Svix by its names. key: (keys, n), which signs with Ed25519."""
    def sign(ask):
        message, at = "msg_" + uuid.uuid4().hex, str(ask.at)
        data = ("%s.%s." % (message, at)).encode() + ask.body
        if key:
            made = "v1a," + b64(key[0].sign("ed25519", key[1], "EdDSA", data))
        else:
            made = "v1," + b64(mac(base64.b64decode(secret[len("whsec_"):]), data).digest())
        return {names + "-id": message, names + "-timestamp": at, names + "-signature": made}

    return sign


def whsec(data):
    return "whsec_" + b64(data)


def whpk(keys, n=0):
    return "whpk_" + b64(keys.der("ed25519", n)[-32:])


def github(secret):
    return lambda ask: {"X-Hub-Signature-256": "sha256=" + mac(secret, ask.body).hexdigest()}


def websub(secret, hash_name="sha512"):
    return lambda ask: {"X-Hub-Signature": "%s=%s" % (hash_name, mac(secret, ask.body, hash_name).hexdigest())}


def slack(secret):
    def sign(ask):
        data = ("v0:%d:" % ask.at).encode() + ask.body
        return {"X-Slack-Request-Timestamp": str(ask.at), "X-Slack-Signature": "v0=" + mac(secret, data).hexdigest()}

    return sign


def x(secret):
    return lambda ask: {"x-twitter-webhooks-signature": "sha256=" + b64(mac(secret, ask.body).digest())}


def stripe(secret):
    def sign(ask):
        return {"Stripe-Signature": "t=%d,v1=%s" % (ask.at, mac(secret, ("%d." % ask.at).encode() + ask.body).hexdigest())}

    return sign


# ---- RFC 9421 with RFC 9530 ----

def cloud_headers(ask):
    """Of a CloudEvent in binary mode."""
    return tuple(name.lower() for name in ask.headers if name.lower().startswith("ce-"))


HTTPSIG_COMPONENTS = ("@method", "@authority", "@path", "content-digest", "content-type")


def content_digest(body, hash_name="sha256"):
    return "%s=:%s:" % (hash_name.replace("sha", "sha-"), b64(getattr(hashlib, hash_name)(body).digest()))


def component(ask, name):
    path, _, query = ask.target.partition("?")
    derived = {"@method": ask.method, "@authority": ask.host.lower(), "@path": path, "@query": "?" + query, "@scheme": ask.scheme,
               "@request-target": ask.target, "@target-uri": "%s://%s%s" % (ask.scheme, ask.host, ask.target)}
    return derived[name] if name in derived else ask.header(name).strip()


def message_signature(make, keyid=None, alg=None, components=HTTPSIG_COMPONENTS, tag=None, label="sig1", created=True, cloud=True):
    """make(data) makes the signature; what stands in the headers already (Content-Digest) is not made again. cloud: over
    the headers of a CloudEvent as well."""
    wanted = tuple(components)

    def sign(ask):
        added, components = {}, wanted + (cloud_headers(ask) if cloud else ())
        if "content-digest" in components and "content-digest" not in (k.lower() for k in ask.headers):
            added["Content-Digest"] = content_digest(ask.body)
        whole = Ask(ask.target, ask.body, dict(ask.headers, **added), ask.host, ask.method, ask.scheme, ask.at)
        params = "(%s)" % " ".join('"%s"' % name for name in components)
        params += ";created=%d" % ask.at if created else ""
        for name, value in (("keyid", keyid), ("alg", alg), ("tag", tag)):
            params += ';%s="%s"' % (name, value) if value else ""
        base = "".join('"%s": %s\n' % (name, component(whole, name)) for name in components) + '"@signature-params": ' + params
        added["Signature-Input"] = "%s=%s" % (label, params)
        added["Signature"] = "%s=:%s:" % (label, b64(make(base.encode())))
        return added

    return sign


# ---- the signing module of the Dutch API Design Rules ----

def adr(keys, n, parts=("digest",), header="Payload-Signature", kind="rsa", alg="PS256", **more):
    wanted = tuple(parts)

    def sign(ask):
        parts = wanted + (cloud_headers(ask) if header == "Message-Signature" else ())
        digest = "SHA-256=" + b64(hashlib.sha256(ask.body).digest())
        protected = {"alg": alg, "kid": "%s-%d" % (kind, n), "b64": False,
                     "sigT": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ask.at)),
                     "sigD": {"mId": "http://uri.etsi.org/19182/HttpHeaders", "pars": list(parts)}, "crit": ["sigT", "sigD", "b64"]}
        protected = {name: value for name, value in dict(protected, **more).items() if value is not None}
        fields = {"(request-target)": "%s %s" % (ask.method.lower(), ask.target), "host": ask.host, "digest": digest,
                  "content-length": str(len(ask.body))}
        lines = ["%s: %s" % (part, fields[part] if part in fields else ask.header(part)) for part in parts]
        encoded = b64url(json.dumps(protected).encode())
        made = keys.sign(kind, n, alg, (encoded + "." + "\n".join(lines)).encode())
        return {"Digest": digest, header: encoded + ".." + b64url(made)}

    return sign


ADR_MESSAGE = ("(request-target)", "host", "content-type", "content-length", "digest")


def adr_message(keys, n, **more):
    return adr(keys, n, ADR_MESSAGE, "Message-Signature", **more)
