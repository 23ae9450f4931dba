# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of every role, anywhere: what was answered with 2xx is there afterwards and is handled."""
import json
import os
import signal
import threading
import time

from postvak_site import BOUND, SLOW, Figures, Site, check, equal, in_parallel, notification, wait

FAILPOINTS = [
    "receive.before-record", "receive.after-record", "receive.after-answer",
    "append.before-commit", "append.after-commit",
    "sort.before-commit", "sort.after-commit",
    "dispatch.after-sort", "dispatch.before-hand", "dispatch.after-hand", "dispatch.before-settle", "dispatch.after-settle",
    "settle.before-commit", "settle.after-commit", "checkpoint.during",
    "runner-before-outcome", "runner-after-outcome",
]


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


def story_killed_at_every_failpoint(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    missed = []
    for name in FAILPOINTS:
        site.fail_at(name)
        in_parallel(4, lambda i: sender(site, figures, "%s-%d" % (name, i), 5))
        if name == "checkpoint.during":
            checkpoint(site)
        try:
            wait("%s to be passed" % name, lambda: not site.fail_pending(), 20)
        except Exception:  # noqa
            missed.append(name)
            for left in site.fail_pending():
                os.unlink(scratch + "/failpoints/" + left)
        equal(site.stop(), 0)  # a fresh start: restarts after many deaths are paced
        site.start()
    equal(missed, [], "failpoints nobody came by")
    figures.settle()


def checkpoint(site):
    """Makes the log grow until it is copied."""
    for _ in range(400):
        site.post(notification("vulling", kenmerken={"volgnummer": "0", "x": "y" * 60000}))
        if not site.fail_pending():
            return


def story_every_role_killed_under_load(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 20\nrunners = 2\n", retry="9 100ms 1 100ms"))
    site.start()
    figures = Figures(site)
    roles = ["postvak.fcgi", "postvak-dispatch", "postvak-runner"]
    killed = dict.fromkeys(roles, 0)
    enough, over = threading.Event(), threading.Event()

    def killer():
        while not over.wait(0.15) and not enough.is_set():
            role = min(killed, key=killed.get)
            for pid in site.pids(role)[:1]:
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed[role] += 1
                except ProcessLookupError:
                    pass
            if min(killed.values()) == 4:  # deaths in a row are paced: the fourth comes after 3 seconds
                enough.set()

    def client(i):
        while not enough.is_set():
            sender(site, figures, i, 5)
            sender(site, figures, i, 1, "slow")
            sender(site, figures, i, 1, "retry1")
            time.sleep(0.05)

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    try:
        in_parallel(8, client)
    finally:
        over.set()
        thread.join()
    print("killed", killed)
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
    site.configure(site.handler("proef", "runners = 1\n", retry="50 1s 1 1s"))
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
        while kills[0] < 10 and more < total:  # a fast machine takes them all in before many kills
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
