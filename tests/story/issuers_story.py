# SPDX-License-Identifier: EUPL-1.2
"""The endpoints of examples/issuers.conf, with the samples that are beside it."""
import datetime
import grp
import json
import os
import re

from postvak_site import BOUND, Site, check, equal, wait

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
NAMES = ("banenor", "github", "gitlab", "stripe", "pagerduty")

# id (None: a hash), type, source, subject, time (None: when it was received)
WANTED = {
    "banenor": (None, "no.banenor.tog.ankomst", "/tog/ankomst", None, "2026-06-12T06:02:41Z"),
    "github": ("5d1f7c0e-3b58-11f1-8d0a-9b2f6a1e7c44", "com.github.issues.opened", "https://github.com/waterstad/zaaksysteem",
               "31", "2026-06-12T07:11:05Z"),
    "gitlab": ("0f5c9c1e-7d3a-4a53-9c39-0d1f5a7b2e10", "com.gitlab.merge_request.merge",
               "https://gitlab.waterstad.example/team/zaaksysteem", "merge_request/88", None),
    "stripe": ("evt_1VoorbeeldLeges0001", "com.stripe.payment_intent.succeeded", "https://api.stripe.com",
               "pi_3VoorbeeldLeges0001", "2026-06-12T07:32:45Z"),
    "pagerduty": ("01VOORBEELDSTORING0004117X", "com.pagerduty.incident.annotated", "https://api.pagerduty.com",
                  "QVB4117", "2026-06-12T07:40:02.518Z"),
}


class Issuers(Site):
    """A site that serves examples/issuers.conf, with its directories and secrets here."""

    def __init__(self, scratch):
        super().__init__(scratch)
        with open(EXAMPLES + "/issuers.conf") as f:
            text = f.read()
        for key, value in (("state_dir", scratch + "/state"), ("run_dir", scratch + "/run"),
                           ("group", grp.getgrgid(os.getegid()).gr_name), ("option.path", scratch + "/journal.log")):
            text, n = re.subn(r"(?m)^%s( *)= .*$" % re.escape(key), lambda m: "%s%s= %s" % (key, m.group(1), value), text)
            equal(n, 1, key)
        with open(self.conf, "w") as f:
            f.write(text.replace("[postvak]\n", "[postvak]\ndisk_reserve = 1M\n").replace("[handler journal]", "[handler journal]\nfrom = beginning"))
        for name in NAMES:
            with open("%s/secrets/%s" % (scratch, name), "w") as f:
                f.write(self.secret(name) + "\n")
            os.chmod("%s/secrets/%s" % (scratch, name), 0o600)
        check("fine" in self.postvak("check"))

    def secret(self, name):
        return ("banenor:" if name == "banenor" else "whsec_") + "dGVzdDpnZWhlaW0t" + name

    def send(self, name, body=None, headers=True, status=0):
        """As examples/issuers/README has it; the numbers of the events that are there then."""
        more = ["--header", "@%s/issuers/%s.headers" % (EXAMPLES, name)] if headers else []
        return self.postvak("send", "--url", "http://127.0.0.1:%d" % self.port, "--endpoint", name, *more, "-",
                            stdin=json.dumps(sample(name) if body is None else body), status=status)

    def taken(self, name, body=None, headers=True):
        check("202" in self.send(name, body, headers))
        return self.newest()

    def newest(self):
        return self.event(json.loads(self.postvak("events", "-n", "1", "--json"))["number"])

    def event(self, number):
        return json.loads(self.postvak("events", "show", str(number), "--json"))

    def settled(self):
        wait("the events to be handled", lambda: self.status()["handlers"][0]["lag"] == 0)


def sample(name):
    with open("%s/issuers/%s.json" % (EXAMPLES, name)) as f:
        return json.load(f)


def moment(text):
    return datetime.datetime.strptime(text[:19] + (text[19:-1] or ".0"), "%Y-%m-%dT%H:%M:%S.%f")


def story_samples_of_five_issuers_become_events(scratch):
    site = Issuers(scratch).start()
    lanes = {}
    for name in NAMES:
        event = site.taken(name)
        wanted = WANTED[name]
        equal((event["endpoint"], event["sender"], event["wire"]), (name, name, "json"))
        if wanted[0]:
            equal(event["id"], wanted[0], name)
        else:
            check(event["id"], name)
        equal((event["type"], event["source"], event["subject"]), wanted[1:4], name)
        if wanted[4]:
            equal(moment(event["time"]), moment(wanted[4]), name)
        else:
            check(abs(moment(event["time"]) - moment(event["received"])) < datetime.timedelta(seconds=BOUND), event["time"])
        equal(json.loads(site.postvak("events", "show", str(event["number"]), "--raw")), sample(name))
        check(event["lane"], name)
        lanes[event["lane"]] = name
    equal(len(lanes), len(NAMES), "lanes", lanes)
    site.settled()
    with open(scratch + "/journal.log") as f:
        equal(len(f.readlines()), len(NAMES))
    for name in NAMES:
        site.taken(name)
    site.settled()
    for number in range(1, len(NAMES) + 1):
        equal(site.event(number)["duplicates"], [number + len(NAMES)])


def story_what_an_issuer_says_of_one_object_is_one_lane(scratch):
    site = Issuers(scratch).start()

    def lane(name, change):
        body = sample(name)
        change(body)
        return site.taken(name, body)["lane"]

    def comment(body):
        body["comment"] = {"updated_at": "2026-06-12T08:00:00Z"}

    def pull_request(body):
        body["pull_request"] = body.pop("issue")

    def other_issue(body):
        body["issue"]["number"] = 32

    issue = lane("github", comment)
    equal(lane("github", pull_request), issue)
    check(lane("github", other_issue) != issue)

    def incident(body):
        body["event"]["data"] = {"id": "QVB4117", "type": "incident"}

    def other_incident(body):
        body["event"]["data"]["incident"]["id"] = "QVB4118"

    note = lane("pagerduty", lambda body: None)
    equal(lane("pagerduty", incident), note)
    check(lane("pagerduty", other_incident) != note)

    def note_of(body):
        body.update(object_kind="note", object_attributes={"id": 1}, merge_request={"iid": 88})

    equal(lane("gitlab", note_of), lane("gitlab", lambda body: None))


def story_the_railways_events_come_with_and_without_headers(scratch):
    site = Issuers(scratch).start()

    def cloudevent(number):
        site.postvak("send", "--url", "http://127.0.0.1:%d" % site.port, "--endpoint", "banenor", "--mode", "binary",
                     "--type", "no.banenor.tog.avgang", "--source", "/tog/avgang", "--id", "A%d" % number,
                     "--attribute", "partitionkey=4117", EXAMPLES + "/issuers/banenor.json")
        return site.newest()

    whole = cloudevent(1)
    equal((whole["wire"], whole["id"], whole["type"]), ("cloudevents", "A1", "no.banenor.tog.avgang"))
    some = site.taken("banenor")
    equal((some["wire"], some["source"]), ("json", "/tog/ankomst"))
    bare = site.taken("banenor", headers=False)
    equal((bare["wire"], bare["type"], bare["source"]), ("json", "no.banenor.tog.ankomst", "https://api.apps.banenor.no/event-issuer"))
    equal(bare["id"], some["id"], "the hash of one body")
    equal(bare["lane"], None)
    other = site.taken("banenor", dict(sample("banenor"), spor="4"), headers=False)
    check(other["id"] != bare["id"])
    again = site.taken("banenor", dict(reversed(list(sample("banenor").items()))), headers=False)
    site.settled()
    equal(site.event(bare["number"])["duplicates"], [again["number"]])
    equal(site.event(other["number"])["duplicates"], [])


def story_an_issuer_proves_who_it_is(scratch):
    site = Issuers(scratch).start()

    def sent(name, *args, status=3):
        return site.postvak("send", "--url", "http://127.0.0.1:%d" % site.port, "--endpoint", name, "--header",
                            "@%s/issuers/%s.headers" % (EXAMPLES, name), "%s/issuers/%s.json" % (EXAMPLES, name), *args, status=status)

    for name in NAMES:
        check(site.post(sample(name), authorization=None, path="/" + name).status == 401, name, "without anything")
    for name in ("github", "stripe", "pagerduty"):
        check(" 403 " in sent(name, "--bad", "signature"), name, "with another body")
    check(" 403 " in sent("stripe", "--bad", "old"))
    wrong = scratch + "/verkeerd"
    with open(wrong, "w") as f:
        f.write("verkeerd\n")
    os.chmod(wrong, 0o600)
    for name in ("github", "stripe", "pagerduty"):
        check(" 403 " in sent(name, "--secret", "@" + wrong), name, "with another secret")
    for name in NAMES:
        check(" 202 " in sent(name, status=0), name)


def story_what_is_not_found_is_named(scratch):
    site = Issuers(scratch).start()
    out = site.send("stripe", {"object": "event"}, status=3)
    for text in ("400", "/id", "/type", "/created"):
        check(text in out, text, "is not in", out)
    out = site.send("pagerduty", {"event": {"id": "x", "occurred_at": "2026-06-12T07:40:02Z"}}, status=3)
    check("/event/event_type" in out, out)
    site.send("github", headers=False)
    equal(site.newest()["state"], "quarantined")
