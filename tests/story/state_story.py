# SPDX-License-Identifier: EUPL-1.2
"""What handlers keep and emit: each event counts once and each emitted one comes once, whatever is killed."""
import json
import os
import signal
import threading
import time

from crash_story import sender
from postvak_site import BOUND, BUILD, SLOW, Figures, Site, check, equal, in_parallel, notification, wait

LIBS = BUILD + "/tests/handlers/.libs/"
STEPS = [
    "dispatch.before-hand", "runner.before-run", "runner.before-outcome", "runner.after-outcome", "dispatch.before-settle",
    "dispatch.state-written", "settle.before-commit", "settle.after-commit", "dispatch.after-settle",
    "dispatch.before-outbox", "outbox.before-copy", "outbox.after-copy", "dispatch.after-outbox", "dispatch.after-sort",
]


def kill(pids):
    """How many were there to be killed."""
    killed = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    return killed


class Followed(Site):
    """A site with a handler `teller`, which counts and emits, and one, `gevolg`, that gets what it emits."""

    def __init__(self, scratch):
        super().__init__(scratch)
        self.followed = scratch + "/followed.txt"
        self.configure(self.counting())

    def counting(self):
        retry = "100 100ms 1 100ms"
        return self.handler("teller", "option.path = %s\nrunners = 2\n" % self.lines, plugin=LIBS + "statehandler.so", retry=retry) + \
            self.following(retry)

    def following(self, retry="5 1s 1 1s"):
        return "[handler gevolg]\nplugin = %stesthandler.so\nevents = nl.test.gevolg\nretry = %s\nfrom = beginning\n" \
               "option.path = %s\n" % (LIBS, retry, self.followed)

    def came(self):
        """The numbers of the emitted events that `gevolg` finished, as often as it did."""
        return [line[3] for line in self.ended(self.followed)]

    def listed(self, *filters):
        text = self.postvak("events", "--all", "--json", *filters, status=None)
        return [json.loads(line) for line in text.splitlines()]

    def counts(self, figures, lanes):
        """What the states of these objects have come to, told by one more event for each, which counts too."""
        asked = {}
        for lane in lanes:
            body = notification(lane, actie="count")
            figures.add(body, self.accept(body))
            asked[body["kenmerken"]["volgnummer"]] = lane
        wait("the last counts", lambda: set(asked) <= {line[3] for line in self.ended()})
        keys = {line[1]: asked[line[3]] for line in self.ended() if line[3] in asked}
        return {keys[e["key"]]: self.noted_count(e["number"]) for e in self.listed() if e["key"] in keys}

    def noted_count(self, n):
        def noted():
            history = json.loads(self.postvak("events", "show", str(n), "--json"))["history"]
            return [h["note"] for h in history if h["what"] == "done"]

        return int(wait("its history", noted)[-1].split()[1])


def check_exactly_once(site, figures, lanes):
    """lanes: how many events were acknowledged about each object."""
    total = sum(lanes.values())
    wanted = {number + ".0" for number in figures.acknowledged}
    wait("what was emitted to be handled", lambda: wanted <= set(site.came()))
    equal(set(site.came()) - wanted, set(), "emitted and never caused")
    emitted = wait("all to be settled", lambda: (lambda v: v if all(e["state"] != "new" for e in v) else None)(
        site.listed("--sender", "handler:teller", "--type", "nl.test.gevolg")))
    first = [e for e in emitted if e["state"] != "duplicate"]
    equal(len(first), total, "emitted events")
    equal({e["state"] for e in first}, {"done"})
    equal(len({e["key"] for e in emitted}), total, "identities")
    check(not any(e.get("conflict") for e in emitted), "a run again said something else")
    equal(site.counts(figures, lanes), {lane: n + 1 for lane, n in lanes.items()}, "counts")
    print("emitted=%d copied again=%d delivered again=%d" % (total, len(emitted) - total, len(site.came()) - total))


def story_each_event_counts_once_whatever_is_killed(scratch):
    lanes, each, rounds = 12, (90 if SLOW == 1 else 10), 3
    site = Followed(scratch)
    site.start()
    figures = Figures(site)
    killed = {"postvak-runner": 0, "postvak-dispatch": 0}
    more = 0
    for turn in range(rounds):  # a fresh start each time: deaths in a row are paced
        over = threading.Event()

        def killer():
            tick = 0
            while not over.wait(0.12):
                tick += 1
                role = "postvak-runner" if tick % 5 else "postvak-dispatch"
                killed[role] += kill(site.pids(role)[:1])

        thread = threading.Thread(target=killer, daemon=True)
        thread.start()
        try:
            in_parallel(lanes, lambda i: sender(site, figures, i, each, "countemit1"))
            end = time.monotonic() + BOUND
            while killed["postvak-dispatch"] <= turn and time.monotonic() < end:
                sender(site, figures, "meer", 1, "countemit1")
                more += 1
        finally:
            over.set()
            thread.join()
        equal(site.stop(), 0)
        site.start()
    print("killed", killed)
    check(killed["postvak-dispatch"] >= 3, "the dispatcher was hardly killed")
    figures.settle()
    counts = {"zaak-%d" % i: each * rounds for i in range(lanes)}
    check_exactly_once(site, figures, dict(counts, **({"zaak-meer": more} if more else {})))
    figures.report()


def story_killed_at_every_step_of_an_emission(scratch):
    site = Followed(scratch)
    site.start()
    figures = Figures(site)
    lanes, missed = {}, []
    for step in STEPS:
        site.fail_at(step)
        for i in range(3):
            lanes["zaak-%s-%d" % (step, i)] = 3
        in_parallel(3, lambda i: sender(site, figures, "%s-%d" % (step, i), 3, "countemit1"))
        try:
            wait("%s to be passed" % step, lambda: not site.fail_pending(), 20)
        except Exception:  # noqa
            missed.append(step)
            for left in site.fail_pending():
                os.unlink(scratch + "/failpoints/" + left)
        equal(site.stop(), 0)
        site.start()
    equal(missed, [], "steps nobody came by")
    figures.settle()
    check_exactly_once(site, figures, lanes)
    figures.report()


def story_a_loop_of_emissions_ends_as_dead(scratch):
    site = Site(scratch)
    site.start()
    figures = Figures(site)
    body = notification(actie="loop")
    figures.add(body, site.accept(body))
    wait("the loop to end", lambda: site.postvak("events", "--state", "dead", "--json", status=None))
    numbers = [e["number"] for e in (json.loads(line) for line in site.postvak("events", "--all", "--json").splitlines())]
    equal(sorted(numbers), list(range(1, 18)), "events")
    dead = json.loads(site.postvak("events", "show", "17", "--json"))
    equal(dead["attributes"]["postvakdepth"], "16")
    equal((dead["emitted_by"], dead["cause"], dead["state"]), ("proef", 16, "dead"))
    check("16 emissions deep" in dead["handlers"][0]["reason"], dead["handlers"])
    equal(json.loads(site.postvak("events", "show", "1", "--json"))["led_to"], [2])
    check("led to" not in site.postvak("events", "show", "17"), "what the dead one emitted was kept")
    figures.report()


def story_a_replay_emits_nothing_new(scratch):
    site = Followed(scratch)
    site.configure(site.handler("proef", "runners = 2\n") + site.following())
    site.start()
    figures = Figures(site)
    for i in range(60):
        body = notification("zaak-%d" % (i % 6), actie="emit2")
        figures.add(body, site.accept(body))
    figures.settle()
    wait("what was emitted to be handled", lambda: len(site.came()) == 120)
    site.postvak("rewind", "proef", "--to", "beginning")
    wait("the replay to be sorted", lambda: len(site.listed("--state", "duplicate")) == 120)
    emitted = site.listed("--type", "nl.test.gevolg")
    equal(len(emitted), 240)
    check(not any(e.get("conflict") for e in emitted), "other content")
    # One more, so that what was copied again had its turn.
    body = notification("zaak-0", actie="emit1")
    figures.add(body, site.accept(body))
    wait("one more", lambda: len(site.came()) > 120)
    equal(len(site.came()), 121, "delivered")
    figures.settle()


def zaak(i, resource, actie, second):
    return notification("zaak-%d" % i, resource=resource, actie=actie, aanmaakdatum="2026-05-01T12:00:%02dZ" % second)


def story_zaken_are_followed_from_open_to_closed(scratch):
    site = Followed(scratch)
    site.configure(site.handler("zaakverloop", "source = urn:nld:zaakverloop\n", plugin=LIBS + "zaakverloop.so") +
                   site.handler("proef", "") +
                   "[handler archief]\nplugin = log.so\nevents = nl.example.zaken.zaakverloop.afgerond\n"
                   "option.path = %s\noption.data = yes\n" % site.followed)
    site.start()
    figures = Figures(site)
    steps = [("zaak", "create"), ("status", "create"), ("rol", "create"), ("resultaat", "create"), ("status", "create"),
             ("zaakinformatieobject", "create")]

    def one(i):
        client = site.client()
        for second, (resource, actie) in enumerate(steps):
            if i == 0 and second >= 4:
                break  # this one stays open
            body = zaak(i, resource, actie, second)
            figures.add(body, client.post(body))
            if second == 2:
                kill(site.pids("postvak-runner"))

    in_parallel(6, one)
    figures.settle()

    def told():
        try:
            with open(site.followed) as f:
                return [json.loads(line) for line in f]
        except FileNotFoundError:
            return []

    wait("the closed ones to be told", lambda: len(told()) >= 5)
    closed = {json.loads(line["data"])["zaak"].rsplit("/", 1)[1]: json.loads(line["data"]) for line in told()}
    equal(sorted(closed), ["zaak-%d" % i for i in range(1, 6)])
    for data in closed.values():
        equal((data["geopend"], data["afgerond"], data["notificaties"], data["statussen"]),
              ("2026-05-01T12:00:00Z", "2026-05-01T12:00:04Z", 5, 2))
    equal({(line["source"], line["sender"]) for line in told()}, {("urn:nld:zaakverloop", "handler:zaakverloop")})
    figures.report()
