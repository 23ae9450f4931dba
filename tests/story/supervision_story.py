# SPDX-License-Identifier: EUPL-1.2
"""The boss: start, restart, stop, and reload without a refused request."""
import os
import signal
import threading

from postvak_site import SLOW, Figures, Site, check, equal, in_parallel, notification, wait


def story_fifty_reloads_under_load_without_a_refusal(scratch):
    site = Site(scratch, keepalive=32)
    site.configure(site.handler("proef", "runners = 2\n"))
    site.start()
    figures = Figures(site)
    done = threading.Event()
    bad = []

    def client(i):
        connection = site.client()
        while not done.is_set():
            body = notification("zaak-%d" % i)
            answer = connection.post(body)
            figures.add(body, answer)
            if answer.status != 204:
                bad.append(answer)
                return

    threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(8)]
    for t in threads:
        t.start()
    try:
        for _ in range(50 if SLOW == 1 else 10):
            site.reload()
    finally:
        done.set()
        for t in threads:
            t.join()
    equal(bad, [], "refused during a reload")
    fds = len(os.listdir("/proc/%d/fd" % site.serve.pid))
    check(fds < 40, "the boss has", fds, "descriptors open")
    figures.settle()


def story_a_bad_file_keeps_the_old_generation_serving(scratch):
    site = Site(scratch).start()
    with open(site.conf) as f:
        good = f.read()
    with open(site.conf, "w") as f:
        f.write(good.replace("accepts = nrc", "accepts = nrc\nonbekend = 1").replace("events =", "evenst ="))
    at = os.path.getsize(site.log)
    site.serve.send_signal(signal.SIGHUP)
    wait("all problems to be named", lambda: site.logged("onbekend", at) and site.logged("evenst", at) and
         site.logged("goes on", at))
    site.accept(notification())
    with open(site.conf, "w") as f:
        f.write(good)
    site.reload()
    site.accept(notification())
    wait("both to be handled", lambda: len(site.ended()) == 2)


def story_a_new_secret_works_after_a_reload_and_the_old_one_does_not(scratch):
    site = Site(scratch).start()
    site.write_secret("Token nieuw")
    equal(site.post(notification(), authorization="Token nieuw").status, 403)
    site.reload()
    wait("the new secret to work", lambda: site.post(notification(), authorization="Token nieuw").status == 204)
    equal(site.post(notification()).status, 403)


def story_everything_wrong_is_said_at_once_and_nothing_starts(scratch):
    site = Site(scratch)
    with open(site.conf, "a") as f:
        f.write("\n[handler stuk]\nplugin = /nergens/stuk.so\nevents = a..b\n[endpoint twee]\npath = nrc\nsenders = niemand\n")
    os.chmod(scratch + "/secrets/on", 0o644)
    site.postvak("check", status=2)
    for text in ("stuk.so", "a..b", "niemand", "secrets/on", "path"):
        check(text in site.stderr, text, "is not in", site.stderr)
    check(all(line.startswith(site.conf + ":") or not line for line in site.stderr.splitlines() if "postvak.conf" in line))
    site.start(nginx=False, ready=False)
    equal(site.serve.wait(60), 2)
    check(not os.path.exists(scratch + "/run/receiver.sock"))


def story_children_that_die_are_replaced_and_said(scratch):
    site = Site(scratch).start()
    for role in ("postvak.fcgi", "postvak-dispatch"):
        old = wait(role + " to run", lambda: site.pids(role))
        os.kill(old[0], signal.SIGKILL)
        # Nobody is there for a moment, which is another list, too, but no replacement.
        wait(role + " to be replaced", lambda: set(site.pids(role)) - set(old))
        check(site.logged("signal 9"), "no obituary")
        wait("intake", lambda: site.post(notification()).status == 204)
    wait("all to be handled", lambda: len(site.ended()) >= 2)


def story_a_graceful_stop_loses_nothing_in_flight(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 300\nrunners = 2\n"))
    site.start()
    figures = Figures(site)
    stop = threading.Event()

    def client(i):
        connection = site.client()
        while not stop.is_set() and len(figures.acknowledged) < 40:
            body = notification("zaak-%d" % i, actie="slow")
            try:
                answer = connection.post(body)
            except Exception:  # noqa: the site is being stopped
                return
            figures.add(body, answer)
            if answer.status != 204:
                return

    threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(4)]
    for t in threads:
        t.start()
    wait("some to be handled", lambda: len(site.ended()) > 3)
    equal(site.stop(), 0)
    stop.set()
    for t in threads:
        t.join()
    starts = {h[3] for h in site.handled() if h[0] == "start"}
    equal(starts, {h[3] for h in site.ended()}, "what was running at the stop")
    site.start()
    figures.settle()


def story_a_second_serve_is_refused(scratch):
    site = Site(scratch).start()
    site.postvak("serve", status=1)
    check(str(site.serve.pid) in site.stderr, site.stderr)
    site.accept(notification())


def story_the_environment_of_children_is_clean(scratch):
    os.environ["GEHEIM_VAN_DE_BEHEERDER"] = "x"
    site = Site(scratch)
    site.environment_ = site.environment
    site.environment = lambda: dict(site.environment_(), GEHEIM="niet doorgeven")
    site.start()
    site.accept(notification())
    wait("it to be handled", lambda: site.ended())
    for role in ("postvak.fcgi", "postvak-dispatch", "postvak-runner"):
        for pid in site.pids(role):
            check(b"GEHEIM" not in open("/proc/%d/environ" % pid, "rb").read(), role)
    secret = b"eerste-geheim-4f0c"
    for role in ("postvak-dispatch", "postvak-runner"):
        for pid in site.pids(role):
            check(not in_memory(pid, secret), role, "knows a sender's secret")


def in_memory(pid, needle):
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, mode = line.split()[:2]
            if not mode.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start > 1 << 30:
                continue
            try:
                mem.seek(start)
                if needle in mem.read(end - start):
                    return True
            except (OSError, OverflowError, ValueError):
                continue
    return False


def story_the_bosss_death_is_the_end_of_its_children(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    site.serve.kill()
    site.serve.wait()
    wait("the children to leave", lambda: not site.pids("postvak"))
