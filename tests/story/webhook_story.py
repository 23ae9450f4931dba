# SPDX-License-Identifier: EUPL-1.2
"""Web hooks behind nginx: the handshake, an operator's grant, rates, and tokens in the query."""
import http.server
import json
import os
import re
import ssl
import subprocess
import threading

from hosting_story import cgi
from postvak_site import Site, check, equal, in_parallel, notification, pack, wait

TOKEN = "vraag-geheim-91ce"
NAME = "geef-geheim-55aa"  # in the callback's query


def hooks(site, endpoint, sender="", more=""):
    """Sections for an endpoint /hook beside /nrc, with a sender of its own."""
    path = site.dir + "/secrets/hook"
    with open(path, "w") as f:
        f.write("Bearer %s\n" % TOKEN)
    os.chmod(path, 0o600)
    return site.handler("proef") + """
[endpoint hook]
path = /hook
accepts = both
senders = hook
%s

[sender hook]
authorization = file:secrets/hook
%s
%s""" % (endpoint, sender, more)


def start(scratch, endpoint, sender="", settings="", more=""):
    site = Site(scratch, settings=settings)
    site.configure(handlers=hooks(site, endpoint, sender, more), settings=settings)
    return site.start()


def ask(site, origin=None, rate=None, callback=None, path="/hook"):
    headers = {"WebHook-Request-Origin": origin, "WebHook-Request-Rate": rate, "WebHook-Request-Callback": callback}
    answer = site.post(None, authorization=None, path=path, method="OPTIONS", content_type=None,
                       headers={k: v for k, v in headers.items() if v is not None})
    granted = answer.status == 200
    for name in ("webhook-allowed-origin", "webhook-allowed-rate"):
        check((name in answer.headers) == granted, answer)
    if path == "/hook" and answer.status != 410:
        equal(answer.headers.get("allow"), "POST, OPTIONS")
    return answer


def deliver(site, origin=None, authorization="Bearer " + TOKEN, path="/hook", client=None):
    headers = {"WebHook-Request-Origin": origin} if origin else {}
    return (client or site).post(notification(), authorization=authorization, path=path, headers=headers)


def story_listed_origins_get_permission(scratch):
    site = start(scratch, "origins = good.example, zaken.voorbeeld.nl\norigin_rate = 600\norigin_required = yes")
    answer = ask(site, "Good.Example", "120")
    equal((answer.status, answer.body), (200, b""))
    equal(answer.headers["webhook-allowed-origin"], "Good.Example")
    equal(answer.headers["webhook-allowed-rate"], "120")
    equal(answer.headers["content-length"], "0")
    equal(ask(site, "zaken.voorbeeld.nl").headers["webhook-allowed-rate"], "600")
    equal(ask(site).status, 204)
    equal(ask(site, "good.example.evil.net").status, 403)
    equal(ask(site, "evil.net", callback="https://evil.net/").status, 403)
    equal(ask(site, "https://good.example").status, 400)
    equal(ask(site, "good.example", "0").status, 400)
    answer = ask(site, "good.example", path="/nrc")
    equal((answer.status, answer.headers["allow"]), (405, "POST"))
    equal(deliver(site, "good.example").status, 204)
    equal(deliver(site, "GOOD.example", authorization="bEARER " + TOKEN).status, 204)
    event = {"specversion": "1.0", "id": "1", "source": "/zaken", "type": "nl.overheid.zaken.proef"}
    answer_202 = site.post(event, authorization="Bearer " + TOKEN, path="/hook", content_type="application/cloudevents+json",
                           headers={"WebHook-Request-Origin": "good.example"})
    equal((answer_202.status, answer_202.body, answer_202.headers["content-length"]), (202, b"", "0"))
    equal(deliver(site, "evil.net").status, 403)
    equal(deliver(site).status, 403)
    equal(deliver(site, "good.example", authorization=None).status, 401)
    wait("what was taken to be handled", lambda: len(site.ended()) == 3)
    for name, value in {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store",
                        "content-security-policy": "frame-ancestors 'none'"}.items():
        equal(answer.headers.get(name), value, name)
    check("max-age=" in answer.headers["strict-transport-security"])


class Callbacks:
    """An HTTPS server on loopback that keeps what it is told."""

    def __init__(self, scratch):
        self.told, self.status = [], 204
        self.ca = scratch + "/ca.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", scratch + "/key.pem", "-out", self.ca],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.told.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Location", "https://localhost:%d/elders" % outer.port)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, scratch + "/key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return "https://localhost:%d/cb?naam=%s" % (self.port, NAME)


def story_an_operator_grants_and_the_callback_hears_it(scratch):
    callbacks = Callbacks(scratch)
    site = start(scratch, "unlisted = ask\norigin_rate = 300", settings="receivers = 2")
    equal(deliver(site, "localhost").status, 403)
    answer = ask(site, "localhost", "120", callbacks.url())
    equal((answer.status, answer.body, answer.headers["content-length"]), (202, b"", "0"))
    equal(ask(site, "LOCALHOST", "120", callbacks.url()).status, 202)
    equal(callbacks.told, [], "the receiver calls nobody")
    listed = [json.loads(line) for line in site.postvak("handshakes", "--json").splitlines()]
    equal([(h["number"], h["origin"], h["asked_rate"], h["state"], h["callback"]) for h in listed],
          [(1, "LOCALHOST", 120, "asked", "https://localhost:%d" % callbacks.port)])
    check(NAME in site.postvak("handshakes", "show", "1"))
    check("permission to send" in site.postvak("status", "--check", status=3))
    site.postvak("handshakes", "grant", "1", "--ca", callbacks.ca, status=1)
    check("own network" in site.stderr, site.stderr)
    equal(callbacks.told, [])
    site.postvak("handshakes", "grant", "1", "--private", status=1)  # its certificate is not known
    equal(callbacks.told, [])
    site.postvak("handshakes", "grant", "1", "--private", "--ca", callbacks.ca)
    (path, headers, body), = callbacks.told
    equal((path, body), ("/cb?naam=" + NAME, b""))
    equal((headers["webhook-allowed-origin"], headers["webhook-allowed-rate"]), ("LOCALHOST", "120"))
    check("content-type" not in headers, headers)
    for _ in range(6):  # each over a connection of its own, to either receiver
        equal(deliver(site, "localhost").status, 204)
    equal(ask(site, "localhost", "500", callbacks.url()).headers["webhook-allowed-rate"], "120")
    equal(site.postvak("status", "--check"), "")
    callbacks.status = 302
    site.postvak("handshakes", "grant", "1", "--private", "--ca", callbacks.ca, "--rate", "60", status=1)
    check("302" in site.stderr, site.stderr)
    equal(len(callbacks.told), 2, "a redirect was followed")
    equal(ask(site, "localhost").headers["webhook-allowed-rate"], "60")
    site.postvak("handshakes", "deny", "1")
    equal(deliver(site, "localhost").status, 403)
    equal(ask(site, "localhost", "120", callbacks.url()).status, 403)
    equal(site.postvak("handshakes", status=3), "")
    check(re.search(r"1 .*denied", site.postvak("handshakes", "--all")))
    check(NAME not in site.log_text(), "the callback is in the log")
    site.postvak("handshakes", "grant", "1", "--no-call")
    equal(deliver(site, "localhost").status, 204)
    equal(len(callbacks.told), 2)


def story_a_callback_that_leads_elsewhere_is_not_called(scratch):
    callbacks = Callbacks(scratch)
    site = start(scratch, "unlisted = ask")
    equal(ask(site, "goed.example", callback=callbacks.url()).status, 202)
    equal(ask(site, "slecht.example", callback="http://slecht.example/").status, 400)
    site.postvak("handshakes", "grant", "1", "--private", "--ca", callbacks.ca, status=3)
    check("--any-host" in site.stderr and NAME not in site.stderr, site.stderr)
    equal(ask(site, "goed.example", callback=callbacks.url()).status, 202)
    site.postvak("handshakes", "grant", "1", "--private", "--ca", callbacks.ca, "--any-host")
    equal([t[1]["webhook-allowed-rate"] for t in callbacks.told], ["*"])
    answer = ask(site, "goed.example")
    equal((answer.status, answer.headers["webhook-allowed-rate"]), (200, "*"))


def story_plain_cgi_keeps_a_handshake(scratch):
    site = Site(scratch)
    site.configure(handlers=hooks(site, "unlisted = ask"))
    os.makedirs(site.dir + "/state", exist_ok=True)
    asked = dict(REQUEST_METHOD="OPTIONS", REQUEST_URI="/hook", HTTP_WEBHOOK_REQUEST_ORIGIN="a.example",
                 HTTP_WEBHOOK_REQUEST_CALLBACK="https://a.example/")
    out = cgi(site, b"", **asked)
    check(out.startswith(b"Status: 202 "), out)
    equal(cgi(site, b"", **dict(asked, REQUEST_SCHEME="http", REMOTE_ADDR="192.0.2.1"))[:11], b"Status: 403")
    site.postvak("drain")  # makes what a listing wants to be there
    site.postvak("handshakes", "grant", "1", "--no-call")
    check(cgi(site, b"", **asked).startswith(b"Status: 200 "))
    delivery = dict(REQUEST_URI="/hook", HTTP_AUTHORIZATION="Bearer " + TOKEN, HTTP_WEBHOOK_REQUEST_ORIGIN="a.example")
    check(cgi(site, pack(notification()), **delivery).startswith(b"Status: 204 "))
    check(cgi(site, pack(notification()), **dict(delivery, HTTP_WEBHOOK_REQUEST_ORIGIN="b.example")).startswith(b"Status: 403 "))


def story_rates_count_over_all_receivers(scratch):
    site = start(scratch, "origins = *\norigin_rate = 20", "rate = 50", settings="receivers = 3")
    statuses, waits = [], []

    def send(origin):
        def one(_):
            for _ in range(5):
                answer = deliver(site, origin)
                statuses.append(answer.status)
                if answer.status == 429:
                    waits.append(int(answer.headers["retry-after"]))
        return one

    in_parallel(8, send("a.example"))
    equal((statuses.count(204), statuses.count(429)), (20, 20))
    equal(set(waits), {3}, "20 a minute is one in 3 seconds")
    del statuses[:], waits[:]
    in_parallel(4, send(None))  # 40 of the 50 are gone: what is refused later was a request, too
    equal(sorted(set(statuses)), [204, 429])
    check(10 <= statuses.count(204) <= 12, statuses)
    check(all(1 <= w <= 2 for w in waits), waits)
    equal(site.status()["counters"]["rejected_429"], 20 + statuses.count(429))


def story_a_token_in_the_query_is_in_no_log_of_ours(scratch):
    site = start(scratch, "", "query_token = yes")
    answer = deliver(site, authorization=None, path="/hook?a=1&access_token=" + TOKEN)
    equal((answer.status, answer.headers["cache-control"]), (204, "private, no-store"))
    equal(deliver(site, authorization=None, path="/hook?access_token=%76" + TOKEN[1:]).status, 204)
    equal(deliver(site, authorization=None, path="/hook?access_token=" + TOKEN.upper()).status, 403)
    equal(deliver(site, authorization=None, path="/nrc?access_token=" + TOKEN).status, 401)
    equal(deliver(site, path="/hook?access_token=" + TOKEN).status, 400)
    double = "/hook?access_token=%s&access_token=%s" % (TOKEN, TOKEN)
    equal(deliver(site, authorization=None, path=double).status, 400)
    equal(site.post(b"{", authorization=None, path="/hook?access_token=" + TOKEN).status, 400)
    wait("what was taken to be handled", lambda: len(site.ended()) == 2)
    wait("the refused body to be kept", lambda: site.postvak("events", "--rejected", status=None))
    shown = site.postvak("events", "show", "1") + site.postvak("events", "--json") + site.postvak("events", "--rejected", "--json")
    for text in (site.log_text(), shown):
        check("geheim" not in text and "access_token=" not in text, text)
    site.stop()
    for root, _, names in os.walk(site.dir + "/state"):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                check(TOKEN.encode() not in f.read(), name)


def story_what_is_retired_is_gone_and_nothing_is_redirected(scratch):
    site = start(scratch, "origins = *\nretired = yes")
    equal(deliver(site, "a.example").status, 410)
    equal(ask(site, "a.example", "10").status, 410)
    for path in ("/nrc/", "//nrc", "/nrc//", "/NRC", "/./nrc", "/%6erc", "/", "/nrc;x", "/nrc/../nrc", "/hook/", "http://x.nl/nrc"):
        for method in ("POST", "OPTIONS"):
            answer = site.post(b"{}", path=path, method=method)
            check(answer.status >= 400 and "location" not in answer.headers, method, path, answer)
    equal(site.post(b"{}", path="/nrc/", method="POST").status, 404)
