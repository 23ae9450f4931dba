# SPDX-License-Identifier: EUPL-1.2
"""Numbered CloudEvents and those that expire: nothing of it refuses an event, and all of it can be seen."""
import json

from postvak_site import Site, check, equal, now_text, wait

ENDPOINT = "\n[endpoint ce]\npath = /ce\naccepts = cloudevents\nsenders = opennotificaties\n"
SOURCE = "urn:nld:oin:00000001823288444000:systeem:zaken"


def site_of(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef") + ENDPOINT)
    return site.start()


def listed(site):
    return site.postvak("gaps", "--json", status=None)


def send(site, number, **more):
    event = {"specversion": "1.0", "id": "e-%s" % number, "source": SOURCE, "type": "nl.overheid.zaken.zaak-geopend",
             "sequence": str(number), "sequencetype": "Integer", "data": {"hoofdObject": "zaak-%s" % number}}
    event.update(more)
    answer = site.post({k: v for k, v in event.items() if v is not None}, path="/ce",
                       content_type="application/cloudevents+json")
    equal(answer.status, 202, answer.body)


def gaps(site, *args, status=0):
    lines = site.postvak("gaps", "--all", "--json", *args, status=status).splitlines()
    return [(g["number"], g["after"], g["got"], g["missing"]) for g in map(json.loads, lines)]


def settled(site, n):
    wait("%d events to be settled" % n, lambda: site.status()["log"]["sorted"] == n and site.status()["handlers"][0]["lag"] == 0)


def story_gaps_in_the_numbering_are_listed_and_refuse_nothing(scratch):
    site = site_of(scratch)
    for number in (1, 2, 3):
        send(site, number)
    settled(site, 3)
    equal(gaps(site, status=3), [])
    for number in (7, 3, 8):
        send(site, number, id="later-%d" % number)
    send(site, 8, id="later-8")  # a duplicate says nothing
    wait("the gap and the step back", lambda: site.status()["counters"].get("gaps") == 2)
    settled(site, 7)
    equal(gaps(site), [(5, "7", "3", 0), (4, "3", "7", 3)])
    equal(gaps(site, "--source", "systeem:zaken", "--sender", "opennotificaties"), gaps(site))
    equal(gaps(site, "--source", "belastingen", status=3), [])
    out = site.postvak("gaps", "-n", "1")
    check("step back" in out and "missing" not in out, out)
    equal(len(site.ended()), 6)
    check("gaps 2" in site.postvak("status"), site.postvak("status"))


def story_gaps_are_found_over_a_restart(scratch):
    site = site_of(scratch)
    send(site, 5)
    settled(site, 1)
    equal(site.stop(), 0)
    site.start()
    send(site, 9)
    wait("the gap", lambda: site.status()["counters"].get("gaps") == 1)
    equal(gaps(site), [(2, "5", "9", 3)])


def story_a_dispatcher_that_dies_counts_once(scratch):
    site = site_of(scratch)
    send(site, 1)
    settled(site, 1)
    open(scratch + "/failpoints/dispatch.after-sort.kill", "w").close()
    send(site, 4)
    wait("the dispatcher to be killed", lambda: site.logged("postvak-dispatch", 0) and site.logged("signal 9"))
    wait("the gap", lambda: listed(site))
    send(site, 5)
    settled(site, 3)
    equal(gaps(site), [(2, "1", "4", 2)])


def story_an_expired_event_is_answered_and_not_run(scratch):
    site = site_of(scratch)
    send(site, 1, expirytime=now_text(-60))
    send(site, 2, expirytime=now_text(3600))
    send(site, 3, expirytime="morgen")
    settled(site, 3)
    wait("two to be run", lambda: len(site.ended()) == 2)
    states = {e["number"]: (e["state"], e["handlers"]) for e in map(json.loads, site.postvak("events", "--all", "--json").splitlines())}
    equal(states, {1: ("expired", {"proef": "expired"}), 2: ("done", {"proef": "done"}), 3: ("done", {"proef": "done"})})
    one = json.loads(site.postvak("events", "--state", "expired", "--json"))
    equal(one["number"], 1)
    shown = site.postvak("events", "show", "1")
    check("state            expired" in shown, shown)
    equal(site.status()["counters"]["expired"], 1)
    check(site.logged("event 1 is not run: its expirytime has passed"))
    check("expirytime" in json.loads(site.postvak("events", "show", "3", "--json"))["note"])
    site.postvak("rewind", "proef", "--to", "beginning")
    wait("the rewind", lambda: len(site.ended()) == 4)
    equal(site.status()["counters"]["expired"], 2)
