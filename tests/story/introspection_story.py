# SPDX-License-Identifier: EUPL-1.2
"""Tokens about which their issuer is asked (RFC 7662), and tokens that are bound to a certificate (RFC 8705), from outside."""
import threading
import time

import signers
from hosting_story import cgi
from issuer import INTROSPECTION, Issuer
from postvak_site import SLOW, check, equal, wait
from trust_site import Certificates, Event, Line, TrustSite, accepted, refused

CLIENT, SECRET, STATIC = "postvak: proef", "geheim/van+postvak%1", "Token een-gewone-afzender"


class Asked(Issuer):
    """With an endpoint and a sender of its name."""

    def __init__(self, site, name, how):
        super().__init__(site.dir, name)
        more = "client_id = %s\n%s" % (CLIENT, how)
        site.add(name, "token = %s\nscopes = postvak:gebeurtenissen\nclients = zaaksysteem" % name)
        site.sections.append(self.section(how="introspection", more=more).replace("audience = none", "audience = postvak"))

    def bearer(self, token, **more):
        """A sender with an opaque token, about which that is said beside what is right."""
        self.tokens[token] = self.claims(active=True, aud="postvak", scope="postvak:gebeurtenissen anders",
                                         **dict({"client_id": "zaaksysteem"}, **more))
        return signers.authorization("Bearer " + token)

    def times(self, token):
        return sum(token.encode() in body for _, _, body in self.seen)


def start(scratch):
    """A site with an issuer that is shown a secret, one that is shown a signature, and a sender with neither."""
    site = TrustSite(scratch, "failures = 0")
    basic = Asked(site, "basic", "client_secret = " + site.secret("client", SECRET))
    basic.clients[CLIENT] = SECRET
    key = site.keys.key("p256")
    signed = Asked(site, "assertion", "client_key = file:" + key.path)
    signed.client_keys[CLIENT] = key
    site.add("static", "authorization = " + site.secret("static", STATIC))
    return site, basic, signed


def story_what_an_issuer_says_about_a_token_decides(scratch):
    site, *issuers = start(scratch)
    now = int(time.time())
    for front in site.open():
        line = Line(front)
        for issuer in issuers:
            name, token = issuer.name, "goed-" + front.name
            right, event = issuer.bearer(token), Event(issuer.name)
            for _ in range(5):
                accepted(line.deliver(name, right, event), name, front.name)
            equal(issuer.times(token), 1, "asked about a token that is cached")
            for what, more, status in (("inactive", {"active": False}, 401), ("another-scope", {"scope": "anders"}, 403),
                                       ("another-client", {"client_id": "iemand"}, 403), ("another-audience", {"aud": "elders"}, 401),
                                       ("expired", {"exp": now - 600}, 401), ("another-issuer", {"iss": "https://elders.nl"}, 401)):
                sign = bearer_with(issuer, what + "-" + front.name, more)
                for _ in range(2):
                    refused(line.deliver(name, sign), name, front.name, what, status=(status,))
                equal(issuer.times(what + "-" + front.name), 1, what, "is asked about again")
            for what, answer in (("list", []), ("no-word", {}), ("text", {"active": "true"}), ("number", {"active": 1})):
                issuer.tokens[what] = answer
                unknown(line.deliver(name, signers.authorization("Bearer " + what)), name, what)
        line.close()
    check(SECRET not in site.log_text() and "goed-" not in site.log_text(), "a secret is in the log")
    site.keeps_silent()


def bearer_with(issuer, token, more):
    sign = issuer.bearer(token)
    issuer.tokens[token].update(more)
    return sign


def unknown(answer, *what):
    """Nobody is refused who may be right."""
    refused(answer, *what, status=(503,))
    check(int(answer.headers["retry-after"]) > 0, *what)


def story_an_issuer_that_does_not_answer_about_tokens(scratch):
    site, issuer, _ = start(scratch)
    line = Line(site.open()[0])
    known, begin = issuer.bearer("bekend"), time.monotonic()
    accepted(line.deliver("basic", known))
    for mode in ("500", "redirect", "garbage", "huge", "drop"):
        issuer.mode[INTROSPECTION] = mode
        unknown(line.deliver("basic", issuer.bearer("bij-" + mode)), mode)
    issuer.mode[INTROSPECTION] = "ok"
    issuer.clients.clear()
    unknown(line.deliver("basic", issuer.bearer("onbekende-klant")), "it does not know us")
    issuer.clients[CLIENT] = SECRET
    issuer.stop()
    unknown(line.deliver("basic", issuer.bearer("nieuw")), "down")
    check(time.monotonic() - begin < 4 * SLOW, "what is known to have failed is waited for")
    accepted(line.deliver("basic", known), "what is cached")
    refused(line.deliver("basic", signers.nobody()), "no token", status=(401,))
    accepted(line.deliver("static", signers.authorization(STATIC)), "others")
    issuer.start()
    wait("it to be asked again", lambda: line.deliver("basic", issuer.bearer("nieuw")).status == 202)


def story_an_issuer_that_is_down_does_not_hold_up_another(scratch):
    site, issuer, dead = start(scratch)
    site.add("both", senders="assertion basic")
    line = Line(site.open()[0])
    for what, arrange in (("500", lambda: dead.mode.update({INTROSPECTION: "500"})), ("down", dead.stop)):
        arrange()
        accepted(line.deliver("both", issuer.bearer("van-de-ander-" + what)), what)
        equal(issuer.times("van-de-ander-" + what), 1, what)
        equal(deliver_by_cgi(site, "both", "van-de-ander-" + what), b"Status: 202 ", what)
        unknown(line.deliver("both", dead.bearer("van-haar-" + what)), what)


def story_a_slow_issuer_does_not_hold_up_others(scratch):
    site, issuer, _ = start(scratch)
    front = site.open()[0]
    issuer.mode[INTROSPECTION] = "late"
    statuses, slow = [], []
    for i in range(24):
        sign = issuer.bearer("langzaam-%d" % i)
        thread = threading.Thread(target=lambda s=sign: statuses.append(Line(front).deliver("basic", s).status), daemon=True)
        slow.append(thread)
        thread.start()
    wait("the issuer to be asked", lambda: issuer.asked[INTROSPECTION] >= 24)
    longest, line = 0, Line(front)
    for _ in range(100):
        begin = time.monotonic()
        accepted(line.deliver("static", signers.authorization(STATIC)))
        longest = max(longest, time.monotonic() - begin)
    equal(statuses, [], "answers about tokens, while the issuer says nothing")
    check(longest < 0.5 * SLOW, "a request that has nothing to do with it took", longest)
    issuer.released.set()
    for thread in slow:
        thread.join(60)
    equal(sorted(set(statuses)), [202], "the answers once it speaks")
    print("figures 24 requests waited for a slow issuer; of 100 others meanwhile the slowest took %.0f ms" % (longest * 1000))


def story_plain_cgi_asks_who_serves(scratch):
    site, issuer, _ = start(scratch)
    site.general += "\nreceivers = 0"
    site.open()
    issuer.bearer("goed")
    equal(deliver_by_cgi(site, "basic", "goed"), b"Status: 202 ")
    equal(deliver_by_cgi(site, "basic", "onbekend"), b"Status: 401 ")
    site.stop()
    equal(deliver_by_cgi(site, "basic", "goed"), b"Status: 503 ")


def deliver_by_cgi(site, name, token):
    event = Event(name)
    ce = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in event.headers.items() if k != "Content-Type"}
    return cgi(site, event.body, REQUEST_URI="/" + name, SCRIPT_NAME="/" + name, HTTP_AUTHORIZATION="Bearer " + token, **ce)[:12]


def story_tokens_that_are_bound_to_a_certificate(scratch):
    site = TrustSite(scratch, "failures = 0")
    site.tls = Certificates(scratch)
    for name, more in (("bound", "bound = yes"), ("free", "")):
        site.add(name, "token = uitgever\n" + more)
    site.sections.append("[issuer uitgever]\nissuer = https://uitgever.voorbeeld.nl\njwks = %s\naudience = none\n" %
                         site.file("jwks.json", site.keys.set("rsa")))
    contexts = {name: site.tls.context(name, "/CN=" + name) for name in ("mine", "other")}
    thumbprint = site.tls.thumbprint(site.tls.issue("mine", "")[0])

    def token(**cnf):
        return signers.bearer(site.keys, "rsa", 0, "RS256",
                              {"iss": "https://uitgever.voorbeeld.nl", "client_id": "x", "cnf": cnf or None})

    mine = token(**{"x5t#S256": thumbprint})
    for front in site.open():
        for who, context in (("mine", contexts["mine"]), ("other", contexts["other"]), ("no certificate", site.tls.context()),
                             ("no TLS", None)):
            line = Line(front, context)
            for name in ("bound", "free"):
                answer = line.deliver(name, mine)
                accepted(answer, front.name, name, who) if who == "mine" else refused(answer, front.name, name, who)
            refused(line.deliver("bound", token()), front.name, who, "a token that is not bound")
            accepted(line.deliver("free", token()), front.name, who)
            refused(line.deliver("free", token(jkt="x")), front.name, who, "bound in a way that we do not know")
            line.close()
