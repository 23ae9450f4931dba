# SPDX-License-Identifier: EUPL-1.2
"""postvak-keys: keys of issuers are fetched, kept and shown; issuers are asked about tokens."""
import json
import os
import signal
import socket
import stat
import struct
import time

from issuer import INTROSPECTION, KEYS, METADATA, Issuer, Key
from postvak_site import Site, check, equal, in_parallel, notification, wait


class Asker:
    """What a receiver is to postvak-keys (src/trust/ask.h)."""

    def __init__(self, site):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        self.socket.connect(site.dir + "/run/keys")
        self.number = 0

    @staticmethod
    def text(value):
        data = value.encode()
        return struct.pack(">I", len(data)) + data

    def want(self, issuer):
        self.socket.send(b"K" + self.text(issuer))

    def put(self, issuer, token):
        self.number += 1
        self.socket.send(b"I" + struct.pack(">Q", self.number) + self.text(issuer) + self.text(token))
        return self.number

    def heard(self):
        """The number of a question, and the answer or None."""
        message = self.socket.recv(1 << 17)
        check(len(message) >= 14 and message[:1] == b"A", "no answer but", message[:20])
        number, status, length = struct.unpack(">QBI", message[1:14])
        equal(length, len(message) - 14, "the length")
        return number, json.loads(message[14:].decode()) if status == 0 else None

    def ask(self, issuer, token):
        number = self.put(issuer, token)
        answered, answer = self.heard()
        equal(answered, number, "the number")
        return answer


def add(site, *sections):
    with open(site.conf, "a") as f:
        f.write("".join(sections))


def note(site, name):
    try:
        with open("%s/state/keys/%s.json" % (site.dir, name)) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def on_shelf(site, name):
    with open("%s/state/keys/%s.jwks" % (site.dir, name), "rb") as f:
        return f.read()


def shown(site, *args, status=0):
    return {row["issuer"]: row for row in map(json.loads, site.postvak("keys", *args, "--json", status=status).splitlines())}


def secret(site, name, text):
    path = "%s/secrets/%s" % (site.dir, name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return "file:secrets/" + name


def tried(site, name, times, idp, path=KEYS):
    wait("%s to be asked %d times" % (name, times), lambda: idp.asked[path] >= times and note(site, name))


def story_keys_are_fetched_and_shown(scratch):
    site = Site(scratch)
    a = Issuer(scratch, "a", [Key(scratch, "RSA", "een", "PS256"), Key(scratch, "Ed25519", "twee"), {"kty": "EC", "crv": "P-521"}])
    b = Issuer(scratch, "b", [Key(scratch, "P-256"), Key(scratch, "P-384")], path="/tenant-1")
    with open(site.dir + "/c.pem", "wb") as f:
        f.write(a.keys[0].public_pem())
    b.headers[KEYS] = {"Cache-Control": "public, max-age=7200", "ETag": '"v1"'}
    add(site, a.section(how="jwks"), b.section(how="discovery"), "\n[issuer c]\nissuer = https://c.example\njwks = file:c.pem\n"
        "audience = none\n")
    site.start(nginx=False)
    wait("keys of both", lambda: note(site, "a").get("fetched") and note(site, "b").get("fetched"))
    equal(json.loads(on_shelf(site, "a").decode()), a.document(KEYS), "kept as received")
    equal(set(note(site, "b")), {"fetched", "due", "url", "etag", "error", "error_since"}, "members of the note")
    equal([note(site, "b")[m] for m in ("url", "etag", "error", "error_since")], [b.url(METADATA), '"v1"', None, None])
    equal(note(site, "b")["due"] - note(site, "b")["fetched"], 7200, "due after max-age")
    equal(note(site, "a")["due"] - note(site, "a")["fetched"], 600, "due after refresh")
    for name, mode in (("a.jwks", 0o640), ("a.json", 0o640), ("", 0o2750)):
        equal(stat.S_IMODE(os.stat("%s/state/keys/%s" % (site.dir, name)).st_mode), mode, "mode of", name)
    rows = shown(site)
    equal([(k["kid"], k["alg"]) for k in rows["a"]["keys"]], [("een", "PS256"), ("twee", "EdDSA")])
    equal(rows["a"]["passed_over"], 1)
    equal([(r["kind"], len(r["keys"]), r["usable"], r["error"]) for r in (rows["a"], rows["b"], rows["c"])],
          [("jwks", 2, True, None), ("discovery", 2, True, None), ("file", 1, True, None)])
    table = site.postvak("keys").splitlines()
    equal([line.split()[:3] for line in table[1:]], [["a", "jwks", "2"], ["b", "discovery", "2"], ["c", "file", "1"]])
    one = site.postvak("keys", "b")
    check("kid-P-384" in one and "ES384" in one and b.url(METADATA) in one and "due      " in one, one)
    check(site.logged("keys of issuer a fetched: 2, and 1 passed over; due again in 600 s"), site.log_text())
    equal(site.status()["warnings"], [])
    site.postvak("status", "--check")
    equal(site.stop(), 0)
    check(not os.path.exists(site.dir + "/run/keys"), "the socket is left behind")


def story_a_bad_set_never_replaces_a_good_one(scratch):
    site = Site(scratch)
    idps = {mode: Issuer(scratch, mode) for mode in ("garbage", "huge", "redirect", "500", "drop", "empty")}
    add(site, *[idp.section(how="jwks") for idp in idps.values()])
    idps["empty"].headers[KEYS] = {"ETag": '"v1"'}
    site.start(nginx=False)
    wait("all keys", lambda: all(note(site, name).get("fetched") for name in idps))
    site.stop()
    good = {name: on_shelf(site, name) for name in idps}
    for name, idp in idps.items():
        note_path = "%s/state/keys/%s.json" % (site.dir, name)
        with open(note_path) as f:
            known = json.load(f)
        with open(note_path, "w") as f:
            json.dump(dict(known, due=int(time.time()) - 5), f)
        if name == "empty":
            idp.keys, idp.headers[KEYS] = [], {"ETag": '"v2"'}
        else:
            idp.mode[KEYS] = name
    site.start(nginx=False)
    wait("all to fail", lambda: all(note(site, name).get("error") for name in idps))
    for name in idps:
        equal(on_shelf(site, name), good[name], "the keys of", name)
    for name, why in (("garbage", "not sound"), ("huge", "longer than 262144 bytes"), ("redirect", "302, and redirects are not followed"),
                      ("500", "answered with 500"), ("empty", "not sound")):
        check(why in note(site, name)["error"], name, note(site, name))
    equal(idps["redirect"].asked["/elders"], 0, "the redirect was followed")
    rows = shown(site)
    check(all(rows[name]["usable"] and len(rows[name]["keys"]) == 1 and rows[name]["error"] for name in idps), rows)
    site.postvak("status", "--check", status=3)
    idps["garbage"].mode[KEYS] = "ok"
    idps["garbage"].keys = [Key(scratch, "RSA")]
    wait("the next try", lambda: not note(site, "garbage").get("error"))
    equal(json.loads(on_shelf(site, "garbage").decode()), idps["garbage"].document(KEYS))


def story_keys_stay_while_the_issuer_is_down_and_status_says_so(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    idp.headers[KEYS] = {"Cache-Control": "max-age=3600"}
    add(site, idp.section(more="stale = 1h"))
    site.start(nginx=False)
    wait("keys", lambda: note(site, "idp").get("fetched"))
    site.stop()
    good = on_shelf(site, "idp")
    idp.stop()
    site.start(nginx=False)
    equal(site.status()["warnings"], [], "while they are fresh")
    Asker(site).want("idp")
    wait("it to be missed", lambda: note(site, "idp").get("error"))
    since = note(site, "idp")["error_since"]
    equal(on_shelf(site, "idp"), good)
    check("metadata" in note(site, "idp")["error"], note(site, "idp"))
    warnings = site.postvak("status", "--check", status=3)
    check("the keys of issuer idp cannot be fetched since" in warnings and "count until" in warnings, warnings)
    check(shown(site)["idp"]["usable"])
    wait("another try", lambda: note(site, "idp")["due"] > since + 10)
    site.stop()
    site.start(nginx=False)
    equal(on_shelf(site, "idp"), good, "after a restart")
    equal(note(site, "idp")["error_since"], since, "since when, after a restart")
    site.postvak("status", "--check", status=3)
    idp.start()
    wait("it to be back", lambda: not note(site, "idp")["error"])
    site.postvak("status", "--check")
    check(site.log_text().count("cannot be fetched") <= 2, "lines about it: one a minute, and after the restart")


def story_keys_that_are_too_old_do_not_count(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    add(site, idp.section(how="jwks", more="refresh = 1m\nstale = 0s"))
    site.start(nginx=False)
    wait("keys", lambda: note(site, "idp").get("fetched"))
    check(note(site, "idp")["due"] - note(site, "idp")["fetched"] <= 30, "due before they are too old", note(site, "idp"))
    site.stop()
    path = site.dir + "/state/keys/idp.json"
    with open(path) as f:
        known = json.load(f)
    with open(path, "w") as f:
        json.dump(dict(known, fetched=int(time.time()) - 100, due=int(time.time()) - 50), f)
    check(not shown(site, status=3)["idp"]["usable"])
    check("issuer idp has no keys that count: the last ones are too old" in site.postvak("status", "--check", status=3))


def story_fresh_keys_are_fetched_when_asked_for_and_at_most_once_a_minute(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    idp.headers[KEYS] = {"Cache-Control": "max-age=3600", "ETag": '"v1"'}
    add(site, idp.section(how="jwks"))
    site.start(nginx=False)
    tried(site, "idp", 1, idp)
    asker = Asker(site)
    for _ in range(20):
        asker.want("idp")
        asker.want("onbekend")
    site.stop()     # everything that was said has been heard
    equal(idp.asked[KEYS], 1, "asked again within the minute")
    site.start(nginx=False)
    equal(idp.asked[KEYS], 1, "asked at the start although they are fresh")
    idp.keys, idp.headers[KEYS] = [Key(scratch, "RSA", "nieuw")], {"ETag": '"v2"'}
    asker = Asker(site)
    for _ in range(20):
        asker.want("idp")
    wait("the new key", lambda: b"nieuw" in on_shelf(site, "idp"))
    for _ in range(20):
        asker.want("idp")
    site.stop()
    equal(idp.asked[KEYS], 2, "asked at most once a minute")
    equal([h.get("If-None-Match") for p, h, _ in idp.seen if p == KEYS], [None, '"v1"'])


def story_the_start_does_not_wait_for_a_dead_issuer(scratch):
    site = Site(scratch)
    slow, gone, good = Issuer(scratch, "slow"), Issuer(scratch, "gone"), Issuer(scratch, "good")
    slow.mode[KEYS] = slow.mode[METADATA] = "slow"
    gone.stop()
    good.clients["postvak"] = "geheim"
    add(site, slow.section(), gone.section(), good.section(how="introspection", more="client_id = postvak\nclient_secret = " +
                                                          secret(site, "client", "geheim\n")))
    site.start()
    begin = time.monotonic()
    site.accept(notification())
    token = good.opaque()
    equal(Asker(site).ask("good", token)["active"], True)
    check(time.monotonic() - begin < 4, "a slow issuer held up another")
    equal(shown(site, status=3)["slow"]["usable"], False)
    warnings = site.status()["warnings"]
    check(any("issuer slow has no keys that count" in w for w in warnings), warnings)
    wait("the slow one to be given up", lambda: "no answer within 5000 ms" in (note(site, "slow").get("error") or ""))
    slow.released.set()


def story_an_issuer_is_asked_about_tokens(scratch):
    site = Site(scratch)
    basic, jwt = Issuer(scratch, "basic"), {k: Issuer(scratch, k) for k in ("RSA", "P-256", "P-384", "Ed25519")}
    basic.clients["klant:1"] = "ge heim&+%"
    sections = [basic.section(how="introspection", more="client_id = klant:1\nclient_secret = " +
                              secret(site, "client", "ge heim&+%\nhet vorige\n"))]
    for kind, idp in jwt.items():
        key = Key(scratch, kind)
        idp.client_keys["postvak"] = key
        sections.append(idp.section(how="introspection", more="client_id = postvak\nclient_key = file:%s" % key.path))
    add(site, *sections)
    site.start(nginx=False)
    asker = Asker(site)
    token = basic.opaque(scope="a b", sub="afzender")
    equal(asker.ask("basic", token)["scope"], "a b")
    equal(asker.ask("basic", token + "x"), {"active": False})
    for kind, idp in jwt.items():
        token = idp.opaque(kind=kind)
        equal(asker.ask(kind, token)["kind"], kind)
        equal(asker.ask(kind, token)["kind"], kind, "a second time, with an assertion of its own")
    odd = "+/=&% \u00e9" + "x" * 16000
    basic.tokens[odd] = {"active": True, "odd": True}
    equal(asker.ask("basic", odd), {"active": True, "odd": True})
    equal(asker.ask("onbekend", token), None)
    numbers = {asker.put("basic", token): None for _ in range(60)}
    for _ in numbers:
        number, answer = asker.heard()
        equal(answer, {"active": False})
        numbers[number] = answer
    check(all(numbers.values()), "an answer is missing")
    rows = shown(site)
    equal((rows["basic"]["kind"], rows["basic"]["usable"], rows["basic"]["error"]), ("introspection", True, None))
    for mode, why in (("500", "answered with 500"), ("redirect", "redirects"), ("garbage", "not a JSON object"), ("huge", "longer than 65536"),
                      ("drop", "")):
        basic.mode[INTROSPECTION] = mode
        equal(asker.ask("basic", token), None, mode)
    basic.mode[INTROSPECTION] = "slow"
    begin = time.monotonic()
    equal(asker.ask("basic", token), None, "slow")
    check(4 < time.monotonic() - begin < 20, "given up after", time.monotonic() - begin)
    basic.released.set()
    wait("it to be noted", lambda: note(site, "basic").get("error"))
    check("issuer basic cannot be asked about tokens since" in site.postvak("status", "--check", status=3))
    basic.mode[INTROSPECTION] = "ok"
    basic.clients.clear()
    equal(asker.ask("basic", token), None, "a client that is not known")
    wait("that to be noted", lambda: "401" in note(site, "basic")["error"])
    for secret_text in (token, odd, "geheim", "ge heim", "assertion"):
        check(secret_text not in site.log_text(), "in the log:", secret_text[:40])


def story_who_speaks_nonsense_or_comes_too_often_does_not_fill_the_log(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    add(site, idp.section())
    site.start(nginx=False)
    for _ in range(20):
        asker = Asker(site)
        asker.socket.send(b"onzin")
        equal(asker.socket.recv(100), b"", "who speaks nonsense is heard out")
    equal(site.log_text().count("in a way that is not understood"), 1)
    askers = [Asker(site) for _ in range(300)]
    wait("some to be turned away", lambda: "connections ask after issuers" in site.log_text())
    equal(askers[-1].socket.recv(100), b"", "the last one is let in")
    equal(site.log_text().count("connections ask after issuers"), 1)


def story_too_many_questions_at_once_are_refused_at_once(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    idp.clients["postvak"] = "geheim"
    idp.mode[INTROSPECTION] = "slow"
    add(site, idp.section(how="introspection", more="client_id = postvak\nclient_secret = " + secret(site, "client", "geheim")))
    site.start(nginx=False)
    asker = Asker(site)
    begin = time.monotonic()
    numbers = [asker.put("idp", "t%d" % i) for i in range(70)]
    refused = [asker.heard() for _ in range(6)]
    equal(refused, [(n, None) for n in numbers[64:]])
    check(time.monotonic() - begin < 4, "those beyond the limit waited")
    equal({asker.heard() for _ in range(64)}, {(n, None) for n in numbers[:64]})
    idp.released.set()


def story_a_reload_changes_issuers_and_loses_no_question(scratch):
    site = Site(scratch)
    old, new = Issuer(scratch, "old"), Issuer(scratch, "new")
    for idp in (old, new):
        idp.clients["postvak"] = "geheim"
    more = "client_id = postvak\nclient_secret = " + secret(site, "client", "geheim")
    plain = open(site.conf).read()
    add(site, old.section(how="introspection", more=more))
    site.start(nginx=False)
    first = site.pids("postvak-keys")
    asker = Asker(site)
    token = old.opaque()
    equal(asker.ask("old", token)["active"], True)
    old.mode[INTROSPECTION] = "slow"
    number = asker.put("old", token)
    wait("it to be under way", lambda: old.asked[INTROSPECTION] == 2)
    with open(site.conf, "w") as f:
        f.write(plain + new.section(how="introspection", more=more) + Issuer(scratch, "extra").section(how="jwks"))
    site.reload()
    equal(Asker(site).ask("new", new.opaque())["active"], True)
    equal(Asker(site).ask("old", token), None, "an issuer that has gone")
    equal(asker.heard(), (number, None), "the question from before")
    old.released.set()
    wait("the old process to leave", lambda: not set(first) & set(site.pids("postvak-keys")))
    wait("keys of the other new issuer", lambda: note(site, "extra").get("fetched"))
    with open(site.conf, "w") as f:
        f.write(plain)
    site.reload()
    wait("the socket to go", lambda: not os.path.exists(site.dir + "/run/keys"))
    wait("nobody to fetch", lambda: not site.pids("postvak-keys"))


def story_questions_survive_reloads_under_load(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    idp.clients["postvak"] = "geheim"
    add(site, idp.section(how="introspection", more="client_id = postvak\nclient_secret = " + secret(site, "client", "geheim")))
    site.start(nginx=False)
    token = idp.opaque()
    done, lost = [], []

    def ask_on(i):
        if i == 0:
            for _ in range(5):
                site.reload()
            done.append(True)
            return
        asker = Asker(site)
        while not done:
            try:
                number = asker.put("idp", token)
            except BrokenPipeError:     # it leaves: another one listens
                asker = Asker(site)
                continue
            got = asker.heard()
            if got[0] != number or not got[1] or not got[1]["active"]:
                lost.append(got)

    in_parallel(4, ask_on)
    equal(lost, [], "questions without an answer")


def story_postvak_keys_is_replaced_when_it_dies(scratch):
    site = Site(scratch)
    idp = Issuer(scratch)
    add(site, idp.section(how="jwks"))
    site.start(nginx=False)
    wait("keys", lambda: note(site, "idp").get("fetched"))
    pid, = site.pids("postvak-keys")
    os.kill(pid, signal.SIGKILL)
    asker = Asker(site)     # the boss holds the socket
    asker.want("idp")
    wait("another one", lambda: site.pids("postvak-keys") not in ([], [pid]))
    tried(site, "idp", 2, idp)
    site.serve.kill()
    site.serve.wait()
    wait("it to leave after the boss", lambda: not site.pids("postvak-keys"))


def story_keys_are_fetched_by_hand(scratch):
    site = Site(scratch)
    idp, down = Issuer(scratch), Issuer(scratch, "down")
    idp.headers[KEYS] = {"Cache-Control": "max-age=3600"}
    down.stop()
    add(site, idp.section(), down.section(how="jwks"))
    site.postvak("keys", status=3)
    check("none were fetched yet" in site.postvak("keys", "idp", status=3))
    site.postvak("keys", "fetch", "idp")
    equal(json.loads(on_shelf(site, "idp").decode()), idp.document(KEYS))
    site.postvak("keys", "fetch", status=1)
    check(site.stderr.startswith("postvak: keys: down: the keys: ") and site.stderr.count("\n") == 1, site.stderr)
    equal(idp.asked[KEYS], 2)
    rows = shown(site, status=3)
    check(rows["idp"]["usable"] and not rows["down"]["usable"] and rows["down"]["error"], rows)
    site.postvak("keys", "nergens", status=3)
    check("there is no section [issuer nergens]" in site.stderr)
    down.start()
    site.start(nginx=False)
    wait("its keys", lambda: note(site, "down").get("fetched"))
    equal(idp.asked[KEYS], 2, "fetched at the start although they were fresh")
    old = os.stat(site.dir + "/state/keys/idp.json").st_mtime
    os.utime(site.dir + "/state/keys/idp.json", (old - 61, old - 61))   # a minute later
    site.postvak("keys", "fetch", "idp")
    equal(idp.asked[KEYS], 3, "asked of who serves")
    site.postvak("keys", "fetch", "idp")
    check("at most once a minute" in site.stderr, site.stderr)
    equal(idp.asked[KEYS], 3)
