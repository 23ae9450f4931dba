# SPDX-License-Identifier: EUPL-1.2
"""No descriptors and no memory left: a 503, a refused connection or a process that is replaced, and no lost event."""
import contextlib
import os
import resource
import signal
import threading

from crash_story import sender
from postvak_site import SLOW, Figures, Site, Skipped, check, in_parallel, notification, wait

ROLES = ["postvak.fcgi", "postvak-dispatch", "postvak-runner"]
SHORT = ["Too many open files", "no more than"]  # what is said then; a receiver lets new connections wait
PAGES = 64 << 10  # bytes that a process may still grow


def descriptors(pid):
    """A limit below which none is free."""
    used = set(map(int, os.listdir("/proc/%d/fd" % pid)))
    return next(fd for fd in range(len(used) + 1) if fd not in used)


def address_space(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmSize:")) << 10


@contextlib.contextmanager
def used_up(site, program, which, used):
    """Every process of a role may have no more of it than it has now; replaced ones may."""
    before = {}
    for pid in site.pids(program):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            before[pid] = resource.prlimit(pid, which)
            resource.prlimit(pid, which, (used(pid), before[pid][1]))
    try:
        yield before
    finally:
        for pid, limit in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, which, limit)


def post_large(site, figures, name):
    """As large as may be, so that memory is asked for; whatever the answer."""
    body = notification(name, vulling="x" * 900000)
    try:
        figures.add(body, site.client().post(body))
    except Exception:  # noqa: cut off
        figures.failed()


def under_load(site, figures, name, work):
    """Runs work() while four clients send one object's events each, and some send large ones."""
    over = threading.Event()

    def client(i):
        while True:
            sender(site, figures, "%s-%d" % (name, i), 3)
            post_large(site, figures, "%s-groot-%d" % (name, i))
            if over.is_set():
                return

    thread = threading.Thread(target=in_parallel, args=(4, client), daemon=True)
    thread.start()
    try:
        work()
    finally:
        over.set()
        thread.join()


def connect_many(site):
    """More at once than nginx keeps: each needs a connection of its own to the receiver."""
    answers = []

    def one(i):
        try:
            client = site.client()
            client.bound = 2 * SLOW
            answers.append(client.post(notification("velen-%d" % i), path="/bestaat-niet").status)
        except Exception:  # noqa: refused, cut off, or no answer as long as there is no descriptor
            answers.append(0)

    in_parallel(40, one)
    return answers


def kill_runners(site):
    """So that others have to be started."""
    for pid in site.pids("postvak-runner"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def story_descriptors_that_are_used_up_lose_nothing(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "circuit = off\nrunners = 2\n", retry="50 100ms 1 100ms"))
    site.start()
    figures = Figures(site)
    for program in ROLES:
        body = notification("voor")
        figures.add(body, site.accept(body))
        wait("a runner", lambda: site.pids("postvak-runner"))
        seen = []

        def work():
            with used_up(site, program, resource.RLIMIT_NOFILE, descriptors):
                seen.extend(connect_many(site))
                kill_runners(site)
                seen.extend(connect_many(site))
                if program != "postvak-runner":
                    wait("%s to be short of them" % program, lambda: any(site.logged(text, at) for text in SHORT))

        at = os.path.getsize(site.log)
        under_load(site, figures, program, work)
        print("%s without a descriptor left, answers (0: none): %s" % (program, {s: seen.count(s) for s in set(seen)}))
        sender(site, figures, "na-" + program, 1)
    wait("all to be settled", lambda: site.status()["handlers"][0]["lag"] == 0)
    figures.settle()


def story_memory_that_is_used_up_loses_nothing(scratch):
    if "fsanitize" in os.environ["POSTVAK_CFLAGS"]:
        raise Skipped("memory limits and sanitizers do not go together")
    site = Site(scratch)
    site.configure(site.handler("proef", "circuit = off\nrunners = 2\n", retry="50 100ms 1 100ms"))
    site.start()
    figures = Figures(site)
    for program in ROLES:
        for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            before = wait("one of " + program, lambda: site.pids(program))
            with used_up(site, program, which, lambda pid: address_space(pid) + PAGES if which == resource.RLIMIT_AS else PAGES):
                under_load(site, figures, "%s-%d" % (program, which), lambda: kill_runners(site) if program != ROLES[2] else None)
            print("%s without memory: %s" % (program, "replaced" if before != site.pids(program) else "the same process goes on"))
            sender(site, figures, "na-" + program, 1)
    check(site.logged("out of memory"), "nobody was short of memory")
    wait("all to be settled", lambda: site.status()["handlers"][0]["lag"] == 0)
    figures.settle()
