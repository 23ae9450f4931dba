# SPDX-License-Identifier: EUPL-1.2
"""Rewinds: what runs again and what does not, state that is made anew, and a new handler that catches up."""
import collections
import json
import os
import pty
import signal
import subprocess
import threading
import time

from crash_story import sender
from postvak_site import BOUND, PREFIX, SECRET, SLOW, Figures, Site, check, disorder, equal, in_parallel, notification, wait
from state_story import Followed

MASS = 60000 // SLOW  # events that a new handler finds in the log
BATCH = 1000


def runs(site):
    """How often each event was finished, by its volgnummer."""
    return collections.Counter(line[3] for line in site.ended())


def number_of(body):
    return body["kenmerken"]["volgnummer"]


def settled(site):
    wait("all to be settled", lambda: all(h["lag"] == 0 and not h["replays"] for h in site.status()["handlers"]))


def fill(site, figures, bodies):
    for body in bodies:
        figures.add(body, site.accept(body))
    wait("all to be handled", lambda: len(site.ended()) == len(bodies))
    settled(site)


def lane_of(site, n):
    return json.loads(site.postvak("events", "show", str(n), "--json"))["lane"]


def story_a_rewind_of_one_type_and_of_one_object(scratch):
    site = Site(scratch).start()
    figures = Figures(site)
    bodies = [notification("abc"[i % 3], resource="rol" if i % 2 else "status") for i in range(12)]
    fill(site, figures, bodies)
    rol, status = "nl.overheid.zaken.rol.*", "nl.overheid.zaken.status.*"
    said = site.postvak("rewind", "proef", "--to", "3", "--only", rol, "--lane", "1", "--dry-run")
    check("2 events would run" in said, said)  # events 4 and 10
    equal(json.loads(site.postvak("rewind", "proef", "--to", "3", "--dry-run", "--json"))["dry_run"], True)
    equal(len(site.ended()), 12)
    site.postvak("rewind", "proef", "--to", "3", "--only", rol, "--lane", "1", "--why", "een fout in rollen", "--wait")
    equal(len(site.ended()), 14)
    site.postvak("rewind", "proef", "--to", "9", "--lane", lane_of(site, 3), "--wait")
    site.postvak("rewind", "proef", "--to", "beginning", "--only", status, "--wait")
    wanted = [1 + (i >= 2 and i % 3 == 0 and i % 2 == 1) + (i >= 8 and i % 3 == 2) + (i % 2 == 0) for i in range(12)]
    equal([runs(site)[number_of(b)] for b in bodies], wanted)
    for args, said in ((["--lane", "99"], "no event 99"), (["--lane", "abc"], "neither a lane"), (["--lane", "0" * 31], "neither a lane")):
        site.postvak("rewind", "proef", "--to", "1", *args, status=3 if args[1] == "99" else 2)
        check(said in site.stderr, site.stderr)
    site.postvak("rewind", "niemand", "--to", "1", "--dry-run", status=3)
    check("no handler niemand" in site.stderr, site.stderr)
    figures.report()


def story_rewinds_that_overlap_run_nothing_twice(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 100\nrunners = 2\n"), settings="drain = 20s\n")
    site.start()
    figures = Figures(site)
    bodies = [notification("abcd"[i % 4], actie="slow") for i in range(60)]
    fill(site, figures, bodies)
    said = [site.postvak("rewind", "proef", "--to", to) for to in ("31", "11", "11", "46", "beginning", "beginning")]
    check("from event 31 to 60" in said[0], said[0])
    check("from event 11 to 30; the rest" in said[1], said[1])
    check("runs already" in said[2] and "runs already" in said[3], said[2:])
    check("from event 1 to 10; the rest" in said[4] and "runs already" in said[5], said[4:])
    live = notification("a")
    figures.add(live, site.accept(live))
    site.reload()
    site.postvak("rewind", "proef", "--to", "beginning", status=None)
    wait("the rewinds to come to their end", lambda: not site.status()["handlers"][0]["replays"])
    settled(site)
    counted = runs(site)
    equal([counted[number_of(b)] for b in bodies], [2] * len(bodies))
    check(counted[number_of(live)] <= 2, "the live event ran", counted[number_of(live)], "times")
    site.postvak("rewind", "proef", "--to", "41", "--wait")
    equal([runs(site)[number_of(b)] for b in bodies[36:44]], [2] * 4 + [3] * 4)
    figures.report()


def story_state_is_made_anew_while_live_events_arrive(scratch):
    site = Followed(scratch)
    site.configure(site.counting().replace("runners = 2\n", "runners = 2\ndeadline = 10s\n"))
    site.start()
    figures = Figures(site)
    lanes = {"zaak-%d" % i: 15 for i in range(5)}
    in_parallel(len(lanes), lambda i: sender(site, figures, i, 15, "count"))
    site.postvak("rewind", "teller", "--to", "beginning", status=3)
    check("--state keep" in site.stderr, site.stderr)
    site.postvak("rewind", "teller", "--to", "beginning", "--state", "reset", "--only", "nl.**", status=2)
    live = threading.Thread(target=lambda: in_parallel(len(lanes), lambda i: sender(site, figures, i, 25, "count")))
    live.start()
    said = site.postvak("rewind", "teller", "--to", "beginning", "--state", "reset", "--why", "de teller telde verkeerd")
    check("drops its state" in said, said)
    for pid in site.pids("postvak-dispatch"):
        os.kill(pid, signal.SIGKILL)
    live.join()
    wait("the rewind to come to its end", lambda: not site.status()["handlers"][0]["replays"])
    equal(site.counts(figures, lanes), {lane: 15 + 25 + 1 for lane in lanes}, "counts")
    lane = lane_of(site, 1)
    site.postvak("rewind", "teller", "--to", "beginning", "--state", "reset", "--lane", lane, "--wait")
    check_places(site)
    figures.settle()


def check_places(site):
    """The last that each event noted is its place among the events of its object."""
    places = collections.Counter()
    for event in sorted(site.listed("--handler", "teller"), key=lambda e: e["number"]):
        shown = json.loads(site.postvak("events", "show", str(event["number"]), "--json"))
        places[shown["lane"]] += 1
        notes = [h["note"] for h in shown["history"] if h["handler"] == "teller" and h["what"] in ("done", "replayed")]
        equal(notes[-1], "count %d" % places[shown["lane"]], "event", event["number"], notes)


def post_mass(site, start):
    """A batch of CloudEvents that only the new handler wants."""
    events = [{"specversion": "1.0", "id": "m%d" % (start + i), "source": "urn:nld:oin:00000001823288444000:systeem:massa",
               "type": "nl.test.massa", "subject": "s%d" % (i % 100), "datacontenttype": "application/json", "data": {"n": i}}
              for i in range(BATCH)]
    answer = site.post(json.dumps(events).encode(), path="/ce", content_type="application/cloudevents-batch+json", authorization=SECRET)
    equal(answer.status, 202, answer.body)


def live_delays(site, enough):
    """Posts at a steady 100/s until enough(); the milliseconds from before each POST to the start in the handler."""
    client, sent, next_at = site.client(), {}, time.monotonic()
    while not enough():
        body = notification("live-%d" % (len(sent) % 10))
        sent[number_of(body)] = time.monotonic() * 1e6
        equal(client.post(body).status, 204)
        next_at = max(next_at + 0.01, time.monotonic())
        threading.Event().wait(max(0, next_at - time.monotonic()))
    client.close()
    wait("the live events to be handled", lambda: set(sent) <= {line[3] for line in site.ended()})
    return sorted((int(line[5]) - sent[line[3]]) / 1000 for line in site.handled() if line[0] == "start" and line[3] in sent)


def percentile(delays, share):
    return delays[min(len(delays) - 1, int(len(delays) * share))]


class Watcher(threading.Thread):
    """Follows the bookmark of the new handler until it has caught up."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.seen, self.caught_up = site, [], threading.Event()

    def run(self):
        while not self.caught_up.wait(0.2):
            found = [h for h in self.site.status()["handlers"] if h["handler"] == "archief"]
            self.seen.append((time.monotonic(), found[0]["bookmark"] or 0, found[0]["percent"]))
            if self.seen[-1][1] >= MASS:
                self.caught_up.set()

    def rate(self):
        began = max([s for s in self.seen if s[1] == 0] or self.seen[:1])
        return self.seen[-1][1] / max(self.seen[-1][0] - began[0], 0.001)


def story_a_new_handler_catches_up_beside_live_events(scratch):
    site = Site(scratch)
    endpoint = "[endpoint ce]\npath = /ce\naccepts = cloudevents\nsenders = opennotificaties\nbatch = %d\n\n" % BATCH
    proef = site.handler("proef")
    site.configure(proef + endpoint)
    site.start()
    in_parallel(2, lambda k: [post_mass(site, start) for start in range(k * BATCH, MASS, 2 * BATCH)])
    wait("all to be sorted", lambda: site.status()["log"]["sorted"] >= MASS)
    end = time.monotonic() + 3
    alone = live_delays(site, lambda: time.monotonic() > end)
    site.configure(proef + "[handler archief]\nplugin = null\nevents = nl.**\nfrom = beginning\n\n" + endpoint)
    site.reload()
    watcher = Watcher(site)
    watcher.start()
    live_delays(site, lambda n=[]: n.append(1) or len(n) > 1)  # until its runner is there
    beside = live_delays(site, watcher.caught_up.is_set)
    watcher.join()
    print("catch-up %d events at %d/s; live alone n=%d p50=%.1f ms p99=%.1f ms; beside it n=%d p50=%.1f ms p99=%.1f ms" % (
        MASS, watcher.rate(), len(alone), percentile(alone, 0.5), percentile(alone, 0.99),
        len(beside), percentile(beside, 0.5), percentile(beside, 0.99)))
    settled(site)
    status = site.status()
    handled = min(h["bookmark"] for h in status["handlers"] if h["dead"] == h["waiting"] == 0)
    counts = len(alone) + len(beside) + 1
    starts = collections.Counter(line[3] for line in site.handled() if line[0] == "start")
    disordered = disorder(site.handled())
    print("figures sent=%d acknowledged=%d handled=%d duplicates=%d lost=%d disordered=%d" % (
        MASS + counts, status["log"]["last"], handled, sum(starts.values()) - len(starts), MASS + counts - handled, disordered))
    equal((handled, disordered), (MASS + counts, 0))
    equal(sum(starts.values()), counts)


def on_terminal(site, *args):
    """Starts the command on a terminal of its own; the process and the terminal's other side."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([PREFIX + "/bin/postvak", "-c", site.conf] + list(args), stdin=theirs, stdout=theirs, stderr=theirs,
                               env=site.environment(), start_new_session=True)
    os.close(theirs)
    return process, ours


def read_until(terminal, text, bound=BOUND):
    got, end = b"", time.monotonic() + bound
    while text not in got:
        check(time.monotonic() < end, "waited in vain for", text, "in", got)
        try:
            got += os.read(terminal, 65536)
        except OSError:  # the command has ended
            break
    return got.decode()


def story_status_shows_how_far_a_rewind_is(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 100\n"))
    site.start()
    figures = Figures(site)
    bodies = [notification("a", actie="slow") for _ in range(30)]
    fill(site, figures, bodies)
    waiting, terminal = on_terminal(site, "rewind", "proef", "--to", "beginning", "--wait")
    drawn = read_until(terminal, b"to go")
    check("[" in drawn and "runs again" in drawn, drawn)
    shown = site.status()["handlers"][0]["replays"][0]
    check(shown["percent"] < 100 and 0 < shown["to_go"] <= 30 and shown["only"] is None and not shown["rebuild"], shown)
    text = site.postvak("status")
    check("proef runs 1 to 30 again: " in text and "to go" in text and "[" not in text.split("proef runs")[1].split("\n")[0], text)
    watching, screen = on_terminal(site, "status", "--watch", "1")
    seen = read_until(screen, b"\x1b[2J") + read_until(screen, b" proef runs 1 to 30 again") + read_until(screen, b"\x1b[2J")
    check("#####" in seen or "....." in seen, seen)
    watching.send_signal(signal.SIGINT)
    equal(watching.wait(BOUND), -signal.SIGINT)
    threading.Thread(target=read_until, args=(terminal, b"never"), daemon=True).start()
    equal(waiting.wait(BOUND), 0)
    equal(len(site.ended()), 60)
    figures.report()
