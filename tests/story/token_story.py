# SPDX-License-Identifier: EUPL-1.2
"""Bearer tokens in the forms of real issuers, from a stand-in that publishes its keys over TLS: Maskinporten, Entra ID
and Keycloak."""
import json
import time

import signers
from issuer import KEYS, Issuer
from postvak_site import check, equal, wait
from signers import by_key, by_secret, compact
from trust_site import Event, Line, Stream, TrustSite, accepted, refused, streams

TENANT, OTHER_TENANT = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "550e8400-e29b-41d4-a716-446655440000"

UNSIGNED = {"an unknown key", "another key by that name", "alg none", "the public key as a secret", "its bytes", "a stripped signature",
            "two parts"}


class TokenSite(TrustSite):
    """With stand-ins for issuers."""

    def wait_for(self, line, form, n=0):
        """Until tokens that are signed with that key are taken. Before, they are answered with 503, and never refused."""
        def tried():
            answer = line.deliver(form.name, form.signer(n))
            check(answer.status in (202, 503), "while keys are fetched:", answer)
            check(answer.status == 202 or int(answer.headers["retry-after"]) > 0, answer.headers)
            return answer.status == 202

        wait("the keys of " + form.name, tried)

    def shelf(self, name, **changes):
        """What is noted about fetched keys, changed while nobody runs: as if time had passed."""
        path = "%s/state/keys/%s.json" % (self.dir, name)
        with open(path) as f:
            note = json.load(f)
        with open(path, "w") as f:
            json.dump(dict(note, **changes), f)


class Form(Issuer):
    """A stand-in whose tokens look like those of a real issuer, with an endpoint and a sender of its name. said: claims of a
    right one, of which iss need not be the address; client: the one that names the client; scope: the one, or function
    of the text, that holds the scope."""

    def __init__(self, site, name, path="", kind="rsa", alg="RS256"):
        super().__init__(site.dir, name, [site.keys.jwk(kind)], path)
        self.site, self.kind, self.alg = site, kind, alg
        self.headers[KEYS] = {"Cache-Control": "max-age=3600"}

    def tell(self, said, client, scope, audience="none", how="discovery", settings=""):
        self.said, self.client, self.audience = said, client, audience
        self.scope = scope if callable(scope) else lambda text: {scope: text}
        self.site.add(self.name, "token = %s\nscopes = postvak:gebeurtenissen\nclients = %s" % (self.name, said[client]))
        self.site.sections.append(self.section(how=how, more=settings).replace("audience = none", "audience = " + audience))
        return self

    @property
    def issuer(self):
        return self.said["iss"]

    def signer(self, n=0, **more):
        """With other claims, and (behind a _) other members of the header; None: none."""
        header = {k[1:]: more.pop(k) for k in list(more) if k.startswith("_")}
        return signers.bearer(self.site.keys, self.kind, n, self.alg, dict(self.said, **more), **header)


def maskinporten(site):
    form = Form(site, "maskinporten", "/maskinporten")
    return form.tell({
        "iss": form.url("/"), "scope": "postvak:gebeurtenissen postvak:anders", "client_amr": "private_key_jwt", "token_type": "Bearer",
        "consumer": {"authority": "iso6523-actorid-upis", "ID": "0192:889640782"}, "jti": "Fahg2j0v7wHFlJvJ",
        "client_id": "7ea43b76-6b7d-49e8-af2b-4114ebb66c80"}, "client_id", "scope", how="jwks")


def entra_1(site):
    """Of an application, with roles."""
    iss = "https://sts.windows.net/%s/" % TENANT
    return Form(site, "entra-1", "/" + TENANT).tell({
        "iss": iss, "aud": "api://postvak", "appid": "2d4d11a2-f814-46a7-890a-274a72a7309e", "appidacr": "1", "idp": iss, "tid": TENANT,
        "roles": ["postvak:gebeurtenissen", "postvak:anders"], "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "sub": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "ver": "1.0"}, "appid", lambda text: {"roles": text.split()}, "api://postvak")


def entra_2(site):
    return Form(site, "entra-2", "/%s/v2.0" % TENANT).tell({
        "iss": "https://login.microsoftonline.com/%s/v2.0" % TENANT, "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "azpacr": "1",
        "azp": "2d4d11a2-f814-46a7-890a-274a72a7309e", "scp": "postvak:gebeurtenissen User.Read", "sub": "AbCdEf", "tid": TENANT,
        "ver": "2.0"}, "azp", "scp", "6e74172b-be56-4843-9ff4-e66a39bb12e3")


def keycloak(site):
    form = Form(site, "keycloak", "/realms/gemeente")
    return form.tell({
        "iss": form.url(), "aud": ["postvak", "account"], "azp": "zaaksysteem", "typ": "Bearer", "sub": "f7f1b2c0",
        "clientHost": "10.0.0.1",
        "scope": "profile postvak:gebeurtenissen email", "realm_access": {"roles": ["offline_access"]}}, "azp", "scope", "elders postvak")


def keycloak_es256(site):
    form = Form(site, "keycloak-ec", "/realms/ec", "p256", "ES256")
    return form.tell({"iss": form.url(), "aud": "postvak", "azp": "zaaksysteem", "scope": "postvak:gebeurtenissen"}, "azp", "scope",
                     "postvak", settings="algorithms = ES256")


def wrong_tokens(form):
    """What is wrong with it, a signer, and the status."""
    keys, sign, now = form.site.keys, form.signer, int(time.time())
    header = {"alg": "HS256", "kid": form.kind + "-0", "typ": "JWT"}

    def with_secret(secret):
        claims = dict(form.said, iat=now, exp=now + 60)
        return signers.authorization("Bearer " + signers.jwt(claims, header, by_secret(secret)))

    none = signers.authorization("Bearer " + signers.jwt(dict(form.said, exp=now + 60), {"alg": "none"}, lambda data: b""))
    def doubled(ask):
        claims = json.dumps(dict(form.said, exp=now + 60))[:-1] + ', "exp": %d}' % (now + 120)
        token = compact({"alg": form.alg, "kid": form.kind + "-0"}, claims.encode(), by_key(keys, form.kind, 0, form.alg))
        return {"Authorization": "Bearer " + token}

    tenant = form.issuer.replace(TENANT, OTHER_TENANT) if TENANT in form.issuer else form.issuer.rstrip("/") + "x"
    rows = [
        ("another scope", sign(**form.scope("postvak:anders User.Read")), 403),
        ("a scope that begins alike", sign(**form.scope("postvak:gebeurtenissenx")), 403),
        ("another client", sign(**{form.client: "00000000-0000-0000-0000-000000000000"}), 403),
        ("no scope", sign(scope=None, scp=None, roles=None), 403),
        ("expired", sign(exp=now - 3600), 401), ("not yet", sign(nbf=now + 3600), 401),
        ("of the future", sign(iat=now + 3600), 401),
        ("without an end", sign(exp=None), 401), ("an end that is text", sign(exp=str(now + 60)), 401),
        ("another issuer", sign(iss=tenant), 401), ("no issuer", sign(iss=None), 401),
        ("an unknown key", sign(_kid="niemand", iat=now - 300), 401), ("a key that may be newer", sign(_kid="niemand"), 503), ("another key by that name", sign(1, _kid=form.kind + "-0"), 401),
        ("alg none", none, 401), ("the public key as a secret", with_secret(keys.public(form.kind)), 401),
        ("its bytes", with_secret(keys.der(form.kind)), 401),
        ("a stripped signature", lambda ask: {"Authorization": sign()(ask)["Authorization"].rsplit(".", 1)[0] + "."}, 401),
        ("two parts", lambda ask: {"Authorization": sign()(ask)["Authorization"].rsplit(".", 1)[0]}, 401),
        ("a huge one", sign(vulling="x" * 20000), 401), ("no token", signers.authorization("Bearer "), 401),
        ("a member twice", doubled, 401), ("a critical extension", sign(_crit=["proef"], _proef=1), 401)]
    if form.audience != "none":
        rows += [("another audience", sign(aud="api://elders"), 401), ("no audience", sign(aud=None), 401),
                 ("an audience among others that are not it", sign(aud=["a", form.audience + "x"]), 401)]
    return rows


def story_tokens_in_the_forms_of_real_issuers(scratch):
    site = TokenSite(scratch, "failures = 0")
    rows = [make(site) for make in (maskinporten, entra_1, entra_2, keycloak, keycloak_es256)]
    taken = {}
    for front in site.open():
        line = Line(front)
        for form in rows:
            site.wait_for(line, form)
            event = Event(form.name)
            for _ in range(2):
                accepted(line.deliver(form.name, form.signer(), event), form.name, front.name)
            taken[event.id] = form.name
            told = set()
            for what, sign, status in wrong_tokens(form):
                answer = line.deliver(form.name, sign)
                said = refused(answer, form.name, front.name, what, status=(status,))
                told.update([said] if what in UNSIGNED else [])
                if status != 503 and what not in ("no token", "a huge one"):  # of which Apache passes nothing on
                    check("error=" in answer.headers.get("www-authenticate", ""), form.name, what, answer.headers)
            equal(len(told), 1, "what is told about tokens that the issuer did not sign", told)
            for other in rows:
                if other.name != form.name:
                    refused(line.deliver(other.name, form.signer()), form.name, "at", other.name)
            token = form.signer()(signers.Ask("", b"", {}))["Authorization"].split()[1]
            equal(refused(line.deliver(form.name, signers.nobody(), target="/%s?access_token=%s" % (form.name, token)))[0], 401)
        line.close()
    for name in set(taken.values()):
        equal(len([e for e in site.settled() if (e["sender"], e["state"]) == (name, "duplicate")]), len(site.fronts), "duplicates of",
              name)
    equal({id: sender for id, (sender, _) in site.data().items() if id in taken}, taken)
    check("eyJ" not in site.log_text(), "a token is in the log")


def story_an_issuer_that_is_down(scratch):
    site = TokenSite(scratch, "failures = 0")
    form = keycloak(site)
    site.add("static", "authorization = " + site.secret("static", "Token een-gewone-afzender"))
    form.stop()
    line = Line(site.open()[0])
    for _ in range(3):
        refused(line.deliver(form.name, form.signer()), "before any key was had", status=(503,))
        refused(line.deliver(form.name, signers.nobody()), "nothing", status=(401,))
        accepted(line.deliver("static", signers.authorization("Token een-gewone-afzender")), "others")
    form.start()
    site.wait_for(line, form)
    form.stop()
    accepted(line.deliver(form.name, form.signer()), "with keys from before")
    refused(line.deliver(form.name, form.signer(1, _kid="%s-0" % form.kind)), "and no others")
    site.stop()
    site.start(nginx=False)
    accepted(line.deliver(form.name, form.signer()), "after a restart while it is down")
    site.stop()
    site.shelf(form.name, fetched=int(time.time()) - 30 * 86400, due=int(time.time()) - 30 * 86400)
    site.start(nginx=False)
    refused(line.deliver(form.name, form.signer()), "with keys that are too old", status=(503,))
    form.start()
    site.reload_fully()  # tries at once, and not when it is due
    site.wait_for(line, form)


def story_an_issuer_changes_its_keys(scratch):
    site = TokenSite(scratch, "failures = 0")
    form = maskinporten(site)
    fronts = site.open()
    line = Line(fronts[0])
    site.wait_for(line, form)
    site.stop()
    site.shelf(form.name, fetched=int(time.time()) - 1800)
    site.start(nginx=False)
    with streams([Stream(front, form.name, form.signer()) for front in fronts]) as clients:
        for client in clients:
            client.more()
        form.keys = [site.keys.jwk(form.kind, n) for n in (0, 1)]
        site.wait_for(line, form, 1)  # a key that nobody knows yet makes that they are fetched
        for client in clients:
            client.more()
            client.sign = form.signer(1)
            client.more()
        site.reload_fully()
        for client in clients:
            client.more()
            client.end()
    asked = form.asked[KEYS]
    for i in range(20):
        refused(line.deliver(form.name, form.signer(1, _kid="niemand-%d" % i, iat=int(time.time()) - 300)),
                "a key that is not there either", status=(401,))
    site.stop()
    check(form.asked[KEYS] <= asked + 1, "anybody can make us ask without end")
    site.shelf(form.name, fetched=int(time.time()) - 1800, due=int(time.time()) - 1)
    form.keys = form.keys[1:]
    site.start(nginx=False)
    wait("the old key to be gone", lambda: line.deliver(form.name, form.signer(iat=int(time.time()) - 300)).status == 401)
    accepted(line.deliver(form.name, form.signer(1)))


def story_an_issuer_publishes_the_keys_of_signatures(scratch):
    site = TokenSite(scratch, "failures = 0")
    issuer = Issuer(scratch, "sleutels", [site.keys.jwk("ed25519"), site.keys.jwk("rsa")])
    site.sections.append("[issuer sleutels]\njwks = %s\nca = %s\n" % (issuer.url(KEYS), issuer.ca))
    ways = {"message": ("rfc9421", lambda n: signers.message_signature(by_key(site.keys, "ed25519", n, "EdDSA"), "ed25519-0")),
            "jws": ("jws", lambda n: signers.detached(site.keys, "rsa", n, "PS256", kid="rsa-0")),
            "payload": ("adr-payload", lambda n: signers.adr(site.keys, n, kid="rsa-0"))}
    for name, (scheme, _) in ways.items():
        site.add(name, "signature = %s\nsignature.keys = issuer:sleutels" % scheme)
    issuer.stop()
    fronts = site.open()
    for name, (_, make) in ways.items():
        refused(Line(fronts[0]).deliver(name, make(0)), name, "before any key was had", status=(503,))
    issuer.start()
    site.reload_fully()  # tries at once
    for front in fronts:
        line = Line(front)
        for name, (_, make) in ways.items():
            wait("the keys", lambda: line.deliver(name, make(0)).status == 202)
            refused(line.deliver(name, make(1)), name, front.name)
            refused(line.deliver(name, signers.nobody()), name, front.name)
        line.close()
