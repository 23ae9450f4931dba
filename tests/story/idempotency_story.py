# SPDX-License-Identifier: EUPL-1.2
"""The same notification twice is one event, whatever happens in between."""
import json
import re

from postvak_site import PROBE, Site, check, equal, in_parallel, notification, wait


def events(site):
    return [json.loads(line) for line in site.postvak("events", "--all", "--json").splitlines()]


def duplicates(site):
    return [e for e in events(site) if e["state"] == "duplicate"]


def story_a_duplicate_gets_the_same_answer_and_runs_nothing(scratch):
    site = Site(scratch).start()
    body = notification()
    first = site.accept(body)
    again = site.accept(json.dumps(dict(reversed(list(body.items()))), indent=2).encode())
    equal(again.status, first.status)
    site.accept(notification())
    wait("the others to be handled", lambda: len(site.ended()) >= 2)
    wait("the duplicate to be listed", lambda: len(duplicates(site)) == 1)
    shown = site.postvak("events", "show", "2")
    check(re.search("duplicate of +1\n", shown), shown)
    equal(len(site.ended()), 2)


def story_two_copies_at_the_same_instant_run_once(scratch):
    site = Site(scratch).start()
    body = notification()
    in_parallel(50, lambda i: site.accept(body))
    wait("all copies but one to be duplicates", lambda: len(duplicates(site)) == 49)
    equal(len(site.ended()), 1)


def story_a_duplicate_is_known_after_a_restart(scratch):
    site = Site(scratch).start()
    body = notification()
    site.accept(body)
    wait("it to be handled", lambda: site.ended())
    equal(site.stop(), 0)
    site.start()
    site.accept(body)
    wait("it to be a duplicate", lambda: duplicates(site))
    equal(len(site.ended()), 1)


def story_killed_while_sorting_changes_nothing(scratch):
    site = Site(scratch).start()
    for name in ("sort.before-commit", "sort.after-commit"):
        body = notification()
        before = len(site.ended())
        site.fail_at(name)
        site.accept(body)
        site.accept(body)
        wait("the dispatcher to die", lambda: not site.fail_pending())
        site.accept(body)
        wait("it to be handled", lambda: len(site.ended()) == before + 1)
    wait("the copies to be duplicates", lambda: len(duplicates(site)) == 4)
    equal(len(site.ended()), 2)


def story_other_content_is_another_event(scratch):
    site = Site(scratch).start()
    body = notification()
    for more in ({}, {"actie": "update"}, {"aanmaakdatum": "2026-01-01T00:00:00Z"}, {"extra": "x"}):
        site.accept(dict(body, **more))
    wait("each to be handled", lambda: len(site.ended()) == 4)


def story_correlation_joins_what_was_stamped_anew(scratch):
    site = Site(scratch, sender="identity = correlation").start()
    body = notification()
    for stamp in ("2026-05-01T12:00:00", "2026-05-01T12:00:25", "2026-05-01T12:02:05"):
        site.accept(dict(body, aanmaakdatum=stamp), headers={"X-Correlation-Id": "c-1"})
    site.accept(dict(body, aanmaakdatum="2026-05-01T12:02:05"), headers={"X-Correlation-Id": "c-2"})
    site.accept(body)
    wait("two duplicates", lambda: len(duplicates(site)) == 2)
    wait("three to be handled", lambda: len(site.ended()) == 3)


def story_a_named_header_can_be_the_identity(scratch):
    site = Site(scratch, sender="identity = header:X-Message-UUID").start()
    site.accept(notification(), headers={"X-Message-UUID": "m-1"})
    site.accept(notification(), headers={"X-Message-UUID": "m-1"})
    wait("the second to be a duplicate", lambda: len(duplicates(site)) == 1)
    wait("the conflict to be counted", lambda: site.status()["counters"]["conflicts"] == 1)
    equal(len(site.ended()), 1)
