# SPDX-License-Identifier: EUPL-1.2
"""The receiver as a FastCGI program: many connections, slow ones, and peers that lie."""
import os
import resource
import socket
import stat
import time

import fcgi
from postvak_site import BOUND, SECRET, SLOW, Client, Figures, Site, Skipped, check, equal, in_parallel, notification, pack, wait


def wire(site):
    return fcgi.Wire(site.dir + "/run/receiver.sock")


def story_the_socket_is_for_the_group_alone(scratch):
    site = Site(scratch).start()
    mode = os.stat(scratch + "/run/receiver.sock").st_mode
    check(stat.S_ISSOCK(mode))
    equal(stat.S_IMODE(mode), 0o660)


def story_a_thousand_kept_alive_connections_with_four_threads(scratch):
    site = Site(scratch, settings="threads = 4").start()
    n = 1000
    wires = []
    for i in range(0, n, 100):  # less than the backlog at a time
        more = [wire(site) for _ in range(100)]
        for w in more:
            w.send(fcgi.request(notification(i)))
        for w in more:
            equal(w.answer()[0], 204)
        wires += more
    for w in reversed(wires):
        w.send(fcgi.request(notification()))
        equal(w.answer()[0], 204)
    threads = sum(int(line.split()[1]) for pid in site.pids("postvak.fcgi") for line in open("/proc/%d/status" % pid)
                  if line.startswith("Threads:"))
    check(threads <= 8, "threads:", threads)
    for w in wires:
        w.close()


def half_sent(site, n):
    """n requests that were cut somewhere, straight to the receiver."""
    whole = fcgi.request(pack(notification()))
    wires = []
    for i in range(n):
        wires.append(wire(site))
        wires[-1].send(whole[:8 + i * 7 % (len(whole) - 16)])
    return wires


def half_posted(site, n):
    """n requests that were cut somewhere, to nginx."""
    body = pack(notification())
    whole = b"POST /nrc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        SECRET.encode(), len(body), body)
    socks = []
    for i in range(n):
        socks.append(socket.create_connection(("127.0.0.1", site.port), BOUND))
        socks[-1].sendall(whole[:1 + i * 7 % (len(whole) - 2)])
    return socks


def complete(site, figures, name):
    """Eight clients with 25 complete requests each; the slowest answer in seconds."""
    slowest = []

    def client(i):
        connection = site.client()
        for _ in range(25):
            body, begin = notification("%s-%d" % (name, i)), time.monotonic()
            figures.add(body, connection.post(body))
            slowest.append(time.monotonic() - begin)
        connection.close()

    in_parallel(8, client)
    return max(slowest)


def story_a_thousand_half_open_connections_do_not_hold_up_complete_requests(scratch):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3000:
        raise Skipped("no more than %d descriptors" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    patience = 4 * SLOW
    site = Site(scratch, settings="threads = 4\nthreads_max = 8\nread_timeout = %ds" % patience).start()
    figures = Figures(site)
    before = complete(site, figures, "voor")
    behind = half_posted(site, 1000)
    through = complete(site, figures, "nginx")
    slow = half_sent(site, 1000)
    beside = complete(site, figures, "direct")
    began = time.monotonic()
    answers = [w.answer() for w in slow]
    took = time.monotonic() - began
    check(all(a is None or a[0] in (400, 408) for a in answers), set(answers))
    check(took < patience + 6 * SLOW, "half-sent requests lived for", took)
    print("slowest complete request: %.0f ms alone, %.0f ms beside 1000 half-open connections to nginx, "
          "%.0f ms beside 1000 more to the receiver; the last of these was ended after %.1f s" % (
              before * 1000, through * 1000, beside * 1000, took))
    check(max(through, beside) < patience, "complete requests waited", through, beside)
    equal(len(figures.acknowledged), 600, "acknowledged")
    for sock in behind:
        sock.close()
    equal(len(site.postvak("events", "--all", "--json").splitlines()), 600, "events, of complete requests alone")
    figures.settle()


def story_trickling_large_bodies_hold_threads_but_end_in_time(scratch):
    site = Site(scratch, settings="threads = 2\nthreads_max = 16\nread_timeout = 3s\nbody_max = 8M").start()
    body = pack(notification(kenmerken={"x%d" % i: "y" * 900 for i in range(1000)}))
    whole = fcgi.request(body)
    slow = [wire(site) for _ in range(40)]
    for w in slow:
        w.sock.setblocking(False)
        try:
            w.sock.send(whole[:len(whole) // 2])
        except BlockingIOError:
            pass
    stop = time.monotonic() + 1

    def trickle():
        for w in slow:
            try:
                w.sock.send(b"y")
            except OSError:
                pass
        return time.monotonic() > stop

    in_parallel(2, lambda i: [site.accept(notification()) for _ in range(20)])
    wait("a second of trickling", trickle)
    in_parallel(2, lambda i: [site.accept(notification()) for _ in range(20)])
    begin = time.monotonic()
    for w in slow:
        w.sock.settimeout(BOUND)
        got = w.answer()
        check(got is None or got[0] in (400, 408), got)
    check(time.monotonic() - begin < 10 * SLOW, "they lived for", time.monotonic() - begin)
    wait("the pool to shrink", lambda: site.status()["counters"]["threads"] <= 4)


def story_large_bodies_are_taken_whole(scratch):
    site = Site(scratch, settings="body_max = 4M").start()
    body = notification(kenmerken={"x%d" % i: "y" * 900 for i in range(2000)})
    site.accept(body)
    wait("it to be handled", lambda: site.ended())
    equal(site.postvak("events", "show", "1", "--raw").encode(), pack(body))


def story_peers_that_lie_are_dropped_and_harm_nobody(scratch):
    site = Site(scratch).start()
    pid = site.pids("postvak.fcgi")
    for junk in (
            fcgi.record(9, fcgi.pairs([("FCGI_MPXS_CONNS", "")] * 5), 0),  # FCGI_GET_VALUES
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            fcgi.begin() + fcgi.record(9, fcgi.pairs([("FCGI_MPXS_CONNS", "")] * 5), 0) + fcgi.record(4) + fcgi.record(5),
            b"\x02" + fcgi.begin()[1:],
            fcgi.record(4, b"\xff\xff\xff\xff\xff\xff\xff\xff"),
            fcgi.begin() + fcgi.record(4, b"\x84\x00\x00\x00\x84\x00\x00\x00ab") + fcgi.record(4) + fcgi.record(5),
            fcgi.begin() + fcgi.record(5),
            os.urandom(3000)):
        w = wire(site)
        try:
            w.send(junk)
            w.sock.shutdown(socket.SHUT_WR)
            got = w.answer()
            check(got is None or got[0] >= 400, got)
        except OSError:
            pass  # it has hung up already
        w.close()
    site.accept(notification())
    equal(site.pids("postvak.fcgi"), pid, "the receiver's processes")


def story_parameters_are_checked(scratch):
    site = Site(scratch).start()
    body = pack(notification())

    def status(**more):
        w = wire(site)
        extra = more.pop("extra", ())
        w.send(fcgi.request(body, extra=extra, **more))
        got = w.answer()
        w.close()
        return got and got[0]

    equal(status(), 204)
    equal(status(CONTENT_LENGTH=None), 204, "without CONTENT_LENGTH")
    equal(status(CONTENT_LENGTH=""), 204, "with an empty CONTENT_LENGTH")
    equal(status(CONTENT_LENGTH=str(len(body) + 1)), 400, "a short body")
    equal(status(CONTENT_LENGTH="-5"), 400)
    equal(status(CONTENT_LENGTH="veel"), 400)
    equal(status(extra=[("CONTENT_TYPE", "application/json")]), 400, "Content-Type twice")
    equal(status(extra=[("HTTP_AUTHORIZATION", "x")]), 403, "Authorization twice")
    equal(status(HTTP_CONTENT_TYPE="text/plain", HTTP_CONTENT_LENGTH="3"), 204, "nginx repeats these as headers")
    equal(status(REQUEST_URI="/nrc?x=1", QUERY_STRING="x=1"), 204, "a query")
    equal(status(REQUEST_URI=None), 204, "without REQUEST_URI")
    equal(status(HTTP_AUTHORIZATION=None), 401)


def story_one_connection_many_requests_stays_in_step(scratch):
    site = Site(scratch, settings="body_max = 10K").start()
    w = wire(site)
    for i in range(50):
        w.send(fcgi.request(notification()))
        equal(w.answer()[0], 204)
        w.send(fcgi.request(b"x" * 30000))
        equal(w.answer()[0], 413)
        w.send(fcgi.request(notification(), HTTP_AUTHORIZATION=None))
        equal(w.answer()[0], 401)
    w.close()


def story_without_keep_alive_the_receiver_closes_at_once(scratch):
    site = Site(scratch + "/een").start()
    w = wire(site)
    begin = time.monotonic()
    w.send(fcgi.request(notification(), keep=False))
    equal(w.answer()[0], 204)
    check(w.closed())
    check(time.monotonic() - begin < 1.5 * SLOW, "closing lingered for", time.monotonic() - begin)
    short = Site(scratch + "/twee", keepalive=0).start()
    client = Client(short.port)
    for _ in range(20):
        equal(client.post(notification()).status, 204)


def story_an_aborted_request_is_not_recorded(scratch):
    site = Site(scratch).start()
    whole = fcgi.request(notification())
    for cut in (len(whole) - 8, len(whole) - 50, 60):
        w = wire(site)
        w.send(whole[:cut])
        w.close()
    site.accept(notification())
    equal(len(site.postvak("events", "--all", "--json").splitlines()), 1)


def story_sigterm_ends_a_busy_receiver(scratch):
    site = Site(scratch, settings="read_timeout = 3s").start()
    wires = [wire(site) for _ in range(8)]
    whole = fcgi.request(notification())
    for w in wires[:4]:
        w.send(whole[:-20])
    equal(site.stop(), 0)
    equal(site.pids("postvak"), [])
