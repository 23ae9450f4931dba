# SPDX-License-Identifier: EUPL-1.2
"""The NRC consumer API behind nginx: who gets which answer."""
import json
import re

from postvak_site import PROBE, SECOND, SECRET, Site, check, curl, equal, notification, wait


def fout(answer, status, code=None):
    """Checks a Fout or ValidatieFout of the OAS; returns it."""
    equal(answer.status, status, answer.body)
    equal(answer.headers.get("content-type"), "application/problem+json")
    check(answer.headers.get("api-version"), "no API-version")
    body = json.loads(answer.body)
    for name in ("type", "code", "title", "detail", "instance"):
        check(isinstance(body.get(name), str) and body[name], "no", name, "in", body)
    equal(body["status"], status)
    check(body["instance"].startswith("urn:uuid:"), body["instance"])
    if code:
        equal(body["code"], code)
    return body


def faults(answer):
    body = fout(answer, 400, "invalid")
    equal(body["invalidParams"], body["invalid-params"])
    for fault in body["invalidParams"]:
        check(all(isinstance(fault[k], str) for k in ("name", "code", "reason")) and fault["reason"], fault)
    return {fault["name"]: fault["code"] for fault in body["invalidParams"]}


def story_registration_probes_are_answered_and_reach_no_handler(scratch):
    site = Site(scratch).start()
    fout(site.post(PROBE, authorization=None), 401)
    equal(site.post(PROBE).status, 204)
    site.accept(notification())
    wait("the notification to be handled", lambda: site.ended())
    equal(len(site.handled()), 2)
    status = site.status()
    equal(status["counters"]["probes"], 1, status)
    events = [json.loads(line) for line in site.postvak("events", "--json").splitlines()]
    equal(len(events), 1, events)


def story_a_notification_arrives_and_is_shown(scratch):
    site = Site(scratch).start()
    body = notification("abc")
    answer = site.accept(body)
    equal(answer.body, b"")
    check(answer.headers.get("api-version"), answer.headers)
    line = wait("it to be handled", lambda: site.ended())[0]
    equal((line[2], line[3]), (body["hoofdObject"], body["kenmerken"]["volgnummer"]))
    listed = wait("it to be done", lambda: re.search(r"nl\.overheid\.zaken\.status\.create.*done", site.postvak("events")))
    check(listed)
    shown = site.postvak("events", "show", "1")
    for text in ("nl.overheid.zaken.status.create", "opennotificaties", "nrc", "done", line[1]):
        check(text in shown, text, "is not in", shown)
    raw = site.postvak("events", "show", "1", "--raw")
    equal(json.loads(raw), body)


def story_curl_gets_the_same_answers(scratch):
    site = Site(scratch).start()
    url = "http://127.0.0.1:%d/nrc" % site.port
    done = curl("-i", "-H", "Content-Type: application/json", "-H", "Authorization: " + SECRET, "-d", json.dumps(notification()), url)
    check(b"204" in done.stdout.splitlines()[0], done)
    done = curl("-i", "-H", "Content-Type: application/json", "-d", "{}", url)
    check(b"401" in done.stdout.splitlines()[0] and b"application/problem+json" in done.stdout, done)


def story_every_live_secret_lets_in_and_nothing_else(scratch):
    site = Site(scratch).start()
    for value in (SECRET, SECOND):
        site.accept(notification(), authorization=value)
    for value in (SECRET + " ", "x", SECRET[:-1], SECRET.lower(), "Bearer " + SECRET, SECRET + "," + SECOND):
        if value != SECRET + " ":  # HTTP strips blanks around a field value
            fout(site.post(notification(), authorization=value), 403)
    fout(site.post(notification(), authorization=None), 401)
    check(site.post(notification(), authorization=None).headers.get("www-authenticate"), "no WWW-Authenticate")
    log = site.log_text()
    check("geheim" not in log, "a secret is in the log")


def story_authentication_comes_before_everything_about_the_body(scratch):
    site = Site(scratch, settings="body_max = 10K").start()
    for body, headers in ((b"{", {}), (b"", {}), (b"x" * 20000, {}), (b"{}", {"Content-Encoding": "gzip"})):
        fout(site.post(body, authorization=None, headers=headers), 401)
        fout(site.post(body, authorization="fout", headers=headers), 403)
    fout(site.post(b"<x/>", authorization=None, content_type="text/xml"), 401)


def story_every_refusal_is_a_fout(scratch):
    site = Site(scratch, settings="body_max = 10K", handlers=None).start()
    fout(site.post(notification(), path="/elders"), 404)
    fout(site.post(notification(), path="/nrc/"), 404)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = site.post(None if method == "GET" else b"{}", method=method)
        fout(answer, 405)
        check("POST" in answer.headers.get("allow", ""), answer.headers)
    fout(site.post(notification(), content_type="text/plain"), 415)
    fout(site.post(notification(), content_type="application/cloudevents+json"), 415)
    fout(site.post(notification(), content_type=None), 415)
    fout(site.post(notification(), content_type="application/json; charset=latin1"), 415)
    fout(site.post(notification(), headers={"Content-Encoding": "gzip"}), 415)
    fout(site.post(notification(kenmerken={"x": "y" * 11000})), 413)
    for content_type in ("application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""):
        site.accept(notification(), content_type=content_type)


def story_bodies_that_are_not_sound_json_get_a_clear_400(scratch):
    site = Site(scratch).start()
    valid = json.dumps(notification()).encode()
    deep = b'{"a":' * 70 + b"1" + b"}" * 70
    for body in (b"", b"{", b"[]", b"null", b"1", valid + b"x", valid[:-1], b"\xef\xbb\xbf" + valid, deep,
                 valid.replace(b"zaken.voorbeeld.nl", b"zaken.\xff.nl", 1),
                 valid.replace(b'"kanaal"', b'"kanaal": "zaken", "kanaal"', 1),
                 valid.replace(b'"kanaal"', b'"kanaal": "zaken", "\\u006banaal"', 1),
                 b"// x\n" + valid, valid.replace(b'"', b"'")):
        answer = site.post(body)
        body_ = fout(answer, 400)
        check(len(body_["detail"]) > 10, body_["detail"])
    equal(site.postvak("events", "--json", status=3), "")


def story_every_faulty_field_is_named(scratch):
    site = Site(scratch).start()
    got = faults(site.post({}))
    equal(sorted(got), sorted(["kanaal", "hoofdObject", "resource", "resourceUrl", "actie", "aanmaakdatum"]))
    equal(set(got.values()), {"required"})
    got = faults(site.post(notification(kanaal="k" * 51, resource="", actie=5, hoofdObject="geen url",
                                        resourceUrl=None, aanmaakdatum="gisteren", kenmerken=[])))
    equal(sorted(got), sorted(["kanaal", "resource", "actie", "hoofdObject", "resourceUrl", "aanmaakdatum", "kenmerken"]))


REAL = [
    dict(kenmerken={}),
    dict(kenmerken=None),
    dict(kenmerken={"zaaktype.catalogus": ""}),
    dict(aanmaakdatum="2026-05-01T12:00:00"),
    dict(aanmaakdatum="2099-01-01T00:00:00Z"),
    dict(source=None),
    dict(onbekend={"x": [1]}),
]


def story_lenient_takes_what_real_senders_send(scratch):
    site = Site(scratch).start()
    for more in REAL:
        site.accept(notification(**more))
    site.accept(notification(aanmaakdatum="2018-09-07T02:00:00+02:00"))
    wait("all to be handled", lambda: len(site.ended()) == len(REAL) + 1)


def story_strict_is_the_oas_to_the_letter(scratch):
    site = Site(scratch, endpoint="profile = strict").start()
    equal(site.post(PROBE).status, 204)
    site.accept(notification())
    site.accept(notification(onbekend="mag"))
    site.accept(notification(kenmerken={}))
    equal(faults(site.post(notification(kenmerken={"zaaktype.catalogus": ""}))), {"kenmerken.zaaktype.catalogus": "blank"})
    equal(list(faults(site.post(notification(kenmerken={"x": 1})))), ["kenmerken.x"])
    equal(list(faults(site.post(notification(kenmerken={"x": "y" * 1001})))), ["kenmerken.x"])
    equal(list(faults(site.post(notification(aanmaakdatum="2026-05-01T12:00:00")))), ["aanmaakdatum"])
    equal(list(faults(site.post(notification(hoofdObject="/zaken/1")))), ["hoofdObject"])


def story_a_sender_may_send_only_its_types(scratch):
    site = Site(scratch, sender="may_send = nl.overheid.zaken.**").start()
    site.accept(notification())
    fout(site.post(notification(kanaal="partijen")), 403)


def story_quarantine_keeps_what_cannot_be_taken_in(scratch):
    site = Site(scratch, endpoint="invalid = quarantine").start()
    site.accept(b'{"kanaal": 1}')
    site.accept(notification())
    wait("the good one to be handled", lambda: len(site.ended()) == 1)
    check("quarantined" in site.postvak("events"), site.postvak("events"))
    equal(site.postvak("events", "show", "1", "--raw"), '{"kanaal": 1}')


def story_a_refused_body_of_a_known_sender_can_be_seen(scratch):
    site = Site(scratch).start()
    faults(site.post({"kanaal": "merkwaardig"}))
    listed = wait("the refused body to be listed", lambda: site.postvak("events", "--rejected"))
    check("400" in listed and "opennotificaties" in listed, listed)
