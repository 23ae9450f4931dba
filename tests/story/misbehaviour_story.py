# SPDX-License-Identifier: EUPL-1.2
"""Handlers that do to their process what a handler can: it costs the event that did it, and no other."""
import json
import time

from postvak_site import SLOW, Figures, Site, check, equal, in_parallel, notification, wait

DEADLINE = 3 * SLOW
GOOD = 20  # of each healthy object

CRASH = {"crash": "signal 11", "exit": "status 3", "quit": "status 0", "heap": "", "stack": "", "recurse": "", "close": "signal 6",
         "garbage": "wrote", "flood": "wrote"}
TIMEOUT = ["hang", "busy", "deaf", "bomb", "slow"]
HARMLESS = ["child", "copy", "files", "stdout", "mask", "rlimits", "cwd", "umask", "alarm", "session", "environ"]
STOPS = [19, 20, 21, 22]  # SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU
IGNORED = [1, 2, 13, 15, 17, 18, 23, 25, 28]  # by the runner, or by the system


def crashes():
    wanted = dict(CRASH, **{"signal%d" % n: "signal %d" % n for n in range(1, 32) if n not in STOPS + IGNORED})
    if SLOW == 1:
        wanted["leak"] = "signal 6"  # memory limits and sanitizers do not go together
    else:
        wanted.update(dict.fromkeys([w for w in wanted if w not in ("close", "garbage", "flood")], ""))
    return wanted


class Clock:
    """When healthy events were sent, and when each ended: both by the machine's monotonic clock."""

    def __init__(self, site, figures):
        self.site, self.figures, self.sent = site, figures, {}

    def send(self, name, count=GOOD, **more):
        """An object's notifications, each after the answer to the one before it."""
        client = self.site.client()
        for _ in range(count):
            body = notification(name, **more)
            number = body["kenmerken"]["volgnummer"]
            self.sent[number] = time.monotonic()
            self.figures.add(body, client.post(body))
        client.close()

    def slowest_ms(self, path=None):
        ended = {line[3]: int(line[5]) for line in reversed(self.site.ended(path))}
        return max((ended[n] / 1000 - self.sent[n] * 1000 for n in self.sent if n in ended), default=0)


def number_of(body):
    return body["kenmerken"]["volgnummer"]


def shown(site, n):
    return json.loads(site.postvak("events", "show", str(n), "--json"))


def send_bad(site, figures, words):
    """One event per word, in an object of its own, with a healthy one behind it; their bodies by word."""
    bad = {}
    for word in words:
        bad[word] = notification("slecht-" + word, actie=word)
        figures.add(bad[word], site.accept(bad[word]))
        after = notification("slecht-" + word)
        figures.add(after, site.accept(after))
    return bad


def all_states(site):
    return {str(e["number"]): e["state"] for e in map(json.loads, site.postvak("events", "--all", "--json").splitlines())}


def check_charged(site, figures, bad, wanted, what, numbers):
    """What was charged to the bad ones, and that each is dead and says why."""
    for word, reason in wanted.items():
        event = shown(site, numbers[number_of(bad[word])])
        equal([h["what"] for h in event["history"]], [what, "dead"], word, event["history"])
        said = [h["reason"] for h in event["handlers"] if h["handler"] == "proef"]
        check(reason in said[0], word, "is dead because:", said)
        figures.dead.add(number_of(bad[word]))


def event_numbers(site):
    """Of the events that the handler has seen, by the serial number of their notifications."""
    serials = {line[1]: line[3] for line in site.handled()}
    events = map(json.loads, site.postvak("events", "--all", "--json").splitlines())
    return {serials[e["key"]]: e["number"] for e in events if e["key"] in serials}


def servers(site):
    """The processes that are not runners; what the dispatcher forks is one of it until it is a runner."""
    return site.pids("postvak-dispatch"), site.pids("postvak.fcgi")


def story_a_handler_that_misbehaves_costs_only_its_own_events(scratch):
    other = scratch + "/ander.txt"
    site = Site(scratch)
    patient = site.handler("ander", events="nl.overheid.zaken.rol.**", lines=other)
    more = "runners = 8\ndeadline = %ds\nmemory = 48M\noption.ms = 60000\ncircuit = off\n" % DEADLINE
    site.configure(patient + site.handler("proef", more,
                                          events="nl.overheid.zaken.status.**", retry="2 100ms 1 100ms"))
    site.start()
    roles = wait("one of each", lambda: [r for r in [servers(site)] if list(map(len, r)) == [1, 1]])[0]
    figures, others = Figures(site), Figures(site, [other])
    clock, beside = Clock(site, figures), Clock(site, others)
    clock.send("voor")
    wanted = crashes()
    stops = ["signal%d" % n for n in STOPS]
    ignored = ["signal%d" % n for n in IGNORED]
    bad = send_bad(site, figures, list(wanted) + TIMEOUT + stops + HARMLESS + ignored)
    in_parallel(4, lambda i: (clock.send("goed-%d" % i), beside.send("rol-%d" % i, resource="rol")))
    dead = set(number_of(bad[w]) for w in list(wanted) + TIMEOUT + stops)
    wait("the bad ones to be dead", lambda: list(all_states(site).values()).count("dead") == len(dead))
    wait("the rest to be done", lambda: set(figures.acknowledged) - dead <= {h[3] for h in site.ended()})
    wait("all to be settled", lambda: all(h["lag"] == 0 for h in site.status()["handlers"]))
    wait("nobody but the same processes that are not runners", lambda: servers(site) == roles)
    numbers = event_numbers(site)
    check_charged(site, figures, bad, wanted, "crash", numbers)
    check_charged(site, figures, bad, dict.fromkeys(TIMEOUT + stops, "deadline of %d ms" % (DEADLINE * 1000)), "timeout", numbers)
    counters = site.status()["counters"]
    equal((counters["crashes"], counters["timeouts"]), (2 * len(wanted), 2 * len(TIMEOUT + stops)),
          "what was charged in all, and so to no innocent event")
    equal(site.stop(), 0)
    wait("nothing of it to be left", lambda: not site.pids(""))
    print("misbehaviours: %d; slowest healthy event of the same handler %d ms, of the other one %d ms" % (
        len(bad), clock.slowest_ms(), beside.slowest_ms(other)))
    check(beside.slowest_ms(other) < DEADLINE * 1000, "the other handler waited", beside.slowest_ms(other))
    others.settle()
    figures.settle()


POISON = ["crash", "exit", "quit", "heap", "stack", "recurse", "retry99", "dead", "hang", "busy"]


def story_a_poison_event_in_each_of_ten_objects_and_the_others_are_on_time(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "circuit = off\nrunners = 4\ndeadline = %ds\n" % DEADLINE, retry="3 500ms 1 500ms"))
    site.start()
    figures = Figures(site)

    def healthy(name):
        clock = Clock(site, figures)
        in_parallel(8, lambda i: clock.send("%s-%d" % (name, i), 50))
        wait("the healthy ones", lambda: set(clock.sent) <= {h[3] for h in site.ended()})
        return clock.slowest_ms()

    without = healthy("zonder")
    bad = send_bad(site, figures, POISON)
    beside = healthy("ernaast")
    dead = {number_of(body) for body in bad.values()}
    wait("the bad ones to be dead", lambda: list(all_states(site).values()).count("dead") == len(dead))
    figures.dead = dead
    print("slowest healthy event: %.1f ms without poison, %.1f ms beside ten poisoned objects" % (without, beside))
    check(beside < DEADLINE * 1000, "a healthy event waited for one that hangs:", beside, "ms")
    figures.settle()
