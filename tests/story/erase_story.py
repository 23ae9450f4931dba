# SPDX-License-Identifier: EUPL-1.2
"""Retention, erasing and backups."""
import fcntl
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.parse

from postvak_site import (BUILD, PREFIX, SECRET, Figures, Site, check, dispatcher_stopped, equal, in_parallel, notification,
                          now_text, wait, with_spare)

NAME = "burger-\u00eb-7f3a"
ZAAK = "https://zaken.voorbeeld.nl/zaken/api/v1/zaken/" + NAME
CLOUD = """[endpoint wolk]
path = /wolk
accepts = cloudevents
senders = opennotificaties

[endpoint streng]
path = /streng
accepts = nrc
senders = opennotificaties
"""


def spellings(text):
    raw, escaped, percent = text.encode(), json.dumps(text)[1:-1].encode(), urllib.parse.quote(text).encode()
    return [raw, escaped, escaped.replace(b"\\u00eb", b"\\u00EB"), percent, percent.lower()]


def found_in(site, text=NAME):
    """Every file of state_dir and run_dir in which it stands, and how often."""
    found = {}
    for path in glob.glob(site.dir + "/state/**", recursive=True) + glob.glob(site.dir + "/run/**", recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
            n = sum(content.count(s) for s in set(spellings(text)))
            if n:
                found[os.path.basename(path)] = n
    return found


def event(site, n):
    return json.loads(site.postvak("events", "show", str(n), "--json"))


def states_of(site, n):
    return {h["handler"]: h["state"] for h in event(site, n)["handlers"]}


def put_states(site, lane):
    """What handlers keep for an object, as their dispatcher would write it."""
    with open(site.dir + "/state/desk.lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        desk = sqlite3.connect(site.dir + "/state/desk.db")
        with desk:
            for handler in ("proef", "houd"):
                desk.execute("INSERT INTO state(lane, handler, n, value) VALUES(?, ?, 1, ?)",
                             (bytes.fromhex(lane), handler, ("zaak van %s " % NAME).encode() * 200))
        desk.close()


class Others(threading.Thread):
    """Intake of other objects that goes on meanwhile."""

    def __init__(self, site, figures):
        super().__init__(daemon=True)
        self.site, self.figures, self.over = site, figures, threading.Event()
        self.slowest, self.error = 0, None

    def run(self):
        client = self.site.client()
        i = 0
        try:
            while not self.over.is_set():
                body = notification("ander-%d" % (i % 7))
                begin = time.monotonic()
                self.figures.add(body, client.post(body))
                self.slowest = max(self.slowest, time.monotonic() - begin)
                i += 1
        except Exception as e:  # noqa: told by end()
            self.error = e
        client.close()

    def end(self):
        self.over.set()
        self.join()
        if self.error:
            raise self.error


def held_site(scratch, more=""):
    """One handler that passes dead events and one that holds their object."""
    site = Site(scratch)
    second = "[handler houd]\nplugin = %s/tests/handlers/.libs/testhandler.so\nevents = nl.overheid.**\nretry = 1 1h 1 1h\n" \
             "from = beginning\non_dead = hold\noption.path = %s/houd.txt\n" % (BUILD, scratch)
    site.configure(site.handler("proef", retry="3 1h 1 1h", more=more) + second + CLOUD, endpoint="invalid = quarantine")
    return site


def about(**more):
    return notification(hoofdObject=ZAAK, **more)


def fill(site):
    """All there can be of the person. The events that came of it."""
    first = about()
    site.accept(first)
    raw = json.dumps(about(actie="attrs", resourceUrl=ZAAK), ensure_ascii=False).encode()
    site.accept(raw)
    for body in (about(actie="dead"), about(actie="retry9"), about(), first):
        site.accept(body)
    site.accept(json.dumps({"kanaal": "zaken", "hoofdObject": ZAAK}).encode())
    # A CloudEvent has a lane of its own and would not wait for them.
    wait("those before it", lambda: states_of(site, 4) == {"proef": "waiting", "houd": "behind"})
    cloud = {"specversion": "1.0", "id": "1", "source": "urn:nld:zaken", "type": "nl.overheid.zaken.gewijzigd", "subject": ZAAK,
             "data": {"bij": urllib.parse.quote(NAME), "actie": "emit1", "hoofdObject": ZAAK, "kenmerken": about()["kenmerken"]}}
    equal(site.post(cloud, path="/wolk", content_type="application/cloudevents+json").status, 202)
    for text in spellings(ZAAK):
        equal(site.post(b'{"hoofdObject": "' + text, path="/streng").status, 400)
    wait("all to be where they stay", lambda: states_of(site, 5) == {"proef": "behind", "houd": "behind"} and
         states_of(site, 3) == {"proef": "dead", "houd": "held"} and
         event(site, 6)["state"] == "duplicate" and event(site, 7)["state"] == "quarantined" and
         states_of(site, 8) == {"proef": "done", "houd": "done"} and event(site, 8)["state"] == "done")
    wait("what was emitted", lambda: len(site.postvak("events", "--json", "--type", "nl.test.gevolg", status=None).splitlines()) == 2)
    check(NAME in site.postvak("events", "show", "2"), "no note in the history")
    put_states(site, event(site, 1)["lane"])
    return first


def story_what_is_erased_is_in_no_file_any_more(scratch):
    site = with_spare(held_site(scratch).start())
    figures = Figures(site)
    first = fill(site)
    others = Others(site, figures)
    others.start()
    wait("others to be handled", lambda: len(figures.acknowledged) > 200)
    before = found_in(site)
    check({"log.db", "log.db-wal"} & set(before) and {"desk.db", "desk.db-wal"} & set(before) and
          {name for name in before if name.startswith("journal.")}, before)
    dry = json.loads(site.postvak("erase", "--subject", ZAAK, "--dry-run", "--json"))
    equal({k: dry[k] for k in ("events", "duplicates", "quarantined", "states", "objects", "rejected")},
          {"events": 10, "duplicates": 1, "quarantined": 1, "states": 2, "objects": 4, "rejected": 5})
    check(found_in(site), "a dry run changed something")
    said = site.postvak("erase", "--subject", ZAAK, "--why", "verzoek 2026-17", "--yes")
    check("10 events" in said and "2 states" in said and "5 refused" in said, said)
    equal(found_in(site), {}, "files in which it still stands; before", before)
    for n in range(1, 11):
        site.postvak("events", "show", str(n), status=3)
    check(not site.logged(NAME), "the log of serve tells it")
    others.end()
    figures.settle()
    print("slowest answer meanwhile %.0f ms; before: %s" % (others.slowest * 1000, before))
    site.accept(first)
    wait("it to be known all the same", lambda: json.loads(site.postvak("events", "--json", "-n", "1"))["state"] == "duplicate")
    site.postvak("erase", "--subject", ZAAK, "--yes")
    equal(found_in(site), {}, "after the second time")
    # The object is not held any more, and the bookmarks are right.
    body = about()
    site.accept(body)
    wait("a new event of it to be handled", lambda: body["kenmerken"]["volgnummer"] in {h[3] for h in site.ended()})
    equal(site.stop(), 0)


def story_what_is_erased_is_in_no_file_of_the_journal_either(scratch):
    """Not in those that wait to be collected, nor in those that were and are used again."""
    site = with_spare(held_site(scratch).start())
    figures = Figures(site)
    body = about()
    figures.add(body, site.accept(body))
    for i in range(40):
        body = notification("zaak-%d" % (i % 3), vulling="x" * 900000)
        figures.add(body, site.accept(body))
    figures.settle()
    with_spare(site)
    with dispatcher_stopped(site):
        for i in range(40):
            body = about(vulling="x" * 900000)
            figures.add(body, site.accept(body))
        check(len([name for name in found_in(site) if name.startswith("journal.")]) > 1, found_in(site))
    figures.settle()
    wait("the other handler to have them, too", lambda: states_of(site, 81) == {"proef": "done", "houd": "done"})
    others = Others(site, figures)
    others.start()
    site.postvak("erase", "--subject", ZAAK, "--yes")
    equal(found_in(site), {})
    others.end()
    figures.settle()
    equal(site.stop(), 0)


def story_what_runs_is_left_and_said(scratch):
    gate = scratch + "/hek"
    os.mkfifo(gate)
    site = held_site(scratch, more="option.gate = %s\ndeadline = 60s\n" % gate).start()
    site.accept(about())
    wait("it to be handled", lambda: states_of(site, 1) == {"proef": "done", "houd": "done"})
    site.postvak("erase", "--subject", ZAAK, status=2)  # nobody to be asked
    site.postvak("erase", "--subject", "niemand", "--yes", status=3)
    site.postvak("erase", "--subject", ZAAK, "--yes", "--why", "van " + ZAAK, status=2)
    site.postvak("erase", "--lane", event(site, 1)["lane"], "--yes")
    site.accept(about(actie="gate"))
    site.accept(about())
    wait("it to run", lambda: [h for h in site.handled() if h[0] == "start"][1:])
    said = site.postvak("erase", "--lane", "2", "--yes", status=3)
    check("right now" in said, said)
    check(event(site, 2)["state"] != "done")
    with open(gate, "w"):
        pass
    wait("it to be done", lambda: states_of(site, 2).get("proef") == "done")
    site.postvak("erase", "--subject", ZAAK, "--yes")
    equal(found_in(site), {})
    equal(site.stop(), 0)


def story_an_erasure_that_was_cut_short_is_finished(scratch):
    site = held_site(scratch).start()
    figures = Figures(site)
    fill(site)
    others = Others(site, figures)
    others.start()
    for _ in range(3):
        site.fail_at("erase.after-log")
        # Whoever applies it is killed: the dispatcher, or the command itself when the next one is not there yet.
        site.postvak("erase", "--subject", ZAAK, "--yes", status=None)
        equal(site.fail_pending(), [], "nobody was killed")
        wait("nothing of it to be left", lambda: not found_in(site))
        site.accept(about())
        site.accept(about(actie="retry9"))
    others.end()
    figures.settle()
    equal(site.stop(), 0)


def story_erasing_without_a_dispatcher(scratch):
    site = held_site(scratch).start()
    fill(site)
    equal(site.stop(), 0)
    site.postvak("erase", "--containing", NAME, "--yes")
    equal(found_in(site), {})
    site.start()
    body = about()
    site.accept(body)
    wait("the object to go on", lambda: body["kenmerken"]["volgnummer"] in {h[3] for h in site.ended()})
    equal(site.stop(), 0)


# ---- retention ----

RETENTION = "retention = 1s\nremember = 1h\n"


def again(site):
    """A dispatcher begins with keeping house."""
    site.reload()


def first_number(site):
    return int(site.postvak("events", "--all", "--json").split("\n")[-2].split('"number":')[1].split(",")[0])


def story_an_event_that_was_pruned_is_a_duplicate_when_it_comes_again(scratch):
    site = Site(scratch, settings=RETENTION).start()
    figures = Figures(site)
    bodies = [notification("zaak-%d" % (i % 5)) for i in range(50)]
    for body in bodies:
        figures.add(body, site.post(body))
    wait("all to be handled", lambda: len(site.ended()) == 50)
    received = site.status()
    check(received)
    wait("them to be old", lambda: now_text(-1.1) > bodies[-1]["aanmaakdatum"])
    last = notification("laatste")
    figures.add(last, site.post(last))
    wait("it to be handled", lambda: len(site.ended()) == 51)
    again(site)
    wait("the others to be pruned", lambda: '"number":50' not in site.postvak("events", "--all", "--json", status=None))
    for body in bodies:
        site.accept(body)
    wait("them to be known", lambda: [json.loads(line)["state"] for line in
         site.postvak("events", "--json", "-n", "50").splitlines()].count("duplicate") == 50)
    equal(len(site.ended()), 51)
    figures.settle()


def story_states_of_an_object_go_when_its_events_were_pruned(scratch):
    site = Site(scratch, settings=RETENTION).start()
    figures = Figures(site)
    body = about()
    figures.add(body, site.post(body))
    wait("it to be handled", lambda: len(site.ended()) == 1)
    put_states(site, event(site, 1)["lane"])
    wait("it to be old", lambda: now_text(-1.1) > body["aanmaakdatum"])
    again(site)
    wait("it to be pruned", lambda: not site.postvak("events", "--all", "--json", status=None).strip())
    site.postvak("erase", "--subject", ZAAK, "--dry-run")
    check("0 events" in site.stderr and "1 state of 1 object," in site.stderr, site.stderr)
    said = site.postvak("erase", "--subject", ZAAK, "--yes")
    check("2 states" in said, said)
    equal(found_in(site), {})
    site.postvak("erase", "--subject", ZAAK, "--yes", status=3)
    figures.settle()
    equal(site.stop(), 0)


def story_pruning_does_not_hold_up_intake(scratch):
    site = Site(scratch, settings=RETENTION + "body_max = 2M\n").start()
    figures = Figures(site)

    def large(i):
        client = site.client()
        for _ in range(30):
            body = notification("groot-%d" % i, vulling="x" * (1 << 20))
            figures.add(body, client.post(body))
        for _ in range(500):
            body = notification("klein-%d" % i)
            figures.add(body, client.post(body))

    in_parallel(2, large)
    figures.settle()
    at = time.monotonic() + 1.2
    wait("them to be old", lambda: time.monotonic() > at)
    before, others = Others(site, figures), Others(site, figures)
    before.start()
    at = time.monotonic() + 3
    wait("a while without pruning", lambda: time.monotonic() > at)
    before.end()
    last = figures.sent
    others.start()
    wait("others to come in", lambda: figures.sent > last + 50)
    again(site)
    wait("what is old to be pruned", lambda: first_number(site) > 1060)
    others.end()
    figures.settle()
    print("figures longest answer: %.0f ms without pruning, %.0f ms with a reload and pruning of 60 MiB beside it" % (
        before.slowest * 1000, others.slowest * 1000))


# ---- backups ----

def restored(site, scratch, backup):
    """A second instance that starts from the backup; the handlers write to the same file."""
    second = Site(scratch + "/tweede")
    os.makedirs(second.dir + "/state")
    for name in ("desk.db", "log.db"):
        shutil.copy(backup + "/" + name, second.dir + "/state/" + name)
        os.chmod(second.dir + "/state/" + name, 0o660)
    shutil.copy(site.lines, second.lines)
    return second


def story_a_second_instance_goes_on_where_the_backup_was_made(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", retry="3 1h 1 1h"))
    site.start()
    figures, late = Figures(site), []
    over = threading.Event()
    waiting = notification("wacht", actie="retry1")
    site.accept(waiting)
    wait("it to wait", lambda: states_of(site, 1) == {"proef": "waiting"})

    def sender(i):
        client = site.client()
        while not over.is_set():
            body = notification("zaak-%d" % i)
            answer = client.post(body)
            figures.add(body, answer)
            late.append(body)

    threads = [threading.Thread(target=sender, args=(i,), daemon=True) for i in range(6)]
    for t in threads:
        t.start()
    wait("some to be sent", lambda: len(figures.acknowledged) > 600)
    sent = len(late)
    done_before = {line[3] for line in site.ended()}
    text = json.loads(site.postvak("backup", scratch + "/kopie/", "--json"))
    wait("more to be sent", lambda: len(late) > sent + 200)
    over.set()
    for t in threads:
        t.join()
    figures.settle()
    equal(site.stop(), 0)
    equal(oct(os.stat(scratch + "/kopie").st_mode & 0o777), oct(0o700))
    equal(sorted(os.listdir(scratch + "/kopie")), ["desk.db", "log.db"])
    check(text["last"] > sent and text["sorted"] <= text["last"], text)

    second = restored(site, scratch, scratch + "/kopie")
    os.unlink(second.lines)
    second.configure(second.handler("proef", retry="3 1h 1 1h"))
    second.start()
    wait("it to have come to the end", lambda: second.status()["handlers"][0]["bookmark"] >= text["last"])
    equal(states_of(second, 1), {"proef": "waiting"})
    second.postvak("retry", "1")
    wait("what waited to be handled", lambda: waiting["kenmerken"]["volgnummer"] in {h[3] for h in second.ended()})
    there = [h[3] for h in second.ended()]
    equal(len(there), len(set(there)), "handled twice by the second")
    listed = [json.loads(line) for line in second.postvak("events", "--all", "--json").splitlines()]
    equal({e["state"] for e in listed}, {"done"}, "what the backup had")
    equal(max(e["number"] for e in listed), text["last"])
    run_again = len(set(there) & done_before)

    # The senders repeat everything: what was acknowledged before the backup began is a duplicate, the rest is that or taken.
    client = second.client()
    for body in late:
        equal(client.post(body).status, 204)
    wait("all to be sorted and handled", lambda: second.status()["handlers"][0]["bookmark"] >= text["last"] + len(late))
    listed = [json.loads(line) for line in second.postvak("events", "--all", "--json").splitlines()]
    states = [e["state"] for e in reversed(listed) if e["number"] > text["last"]]
    equal(set(states[:sent]), {"duplicate"}, "acknowledged before the backup")
    equal(set(states) - {"duplicate", "done"}, set())
    equal(text["last"] - 1 + states.count("done"), len(late), "each event of the senders is there once")
    there = [h[3] for h in second.ended()]
    equal(len(there), len(set(there)), "handled twice by the second")
    print("figures sent=%d acknowledged=%d handled=%d duplicates=%d lost=0 disordered=0" % (
        2 * len(late), 2 * len(late), text["last"] - 1 + states.count("done"), states.count("duplicate")))
    print("figures backup of %d and %d bytes in %d ms; handled when it began and run again by the second: %d" % (
        text["log_bytes"], text["desk_bytes"], text["ms"], run_again))
    equal(second.stop(), 0)


def story_what_is_pruned_while_a_backup_begins_was_passed_in_it(scratch):
    site = Site(scratch, settings=RETENTION).start()
    figures = Figures(site)

    def take(n):
        for _ in range(n):
            body = notification()
            figures.add(body, site.post(body))
        wait("them to be handled", lambda: len(site.ended()) == len(figures.acknowledged))
        return now_text()

    take(3)
    site.fail_at("backup.between", "stop")
    process = subprocess.Popen([PREFIX + "/bin/postvak", "-c", site.conf, "backup", scratch + "/kopie"], env=site.environment())
    wait("it to have begun with the desk", lambda: not site.fail_pending())
    taken = take(3)
    wait("them to be old", lambda: now_text(-1.1) > taken)
    again(site)
    wait("them to be pruned", lambda: not site.postvak("events", "--all", "--json", status=None).strip())
    process.send_signal(signal.SIGCONT)
    equal(process.wait(), 0)

    def copied(name, sql):
        return sqlite3.connect("file:%s/kopie/%s.db?immutable=1" % (scratch, name), uri=True).execute(sql).fetchone()[0]

    equal(copied("log", "SELECT count(*) FROM event"), 0)
    equal(copied("desk", "SELECT n FROM bookmark"), 6, "passed in the copy")
    figures.settle()
    equal(site.stop(), 0)


def story_a_backup_is_whole_or_not_there(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: site.ended())
    os.makedirs(scratch + "/vol")
    open(scratch + "/vol/iets", "w").close()
    site.postvak("backup", scratch + "/vol", status=1)
    check("not empty" in site.stderr, site.stderr)
    for name, signal_ in (("kill", signal.SIGKILL), ("stop", signal.SIGTERM)):
        there = scratch + "/" + name
        site.fail_at("backup.during", "stop")
        process = subprocess.Popen([PREFIX + "/bin/postvak", "-c", site.conf, "backup", there], env=site.environment(),
                                   stderr=subprocess.PIPE)
        wait("it to be in the middle", lambda: os.path.isdir(there) and not site.fail_pending())
        process.send_signal(signal_)
        process.send_signal(signal.SIGCONT)
        process.wait()
        process.stderr.close()
        left = os.listdir(there) if os.path.isdir(there) else []
        check(not [n for n in left if n.endswith(".db")], left)
        equal(bool(left), signal_ == signal.SIGKILL, left)
    equal(site.stop(), 0)
    site.postvak("backup", scratch + "/stil")
    equal(sorted(os.listdir(scratch + "/stil")), ["desk.db", "log.db"])
    for name in os.listdir(scratch + "/stil"):
        equal(sqlite3.connect("file:%s/stil/%s?immutable=1" % (scratch, name), uri=True).execute("PRAGMA integrity_check").fetchone(), ("ok",))
