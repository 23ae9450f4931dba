# SPDX-License-Identifier: EUPL-1.2
"""Dispatch and run: lanes, retries, dead letters, and handlers that misbehave."""
import json
import os

from postvak_site import Figures, Site, Skipped, check, disorder, equal, in_parallel, notification, wait


def state_of(site, n):
    event = json.loads(site.postvak("events", "show", str(n), "--json"))
    return event["state"]


def story_objects_keep_their_order_with_several_runners(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "runners = 4\n"))
    site.start()
    figures = Figures(site)

    def one_object(i):
        client = site.client()
        for _ in range(30):
            body = notification("zaak-%d" % i)
            figures.add(body, client.post(body))

    in_parallel(16, one_object)
    figures.settle()


def story_a_waiting_retry_holds_its_object_and_no_other(scratch):
    site = Site(scratch).start()
    first = notification("een", actie="retry2")
    second, other = notification("een"), notification("twee")
    for body in (first, second, other):
        site.accept(body)
    wait("all to be handled", lambda: len(site.ended()) >= 3 and len([h for h in site.handled() if h[0] == "start"]) >= 5)
    order = [line[3] for line in site.handled() if line[0] == "start"]
    number = lambda body: body["kenmerken"]["volgnummer"]  # noqa: E731
    check(order.index(number(other)) < order.index(number(second)), "the other object had to wait", order)
    equal([n for n in order if n in (number(first), number(second))], [number(first)] * 3 + [number(second)])


def story_a_slow_event_holds_its_object_and_no_other(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.ms = 20000\ndeadline = 60s\nrunners = 2\n"), settings="drain = 1s\n")
    site.start()
    slow = notification("traag", actie="slow")
    site.accept(slow)
    others = [notification("snel") for _ in range(50)]
    for body in others:
        site.accept(body)
    wait("the other object to be handled", lambda: len(site.ended()) == len(others))
    check(slow["kenmerken"]["volgnummer"] not in {h[3] for h in site.ended()}, "only when the slow one had ended")


def story_order_none_lets_others_pass(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "order = none\n"))
    site.start()
    first, second = notification("een", actie="retry2"), notification("een")
    site.accept(first)
    site.accept(second)
    wait("both", lambda: {first["kenmerken"]["volgnummer"], second["kenmerken"]["volgnummer"]} <= {h[3] for h in site.ended()})
    starts = [h[3] for h in site.handled() if h[0] == "start"]
    check(starts.index(second["kenmerken"]["volgnummer"]) < len(starts) - 1, starts)


def story_dead_after_the_last_attempt_and_back_by_hand(scratch):
    site = Site(scratch)
    until = scratch + "/kapot"
    open(until, "w").close()
    site.configure(site.handler("proef", "option.until = %s\n" % until, retry="2 1s 1 1s"))
    site.start()
    body, after = notification("een"), notification("een")
    site.accept(body)
    wait("it to be dead", lambda: state_of(site, 1) == "dead")
    check("proef" in site.postvak("status"))
    equal(site.status()["handlers"][0]["dead"], 1)
    os.unlink(until)
    site.accept(after)
    wait("the lane to go on", lambda: len(site.ended()) == 1)
    said = site.postvak("retry", "1")
    check("1" in said, said)
    wait("it to be handled", lambda: len(site.ended()) == 2)
    wait("it to be done", lambda: state_of(site, 1) == "done")
    history = site.postvak("events", "show", "1")
    for text in ("retry", "dead", "retried", "done"):
        check(text in history, text, "is not in", history)


def story_dead_at_once_and_hold(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "on_dead = hold\n"))
    site.start()
    site.accept(notification("een", actie="dead"))
    site.accept(notification("een"))
    site.accept(notification("twee"))
    wait("the other object to be handled", lambda: len(site.ended()) >= 1)
    wait("it to be held", lambda: state_of(site, 1) == "held")
    wait("the next to stand behind it", lambda: state_of(site, 2) == "behind")
    equal(len([h for h in site.ended() if h[2].endswith("/een")]), 0)
    site.postvak("discard", "1")
    wait("the lane to go on", lambda: [h for h in site.ended() if h[2].endswith("/een")])


def no_sanitizers():
    if "fsanitize" in os.environ["POSTVAK_CFLAGS"]:
        raise Skipped("memory limits and sanitizers do not go together")


def story_a_handler_that_leaks_slowly_is_renewed(scratch):
    no_sanitizers()
    site = Site(scratch)
    site.configure(site.handler("proef", "memory = 64M\n"))
    site.start()
    figures = Figures(site)
    for i in range(60):
        body = notification(i, actie="leak8")
        figures.add(body, site.accept(body))
    figures.settle()


def story_a_handler_that_is_not_wanted_sees_nothing(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", events="nl.overheid.zaken.zaak.*") + site.handler("ook", events="nl.overheid.*.status.*"))
    site.start()
    site.accept(notification())
    site.accept(notification(resource="zaak"))
    site.accept(notification(resource="rol"))
    wait("two to be handled", lambda: len(site.ended()) == 2)
    wait("nobody wants the third", lambda: state_of(site, 3) == "unwanted")
    wait("no lag", lambda: [h["lag"] for h in site.status()["handlers"]] == [0, 0])


def story_rewind_runs_again_beside_live_events(scratch):
    site = Site(scratch).start()
    for i in range(10):
        site.accept(notification(i))
    wait("all to be handled", lambda: len(site.ended()) == 10)
    wait("all to be settled", lambda: site.status()["handlers"][0]["lag"] == 0)
    said = site.postvak("rewind", "proef", "--to", "6")
    check(said)
    site.accept(notification())
    wait("five again and one new", lambda: len(site.ended()) == 16)
    equal(disorder(site.handled()), 0)
    wait("the replay to be gone", lambda: not site.status()["handlers"][0]["replays"])
    equal(len(site.ended()), 16)


def story_a_new_handler_starts_where_it_says(scratch):
    site = Site(scratch).start()
    for i in range(5):
        site.accept(notification(i))
    wait("all to be handled", lambda: len(site.ended()) == 5)
    equal(site.stop(), 0)
    late = site.handler("laat").replace("from = beginning", "from = now")
    site.configure(site.handler("proef") + site.handler("begin") + late)
    site.start()
    wait("one handler from the beginning", lambda: len(site.ended()) == 10)
    site.accept(notification())
    wait("three handlers for a new one", lambda: len(site.ended()) == 13)
    equal(len(site.ended()), 13)


def story_the_log_handler_writes_json_lines_and_reopens(scratch):
    site = Site(scratch)
    path = scratch + "/events.jsonl"
    site.configure("[handler log]\nplugin = log\nevents = **\noption.path = %s\noption.data = yes\noption.subject = yes\n" % path)
    site.start()
    body = notification()
    site.accept(body)
    line = wait("a line", lambda: os.path.exists(path) and open(path).read())
    got = json.loads(line)
    for name, value in (("type", "nl.overheid.zaken.status.create"), ("sender", "opennotificaties"), ("source", "zaken.voorbeeld.nl"),
                        ("subject", body["resourceUrl"].rsplit("/", 1)[1])):
        equal(got[name], value)
    check(len(got["key"]) == 32 and "data" in got, got)
    os.rename(path, path + ".1")
    site.reload()
    site.accept(notification())
    wait("a line in the new file", lambda: os.path.exists(path) and open(path).read())
    equal(len(open(path + ".1").read().splitlines()), 1)
