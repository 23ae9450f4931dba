# SPDX-License-Identifier: EUPL-1.2
"""When the store is full, read-only, locked or broken: 503 with Retry-After, a line that helps, and
intake resumes by itself."""
import fcntl
import json
import os
import signal
import subprocess

from postvak_site import (Figures, Site, Skipped, check, dispatcher_stopped, equal, in_parallel, notification, receiver_on_descriptor_0,
                          wait)


def refused(site):
    answer = site.post(notification())
    return answer if answer.status == 503 else None


def is_503(answer):
    equal(answer.status, 503)
    check(int(answer.headers["retry-after"]) >= 1, answer.headers)
    check(answer.headers.get("api-version"))
    equal(answer.headers["content-type"], "application/problem+json")
    equal(json.loads(answer.body)["status"], 503)


def resumes(site):
    return wait("intake to resume", lambda: site.post(notification()).status == 204)


def small_disk(scratch, megabytes=12):
    """A file system of a few megabytes for state_dir; skips where it may not be mounted."""
    path = scratch + "/state"
    os.makedirs(path)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "tmpfs", path], stderr=subprocess.PIPE)
    if done.returncode:
        raise Skipped("no file system can be mounted here: %s" % done.stderr.decode().strip())
    return path


def unmount(path):
    subprocess.run(["umount", "-l", path])


def story_a_full_disk_is_a_503_and_space_ends_it(scratch):
    state = small_disk(scratch)
    try:
        site = Site(scratch, settings="disk_reserve = 64K").start()
        figures = Figures(site)
        filler = state + "/vulling"
        body = notification()
        figures.add(body, site.accept(body))
        with open(filler, "wb") as f:
            try:
                while True:
                    f.write(b"x" * 65536)
                    f.flush()
            except OSError:
                pass
        answer = wait("a 503", lambda: refused(site))
        is_503(answer)
        check(site.logged("disk") or site.logged("full") or site.logged("room"), "no line that helps")
        os.unlink(filler)
        resumes(site)
        for _ in range(10):
            body = notification()
            figures.add(body, site.accept(body))
        figures.settle()
    finally:
        unmount(state)


def story_below_the_reserve_intake_stops_and_dispatch_goes_on(scratch):
    state = small_disk(scratch, 32)
    try:
        site = Site(scratch, settings="disk_reserve = 8M")
        until = scratch + "/wacht"
        open(until, "w").close()
        site.configure(site.handler("proef", "option.until = %s\n" % until, retry="50 1s 1 1s"), settings="disk_reserve = 8M")
        site.start()
        site.accept(notification())
        filler = state + "/vulling"
        with open(filler, "wb") as f:
            f.write(b"x" * (26 << 20))
        is_503(wait("a 503", lambda: refused(site)))
        os.unlink(until)
        wait("what was accepted to be handled all the same", lambda: site.ended())
        os.unlink(filler)
        resumes(site)
    finally:
        unmount(state)


def story_a_read_only_store_is_a_503(scratch):
    state = small_disk(scratch)
    receiver = None
    try:
        site = Site(scratch).start()
        site.accept(notification())
        wait("it to be handled", lambda: site.ended())
        equal(site.stop(), 0)
        subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        receiver, path = receiver_on_descriptor_0(site)
        site.write_nginx(upstream="unix:" + path)
        site.nginx.send_signal(signal.SIGHUP)
        is_503(wait("a 503", lambda: refused(site)))
        check("ead-only" in open(scratch + "/receiver.log").read(), "no line that helps")
        subprocess.run(["mount", "-o", "remount,rw", state], check=True)
        resumes(site)
    finally:
        if receiver:
            receiver.kill()
        unmount(state)


def story_a_store_locked_by_somebody_is_a_503_until_it_lets_go(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    with open(scratch + "/state/journal.lock", "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = site.post(notification())
        is_503(answer)
        check(site.logged("journal.lock (fuser"), "no line that helps")
    resumes(site)


def story_a_store_that_is_gone_or_broken_is_a_503_until_it_is_back(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: site.ended())
    os.rename(scratch + "/state", scratch + "/weg")
    is_503(wait("a 503", lambda: refused(site)))
    os.rename(scratch + "/weg", scratch + "/state")
    resumes(site)
    equal(site.stop(), 0)
    good = open(scratch + "/state/log.db", "rb").read()
    with open(scratch + "/state/log.db", "r+b") as f:
        f.write(b"geen database, geen database, geen database" * 100)
    for name in ("log.db-wal", "log.db-shm"):
        if os.path.exists(scratch + "/state/" + name):
            os.unlink(scratch + "/state/" + name)
    site.start(ready=False)
    out = wait("a line about it", lambda: site.logged("log.db"))
    check(out)
    with open(scratch + "/state/log.db", "wb") as f:
        f.write(good)
    wait("intake to resume", lambda: site.post(notification()).status == 204)


def story_a_failing_synchronisation_is_never_acknowledged(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    site.fail_at("append.before-commit", "error")
    answer = site.post(notification())
    is_503(answer)
    resumes(site)


def story_the_log_is_checkpointed_while_there_is_no_dispatcher(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: site.ended())
    wal = scratch + "/state/log.db-wal"
    with dispatcher_stopped(site):
        for i in range(1500):  # only refused bodies go to log.db meanwhile, and the ring of them is bounded
            equal(site.post(b"{" + b"x" * 60000).status, 400)
        check(site.postvak("events", "--rejected", "--json"), "none is kept")
        check(os.path.getsize(wal) < 40 << 20, "the write-ahead log has grown to", os.path.getsize(wal))
    body = notification()
    site.accept(body)
    wait("it to be handled", lambda: len(site.ended()) == 2)


def story_appends_from_several_receivers_share_the_log(scratch):
    site = Site(scratch, settings="receivers = 3").start()
    figures = Figures(site)

    def one(i):
        client = site.client()
        for _ in range(50):
            body = notification("zaak-%d" % i)
            figures.add(body, client.post(body))

    in_parallel(12, one)
    equal(len(site.pids("postvak.fcgi")), 3)
    figures.settle()
