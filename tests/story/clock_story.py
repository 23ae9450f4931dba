# SPDX-License-Identifier: EUPL-1.2
"""The wall's clock jumps an hour ahead and back: retries wait as long as they have to, nothing is pruned
early, and everything is handled once and in order."""
import collections
import os

from disk_story import Load
from postvak_site import SLOW, Figures, Site, check, equal, notification, wait

HOUR = 3600 * 1000


def set_number(site, name, n):
    path = "%s/failpoints/%s.number" % (site.dir, name)
    with open(path + ".new", "w") as f:
        f.write("%d\n" % n)
    os.rename(path + ".new", path)


def set_clock(site, ms):
    """So much it is wrong from now on, for every process of the site."""
    set_number(site, "clock", ms)


def waits(site):
    """Seconds between the end of an attempt and the start of the next one, by event."""
    found, ended = collections.defaultdict(list), {}
    for line in site.handled():
        if line[0] == "end":
            ended[line[3]] = int(line[5])
        elif line[3] in ended:
            found[line[3]].append((int(line[5]) - ended[line[3]]) / 1e6)
    return found


def send(site, figures, n, actie):  # fewer than open a circuit
    for i in range(n):
        body = notification("zaak-%d" % i, actie=actie)
        figures.add(body, site.accept(body))


def began(site, n):
    wait("the first attempts", lambda: len([line for line in site.handled() if line[0] == "end"]) >= n)


def story_retries_wait_as_long_as_they_have_to_whatever_the_clock_does(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\ncircuit = off\n", retry="5 3s 1 3s"))
    site.start()
    figures = Figures(site)
    for offset in (HOUR, 0, -HOUR, 0):
        before = len([line for line in site.handled() if line[0] == "end"])
        send(site, figures, 15, "retry1")
        began(site, before + 15)
        set_clock(site, offset)
        wait("the retries", lambda: set(figures.acknowledged) <= {line[3] for line in site.ended()})
    seconds = [s for all_of in waits(site).values() for s in all_of]
    equal(len(seconds), 60, "retries")
    print("waits of 3 s: %.2f to %.2f s" % (min(seconds), max(seconds)))
    check(min(seconds) > 2.6, "a retry came early", min(seconds))
    check(max(seconds) < 8 * SLOW, "a retry came late", max(seconds))
    figures.settle()


def story_after_a_start_with_the_clock_set_back_retries_wait_no_longer_than_they_had_to(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\ncircuit = off\n", retry="5 6s 1 6s"))
    set_clock(site, HOUR)
    site.start()
    figures = Figures(site)
    send(site, figures, 15, "retry1")
    began(site, 15)
    equal(site.stop(), 0)
    set_clock(site, 0)
    site.start()
    wait("the retries", lambda: len(site.ended()) == 15)
    seconds = [s for all_of in waits(site).values() for s in all_of]
    print("waits of 6 s: %.2f to %.2f s" % (min(seconds), max(seconds)))
    check(min(seconds) > 5.3, "a retry came early", min(seconds))
    check(max(seconds) < 30, "a retry came late", max(seconds))
    figures.settle()


class Mixed(Load):
    """Some events want a second attempt; not so many that their lanes fall behind."""

    def body(self, i):
        body = notification("zaak-%d" % i)
        if int(body["kenmerken"]["volgnummer"]) % 40 == 0:
            body["actie"] = "retry1"
        return body


def story_the_clock_jumps_an_hour_while_events_flow_retries_wait_and_pruning_runs(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 2\n", retry="5 1s 1 1s"), settings="retention = 30m\nremember = 30m")
    set_number(site, "house.rest", 100)  # ms between two looks of pruning, which are a minute
    site.start()
    figures = Figures(site)
    with Mixed(site, figures, clients=12, pause=0.1) as load:
        for offset in 2 * (HOUR, 0, -HOUR, 0, HOUR, -HOUR):
            set_clock(site, offset)
            load.accepted(100)
        set_clock(site, HOUR)
        load.accepted(100)
        set_clock(site, 0)
    wait("all to be handled", lambda: set(figures.acknowledged) <= {line[3] for line in site.ended()})
    check(site.logged("the clock was set ahead"), "no line about the clock")
    equal(site.status()["log"]["first"], 1, "the first event that was not pruned")
    seconds = [s for all_of in waits(site).values() for s in all_of]
    print("%d retries waited %.2f to %.2f s, while the clock jumped" % (len(seconds), min(seconds), max(seconds)))
    check(min(seconds) > 0.8 and max(seconds) < 8 * SLOW, "a retry came early or late", min(seconds), max(seconds))
    figures.settle()
    ended = len(site.ended())
    check("runs again" in site.postvak("rewind", "proef", "--to", "2h"), "a duration back that covers every jump")
    wait("all to run again", lambda: len(site.ended()) == 2 * ended)
    site.postvak("rewind", "proef", "--to", str(len(figures.acknowledged) - 9))
    wait("the last ten to run again", lambda: len(site.ended()) == 2 * ended + 10)
