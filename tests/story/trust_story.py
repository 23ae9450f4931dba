# SPDX-License-Identifier: EUPL-1.2
"""Secrets that are sent as they are and ZGW tokens, through nginx and Apache; what a sender may send; and an address from
which many failures come."""
import json
import select
import socket
import threading
import time

import signers
from fcgi import Wire, request
from postvak_site import BOUND, PROBE, check, equal, notification, pack, wait
from signers import Ask
from trust_site import NOBODY, Event, Line, TrustSite, accepted, refused, twice

PAIR, OTHER = "gemeente:Wachtwoord-met:dubbele-punt-7", "gemeente:Wachtwoord-met:dubbele-punt-8"
ZGW, ZGW_OTHER = "opennotificaties:geheim-van-zgw-21f0", "opennotificaties:geheim-van-zgw-21f1"
PLAIN, PLAIN_OTHER = "Token een-lang-geheim-8c1e", "Token een-lang-geheim-8c1f"


def ways(site):
    """Of each: its name, settings, what is right, what is wrong, and the header that counts."""
    return [
        ("static", "authorization = " + site.secret("static", PLAIN), signers.authorization(PLAIN), signers.authorization(PLAIN_OTHER),
         "authorization"),
        ("basic", "basic = " + site.secret("basic", PAIR), signers.basic(PAIR), signers.basic(OTHER), "authorization"),
        ("key", "api_key = %s\napi_key_header = Ocp-Apim-Subscription-Key" % site.secret("key", "sleutel-van-bane-nor-4410"),
         signers.api_key("sleutel-van-bane-nor-4410", "Ocp-Apim-Subscription-Key"),
         signers.api_key("sleutel-van-bane-nor-4411", "Ocp-Apim-Subscription-Key"), "ocp-apim-subscription-key"),
        ("zgw", "zgw = " + site.secret("zgw", ZGW), signers.zgw(ZGW), signers.zgw(ZGW_OTHER), "authorization"),
    ]


def story_secrets_through_nginx_and_apache(scratch):
    site = TrustSite(scratch, "failures = 0")
    rows, taken = ways(site), {}
    for name, settings, *_ in rows:
        site.add(name, settings)
    for front in site.open():
        line = Line(front)
        for name, _, right, wrong, header in rows:
            event = Event(name)
            for _ in range(2):
                accepted(line.deliver(name, right, event), name, front.name)
            taken[event.id] = name
            refused(line.deliver(name, wrong), name, front.name, "wrong")
            for second in (None, "anders"):
                came_twice(line, line.deliver(name, right, alter=twice(header, second)), header)
            repeated(site, name, right, event)
            equal(refused(line.deliver(name, NOBODY), name, front.name, "nothing")[0], 401)
            equal(refused(line.deliver(name, right, alter=empty(header)), name, front.name, "empty")[0], 401)
        for name, _, right, *_ in rows:
            for other, *_ in rows:
                if other != name:
                    refused(line.deliver(other, right), name, "at", other, front.name)
        line.close()
    rows = site.settled()
    equal(sorted(r["sender"] for r in rows), sorted(list(taken.values()) * 3))
    equal({id: sender for id, (sender, _) in site.data().items()}, taken)
    site.keeps_silent()


def came_twice(line, answer, header):
    """nginx itself answers 400 to an Authorization header that is repeated, in words of its own."""
    if line.front.name == "nginx" and header == "authorization":
        equal(answer.status, 400)
    else:
        refused(answer, line.front.name, header, "twice")


def repeated(site, name, right, event):
    """The same over the receivers' socket, where no web server joins or refuses it."""
    params = [("HTTP_" + k.upper().replace("-", "_"), v) for k, v in right(Ask("/" + name, event.body, event.headers)).items()]
    ce = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in event.headers.items() if k != "Content-Type"}
    wire = Wire(site.dir + "/run/receiver.sock")
    for times, status in ((1, 202), (2, 403)):
        wire.send(request(event.body, REQUEST_URI="/" + name, SCRIPT_NAME="/" + name, HTTP_AUTHORIZATION=None, extra=params * times,
                          **ce))
        equal(wire.answer()[0], status, name, times, "times")
    wire.close()


def empty(header):
    return lambda headers, body: ([(n, "" if n.lower() == header else v) for n, v in headers], body)


def story_zgw_tokens_and_what_is_wrong_with_them(scratch):
    site = TrustSite(scratch, "failures = 0")
    site.add("zgw", "zgw = " + site.secret("zgw", ZGW))
    site.add("fresh", "zgw = %s\niat_max_age = 1h" % site.secret("fresh", ZGW))
    site.add("notificaties", accepts="nrc", senders="zgw")
    secret = ZGW.split(":")[1]
    for front in site.open():
        line = Line(front)
        as_open_notificaties(line)
        for name in ("zgw", "fresh"):
            accepted(line.deliver(name, signers.zgw(ZGW)), name)
            accepted(line.deliver(name, signers.zgw(ZGW, iss="zaken", user_id="jan", user_representation="Jan Jansen")), name)
            for what, claims in {"other client": {"client_id": "zaken"},
                                 "expired": {"exp": int(time.time()) - 3600},
                                 "of the future": {"iat": int(time.time()) + 3600}, "not yet": {"nbf": int(time.time()) + 3600}}.items():
                refused(line.deliver(name, signers.zgw(ZGW, **claims)), name, what)
        accepted(line.deliver("zgw", signers.zgw(ZGW, age=400 * 86400)), "a token that was made once and kept")
        refused(line.deliver("fresh", signers.zgw(ZGW, age=2 * 3600)), "an old token")
        for what, header, sign in (("alg none", {"alg": "none"}, lambda data: b""),
                                   ("HS512", {"alg": "HS512"}, lambda d: signers.mac(secret, d, "sha512").digest()),
                                   ("no signature", {"alg": "HS256"}, lambda data: b""),
                                   ("an empty key", {"alg": "HS256"}, signers.by_secret(b""))):
            token = signers.jwt({"iss": "opennotificaties", "client_id": "opennotificaties", "iat": int(time.time())}, header, sign)
            refused(line.deliver("zgw", signers.authorization("Bearer " + token)), what)
        line.close()


def as_open_notificaties(line):
    """What it sends when somebody subscribes, and afterwards."""
    def post(body, sign):
        headers = {"Content-Type": "application/json"}
        return line.send("POST", "/notificaties", list(headers.items()) + list(sign(Ask("/notificaties", body, headers)).items()), body)

    refused(post(pack(PROBE), NOBODY), "the probe that must fail")
    for body in (PROBE, notification()):
        equal(post(pack(body), signers.zgw(ZGW, exp=int(time.time()) + 12 * 3600)).status, 204)


def story_each_item_of_a_notification_has_its_client_state(scratch):
    site, secret = TrustSite(scratch, "failures = 0"), "toestand-van-de-klant-18e0"
    mapped = "map.id = content\nmap.type = nl.voorbeeld.graph\nmap.source = https://graph.microsoft.com\n"
    site.add("graph", "client_state = " + site.secret("graph", "een-oudere-toestand", secret), mapped, accepts="json")

    def items(*states):
        return json.dumps({"value": [{"resource": "users/%d" % i, "clientState": s} for i, s in enumerate(states)]}).encode()

    for front in site.open():
        line = Line(front)
        accepted(line.deliver("graph", NOBODY, Event("graph", items(secret, "een-oudere-toestand"))))
        for wrong in (items("anders"), items(secret, "anders"), items(secret, None), items(), b'{"value":[{}]}', b"{}", b"[]", b"{"):
            refused(line.deliver("graph", NOBODY, Event("graph", wrong)), front.name, wrong)
    equal([e["sender"] for e in site.settled()], ["graph"] * 2)


# ---- what a sender may send ----

def story_a_sender_sends_what_it_may(scratch):
    site = TrustSite(scratch)
    for name, more in (("types", "may_send = nl.voorbeeld.types nl.voorbeeld.zaak.*"), ("sources", "sources = /sources /zaken/*")):
        site.add(name, "authorization = %s\n%s" % (site.secret(name, PLAIN), more))
    right = signers.authorization(PLAIN)
    for front in site.open():
        line = Line(front)
        accepted(line.deliver("types", right))
        accepted(line.deliver("types", right, having(Event("types"), type="nl.voorbeeld.zaak.nieuw")))
        accepted(line.deliver("sources", right))
        accepted(line.deliver("sources", right, having(Event("sources"), source="/zaken/7")))
        at = len(site.log_text())
        for name, event in (("types", having(Event("types"), type="nl.voorbeeld.geheim")),
                            ("sources", having(Event("sources"), source="/mensen"))):
            refused(line.deliver(name, right, event), name, front.name, status=(403,))
            said = [text for text in site.log_text()[at:].splitlines() if name in text and event.headers["Ce-Type"] in text]
            check(said, "nothing in the log about", name, site.log_text()[at:])
        line.close()
    equal(sorted(e["sender"] for e in site.settled()), ["sources"] * 4 + ["types"] * 4)


def having(event, **more):
    event.headers.update({"Ce-" + name.capitalize(): value for name, value in more.items()})
    return event


# ---- many failures from one address ----

def story_failures_of_one_address_are_held_back_and_nothing_else(scratch):
    site = TrustSite(scratch, "failures = 6")
    site.add("static", "authorization = " + site.secret("static", PLAIN))
    right, wrong = signers.authorization(PLAIN), signers.authorization(PLAIN_OTHER)
    front = site.open()[0]
    quick = Line(front)
    for _ in range(6):
        refused(quick.deliver("static", wrong))
    answers = []
    held = threading.Thread(target=lambda: answers.append(refused(Line(front).deliver("static", wrong))), daemon=True)
    begin = time.monotonic()
    held.start()
    sent = 0
    while held.is_alive():
        accepted(quick.deliver("static", right), "what is right, from the same address")
        refused(Line(front, source="127.0.0.2").deliver("static", wrong)) if sent < 3 else None
        sent += 1
    took = time.monotonic() - begin
    equal(len(answers), 1, "the answer that was held back")
    check(took > 0.9, "it was held back for", took, "s alone")
    check(sent > 20, sent, "right requests were answered meanwhile")
    print("figures held back for %.1f s; %d right requests of the same address answered meanwhile" % (took, sent))


def story_more_failures_than_can_be_held_back(scratch):
    site = TrustSite(scratch, "failures = 1")
    site.add("static", "authorization = " + site.secret("static", PLAIN))
    front, event = site.open()[0], Event("static")
    text = "POST /static HTTP/1.1\r\nHost: a\r\nAuthorization: fout\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    for _ in range(2):
        refused(Line(front).deliver("static", signers.authorization("fout")))
    sockets = []
    try:
        for _ in range(320):
            sockets.append(socket.create_connection(("127.0.0.1", front.port), BOUND))
            sockets[-1].sendall(text.encode())
        told = wait("one of them to be told", lambda: [s for s in select.select(sockets, [], [], 0)[0] if b" 429 " in s.recv(20)])
        rest = told[0].recv(4096).decode()
        check("Retry-After: " in rest, rest)
        begin = time.monotonic()
        accepted(Line(front).deliver("static", signers.authorization(PLAIN), event), "what is right, meanwhile")
        check(time.monotonic() - begin < 1, "was held up")
    finally:
        for s in sockets:
            s.close()
