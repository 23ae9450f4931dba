# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of every role, anywhere: what was answered with 2xx is there afterwards and is handled."""
import collections
import contextlib
import glob
import json
import os
import random
import re
import shutil
import signal
import threading
import time

from postvak_site import BOUND, LINE, SLOW, Failed, Figures, Site, check, equal, in_parallel, notification, wait

SEED = 5
KILLS = 1000 if SLOW == 1 else 200
ROLES = {"runner": "postvak-runner", "receiver": "postvak.fcgi", "dispatcher": "postvak-dispatch", "boss": "postvak"}
# How often each is picked: a runner that has work comes back at once, the others are paced after their second death,
# and all are as new after the boss's.
WEIGHTS = {"runner": 86, "receiver": 6, "dispatcher": 4, "boss": 4}


def failpoints():
    """All that the source has; erase_story.py kills in an erasure."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src")
    found = set()
    for path in glob.glob(source + "/*/*.c"):
        with open(path) as f:
            found.update(re.findall(r'fail(?:point|_here)\("([^"]+)"\)', f.read()))
    return sorted(found - {"erase.after-log"})


def sender(site, figures, i, count, actie="create"):
    """Sends one object's notifications one after the other; a refused or cut off one is sent again, as
    Open Notificaties does, so that its number stays in order."""
    client = site.client()
    for _ in range(count):
        body = notification("zaak-%s" % i, actie=actie)
        for _ in range(200):
            try:
                answer = client.post(body)
            except OSError:
                client.close()
                answer = None
            except Exception:  # noqa: http.client's own
                client.close()
                answer = None
            if answer is not None and answer.status == 204:
                figures.add(body, answer)
                break
            figures.failed()
            time.sleep(0.02)
        else:
            raise AssertionError("never accepted: %s" % (answer,))


def revive(site):
    """As a service manager does when the boss has died."""
    if site.died():
        wait("the children to leave by themselves", lambda: not site.pids("postvak"))
        site.start()


def kill_one(program):
    return lambda site: [os.kill(pid, signal.SIGKILL) for pid in site.pids(program)[:1]]


def reload(site):
    site.serve.send_signal(signal.SIGHUP)


def rewind(site):
    """Runs the last event again; the answer comes from the next dispatcher."""
    site.postvak("rewind", "proef", "--to", str(site.status()["log"]["last"]))


def grow(site):
    """Makes the log grow until it is copied."""
    site.post(notification("vulling", kenmerken={"volgnummer": "0", "x": "y" * 900000}))


def be_slow(site):
    """One that takes long, between many that do not."""
    for i in range(60):
        site.post(notification("tussen-%d" % i, actie="slow" if i % 20 == 10 else "create"))


def emit(site):
    site.post(notification("gevolg", actie="emit1"))


def back_up(site):
    shutil.rmtree(site.dir + "/kopie", ignore_errors=True)
    site.postvak("backup", site.dir + "/kopie")


PROVOKE = {
    "backup.between": back_up, "backup.during": back_up, "prune.after-log": reload,
    "dispatch.state-written": emit, "dispatch.before-outbox": emit, "dispatch.after-outbox": emit,
    "outbox.before-copy": emit, "outbox.after-copy": emit,
    "checkpoint.during": grow, "dispatch.after-recall": be_slow, "dispatch.after-requests": rewind,
    "boss.handover": reload, "boss.before-start": reload, "boss.after-death": kill_one("postvak.fcgi"),
    "dispatch.before-start": kill_one("postvak-runner"), "dispatch.after-death": kill_one("postvak-runner"),
}


def pass_by(site, name):
    """Does what leads there until somebody has been killed there."""
    provoke = PROVOKE.get(name)
    end = time.monotonic() + BOUND
    while site.fail_pending() and time.monotonic() < end:
        if provoke and not site.died():
            with contextlib.suppress(Exception):  # who asks may be cut off
                provoke(site)
        time.sleep(0.01)
    left = site.fail_pending()
    for file in left:
        os.unlink(site.dir + "/failpoints/" + file)
    return not left


def story_killed_at_every_failpoint(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "circuit = off\nrunners = 2\noption.ms = 300\n", retry="9 100ms 1 100ms"),
                   settings="retention = 1s")
    site.start()
    figures = Figures(site)
    missed, names = [], failpoints()
    for name in names:
        over = threading.Event()

        def client(i):
            while not over.is_set():
                sender(site, figures, "%s-%d" % (name, i), 5)

        # CGI passes by the same names, but is not served here.
        thread = threading.Thread(target=in_parallel, args=(4, client), daemon=True)
        site.fail_at(name)
        thread.start()
        try:
            if not pass_by(site, name):
                missed.append(name)
            elif name.startswith("boss."):
                wait("the boss to be dead", site.died)
            revive(site)
        finally:
            over.set()
            thread.join()
        equal(site.stop(), 0)  # a fresh start: restarts after many deaths are paced
        site.start()
    equal(missed, [], "failpoints nobody came by")
    print("killed at %d failpoints: %s" % (len(names), " ".join(names)))
    figures.settle()


class Begun:
    """The runners that have begun an event, from what they wrote: one that dies without any work is paced."""

    def __init__(self, paths):
        self.at, self.pids = dict.fromkeys(paths, 0), set()

    def look(self):
        for path in self.at:
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as f:
                f.seek(self.at[path])
                text = f.read()
                text = text[:text.rfind(b"\n") + 1]
                self.at[path] += len(text)
                self.pids.update(int(line[4]) for line in LINE.findall(text.decode()) if line[0] == "start")
        return self.pids


class Killer:
    """Kills processes of random roles, and starts the boss again when that was one."""

    def __init__(self, site, begun):
        self.site, self.begun, self.random = site, begun, random.Random(SEED)
        self.killed, self.gone = collections.Counter(), set()

    def victims(self, role):
        if role == "boss":
            return [self.site.serve.pid]
        pids = [pid for pid in self.site.pids(ROLES[role]) if pid not in self.gone]
        return [pid for pid in pids if pid in self.begun.look()] if role == "runner" else pids

    def kill(self):
        role = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        victims = []
        with contextlib.suppress(Failed):
            victims = wait("one to be there", lambda: sorted(self.victims(role)), 0.05)
        for pid in self.random.sample(victims, min(len(victims), self.random.randint(1, 3) if role == "runner" else 1)):
            self.gone.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed[role] += 1
        if role == "boss":
            self.site.serve.wait()
            revive(self.site)


def story_a_thousand_kills_of_random_roles_under_load(scratch):
    files = [scratch + "/handled-%d.txt" % i for i in range(4)]
    site = Site(scratch)
    site.configure("".join(site.handler("h%d" % i, "circuit = off\noption.ms = 5\nrunners = 4\n", retry="100 100ms 1 100ms", lines=path)
                           for i, path in enumerate(files)), settings="receivers = 4")
    site.start()
    figures = Figures(site, files)
    killer, enough = Killer(site, Begun(files)), threading.Event()
    begin = time.monotonic()

    def client(i):
        while not enough.is_set():
            sender(site, figures, i, 3)
            sender(site, figures, i, 1, "slow")
            time.sleep(0.05)

    thread = threading.Thread(target=in_parallel, args=(6, client), daemon=True)
    thread.start()
    try:
        while sum(killer.killed.values()) < KILLS:
            killer.kill()
    finally:
        enough.set()
        thread.join()
    print("seed %d: killed %s in %.1f s" % (SEED, dict(killer.killed), time.monotonic() - begin))
    figures.settle()


def story_what_runs_ends_with_the_dispatcher_before_it_runs_again(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 1500\nrunners = 2\n"))
    site.start()
    figures = Figures(site)
    for i in range(3):
        bodies = [notification("zaak-%d" % i, actie="slow"), notification("zaak-%d" % i)]
        for body in bodies:
            figures.add(body, site.accept(body))
        number = bodies[0]["kenmerken"]["volgnummer"]
        wait("it to run", lambda: number in [h[3] for h in site.handled()])
        before = site.pids("postvak-runner")
        for pid in site.pids("postvak-dispatch"):
            os.kill(pid, signal.SIGKILL)
        wait("another runner", lambda: set(site.pids("postvak-runner")) - set(before))
    figures.settle()
    for n in range(1, 7):
        shown = json.loads(site.postvak("events", "show", str(n), "--json"))
        check(all(h["attempt"] <= 1 for h in shown["history"]), "charged for the dispatcher's death:", shown["history"])


def story_the_boss_killed_and_started_again(scratch):
    site = Site(scratch).start()
    figures = Figures(site)
    for round_ in range(5):
        bodies = [notification("zaak-%d" % round_) for _ in range(20)]
        for body in bodies:
            figures.add(body, site.accept(body))
        site.serve.kill()
        site.serve.wait()
        wait("the children to leave by themselves", lambda: not site.pids("postvak"))
        site.start()
    figures.settle()


def story_twenty_thousand_while_the_runner_is_killed_every_tenth_of_a_second(scratch):
    total = 20000 if SLOW == 1 else 2000
    site = Site(scratch)
    site.configure(site.handler("proef", "circuit = off\nrunners = 1\n", retry="50 1s 1 1s"))
    site.start()
    figures = Figures(site)
    done = threading.Event()
    kills = [0]

    def killer():
        while not done.wait(0.1):
            for pid in site.pids("postvak-runner"):
                try:
                    os.kill(pid, signal.SIGKILL)
                    kills[0] += 1
                except ProcessLookupError:
                    pass

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()

    def client(i):
        connection = site.client()
        for _ in range(total // 64):
            body = notification("zaak-%d" % i)
            figures.add(body, connection.post(body))
        connection.close()

    try:
        in_parallel(64, client)
        for i in range(total % 64):
            body = notification("rest-%d" % i)
            figures.add(body, site.post(body))
        more = 0
        end = time.monotonic() + BOUND
        while kills[0] < 10 and time.monotonic() < end:  # a fast machine takes them all in before many kills
            body = notification("more-%d" % (more % 64))
            figures.add(body, site.post(body))
            more += 1
    finally:
        done.set()
        thread.join()
    equal(len(figures.acknowledged), total + more, "acknowledged")
    print("runner killed %d times" % kills[0])
    check(kills[0] >= 10, "the runner was killed only", kills[0], "times")
    figures.settle()


def story_half_a_line_of_a_killed_runner_hides_no_other(scratch):
    site = Site(scratch)
    site.start()
    body = notification()
    site.accept(body)
    wait("it to be done", site.ended)
    site.stop()
    whole = site.handled()
    equal([line[0] for line in whole], ["start", "end"])
    with open(site.lines) as f:
        lines = f.readlines()
    equal(len(lines), 3, "with that of close")
    for half in [cut[:at] for cut in lines for at in range(len(cut))]:
        for i in range(len(lines)):
            with open(site.lines, "w") as f:
                f.write(half + "".join(lines[i:]) + half)
            equal(site.handled(), whole[i:], "behind", repr(half))


def story_runner_killed_by_hand_costs_one_attempt(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 500\n", retry="3 1s 1 1s"))
    site.start()
    body = notification(actie="slow")
    site.accept(body)
    wait("it to run", lambda: site.handled())
    for pid in site.pids("postvak-runner"):
        os.kill(pid, signal.SIGKILL)
    wait("it to be done", lambda: site.ended())
    shown = wait("its history", lambda: "done" in site.postvak("events", "show", "1") and site.postvak("events", "show", "1"))
    check("crash" in shown and "signal 9" in shown, shown)
    equal(len([h for h in site.handled() if h[0] == "start"]), 2)
