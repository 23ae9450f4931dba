# SPDX-License-Identifier: EUPL-1.2
"""Dead letters and what operators do with them; a handler whose downstream is gone for a while."""
import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

from postvak_site import PREFIX, Figures, Site, check, equal, notification, wait


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def on_a_terminal(site, *args):
    """What the command writes on one of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([PREFIX + "/bin/postvak", "-c", site.conf] + list(args), stdout=theirs, env=site.environment())
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: it has ended
        while True:
            shown += os.read(ours, 65536)
    os.close(ours)
    equal(process.wait(), 0)
    return shown.decode().replace("\r\n", "\n")


def of_handler(site):
    return site.status()["handlers"][0]


def story_nothing_dies_while_what_the_handler_needs_is_down(scratch):
    site = Site(scratch)
    down = scratch + "/down"
    open(down, "w").close()
    more = "option.until = %s\nrunners = 4\ncircuit = 20 1s 2 2s\n" % down
    site.configure(site.handler("proef", more, retry="3 1s 1 1s"))
    site.start()
    figures = Figures(site)

    def send():
        for zaak in range(30):
            body = notification("zaak-%d" % zaak)
            figures.add(body, site.accept(body))

    send()
    wait("the circuit to open", lambda: of_handler(site)["paused"])
    paused = of_handler(site)["paused"]
    equal(paused["who"], None)
    check("handler asked" in paused["why"], paused)
    send()
    wait("two to be tried in vain", lambda: of_handler(site)["paused"]["tried"] >= 2)
    said = site.postvak("status", "--check", status=3)
    check("handler proef is paused since" in said and "postvak release --handler proef" in said, said)
    said = site.postvak("retry", "--state", "waiting", status=None) + site.stderr  # most of them are due
    check("handler proef is paused: they wait" in said, said)
    site.stop()
    site.start()
    equal(of_handler(site)["paused"]["since"], paused["since"], "over a restart")
    site.reload()
    tried = of_handler(site)["paused"]["tried"]
    wait("two more, longer than three attempts take", lambda: of_handler(site)["paused"]["tried"] >= tried + 2)
    starts = [h for h in site.handled() if h[0] == "start"]
    check(len(starts) < 60, "hardly anything is tried while it is down", len(starts))
    state = of_handler(site)
    equal((state["dead"], state["held"]), (0, 0))
    os.unlink(down)
    send()
    figures.settle()
    wait("it to be closed", lambda: of_handler(site)["paused"] is None)
    wait("nothing to be left", lambda: of_handler(site)["lag"] == 0 and of_handler(site)["waiting"] == 0)
    equal(of_handler(site)["dead"], 0)
    equal(site.status()["counters"]["pauses"], 1)
    site.postvak("status", "--check")
    for text in ("handler proef is paused: the last 20 events all failed", "to see whether it works again",
                 "handler proef works again"):
        check(site.logged(text), text)


def story_an_operator_looks_after_what_is_dead(scratch):
    site = Site(scratch)
    down = scratch + "/down"
    open(down, "w").close()
    site.configure(site.handler("proef", "option.until = %s\ncircuit = off\n" % down, retry="2 1s 1 1s"))
    site.start()
    figures = Figures(site)
    for i in range(5):
        body = notification("zaak-%d" % i)
        figures.add(body, site.accept(body))
    wait("five to be dead", lambda: of_handler(site)["dead"] == 5)
    os.unlink(down)
    for i in range(3):
        site.accept(notification("ander-%d" % i, resource="zaak", actie="dead"))
    wait("three more to be dead", lambda: of_handler(site)["dead"] == 8)

    groups = {g["type"]: g for g in lines(site.postvak("dead", "--json"))}
    equal({t: g["count"] for t, g in groups.items()}, {"nl.overheid.zaken.status.create": 5, "nl.overheid.zaken.zaak.dead": 3})
    choice = ("--reason", "ANOTHER attempt", "--handler", "proef")
    equal(len(site.postvak("dead", "--list", "--all", *choice).splitlines()), 6)
    said = site.postvak("retry", *choice, "--dry-run")
    check("5 deliveries for proef would be tried again" in said, said)
    equal(of_handler(site)["dead"], 8)
    site.postvak("audit", status=3)

    said = site.postvak("retry", *choice, "--why", "weer bereikbaar")
    check("5 deliveries for proef will be tried again" in said, said)
    wait("the five to be handled", lambda: len(site.ended()) == 5)
    site.postvak("retry", *choice, status=3)
    site.postvak("discard", "--type", "nl.overheid.zaken.zaak.*", "--since", "1h", "--why", "bestaat niet meer")
    equal(of_handler(site)["dead"], 0)
    shown = site.postvak("events", "show", "1")
    check("retried" in shown and ": weer bereikbaar" in shown, shown)

    first, second = notification("een", actie="retryin"), notification("een")
    for body in (first, second):
        figures.add(body, site.accept(body))
    wait("the second to stand behind the first", lambda: of_handler(site)["behind"] == 1)
    site.postvak("hold", "9", "--why", "even kijken")
    equal(of_handler(site)["held"], 1)
    site.reload()
    equal((of_handler(site)["held"], of_handler(site)["behind"]), (1, 1))
    before = len(site.ended())
    site.postvak("release", "9", "--why", "gezien")
    wait("both, in order", lambda: len(site.ended()) == before + 2)
    equal([h[3] for h in site.ended()[before:]], [b["kenmerken"]["volgnummer"] for b in (first, second)])

    site.postvak("hold", "--handler", "proef", "--why", "onderhoud")
    paused = of_handler(site)["paused"]
    equal(paused["why"], "onderhoud")
    for i in range(3):
        body = notification("later-%d" % i)
        figures.add(body, site.accept(body))
    site.reload()
    wait("them to wait", lambda: of_handler(site)["lag"] == 3)
    equal(len(site.ended()), before + 2)
    check("held by %s since" % paused["who"] in site.postvak("status", "--check", status=3))
    site.postvak("release", "--handler", "proef", "--why", "klaar")
    figures.settle()
    site.postvak("status", "--check")

    asked = lines(site.postvak("audit", "--json"))
    equal([(r["what"], r["why"]) for r in reversed(asked) if r["status"] == "done"], [
        ("retry", "weer bereikbaar"), ("discard", "bestaat niet meer"), ("hold", "even kijken"), ("release", "gezien"),
        ("hold", "onderhoud"), ("release", "klaar")])
    equal({r["who"] for r in asked}, {paused["who"]})
    equal(len(site.postvak("audit", "--all").splitlines()), len(asked) + 1)
    shown = on_a_terminal(site, "audit", "--all")
    for text in ("        5 deliveries for proef will be tried again", "        why: weer bereikbaar", "        handler=proef"):
        check(text in shown, "audit in 80 columns shows not", text, "but", shown)
    check(all(len(line) <= 80 for line in shown.splitlines() if line[0] != " "), shown)


def story_drain_leaves_a_held_handler_alone(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: len(site.ended()) == 1)
    site.postvak("hold", "--handler", "proef", "--why", "onderhoud")
    site.accept(notification())
    site.stop()
    site.postvak("drain")
    equal(len(site.ended()), 1)
    site.postvak("release", "--handler", "proef")
    site.postvak("drain")
    equal(len(site.ended()), 2)


def story_wrong_changes_are_refused_with_a_reason(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: of_handler(site)["bookmark"] == 1 and site.ended())
    for status, args, text in (
            (2, ("retry",), "of which event"), (2, ("hold", "x"), "not the number"), (2, ("release", "1", "--all"), "--all"),
            (2, ("discard", "--state", "weg"), "no state weg"), (2, ("retry", "1", "--why", ""), "--why"),
            (2, ("dead", "--list", "-n", "0"), "-n 0"), (2, ("dead", "--type", "a..b"), "--type"), (2, ("audit", "-n", "x"), "-n x"),
            (3, ("retry", "1"), "is finished"), (3, ("retry", "99"), "no event 99"), (3, ("hold", "1"), "not parked"),
            (3, ("release", "1"), "is not held"), (3, ("release", "--handler", "proef"), "is not held"),
            (3, ("hold", "--handler", "niemand"), "no handler niemand"), (3, ("discard", "--all"), "nothing that is parked"),
            (3, ("retry", "--state", "behind"), "in the state behind"), (3, ("hold", "--all", "--dry-run"), "nothing that is parked"),
            (2, ("dead", "--handler", "niemand"), "there is no handler niemand"), (3, ("dead", "--handler", "proef"), "nothing matches"),
            (2, ("retry", "--since", "1h", "--until", "2h"), "since is not before until"),
            (2, ("dead", "--since", "1h", "--until", "2h"), "since is not before until"),
            (3, ("dead",), "nothing matches"), (3, ("audit", "--who", "niemand"), "nothing matches")):
        site.postvak(*args, status=status)
        check(text in site.stderr, args, "does not say", text, "but", site.stderr)


def story_what_else_a_release_lets_go_is_told_beforehand(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "on_dead = hold\n"))
    site.start()
    site.accept(notification(actie="dead"))
    wait("it to be held", lambda: of_handler(site)["held"] == 1)
    site.postvak("hold", "--handler", "proef", "--why", "vergissing")
    said = site.postvak("status", "--check", status=3)
    check("postvak release --handler proef lets it go on, and the 1 held" in said, said)
    site.postvak("discard", "1")
    said = site.postvak("status", "--check", status=3)
    check("lets it go on\n" in said, said)
