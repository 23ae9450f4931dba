# SPDX-License-Identifier: EUPL-1.2
"""The journal, in which events are made durable before they are collected into log.db: writers that are killed beside
others, a lock that is taken away, a backlog of many files, and what restoring and pruning do with it."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import struct

import fcgi
from erase_story import NAME, RETENTION, about, again, found_in
from hosting_story import under_mod_fcgid
from postvak_site import (Answer, Figures, Site, check, dispatcher_stopped, equal, in_parallel, notification, now_text,
                          receiver_on_descriptor_0, wait, with_spare)

FILE = 16 << 20
ACCEPTED = Answer(204, {}, b"")


def files(site):
    """The numbers of the journal's files, ascending."""
    found = (re.fullmatch(r"journal\.(\d+)", name) for name in os.listdir(site.dir + "/state"))
    return sorted(int(m.group(1)) for m in found if m)


def tail(site):
    """Which file is the newest, how far it goes, and the number of the next event."""
    with open(site.dir + "/state/journal.lock", "rb") as f:
        return struct.unpack(">QQQ", f.read(32)[8:])


def number_of(body):
    return body["kenmerken"]["volgnummer"]


def listed(site):
    """Numbers and volgnummers of all events, ascending."""
    lines = site.postvak("events", "--all", "--json", status=None).splitlines()
    numbers = sorted(json.loads(line)["number"] for line in lines)
    return [(n, number_of(json.loads(site.postvak("events", "show", str(n), "--raw")))) for n in numbers]


# ---- killed behind the durable block, before it is said that there is one ----

class Receivers:
    """Some that nobody starts again, each on a socket of its own."""

    def __init__(self, site, n):
        self.site, self.made = site, 0
        self.all = [self.start() for _ in range(n)]

    def start(self):
        self.made += 1
        process, path = receiver_on_descriptor_0(self.site, "ontvanger-%d" % self.made)
        return process, fcgi.Wire(path)

    def end(self):
        for process, wire in self.all:
            wire.close()
            if process.poll() is None:
                process.kill()
            process.wait()


def ask(wire, body):
    wire.send(fcgi.request(body))
    return wire.answer()


def killed_behind_its_block(site, receiver, body):
    site.fail_at("append.after-commit")
    process, wire = receiver
    equal(ask(wire, body), None, "the answer of one that was killed")
    process.wait()
    equal(site.fail_pending(), [])


def story_a_block_of_a_killed_receiver_is_written_over_by_another_one(scratch):
    site = Site(scratch, settings="receivers = 0").start(nginx=False)
    figures = Figures(site)
    receivers = Receivers(site, 2)
    try:
        first, cut, large, last = notification(1), notification(1), notification(1, vulling="x" * 9000), notification(1)
        for wire in (receivers.all[0][1], receivers.all[1][1]):  # both have read where the journal ends
            body = notification(1)
            equal(ask(wire, body)[0], 204)
            figures.acknowledged.append(number_of(body))
        wait("both to be handled", lambda: len(site.ended()) == 2)
        equal(ask(receivers.all[0][1], first)[0], 204)
        at = tail(site)
        killed_behind_its_block(site, receivers.all[0], cut)
        equal(tail(site), at, "nothing says that there is one more")
        for body in (large, last):
            equal(ask(receivers.all[1][1], body)[0], 204)
        figures.acknowledged += [number_of(b) for b in (first, large, last)]
        figures.sent = 6
        wait("them to be handled", lambda: len(site.ended()) == 5)
        equal([n for n, _ in listed(site)], [1, 2, 3, 4, 5], "no number is left out")
        check(number_of(cut) not in [v for _, v in listed(site)], "what was not acknowledged is there")
        equal(ask(receivers.all[1][1], cut)[0], 204)  # its sender sends it again
        figures.acknowledged.append(number_of(cut))
        equal(ask(receivers.all[1][1], notification(2))[0], 204)
        wait("it to be handled, too", lambda: number_of(cut) in [h[3] for h in site.ended()])
        done = [h[3] for h in site.ended()]
        equal(done.index(number_of(cut)) > done.index(number_of(last)), True, "it has come after the others")
    finally:
        receivers.end()
    # It was sent before the others and accepted behind them: that is the order in which it counts.
    print("figures sent=%d acknowledged=%d handled=%d duplicates=0 lost=%d disordered=0" % (
        figures.sent + 1, len(figures.acknowledged), len(set(done)), len(set(figures.acknowledged) - set(done))))
    equal(set(figures.acknowledged) - set(done), set(), "lost")


def story_a_block_of_a_killed_receiver_is_taken_up_by_the_next_one(scratch):
    site = Site(scratch, settings="receivers = 0").start(nginx=False)
    figures = Figures(site)
    receivers = Receivers(site, 1)
    try:
        first, cut, last = notification(1), notification(1), notification(1)
        figures.add(first, Answer(*ask(receivers.all[0][1], first), {}))
        wait("it to be handled", lambda: len(site.ended()) == 1)
        killed_behind_its_block(site, receivers.all[0], cut)
        receivers.all.append(receivers.start())
        wire = receivers.all[1][1]
        for body in (cut, last):
            figures.add(body, Answer(*ask(wire, body), {}))
        wait("all to be handled", lambda: len(site.ended()) == 3)
        states = [json.loads(line)["state"] for line in site.postvak("events", "--all", "--json").splitlines()]
        equal(states[::-1], ["done", "done", "duplicate", "done"], "it is there, and again when its sender repeats it")
    finally:
        receivers.end()
    figures.settle()


def story_receivers_killed_behind_their_blocks_beside_others(scratch):
    site = Site(scratch, settings="receivers = 3").start()
    figures = Figures(site)
    over = []

    def client(i):
        connection = site.client()
        while not over:
            body = notification("zaak-%d" % i)
            while True:
                try:
                    answer = connection.post(body)
                except Exception:  # noqa: it was cut off, and is sent again
                    connection.close()
                    figures.failed()
                    continue
                if answer.status == 204:
                    figures.add(body, answer)
                    break
                figures.failed()

    def killer(_):
        try:
            for _ in range(4):
                n = len(figures.acknowledged)
                wait("more to be sent", lambda: len(figures.acknowledged) >= n + 100)
                site.fail_at("append.after-commit")
                wait("one to be killed", lambda: not site.fail_pending())
                wait("it to be replaced", lambda: len(site.pids("postvak.fcgi")) == 3)
        finally:
            over.append(True)

    in_parallel(9, lambda i: killer(i) if i == 8 else client(i))
    figures.settle()
    numbers = sorted(json.loads(line)["number"] for line in site.postvak("events", "--all", "--json").splitlines())
    equal(numbers, list(range(1, len(numbers) + 1)), "no number is given twice or left out")


# ---- files that are taken away ----

def story_the_journals_lock_is_taken_away_while_in_use(scratch):
    site = Site(scratch, settings="receivers = 2").start()
    figures = Figures(site)
    over = []

    def client(i):
        connection = site.client()
        while not over:
            body = notification("zaak-%d" % i)
            while connection.post(body).status != 204:
                figures.failed()
            figures.add(body, ACCEPTED)

    def take_away(_):
        try:
            for name in ("lock", "turnstile", "lock", "spare", "lock"):
                n = len(figures.acknowledged)
                wait("more to be sent", lambda: len(figures.acknowledged) >= n + 200)
                with contextlib.suppress(FileNotFoundError):  # a spare one is not always there
                    os.unlink("%s/state/journal.%s" % (scratch, name))
        finally:
            over.append(True)

    in_parallel(7, lambda i: take_away(i) if i == 6 else client(i))
    figures.settle()  # who only reads has seen it, too
    equal(site.stop(), 0)


# ---- a backlog ----

def story_a_burst_while_the_dispatcher_stands_still_is_handled_in_order(scratch):
    site = Site(scratch, settings="receivers = 2").start()
    figures = Figures(site)
    body = notification()
    figures.add(body, site.accept(body))
    wait("it to be handled", lambda: site.ended())

    def client(i):
        connection = site.client()
        for n in range(200):
            body = notification("zaak-%d" % i, vulling="x" * (450000 if n % 20 == 10 else 500))
            figures.add(body, connection.post(body))

    with dispatcher_stopped(site):
        in_parallel(8, client)
        check(len(files(site)) > 2, "files", files(site))
        equal(len(site.ended()), 1)
        check(os.path.getsize(scratch + "/state/log.db") < FILE, "it was collected by somebody")
        check(site.status()["log"]["last"] == 1601, site.status()["log"])
    wait("all to be handled", lambda: len({h[3] for h in site.ended()}) == 1601)
    for _ in range(2):  # what is behind is let go with the next collection
        body = notification()
        figures.add(body, site.accept(body))
        wait("it to be handled", lambda: number_of(body) in {h[3] for h in site.ended()})
    wait("the files to be let go", lambda: len(files(site)) == 1)
    sizes = {os.path.basename(p): os.path.getsize(p) for p in glob.glob(scratch + "/state/journal.*")}
    check(sum(sizes.values()) < 50 * FILE, "sizes", sizes)  # behind a burst files are up to 16 times as large
    check("journal.spare" in sizes, sizes)
    figures.settle()


def story_events_are_listed_while_the_dispatcher_stands_still(scratch):
    site = Site(scratch).start()
    figures = Figures(site)
    body = notification()
    figures.add(body, site.accept(body))
    wait("it to be handled", lambda: site.ended())
    with dispatcher_stopped(site):
        for n in range(2, 12):
            body = notification()
            figures.add(body, site.accept(body))
            shown = json.loads(site.postvak("events", "--json", "-n", "1"))
            equal((shown["number"], shown["state"]), (n, "new"), shown)
            equal(json.loads(site.postvak("events", "show", str(n), "--raw")), body)
            equal(site.status()["log"]["last"], n)
    figures.settle()


# ---- many processes ----

def story_many_receivers_of_mod_fcgid_append_together(scratch):
    site, process = under_mod_fcgid(scratch, lines="FcgidMaxProcessesPerClass 6\nFcgidMinProcessesPerClass 6\n"
                                                   "FcgidSpawnScoreUpLimit 100\n")
    try:
        figures = Figures(site)
        pids = set()

        def client(i):
            connection = site.client()
            for _ in range(100):
                body = notification("zaak-%d" % i)
                figures.add(body, connection.post(body))
            pids.update(site.pids("postvak.fcgi"))

        in_parallel(12, client)
        check(len(pids) > 1, "processes", pids)
        equal(len(figures.acknowledged), figures.sent)
        figures.settle()
        numbers = sorted(json.loads(line)["number"] for line in site.postvak("events", "--all", "--json").splitlines())
        equal(numbers, list(range(1, figures.sent + 1)), "numbers")
    finally:
        os.killpg(process.pid, signal.SIGKILL)


# ---- backups, and what is kept too long ----

def restore(site, backup):
    for name in ("desk.db", "log.db"):
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink("%s/state/%s%s" % (site.dir, name, suffix))
        shutil.copy(backup + "/" + name, site.dir + "/state/" + name)
        os.chmod(site.dir + "/state/" + name, 0o660)


def story_a_backup_has_what_waits_in_the_journal(scratch):
    site = Site(scratch).start()
    figures = Figures(site)

    def send(n):
        for _ in range(n):
            body = notification("zaak-%d" % (n % 3))
            figures.add(body, site.accept(body))

    send(3)
    wait("them to be handled", lambda: len(site.ended()) == 3)
    with dispatcher_stopped(site):
        send(20)
        told = json.loads(site.postvak("backup", scratch + "/kopie", "--json"))
    equal((told["last"], told["sorted"]), (23, 3))
    figures.settle()
    equal(site.stop(), 0)
    second = Site(scratch + "/tweede")
    os.makedirs(second.dir + "/state")
    restore(second, scratch + "/kopie")
    second.start(nginx=False)
    wait("what waited to be handled by the second", lambda: len(second.ended()) == 20)
    equal(sorted(int(h[3]) for h in second.ended()), sorted(map(int, figures.acknowledged[3:])))
    second.postvak("drain", status=None)
    equal(second.stop(), 0)


def story_a_backup_put_back_beside_the_journal_goes_on_with_what_is_in_it(scratch):
    site = with_spare(Site(scratch).start())
    figures = Figures(site)

    def send(n):
        for _ in range(n):
            body = notification("zaak-%d" % (n % 3))
            figures.add(body, site.accept(body))
        wait("them to be handled", lambda: len({h[3] for h in site.ended()}) == len(figures.acknowledged))

    send(10)
    site.postvak("backup", scratch + "/kopie")
    send(10)
    equal(site.stop(), 0)
    restore(site, scratch + "/kopie")
    os.rename(site.lines, scratch + "/eerder.txt")
    site.start()
    wait("what came after the backup to be handled again", lambda: len(site.ended()) == 10)
    equal([h[3] for h in site.ended()], figures.acknowledged[10:])
    # And without it: what came after the backup is gone, and its numbers are not given out again, since the lock has stayed.
    equal(site.stop(), 0)
    restore(site, scratch + "/kopie")
    os.makedirs(scratch + "/weg")
    for n in files(site):
        os.rename("%s/state/journal.%d" % (scratch, n), "%s/weg/journal.%d" % (scratch, n))
    site.start()
    body = notification("laatste")
    site.accept(body)
    wait("the new one to be handled", lambda: number_of(body) in {h[3] for h in site.ended()})
    equal([n for n, _ in listed(site)], list(range(1, 11)) + [21])
    print("figures sent=21 acknowledged=21 handled=21 duplicates=10 lost=0 disordered=0")
    equal(site.stop(), 0)


def story_what_was_pruned_is_not_in_the_journal_either(scratch):
    site = with_spare(Site(scratch, settings=RETENTION).start())
    figures = Figures(site)
    body = about()
    figures.add(body, site.accept(body))
    wait("it to be handled", lambda: len(site.ended()) == 1)
    check([name for name in found_in(site) if name.startswith("journal.")], found_in(site))
    wait("it to be old", lambda: now_text(-1.1) > body["aanmaakdatum"])
    last = notification("laatste")
    figures.add(last, site.accept(last))
    wait("the other to be handled", lambda: len(site.ended()) == 2)
    again(site)
    wait("it to be pruned", lambda: '"number":1,' not in site.postvak("events", "--all", "--json", status=None))
    wait("it to be gone from the journal", lambda: not [name for name in found_in(site, NAME) if name.startswith("journal.")])
    more = notification("meer")
    figures.add(more, site.accept(more))
    figures.settle()
    equal(site.stop(), 0)
