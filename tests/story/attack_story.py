# SPDX-License-Identifier: EUPL-1.2
"""What attackers try with signatures, from outside: each of it is refused, and what stands beside it and is right is
accepted."""
import hashlib
import json

import signers
from postvak_site import check
from signers import ADR_MESSAGE, HTTPSIG_COMPONENTS, b64, b64url, by_key, by_secret, compact, mac
from trust_site import NOBODY, Line, TrustSite, accepted, refused

SECRET = "gedeeld-geheim-van-de-proef-77e1"
WHSEC = signers.whsec(b"0123456789abcdef0123456789abcdef")


def always(**headers):
    """Headers that do not depend on what is sent."""
    return lambda ask: {name.replace("_", "-"): value for name, value in headers.items()}


def instead(sign, **more):
    """What sign makes, with other values: text, or a function of what it made."""
    def signed(ask):
        made = {name.lower(): value for name, value in sign(ask).items()}
        for name, value in more.items():
            name = name.replace("_", "-")
            value = value(made[name]) if callable(value) else value
            made[name] = value
        return {name: value for name, value in made.items() if value is not None}

    return signed


def try_all(line, name, right, attacks):
    accepted(line.deliver(name, right), name)
    for what, sign in attacks.items():
        refused(line.deliver(name, sign), name, what)
    accepted(line.deliver(name, right), name, "after all that")


# ---- HMAC ----

def story_attacks_on_signatures_by_a_shared_secret(scratch):
    site = TrustSite(scratch, "failures = 0")
    secret, keys = site.secret("plain", SECRET), site.keys
    public = signers.base64.b64decode(signers.whpk(keys)[len("whpk_"):])
    site.add("standard", "signature = standard-webhooks\nsignature.secret = " + site.secret("whsec", WHSEC))
    site.add("ed25519", "signature = standard-webhooks\nsignature.secret = " + site.secret("whpk", signers.whpk(keys)))
    for name in ("github", "websub", "slack", "x", "stripe"):
        site.add(name, "signature = %s\nsignature.secret = %s" % (name, secret))
    line = Line(site.open()[0])
    standard, ed25519 = signers.standard(WHSEC), signers.standard(None, key=(keys, 0))
    try_all(line, "standard", instead(standard, webhook_signature=lambda v: "v2,abc v1,AAAA " + v + " v1a,AAAA"), {
        "nothing": NOBODY, "an empty signature": instead(standard, webhook_signature="v1,"),
        "no version": instead(standard, webhook_signature=lambda v: v[3:]),
        "another version": instead(standard, webhook_signature=lambda v: "v2" + v[2:]),
        "an empty key": signers.standard("whsec_"), "no id": instead(standard, webhook_id=None),
        "another id": instead(standard, webhook_id="msg_x"),
        "no time": instead(standard, webhook_timestamp=None),
        "a time that is no number": instead(standard, webhook_timestamp=lambda v: v + "x"),
        "a time in hexadecimal": instead(standard, webhook_timestamp=lambda v: hex(int(v))),
        "a sign": instead(standard, webhook_timestamp=lambda v: "+" + v),
        "a part of it": instead(standard, webhook_signature=lambda v: v[:20])})
    moved = dotted(WHSEC)
    refused(line.deliver("standard", moved), "an id with a dot in it, which could be part of the time")
    try_all(line, "ed25519", ed25519, {
        "an HMAC with the public key": signers.standard(signers.whsec(public)),
        "its text": signers.standard(signers.whsec(signers.whpk(keys).encode())),
        "zeros": instead(ed25519, webhook_signature="v1a," + b64(bytes(64))), "another key": signers.standard(None, key=(keys, 1))})
    github = signers.github(SECRET)
    sha1 = lambda ask: {"X-Hub-Signature": "sha1=" + mac(SECRET, ask.body, "sha1").hexdigest()}
    try_all(line, "github", github, {
        "SHA-1": sha1, "SHA-1 where SHA-256 belongs": lambda ask: {"X-Hub-Signature-256": sha1(ask)["X-Hub-Signature"]},
        "no method": instead(github, x_hub_signature_256=lambda v: v[7:]), "nothing behind it": always(X_Hub_Signature_256="sha256="),
        "a digest without a key": lambda ask: {"X-Hub-Signature-256": "sha256=" + hashlib.sha256(ask.body).hexdigest()},
        "an empty key": signers.github(""), "half of it": instead(github, x_hub_signature_256=lambda v: v[:39])})
    try_all(line, "websub", signers.websub(SECRET, "sha256"),
            {"SHA-1": sha1, "MD5": signers.websub(SECRET, "md5"), "an empty key": signers.websub("")})
    slack = signers.slack(SECRET)
    try_all(line, "slack", slack, {
        "another time": instead(slack, x_slack_request_timestamp=lambda v: str(int(v) - 1)),
        "no time": instead(slack, x_slack_request_timestamp=None),
        "another version": instead(slack, x_slack_signature=lambda v: "v1" + v[2:]),
        "nothing behind it": instead(slack, x_slack_signature="v0=")})
    x = signers.x(SECRET)
    try_all(line, "x", x, {"hexadecimal": lambda ask: {"x-twitter-webhooks-signature": "sha256=" + mac(SECRET, ask.body).hexdigest()},
                           "nothing behind it": always(x_twitter_webhooks_signature="sha256=")})
    stripe = signers.stripe(SECRET)
    try_all(line, "stripe", instead(stripe, stripe_signature=lambda v: v + ",v0=" + "0" * 64 + ",v1=" + "0" * 64), {
        "another time": instead(stripe, stripe_signature=lambda v: "t=1," + v.split(",")[1]),
        "two times": instead(stripe, stripe_signature=lambda v: "t=1," + v),
        "no time": instead(stripe, stripe_signature=lambda v: v.split(",")[1]),
        "v0": instead(stripe, stripe_signature=lambda v: v.replace("v1", "v0")),
        "100 signatures": instead(stripe, stripe_signature=lambda v: v.split(",")[0] + ",v1=00" * 100 + "," + v.split(",")[1])})
    site.keeps_silent()


def dotted(secret):
    """The same text to be signed, with its first dot elsewhere."""
    sign = signers.standard(secret)

    def signed(ask):
        made = sign(ask)
        at = made["webhook-timestamp"]
        longer = signers.Ask(ask.target, at.encode() + b"." + ask.body, ask.headers, at=ask.at)
        made = sign(longer)  # signed: ID.TIME.TIME.BODY
        return dict(made, **{"webhook-id": made["webhook-id"] + "." + at})

    return signed


# ---- RFC 9421 ----

def story_attacks_on_http_message_signatures(scratch):
    site = TrustSite(scratch, "failures = 0")
    keys, make = site.keys, by_key(site.keys, "ed25519", 0, "EdDSA")
    site.add("message", "signature = rfc9421\nsignature.keys = " + site.file("message.json", keys.set("ed25519", "p256")))
    site.add("tagged",
             "signature = rfc9421\nsignature.tag = postvak\nsignature.keys = " + site.file("tagged.pem", keys.public("ed25519")))
    line = Line(site.open()[0])

    def sign(**more):
        return signers.message_signature(**dict({"make": make, "keyid": "ed25519-0"}, **more))

    def without(*names, **more):
        return sign(components=[c for c in HTTPSIG_COMPONENTS if c not in names], **more)

    attacks = {"no " + name: without(name) for name in HTTPSIG_COMPONENTS}
    attacks.update({
        "nothing at all": without(*HTTPSIG_COMPONENTS, cloud=False), "not the event's headers": sign(cloud=False),
        "an unknown key": sign(keyid="ed25519-9"),
        "no time of making": sign(created=False),
        "another's key": sign(make=by_key(keys, "p256", 1, "ES256")), "the name of another key": sign(keyid="p256-0"),
        "another algorithm": sign(alg="ecdsa-p256-sha256"), "an algorithm that is none": sign(alg="none"),
        "the public key as a secret": sign(make=by_secret(keys.public("ed25519")), alg="hmac-sha256"),
        "its bytes as a secret": sign(make=by_secret(keys.der("ed25519")[-32:]), alg="hmac-sha256"),
        "no signature": instead(sign(), signature=None), "no input": instead(sign(), signature_input=None),
        "an empty signature": instead(sign(), signature="sig1=::"),
        "another label": instead(sign(), signature=lambda v: v.replace("sig1", "sig2")),
        "zeros": instead(sign(), signature="sig1=:%s:" % b64(bytes(64))), "a digest by MD5": digest_by(sign(), "md5"),
        "an input that is none": instead(sign(), signature_input="sig1=((((("),
        "a large input": instead(sign(), signature_input=lambda v: v + ", a=()" * 2000)})
    try_all(line, "message", sign(alg="ed25519"), attacks)
    accepted(line.deliver("message", digest_by(sign(), "sha512")), "a digest by SHA-512")
    refused(line.deliver("message", sign(), alter=lambda h, b: ([(n, "text/plain" if n == "Content-Type" else v) for n, v in h], b)),
            "another type")
    refused(line.deliver("message", sign(), target="/message?x=1", url=("http", line.host, "/anders")), "another path")
    refused(line.deliver("message", sign(), alter=lambda h, b: (h + [("Ce-Subject", "anders")], b)), "one header of the event more")
    refused(line.deliver("message", sign(), url=("http", "elders.voorbeeld.nl", "/message")), "another host")
    refused(line.deliver("message", sign(), alter=new_digest), "another body, and its own digest")
    try_all(line, "tagged", sign(tag="postvak"), {"no tag": sign(), "another tag": sign(tag="anders")})
    site.keeps_silent()


def digest_by(sign, hash_name):
    def signed(ask):
        digest = {"Content-Digest": signers.content_digest(ask.body, hash_name)}
        whole = signers.Ask(ask.target, ask.body, dict(ask.headers, **digest), ask.host, ask.method, ask.scheme, ask.at)
        return dict(sign(whole), **digest)

    return signed


def new_digest(headers, body):
    body = body.replace(b"volgnummer", b"volgnummers")
    return [(n, signers.content_digest(body) if n == "Content-Digest" else v) for n, v in headers], body


# ---- JOSE ----

def jws(protected, make, plain=True):
    """A detached JWS whose header is that, whatever it says."""
    def signed(ask):
        encoded = b64url(protected if isinstance(protected, bytes) else json.dumps(protected).encode())
        data = encoded.encode() + b"." + (ask.body if plain else b64url(ask.body).encode())
        return {"X-JWS-Signature": encoded + ".." + b64url(make(data))}

    return signed


def story_attacks_on_jws(scratch):
    site = TrustSite(scratch, "failures = 0")
    keys = site.keys
    site.add("jws",
             "signature = jws\nsignature.header = x-jws-signature\nsignature.keys = " + site.file("jws.json", keys.set("rsa", "p256")))
    line = Line(site.open()[0])
    good = {"alg": "ES256", "kid": "p256-0", "b64": False, "crit": ["b64"]}
    make, rsa = by_key(keys, "p256", 0, "ES256"), {"alg": "HS256", "kid": "rsa-0", "b64": False, "crit": ["b64"]}
    modulus = signers.base64.urlsafe_b64decode(keys.jwk("rsa")["n"] + "==")
    try_all(line, "jws", jws(good, make), {
        "alg none": jws(dict(good, alg="none"), lambda data: b""),
        "alg none, another spelling": jws(dict(good, alg="nOnE"), lambda data: b""),
        "no alg": jws({k: v for k, v in good.items() if k != "alg"}, make), "no signature": jws(good, lambda data: b""),
        "zeros": jws(good, lambda data: bytes(64)), "a signature in DER": jws(good, lambda d: der_of_raw(make(d))),
        "the public key in PEM as a secret": jws(rsa, by_secret(keys.public("rsa"))),
        "in DER": jws(rsa, by_secret(keys.der("rsa"))), "its modulus": jws(rsa, by_secret(modulus)),
        "an empty secret": jws(rsa, by_secret(b"")), "a key that is not there": jws(dict(good, kid="p256-9"), make),
        "the name of another key": jws(dict(good, kid="rsa-0"), make),
        "b64 that is not in crit": jws({"alg": "ES256", "kid": "p256-0", "b64": False}, make),
        "crit without b64": jws({"alg": "ES256", "kid": "p256-0", "crit": ["b64"]}, make),
        "a crit that is not understood": jws(dict(good, crit=["b64", "exp"], exp=1), make),
        "an empty crit": jws(dict(good, crit=[]), make),
        "its own key": jws(dict(good, kid="p256-1", jwk=keys.jwk("p256", 1)), by_key(keys, "p256", 1, "ES256")),
        "its own key, by URL": jws(dict(good, jku="https://localhost/keys"), by_key(keys, "p256", 1, "ES256")),
        "alg twice": jws(json.dumps(good).replace("{", '{"alg": "none", ', 1).encode(), make), "no object": jws(b"[]", make),
        "a payload inside": inside(make), "stray bits": instead(jws(good, make), x_jws_signature=lambda v: v[:-1] + stray(v[-1])),
        "padding": instead(jws(good, make), x_jws_signature=lambda v: v + "="),
        "a fourth part": instead(jws(good, make), x_jws_signature=lambda v: v + "."),
        "a huge header": jws(dict(good, x="x" * 20000), make)})
    site.keeps_silent()


def inside(make):
    """A whole JWS, of another body."""
    return lambda ask: {"X-JWS-Signature": compact({"alg": "ES256", "kid": "p256-0"}, b"anders", make)}


def stray(digit):
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return digits[digits.index(digit) ^ 1]


def der_of_raw(raw):
    out = b""
    for part in (raw[:32], raw[32:]):
        part = part.lstrip(b"\0")
        part = (b"\0" if part[0] & 0x80 else b"") + part
        out += bytes([2, len(part)]) + part
    return bytes([0x30, len(out)]) + out


def story_attacks_on_the_dutch_signing_module(scratch):
    site = TrustSite(scratch, "failures = 0")
    keys = site.keys
    pem = site.file("adr.pem", keys.public("rsa"))
    site.add("payload", "signature = adr-payload\nsignature.keys = " + pem)
    site.add("message", "signature = adr-message\nsignature.keys = " + pem)
    line = Line(site.open()[0])
    right = signers.adr(keys, 0)
    sig_d = {"mId": "http://uri.etsi.org/19182/HttpHeaders", "pars": ["digest"]}
    try_all(line, "payload", right, {
        "no digest": instead(right, digest=None), "a digest by MD5": instead(right, digest=lambda v: "MD5=" + b64(bytes(16))),
        "a digest beside it": instead(right, digest=lambda v: v + ",SHA-512=" + b64(bytes(64))),
        "pars without digest": signers.adr(keys, 0, ("content-type",)), "no pars": signers.adr(keys, 0, ()),
        "another mechanism": signers.adr(keys, 0, sigD=dict(sig_d, mId="http://uri.etsi.org/19182/ObjectIdByURI")),
        "crit without sigD": signers.adr(keys, 0, crit=["sigT", "b64"]), "crit without b64": signers.adr(keys, 0, crit=["sigT", "sigD"]),
        "alg none": instead(right, payload_signature=none_of),
        "no signature": instead(right, payload_signature=lambda v: v[:v.rindex(".") + 1]),
        "in the header of messages": instead(right, payload_signature=None, message_signature="x"),
        "no time": signers.adr(keys, 0, sigT=None, crit=["sigD", "b64"])})
    message = signers.adr_message(keys, 0)
    attacks = {"without " + part: signers.adr(keys, 0, [p for p in ADR_MESSAGE if p != part],
                                              "Message-Signature") for part in ADR_MESSAGE}
    attacks["a signature of the payload alone"] = signers.adr(keys, 0, ("digest",), "Message-Signature")
    try_all(line, "message", message, attacks)
    refused(line.deliver("message", message, target="/message?x=1", url=("http", line.host, "/message")), "another target")
    check(not site.logged("assert"), "an assertion")
    site.keeps_silent()


def none_of(text):
    header = json.loads(signers.base64.urlsafe_b64decode(text.split(".")[0] + "=="))
    return b64url(json.dumps(dict(header, alg="none")).encode()) + ".."
