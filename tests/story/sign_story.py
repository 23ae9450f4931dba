# SPDX-License-Identifier: EUPL-1.2
"""What `postvak send` and `postvak sign` prove a sender with is what a receiver behind nginx accepts, and what they
spoil is refused: each kind of credential has an endpoint and a sender of its name."""
import base64
import json
import os
import subprocess

from postvak_site import Site, check, equal
from trust_site import Certificates, TrustSite

HMAC = "een-geheim-van-genoeg-lengte-4f0c77aa"
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()

# The first key of RFC 8032 7.1
WHSK = "whsk_" + base64.b64encode(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")).decode()
WHPK = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

# name: what the section of the sender has, its signature.secret, with what else it signs (the name of a private key, or
# another secret), and whether there is a time in it.
SIGNED = {
    "standard": ("signature = standard-webhooks", WHSEC, None, True),
    "standard-ed25519": ("signature = standard-webhooks", WHPK, WHSK, True),
    "svix": ("signature = svix", WHSEC, None, True),
    "github": ("signature = github", HMAC, None, False),
    "websub": ("signature = websub", HMAC, None, False),
    "slack": ("signature = slack", HMAC, None, True),
    "x": ("signature = x", HMAC, None, False),
    "stripe": ("signature = stripe", "whsec_" + HMAC, None, True),
    "template": ("signature = template\nsignature.header = X-Sig\nsignature.text = {body}\nsignature.prefix = sha512=\n"
                 "signature.hash = sha512\nsignature.encoding = base64", HMAC, None, False),
    "template-parts": ("signature = template\nsignature.header = X-Sig\nsignature.text = {method} {path} {timestamp}.{body}\n"
                       "signature.separator = ,\nsignature.timestamp = part:t=\nsignature.prefix = v1=", HMAC, None, True),
    "template-id": ("signature = template\nsignature.header = X-Sig\nsignature.text = {id}{timestamp}{header:content-type}{body}\n"
                    "signature.timestamp = header:X-Time\nsignature.id = header:X-Id\nsignature.encoding = base64url", HMAC, None, True),
    "rfc9421-hmac": ("signature = rfc9421\nsignature.algorithms = hmac-sha256", HMAC, None, True),
    "rfc9421-ed25519": ("signature = rfc9421", None, "ed25519", True),
    "rfc9421-p256": ("signature = rfc9421\nsignature.tag = proef", None, "p256", True),
    "rfc9421-rsa": ("signature = rfc9421\nsignature.algorithms = rsa-pss-sha512", None, "rsa", True),
    "jws-hmac": ("signature = jws", HMAC, None, True),
    "jws-p256": ("signature = jws", None, "p256", True),
    "jws-ed25519": ("signature = jws", None, "ed25519", True),
    "adr-payload": ("signature = adr-payload", None, "rsa", True),
    "adr-message": ("signature = adr-message", None, "rsa", True),
}

KEYS = {
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "ed25519": ("-algorithm", "ed25519"),
}

ENDPOINT = """
[endpoint %s]
path = /%s
accepts = cloudevents
senders = %s
%s
"""


class Signed(Site):
    """A site with an endpoint for each of what it is given: {name: (sender's section, key, another secret or None)}."""

    def __init__(self, scratch, senders, more="", endpoints=None):
        super().__init__(scratch)
        self.keys = {name: section[1] for name, section in senders.items()}
        text = more
        for name, (section, _) in senders.items():
            text += ENDPOINT % (name, name, name, (endpoints or {}).get(name, "")) + "[sender %s]\n%s\n" % (name, section)
        self.configure(self.handler("proef") + text)

    def secret(self, name, *lines):
        path = "%s/secrets/%s" % (self.dir, name)
        with open(path, "w") as f:
            f.write("".join(line + "\n" for line in lines))
        os.chmod(path, 0o600)
        return "file:secrets/" + name

    def key(self, name):
        """The path of a private key; name.pub in secrets has its public half."""
        path = "%s/secrets/%s" % (self.dir, name)
        if not os.path.exists(path):
            subprocess.run(["openssl", "genpkey", "-out", path, *KEYS[name]], check=True, stderr=subprocess.DEVNULL)
            subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", path + ".pub"], check=True)
        return path

    def more(self, name):
        key = self.keys[name]
        if key and key not in KEYS:
            self.secret("own", key)
            return "--secret", "@%s/secrets/own" % self.dir
        return ("--key", self.key(key)) if key else ()

    def send(self, name, *args, status=0):
        return self.postvak("send", "--url", "http://127.0.0.1:%d" % self.port, "--endpoint", name, "--example", "--mode", "structured",
                            *self.more(name), *args, status=status)

    def events(self):
        return len(self.postvak("events", "--all", "--json", status=None).splitlines())


def signing(scratch):
    os.makedirs(scratch + "/secrets", exist_ok=True)
    senders = {}
    for name, (section, secret, key, _) in SIGNED.items():
        if secret:
            section += "\nsignature.secret = file:secrets/" + name
            with open("%s/secrets/%s" % (scratch, name), "w") as f:
                f.write(secret + "\n")
            os.chmod(f.name, 0o600)
        else:
            section += "\nsignature.keys = file:secrets/%s.pub" % key
        senders[name] = (section, key)
    site = Signed(scratch, senders, endpoints={"rfc9421-p256": "url = https://hooks.example.nl/ergens/anders"})
    for key in KEYS:
        site.key(key)
    return site.start()


def story_each_scheme_is_sent_and_taken(scratch):
    site = signing(scratch)
    for n, name in enumerate(SIGNED, 1):
        check(" 202 " in site.send(name), name)
        equal(site.events(), n, name)


def story_a_changed_body_and_an_old_time_are_refused(scratch):
    site = signing(scratch)
    for name, (_, _, _, timed) in SIGNED.items():
        check(" 403 " in site.send(name, "--bad", "signature", status=3), name, "with another body")
        if timed:
            check(" 403 " in site.send(name, "--bad", "old", status=3), name, "long ago")
    equal(site.events(), 0)


def story_what_sign_prints_is_what_another_client_has_to_send(scratch):
    site = signing(scratch)
    body = site.postvak("send", "--example", "--mode", "structured", conf=False).encode()
    path = scratch + "/event.json"
    with open(path, "wb") as f:
        f.write(body)
    for url in ("localhost", "ftp://localhost", "https://"):
        site.postvak("sign", "--endpoint", "github", "--url", url, path, status=2)
        check("--url is not like" in site.stderr, url, site.stderr)
    for name in SIGNED:
        more = site.more(name)
        lines = site.postvak("sign", "--endpoint", name, "--url", "http://127.0.0.1:%d" % site.port, "--header",
                             "Content-Type: application/cloudevents+json", *more, path).splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        equal(len(headers), len(lines), name, "a header twice")
        headers.pop("Content-Type", None)
        answer = site.post(body, authorization=None, path="/" + name, headers=headers, content_type="application/cloudevents+json")
        equal(answer.status, 202, name, lines, answer.body)
        answer = site.post(body + b" ", authorization=None, path="/" + name, headers=headers, content_type="application/cloudevents+json")
        equal(answer.status, 403, name)
        answer = site.post(body, authorization=None, path="/" + name, content_type="application/cloudevents+json")
        equal(answer.status, 401, name)


def story_a_secret_is_changed_without_a_refusal(scratch):
    site = Signed(scratch, {"hook": ("signature = standard-webhooks\nsignature.secret = file:secrets/hook", None)})
    old, new = WHSEC, "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
    site.secret("hook", old)
    with_old, with_new = "@" + site.dir + "/secrets/oud", "@" + site.dir + "/secrets/nieuw"
    site.secret("oud", old)
    site.secret("nieuw", new)
    site.start()
    check(" 202 " in site.send("hook", "--secret", with_old))
    check(" 403 " in site.send("hook", "--secret", with_new, status=3))
    site.secret("hook", old, new)
    site.reload()
    check(" 202 " in site.send("hook", "--secret", with_old))
    check(" 202 " in site.send("hook", "--secret", with_new))
    site.secret("hook", new)
    site.reload()
    check(" 202 " in site.send("hook"))
    check(" 403 " in site.send("hook", "--secret", with_old, status=3))


def story_standard_webhooks_are_signed_with_a_key_in_pem(scratch):
    site = Signed(scratch, {"hook": ("signature = standard-webhooks\nsignature.secret = file:secrets/hook", "ed25519")})
    key = site.key("ed25519")
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout[-32:]
    site.secret("hook", "whpk_" + base64.b64encode(public).decode())
    site.start()
    check(" 202 " in site.send("hook"))
    check(" 403 " in site.send("hook", "--bad", "signature", status=3))
    body, url = scratch + "/body.json", "http://127.0.0.1:%d" % site.port
    with open(body, "w") as f:
        f.write(site.postvak("send", "--example", "--mode", "structured", conf=False))
    check(" 202 " in site.postvak("send", "--url", url + "/hook", "--signature", "standard-webhooks", "--key", key, "--header",
                                  "Content-Type: application/cloudevents+json", body, conf=False))
    site.postvak("sign", "--endpoint", "hook", body, status=2)
    check("--key FILE is missing" in site.stderr, site.stderr)
    site.postvak("sign", "--signature", "standard-webhooks", "--key", site.key("p256"), body, status=2, conf=False)
    check("Ed25519" in site.stderr, site.stderr)


ISSUER = """
[issuer proef]
issuer = https://id.example.nl
jwks = file:secrets/proef.jwks
audience = https://hooks.example.nl
"""


def story_tokens_are_made_and_taken(scratch):
    site = Signed(scratch, {
        "zgw": ("zgw = file:secrets/zgw\niat_max_age = 1h", None),
        "token": ("token = proef\nscopes = lezen schrijven\nclients = portaal", "p256"),
    }, ISSUER)
    site.secret("zgw", "zaaksysteem:" + HMAC)
    key = site.key("p256")
    with open(scratch + "/secrets/proef.jwks", "w") as f:
        f.write(site.postvak("token", "--jwks", "--key", key, "--kid", "een", conf=False))
    site.start()
    for name in ("zgw", "token"):
        check(" 202 " in site.send(name), name)
        for bad in ("token", "expired"):
            check(" 401 " in site.send(name, "--bad", bad, status=3), name, bad)
    check(" 401 " in site.send("zgw", "--bad", "old", status=3))
    url = "http://127.0.0.1:%d" % site.port

    def tried(endpoint, *args, status=0):
        path = scratch + "/token"
        token = site.postvak("token", *args, conf="--sender" in args).strip()
        with open(path, "w") as f:
            f.write("Bearer " + token + "\n")
        return site.postvak("send", "--url", url, "--endpoint", endpoint, "--example", "--mode", "structured",
                            "--authorization", "@" + path, status=status)

    check(" 202 " in tried("zgw", "--sender", "zgw"))
    site.secret("geheim", HMAC)
    check(" 202 " in tried("zgw", "--client-id", "zaaksysteem", "--secret", "@%s/secrets/geheim" % scratch))
    common = ("--key", key, "--kid", "een", "--issuer", "https://id.example.nl", "--audience", "https://hooks.example.nl",
              "--client-id", "portaal", "--scope", "lezen schrijven")
    check(" 202 " in tried("token", *common))
    check(" 202 " in tried("token", "--sender", "token", "--key", key))
    for wrong, answer in ((("--audience", "https://elders.example"), 401), (("--issuer", "https://id.example"), 401),
                          (("--at", "1h"), 401), (("--lifetime", "none"), 401), (("--scope", "lezen"), 403), (("--client-id", "ander"), 403),
                          (("--claim", "nbf:=4102444800"), 401), (("--key", site.key("rsa")), 401)):
        check(" %d " % answer in tried("token", *common, *wrong, status=3), wrong)


def story_a_token_is_made_of_an_issuer_whose_keys_are_known(scratch):
    closed = ("[issuer dicht]\nintrospection = https://id.example.nl/vraag\nclient_id = postvak\nclient_secret = file:secrets/dicht\n"
              "audience = none\n")
    site = Signed(scratch, {"beide": ("token = dicht proef", None), "dicht": ("token = dicht", None)}, ISSUER + closed)
    site.secret("dicht", HMAC)
    key = site.key("p256")
    with open(scratch + "/secrets/proef.jwks", "w") as f:
        f.write(site.postvak("token", "--jwks", "--key", key, conf=False))
    claims = site.postvak("token", "--sender", "beide", "--key", key).split(".")[1]
    equal(json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"], "https://id.example.nl")
    for more in ((), ("--key", key)):
        site.postvak("token", "--sender", "dicht", *more, status=2)
        check("introspection" in site.stderr, more, site.stderr)


def story_either_of_two_credentials_does_while_a_sender_changes(scratch):
    site = Signed(scratch, {"verhuizer": ("require = any\napi_key = file:secrets/sleutel\napi_key_header = X-Key\n"
                                          "signature = github\nsignature.secret = file:secrets/hook", None)})
    site.secret("sleutel", "sleutel-77aa")
    site.secret("hook", HMAC)
    site.start()
    for args in ((), ("--only", "api_key"), ("--only", "signature")):
        check(" 202 " in site.send("verhuizer", *args), args)
    check(" 403 " in site.send("verhuizer", "--only", "signature", "--bad", "signature", status=3))


def story_a_client_certificate_is_shown_and_tokens_are_bound_to_it(scratch):
    site = TrustSite(scratch)
    site.tls = Certificates(scratch)
    site.add("names", "tls_names = DNS:afzender.voorbeeld.nl")
    site.add("bound", "token = proef\nbound = yes")
    site.sections.append(ISSUER)
    key = scratch + "/issuer.pem"
    subprocess.run(["openssl", "genpkey", "-out", key, *KEYS["p256"]], check=True, stderr=subprocess.DEVNULL)
    site.file("proef.jwks", site.postvak("token", "--jwks", "--key", key, conf=False))

    def certificate(name):
        path = "%s/%s.pem" % (scratch, name)
        with open(path, "w") as f:
            for part in site.tls.issue(name, "/CN=" + name, "DNS:%s.voorbeeld.nl" % name):
                with open(part) as g:
                    f.write(g.read())
        return path

    right, other = certificate("afzender"), certificate("ander")
    for front in site.open():
        def send(name, *args, status=0):
            return site.postvak("send", "--url", "https://localhost:%d" % front.tls_port, "--endpoint", name, "--example", "--mode",
                                "structured", "--ca", site.tls.ca, "--key", key, *args, status=status)

        check(" 202 " in send("names", "--cert", right), front.name)
        check(" 202 " in send("bound", "--cert", right), front.name)
        check(" 202 " in send("bound", "--cert", other), front.name)
        check(" 403 " in send("names", "--cert", other, status=3), front.name)
        token = scratch + "/token"
        with open(token, "w") as f:
            f.write("Bearer " + site.postvak("token", "--sender", "bound", "--key", key, "--cert", right))
        check(" 202 " in send("bound", "--cert", right, "--authorization", "@" + token), front.name)
        check(" 401 " in send("bound", "--cert", other, "--authorization", "@" + token, status=3), front.name)
        for name in ("names", "bound"):
            send(name, status=2)
            check("--cert FILE is missing" in site.stderr, site.stderr)


HANDSHAKES = {
    "eventgrid": "handshake.eventgrid = PROEF",
    "graph": "handshake.graph = yes",
    "x": "handshake.x = yes",
    "meta": "handshake.meta = file:secrets/meta",
    "websub": "handshake.websub = https://hub.example.nl/onderwerp",
    "slack": "handshake.slack = yes",
    "cloudevents": "origins = sender.example.nl",
}


def story_handshakes_are_judged_as_the_platforms_do(scratch):
    senders = {name: ("authorization = file:secrets/on", None) for name in HANDSHAKES}
    senders["x"] = ("signature = x\nsignature.secret = file:secrets/x", None)
    senders["slack"] = ("signature = slack\nsignature.secret = file:secrets/slack", None)
    senders["stil"] = ("authorization = file:secrets/on", None)
    site = Signed(scratch, senders, endpoints={name: setting for name, setting in HANDSHAKES.items()})
    for name in ("x", "slack", "meta"):
        site.secret(name, HMAC + name)
    with open(site.conf) as f:
        text = f.read()
    with open(site.conf, "w") as f:
        f.write(text.replace("accepts = cloudevents", "accepts = json\nmap.id = content\nmap.type = nl.overheid.proef\n"
                             "map.source = urn:proef\nmap.time = received"))
    site.start()
    url = "http://127.0.0.1:%d" % site.port
    for name in HANDSHAKES:
        out = site.postvak("send", "--url", url, "--endpoint", name, "--handshake", name)
        check(out.startswith(name + ": right"), out)
    for who in ("graph", "x", "meta", "websub=https://hub.example.nl/onderwerp", "cloudevents"):
        site.postvak("send", "--url", url, "--endpoint", "stil", "--handshake", who, "--secret", "@%s/secrets/x" % scratch, status=3)
        check(": wrong: " in site.stderr, who, site.stderr)
    site.postvak("send", "--url", url, "--endpoint", "websub", "--handshake", "websub=https://hub.example.nl/ander", status=3)
    site.postvak("send", "--url", url, "--endpoint", "meta", "--handshake", "meta", "--secret", "@%s/secrets/x" % scratch, status=3)
    site.postvak("send", "--url", url, "--endpoint", "eventgrid", "--handshake", "eventgrid=ANDER", status=3)
    for bad in ("signature", "old"):
        check(" 403 " in site.postvak("send", "--url", url, "--endpoint", "slack", "--handshake", "slack", "--bad", bad, status=3), bad)
    site.postvak("send", "--url", url, "--endpoint", "graph", "--handshake", "graph", "--bad", "signature", status=2)
    equal(site.events(), 0)
