# SPDX-License-Identifier: EUPL-1.2
"""Disks that fail under load, and locks that somebody else holds: what cannot be made durable is
answered with 503 in time, and once the trouble is over everything goes on, nothing lost or run twice."""
import fcntl
import os
import subprocess
import threading
import time

from postvak_site import BOUND, PREFIX, SLOW, Figures, Site, check, equal, notification, wait
from store_story import small_disk, unmount

PATIENCE = 10 * SLOW  # seconds that a sender waits for its answer


class Load:
    """Senders that go on until they are told to stop; each sends one object's events one after the other, and
    what was refused again, as Open Notificaties does."""

    def __init__(self, site, figures, clients=6, pause=0):
        self.site, self.figures, self.pause = site, figures, pause
        self.refused, self.longest, self.errors = 0, 0, []
        self.over, self.failed, self.lock = threading.Event(), False, threading.Lock()
        self.threads = [threading.Thread(target=self.guarded, args=(i,), daemon=True) for i in range(clients)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, kind, value, trace):
        self.failed = kind is not None
        self.over.set()
        for t in self.threads:
            t.join(BOUND)
        if kind is None:
            check(not any(t.is_alive() for t in self.threads), "a sender does not end")
            check(not self.errors, *self.errors[:1])

    def guarded(self, i):
        try:
            client = self.site.client()
            while not self.over.wait(self.pause):
                self.send(client, self.body(i))
        except Exception as e:  # noqa: the story fails with it
            self.errors.append(e)

    def body(self, i):
        return notification("zaak-%d" % i)

    def send(self, client, body):
        while True:
            begin = time.monotonic()
            answer = client.post(body)
            self.note(time.monotonic() - begin, answer)
            self.figures.add(body, answer)
            if answer.status == 204 or self.failed:
                return
            self.over.wait(0.1)

    def note(self, seconds, answer):
        check(answer.status in (204, 503), "answered with", answer.status, answer.body)
        if answer.status == 503:
            check(int(answer.headers["retry-after"]) >= 1, answer.headers)
        with self.lock:
            self.refused += answer.status == 503
            self.longest = max(self.longest, seconds)

    def accepted(self, n):
        """Waits until so many more are."""
        before = len(self.figures.acknowledged)
        wait("%d more to be accepted" % n, lambda: self.errors or len(self.figures.acknowledged) >= before + n)
        check(not self.errors, *self.errors[:1])

    def refuses(self, n):
        before = self.refused
        wait("%d more to be refused" % n, lambda: self.errors or self.refused >= before + n)
        check(not self.errors, *self.errors[:1])


class LargeLoad(Load):
    """With events of which a file of the journal holds a few hundred."""

    def body(self, i):
        return notification("zaak-%d" % i, vulling="x" * 50000)


def ran_once(site, figures):
    """Nothing lost, nothing out of order, and nothing charged or run twice."""
    figures.settle()
    ended = [line[3] for line in site.ended()]
    equal(len(ended) - len(set(ended)), 0, "run twice")
    equal([line for line in site.handled() if line[0] == "start" and line[6] != "1"], [], "charged")


def ask_by_hand(site, *args):
    """The command with a disk that works, whatever is to fail in the dispatcher."""
    env = site.environment()
    del env["POSTVAK_FAILPOINTS"]
    return subprocess.run([PREFIX + "/bin/postvak", "-c", site.conf] + list(args), env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=BOUND, universal_newlines=True)


def turn_on(site, name):
    open("%s/failpoints/%s.on" % (site.dir, name), "w").close()


def turn_off(site, name):
    os.unlink("%s/failpoints/%s.on" % (site.dir, name))


def story_one_failing_synchronisation_of_the_journal_is_never_acknowledged(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    with Load(site, figures) as load:
        for _ in range(5):
            load.accepted(100)
            refused, at = load.refused, os.path.getsize(site.log)
            site.fail_at("journal.sync", "error")
            wait("a synchronisation to fail", lambda: not site.fail_pending())
            wait("intake to go on", lambda: site.logged("events are recorded again", at))
            load.accepted(1)
            check(load.refused > refused, "what was not durable was acknowledged")
    check(load.longest < PATIENCE, "a sender waited", load.longest)
    ran_once(site, figures)


def story_one_failing_synchronisation_of_the_log_is_healed_under_load(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    with LargeLoad(site, figures) as load:
        for _ in range(5):
            load.accepted(100)
            at = os.path.getsize(site.log)
            site.fail_at("log.sync", "error")
            wait("a synchronisation to fail", lambda: not site.fail_pending())
            wait("the log to be healed", lambda: site.logged("a full checkpoint has repaired that", at))
            load.accepted(1)
    equal(load.refused, 0, "intake was refused, whose journal is in order")
    check(load.longest < PATIENCE, "a sender waited", load.longest)
    ran_once(site, figures)


def story_one_failing_synchronisation_of_the_desk_is_healed_under_load(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    with Load(site, figures) as load:
        for _ in range(5):
            load.accepted(100)
            at = os.path.getsize(site.log)
            site.fail_at("desk.sync", "error")
            done = ask_by_hand(site, "retry", "999999")  # its answer is synchronised
            check("there is no event 999999" in done.stdout, done.returncode, done.stdout)
            check(not site.fail_pending(), "no synchronisation failed")
            wait("the desk to be healed", lambda: site.logged("desk.db: a synchronisation had failed", at))
    equal(load.refused, 0, "intake was refused for the desk's sake")
    ran_once(site, figures)


def story_a_full_disk_stops_intake_or_dispatch_and_space_ends_it(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    with LargeLoad(site, figures) as load:
        load.accepted(200)
        turn_on(site, "journal.full")
        load.refuses(20)  # once the places that are written already are used up
        wait("dispatch to go on", lambda: set(figures.acknowledged) <= {line[3] for line in site.ended()})
        check(site.logged("make room"), "no line that helps")
        turn_off(site, "journal.full")
        load.accepted(200)
        refused = load.refused
        for name in ("log", "desk"):
            turn_on(site, name + ".full")
            stopped = "cannot sort what was appended: %s/state/%s.db cannot grow" % (scratch, name)
            wait("dispatch to stop", lambda: site.logged(stopped))
            load.accepted(300)
            equal(load.refused, refused, "intake was refused for the sake of", name)
            at = os.path.getsize(site.log)
            turn_off(site, name + ".full")
            wait("dispatch to go on beside intake", lambda: site.logged("cannot sort what was appended: works again", at))
    wait("dispatch to say that it goes on", lambda: site.logged("works again"))
    ran_once(site, figures)


def fill(path):
    try:
        with open(path, "wb", buffering=0) as f:
            while True:
                f.write(b"x" * 65536)
    except OSError:  # of the making too: the load may be the one that took the last of the space
        pass


def story_a_disk_that_is_full_for_all_under_load_and_has_space_again(scratch):
    state = small_disk(scratch, 48)
    try:
        site = Site(scratch)
        site.configure(site.handler("proef", "runners = 2\n"), settings="disk_reserve = 64K")
        site.start()
        figures = Figures(site)
        with Load(site, figures) as load:
            for _ in range(3):
                load.accepted(100)
                fill(state + "/vulling")
                load.refuses(30)
                os.unlink(state + "/vulling")
                load.accepted(100)
        check(load.longest < PATIENCE, "a sender waited", load.longest)
        ran_once(site, figures)
    finally:
        unmount(state)


def story_below_the_reserve_dispatch_and_pruning_go_on(scratch):
    state = small_disk(scratch, 48)
    try:
        site = Site(scratch)
        until = scratch + "/wacht"
        site.configure(site.handler("proef", "option.until = %s\n" % until, retry="1000 1s 1 1s"),
                       settings="disk_reserve = 16M\nretention = 1s\nremember = 1h")
        site.start()
        figures = Figures(site)
        with Load(site, figures) as load:
            load.accepted(300)
        wait("all to be handled", lambda: set(figures.acknowledged) <= {line[3] for line in site.ended()})
        open(until, "w").close()
        late = notification("laat")
        figures.add(late, site.accept(late))
        begin = time.monotonic()
        equal(site.stop(), 0)
        with open(state + "/vulling", "wb") as f:
            f.write(b"x" * (36 << 20))
        wait("what was handled to be old when pruning looks", lambda: time.monotonic() - begin > 1.1)
        site.start()
        body = notification("later")
        answer = site.post(body)
        figures.add(body, answer)
        equal(answer.status, 503)
        check(int(answer.headers["retry-after"]) >= 1, answer.headers)
        wait("pruning to go on", lambda: site.postvak("events", "show", "1", status=None) == "")
        os.unlink(until)
        wait("dispatch to go on", lambda: late["kenmerken"]["volgnummer"] in [line[3] for line in site.ended()])
        os.unlink(state + "/vulling")

        def goes_on():
            answer = site.post(body)
            figures.add(body, answer)
            return answer.status == 204

        wait("intake to go on", goes_on)
        figures.settle()
    finally:
        unmount(state)


MINUTE = 60 if SLOW == 1 else 15  # builds with sanitizers are slow enough


def held_for_a_minute(site, name):
    """The lock of journal, log or desk, in the hands of somebody else."""
    with open("%s/state/%s.lock" % (site.dir, name), "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        begin = time.monotonic()
        while time.monotonic() - begin < MINUTE:
            yield
            time.sleep(0.2)


def story_a_minute_of_the_journals_lock_in_other_hands(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    with Load(site, figures) as load:
        load.accepted(100)
        for _ in held_for_a_minute(site, "journal"):
            check(load.longest < PATIENCE, "a sender waited", load.longest)
            check(not load.errors, *load.errors[:1])
        check(load.refused >= MINUTE // 2, "refused only", load.refused, "times in a minute")
        check(site.logged("is locked by another process"), "no line that helps")
        load.accepted(100)
    print("longest answer %.1f s, refused %d times" % (load.longest, load.refused))
    ran_once(site, figures)


def intake_goes_on_beside(scratch, name, more=""):
    """A minute of a lock that intake does not need."""
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n" + more))
    site.start()
    figures = Figures(site)
    with Load(site, figures, pause=0.05) as load:
        load.accepted(100)
        for _ in held_for_a_minute(site, name):
            check(not load.errors, *load.errors[:1])
        equal(load.refused, 0, "intake was refused, which needs the journal alone")
        check(site.logged("is locked by another process"), "no line that helps")
        check(site.status(), "no status")
        load.accepted(100)
    print("longest answer %.1f s, accepted %d" % (load.longest, len(figures.acknowledged)))
    ran_once(site, figures)


def story_a_minute_of_the_logs_lock_in_other_hands(scratch):
    intake_goes_on_beside(scratch, "log")


def story_a_minute_of_the_desks_lock_in_other_hands(scratch):
    intake_goes_on_beside(scratch, "desk", "deadline = 2s\n")
