# SPDX-License-Identifier: EUPL-1.2
"""The handshakes of other web hooks than CloudEvents: exact answers through nginx and Apache, and none where none is
configured."""
import json
import time
import urllib.parse

import signers
from postvak_site import check, equal
from trust_site import NOBODY, Event, Line, TrustSite, accepted, refused

SECRET = "geheim-van-de-afzender-60d2"
META = "wachtwoord-van-meta-0cb7"
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: abc"
TOPIC = "https://hub.voorbeeld.nl/topic?a=1&b=2"
MAP = "map.id = content\nmap.type = nl.voorbeeld.haak\nmap.source = https://haak.voorbeeld.nl\n"


def start(scratch):
    site = TrustSite(scratch, "failures = 0")
    open_to = "authorization = " + site.secret("open", "Bearer " + SECRET)
    signed = "signature = %s\nsignature.secret = " + site.secret("signed", SECRET)
    for name, sender, endpoint in (("eventgrid", open_to, "handshake.eventgrid = zaken-abonnement"),
                                   ("anygrid", open_to, "handshake.eventgrid = *"),
                                   ("graph", open_to, "handshake.graph = yes"), ("x", signed % "x", "handshake.x = yes"),
                                   ("meta", signed % "github", "handshake.meta = " + site.secret("meta", "vorig-wachtwoord-77", META)),
                                   ("websub", signed % "websub", "handshake.websub = " + TOPIC),
                                   ("slack", signed % "slack", "handshake.slack = yes"), ("off", open_to, ""),
                                   ("offslack", signed % "slack", "")):
        site.add(name, sender, MAP + endpoint, accepts="json")
    return site, site.open()


def get(line, path, **query):
    text = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
    return line.send("GET", path + ("?" + text.replace("hub_", "hub.") if text else ""), [])


def post(line, path, body, **headers):
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return line.send("POST", path, [("Content-Type", headers.get("content_type", "application/json"))] +
                     [(n, v) for n, v in named if n != "content-type"], body)


def echoed(answer, text, media="text/plain"):
    """Exactly that, in a form in which no browser runs it."""
    equal((answer.status, answer.body), (200, text.encode()))
    equal(answer.headers["content-type"].split(";")[0], media)
    equal(answer.headers["x-content-type-options"], "nosniff")
    check("default-src 'none'" in answer.headers["content-security-policy"], answer.headers)
    check("no-store" in answer.headers["cache-control"], answer.headers)


def declined(answer, *what):
    check(400 <= answer.status < 500, *what + (answer,))
    check(not answer.headers.get("content-type", "").startswith("text/plain"), *what + (answer,))


def validation(code=CODE, kind="Microsoft.EventGrid.SubscriptionValidationEvent"):
    return json.dumps([{"id": "2d1781af", "topic": "/subscriptions/x", "subject": "", "eventType": kind, "metadataVersion": "1",
                        "dataVersion": "1",
                        "data": {"validationCode": code, "validationUrl": "https://rp-eastus2.eventgrid.azure.net:553/x?id=1"},
                        "eventTime": "2022-10-28T04:23:35.1981776Z"}]).encode()


def eventgrid(line):
    headers = {"aeg_event_type": "SubscriptionValidation", "aeg_subscription_name": "ZAKEN-ABONNEMENT",
               "authorization": "Bearer " + SECRET}
    for path in ("/eventgrid", "/anygrid"):
        answer = post(line, path, validation(), **headers)
        equal((answer.status, json.loads(answer.body)), (200, {"validationResponse": CODE}))
        equal(answer.headers["content-type"].split(";")[0], "application/json")
        refused(post(line, path, validation(), **dict(headers, authorization="Bearer anders")), "another secret", status=(403,))
        refused(post(line, path, validation(), **{k: v for k, v in headers.items() if k != "authorization"}), "no secret", status=(401,))
    other = dict(headers, aeg_subscription_name="anders")
    declined(post(line, "/eventgrid", validation(), **other), "another subscription")
    equal(post(line, "/anygrid", validation(), **other).status, 200)
    declined(post(line, "/eventgrid", validation(), **{k: v for k, v in headers.items() if k != "aeg_subscription_name"}),
             "no subscription")
    declined(post(line, "/eventgrid", validation(kind="Anders"), **headers), "another event")
    declined(post(line, "/eventgrid", validation("<script>\x7f</script>\r\n"), **headers), "no code")
    declined(post(line, "/eventgrid", b"[]", **headers), "nothing in it")
    for path in ("/eventgrid", "/off"):
        answer = post(line, path, validation(), **(headers if path == "/off" else {"authorization": headers["authorization"]}))
        check(CODE.encode() not in answer.body, "off", path, answer)


def graph(line):
    target = "?validationToken=" + urllib.parse.quote(TOKEN)
    for path in ("/graph", "/graph?x=1&y=2"):
        echoed(post(line, path + (target if path == "/graph" else target.replace("?", "&")), b"",
                    content_type="text/plain; charset=utf-8"), TOKEN)
    echoed(post(line, "/graph?validationToken=" + urllib.parse.quote("<script>"), b"", content_type="text/plain"), "<script>")
    declined(post(line, "/graph" + target + "&validationToken=b", b"", content_type="text/plain"), "twice")
    declined(post(line, "/graph?validationToken=a%00b", b"", content_type="text/plain"), "a NUL")
    declined(post(line, "/graph?validationToken=a%0d%0aX-Kop:%20b", b"", content_type="text/plain"), "a line end")
    declined(post(line, "/graph?validationToken=" + "a" * 5000, b"", content_type="text/plain"), "too long")
    declined(post(line, "/graph?validationToken=a%zz", b"", content_type="text/plain"), "not percent-encoded")
    declined(post(line, "/off" + target, b"", content_type="text/plain"), "off")


def x(line):
    for token in ("9b4507b3-9040-4669-9ca3-6b94edb50553", "NDI2NDQ3/jQtZj+yYg=="):
        answer = get(line, "/x", crc_token=token)
        wanted = {"response_token": "sha256=" + signers.b64(signers.mac(SECRET, token.encode()).digest())}
        equal((answer.status, json.loads(answer.body)), (200, wanted))
        equal(answer.headers["content-type"].split(";")[0], "application/json")
    declined(get(line, "/x"), "no token")
    declined(get(line, "/x", crc_token='{"for_user_id": "1"}'), "the text of an event, which its answer would sign")
    declined(line.send("GET", "/x?crc_token=a&crc_token=b", []), "twice")
    declined(get(line, "/off", crc_token="a"), "off")


def meta(line):
    for word in ("vorig-wachtwoord-77", META):
        echoed(get(line, "/meta", hub_mode="subscribe", hub_challenge="1158201444", hub_verify_token=word), "1158201444")
    equal(get(line, "/meta", hub_mode="subscribe", hub_challenge="1158201444", hub_verify_token=META + "x").status, 403)
    declined(get(line, "/meta", hub_mode="subscribe", hub_challenge="1158201444"), "no verify token")
    declined(get(line, "/meta", hub_mode="subscribe", hub_verify_token=META), "no challenge")
    declined(line.send("GET", "/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=%s&hub.verify_token=x" % META, []), "twice")
    declined(get(line, "/off", hub_mode="subscribe", hub_challenge="1", hub_verify_token=META), "off")


def websub(line):
    for mode, topic, taken in (("subscribe", TOPIC, True), ("unsubscribe", TOPIC, False), ("unsubscribe", TOPIC + "/oud", True),
                               ("subscribe", TOPIC + "/oud", False)):
        answer = get(line, "/websub", hub_mode=mode, hub_topic=topic, hub_challenge="uitdaging-1", hub_lease_seconds="864000")
        if taken:
            echoed(answer, "uitdaging-1")
        else:
            equal(answer.status, 404, mode, topic)
    equal(get(line, "/websub", hub_mode="subscribe", hub_topic=TOPIC + "0", hub_challenge="a", hub_lease_seconds="1").status, 404)
    denied = get(line, "/websub", hub_mode="denied", hub_topic=TOPIC, hub_reason="nee")
    equal((denied.status // 100, denied.body), (2, b""))
    declined(get(line, "/off", hub_mode="subscribe", hub_topic=TOPIC, hub_challenge="a"), "off")


def slack(line):
    body = json.dumps({"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
                       "type": "url_verification"}).encode()
    event = Event("slack", body)
    echoed(line.deliver("slack", signers.slack(SECRET), event), json.loads(body)["challenge"])
    refused(line.deliver("slack", NOBODY, event), "without a signature")
    refused(line.deliver("slack", signers.slack("anders"), event), "with another secret")
    refused(line.deliver("slack", signers.slack(SECRET), event, at=int(time.time()) - 3600), "an old one")
    accepted(line.deliver("offslack", signers.slack(SECRET), event), "it is an event like any other where there is no handshake")


def story_handshakes_of_other_web_hooks(scratch):
    site, fronts = start(scratch)
    for front in fronts:
        line = Line(front)
        for one in (eventgrid, graph, x, meta, websub, slack):
            one(line)
        line.close()
    equal({e["sender"] for e in site.settled()}, {"eventgrid", "off", "offslack"}, "a handshake is no event")
    for text in (META, TOKEN, "crc_token", CODE):
        check(text not in site.log_text(), text, "is in the log")
    site.keeps_silent()
