# SPDX-License-Identifier: EUPL-1.2
"""Senders that sign what they send: each scheme through nginx and through Apache, what is signed byte for byte, and
what attackers try."""
import json
import os

import signers
from postvak_site import Skipped, check, equal
from signers import by_key, by_secret, mac
from trust_site import NOBODY, Event, Line, TrustSite, accepted, other_body, refused, twice

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "cases", "signature_vectors.json")
FIRST, SECOND = "de-eerste-sleutel-van-de-proef-1f4a", "de-tweede-sleutel-van-de-proef-99c0"
WH1, WH2 = signers.whsec(b"0123456789abcdef0123456789abcdef"), signers.whsec(b"ABCDEF0123456789ABCDEF0123456789")
LATE = 3600  # further from now than any window
TEMPLATE = """signature.header = x-voorbeeld-signature
signature.text = {id}|{timestamp}|{method}|{path}|{header:x-kanaal}|{body}
signature.prefix = s=
signature.separator=;
signature.encoding = base64url
signature.hash = sha384
signature.timestamp = part:t=
signature.id = header:x-bericht
"""


class Scheme:
    """right and wrong are signers, with what the site knows and with something like it. once: headers of which there may be
    but one; timed: it has a window."""

    def __init__(self, name, settings, right, wrong, once=(), timed=True, endpoint="", url=None, chunked=True):
        self.name, self.settings, self.right, self.wrong = name, settings, right, wrong
        self.once, self.timed, self.endpoint, self.url, self.chunked = once, timed, endpoint, url, chunked


def template(secret):
    def sign(ask):
        data = ("bericht-1|%d|POST|%s|zaken|" % (ask.at, ask.target)).encode() + ask.body
        return {"X-Bericht": "bericht-1", "X-Kanaal": "zaken",
                "X-Voorbeeld-Signature": "t=%d;s=%s" % (ask.at, signers.b64url(mac(secret, data, "sha384").digest()))}

    return sign


def with_secret(site, name, make, once, timed=True, more="", pair=(FIRST, SECOND), called=None):
    settings = "signature = %s\nsignature.secret = %s\n%s" % (name, site.secret(called or name, pair[0]), more)
    return Scheme(called or name, settings, make(pair[0]), make(pair[1]), once, timed)


def shared_secrets(site):
    """Headers that are lists by themselves are not among `once`: a web server may join two of them to one list."""
    ed25519 = Scheme("standard-ed25519",
                     "signature = standard-webhooks\nsignature.secret = %s\n" % site.secret("whpk", signers.whpk(site.keys)),
                     signers.standard(None, key=(site.keys, 0)), signers.standard(None, key=(site.keys, 1)),
                     ("webhook-id", "webhook-timestamp"))
    return [
        with_secret(site, "standard-webhooks", signers.standard, ("webhook-id", "webhook-timestamp"), pair=(WH1, WH2)),
        ed25519,
        with_secret(site, "svix", lambda s: signers.standard(s, "svix"), ("svix-id", "svix-timestamp"), pair=(WH1, WH2)),
        with_secret(site, "github", signers.github, ("x-hub-signature-256",), timed=False),
        with_secret(site, "websub", signers.websub, ("x-hub-signature",), timed=False),
        with_secret(site, "slack", signers.slack, ("x-slack-signature", "x-slack-request-timestamp")),
        with_secret(site, "x", signers.x, ("x-twitter-webhooks-signature",), timed=False),
        with_secret(site, "stripe", signers.stripe, ()),
        with_secret(site, "template", template, ("x-bericht", "x-kanaal"), more=TEMPLATE),
    ]


def message_signatures(site):
    keys, found = site.keys, []
    made = signers.message_signature
    once = ("content-digest",)
    for kind, jwa, alg in (("ed25519", "EdDSA", "ed25519"), ("p256", "ES256", "ecdsa-p256-sha256"), ("rsa", "PS512", "rsa-pss-sha512")):
        found.append(Scheme("rfc9421-" + alg, "signature = rfc9421\nsignature.keys = %s\n" % site.file(alg + ".json", keys.set(kind)),
                            made(by_key(keys, kind, 0, jwa), kind + "-0", alg), made(by_key(keys, kind, 1, jwa), kind + "-0", alg), once))
    found.append(Scheme("rfc9421-hmac",
                        "signature = rfc9421\nsignature.secret = %s\nsignature.tag = postvak\n" % site.secret("hmac", FIRST),
                        made(by_secret(FIRST), tag="postvak"), made(by_secret(SECOND), tag="postvak"), once))
    parts = ("@method", "@target-uri", "content-digest", "content-type")
    found.append(Scheme("rfc9421-url", "signature = rfc9421\nsignature.components = @method @target-uri content-digest\n"
                        "signature.keys = %s\n" % site.file("url.pem", keys.public("ed25519")),
                        made(by_key(keys, "ed25519", 0, "EdDSA"), components=parts),
                        made(by_key(keys, "ed25519", 1, "EdDSA"), components=parts), once,
                        endpoint="url = https://haak.voorbeeld.nl/in/rfc9421-url", url=("https", "haak.voorbeeld.nl", "/in/rfc9421-url")))
    return found


def jose(site):
    keys, found = site.keys, []
    for name, kind, alg, plain in (("jws-plain", "p256", "ES256", True), ("jws-encoded", "rsa", "PS256", False),
                                   ("jws-384", "p384", "ES384", True)):
        settings = "signature = jws\nsignature.header = x-jws-signature\nsignature.keys = %s\n" % site.file(name + ".json",
                                                                                                            keys.set(kind))
        found.append(Scheme(name, settings, signers.detached(keys, kind, 0, alg, plain=plain),
                            signers.detached(keys, kind, 1, alg, plain=plain, kid=kind + "-0"), ("x-jws-signature",), timed=False))
    for name, make, once in (("adr-payload", signers.adr, ("payload-signature", "digest")),
                             ("adr-message", signers.adr_message, ("message-signature", "digest"))):
        settings = "signature = %s\nsignature.keys = %s\n" % (name, site.file(name + ".pem", keys.public("rsa")))
        found.append(Scheme(name, settings, make(keys, 0), make(keys, 1, kid="rsa-0"), once, chunked=name == "adr-payload"))
    return found


def start(site, schemes):
    for s in schemes:
        site.add(s.name, s.settings, s.endpoint)
    return site.open()


def judge(line, s):
    """Everything about one scheme at one web server; the ids that were taken."""
    event, told, front = Event(s.name), set(), line.front.name
    accepted(line.deliver(s.name, s.right, event, url=s.url), s.name, front)
    accepted(line.deliver(s.name, s.right, event, url=s.url), s.name, front, "again")
    told.add(refused(line.deliver(s.name, s.wrong, url=s.url), s.name, front, "another key"))
    told.add(refused(line.deliver(s.name, s.right, url=s.url, alter=other_body), s.name, front, "another body"))
    if s.timed:
        for off in (-LATE, LATE):
            told.add(refused(line.deliver(s.name, s.right, at=signers.Ask("", b"", {}).at + off, url=s.url), s.name, front,
                             "at another time"))
    for header in s.once:
        refused(line.deliver(s.name, s.right, url=s.url, alter=twice(header, "anders")), s.name, front, header, "twice")
    refused(line.deliver(s.name, NOBODY), s.name, front, "no signature")
    equal(len(told), 1, s.name, front, "tells why", told)
    return event.id


def judge_all(site, schemes):
    taken = {}
    for front in start(site, schemes):
        line = Line(front)
        for s in schemes:
            taken[judge(line, s)] = s.name
        line.close()
    rows = site.settled()
    equal(sorted(r["sender"] for r in rows), sorted(list(taken.values()) * 2), "the senders of what was taken")
    equal(sorted(r["sender"] for r in rows if r["state"] == "duplicate"), sorted(taken.values()), "the duplicates")
    equal({id: sender for id, (sender, _) in site.data().items()}, taken, "what the handler was given")
    equal(len(site.ended()), len(taken), "each event is run once")
    site.keeps_silent()


def story_signatures_by_a_shared_secret(scratch):
    site = TrustSite(scratch, "failures = 0")
    judge_all(site, shared_secrets(site))


def story_http_message_signatures(scratch):
    site = TrustSite(scratch, "failures = 0")
    judge_all(site, message_signatures(site))


def story_jws_and_the_dutch_signing_module(scratch):
    site = TrustSite(scratch, "failures = 0")
    judge_all(site, jose(site))


LARGE = os.urandom(200 << 10)
BODIES = {  # and what becomes of each on the way of somebody who changes it
    "utf-8": ("{\"naam\": \"Zoë Ångström \U0001f4ee\"}".encode(), "{\"naam\": \"Zoe Ångström \U0001f4ee\"}".encode()),
    "crlf": (b"{\r\n  \"a\" : 1\r\n}\r\n", b"{\n  \"a\" : 1\n}\n"), "nul": (b"\0a\0\0b\0c", b"\0a\0\0b\0d"), "newline": (b"\n", b"\n\n"),
    "not utf-8": (bytes(range(256)), bytes(range(255)) + b"\xfe"), "large": (LARGE, LARGE[:-1] + bytes([LARGE[-1] ^ 1])),
}


def story_what_is_signed_is_the_body_byte_for_byte(scratch):
    site, sent = TrustSite(scratch, "failures = 0"), {}
    chosen = {"github", "standard-webhooks", "slack", "template", "rfc9421-ed25519", "jws-plain", "jws-encoded", "adr-payload",
              "adr-message"}
    schemes = [s for s in shared_secrets(site) + message_signatures(site) + jose(site) if s.name in chosen]
    for front in start(site, schemes):
        line = Line(front)
        for s in schemes:
            for name, (body, other) in BODIES.items():
                for chunked in (False, True) if s.chunked else (False,):
                    event = Event(s.name, body, "application/octet-stream")
                    accepted(line.deliver(s.name, s.right, event, chunked=chunked), s.name, front.name, name, chunked)
                    sent[event.id] = (s.name, body)
                event = Event(s.name, body, "application/octet-stream")
                refused(line.deliver(s.name, s.right, event, alter=lambda headers, body: (headers, other)), s.name, front.name, name)
    site.settled()
    check(site.data() == sent, "what the handlers were given is not what was sent")


def story_our_signers_agree_with_published_vectors(scratch):
    if not os.path.exists(VECTORS):
        raise Skipped("there is no " + VECTORS)
    with open(VECTORS) as f:
        vectors = {v["id"]: v for v in json.load(f)["vectors"]}
    for name, make in (("github-sha256-ok", signers.github), ("websub-sha512-ok", signers.websub), ("slack-v0-ok", signers.slack),
                       ("stripe-style-ok", signers.stripe)):
        v = vectors[name]
        made = make(v["secret"])(signers.Ask("/", v["body"].encode(), {}, at=v.get("verify_at")))
        equal({k.lower(): t for k, t in made.items()}, {k.lower(): t for k, t in v["headers"].items()}, name)
    v = vectors["rfc9421-b.2.5"]
    message = v["message"]
    ask = signers.Ask(message["target"], b"", dict(message["headers"]), message["authority"], at=v["verify_at"])
    made = signers.message_signature(by_secret(signers.base64.b64decode(v["secret_b64"])), v["keyid"],
                                     components=("date", "@authority", "content-type"), label="sig-b25")(ask)
    equal((made["Signature-Input"], made["Signature"]), (v["signature_input"], v["signature"]))
    v = vectors["rfc7797-4.2-detached-b64false"]
    header = v["jws"].split(".")[0]
    key = signers.base64.urlsafe_b64decode(v["jwk"]["k"] + "==")
    equal(v["jws"], header + ".." + signers.b64url(mac(key, header.encode() + b"." + v["payload"].encode()).digest()))
