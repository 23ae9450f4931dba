#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Runs every case of ../shared/cases/cloudevents.json (or $POSTVAK_CASES) over HTTP, through nginx and
through Apache with mod_proxy_fcgi, against one `postvak serve` that has an endpoint for each case, and
looks at each answer and at each event that was recorded. Usage: run.py --build DIR [PATTERN...], with a
build as tests/story/run.py has it. A pattern picks the cases whose name contains it.
A line for each case that is not as expected; the last line is `cases N as-expected N`. Where the file or
a web server is missing: `skipped: why`."""
import argparse
import collections
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import signal
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "story"))

import cases  # noqa: E402
import chosen_build  # noqa: E402
import judge  # noqa: E402

CASES = os.environ.get("POSTVAK_CASES") or os.path.join(os.path.dirname(ROOT), "shared/cases/cloudevents.json")


# ---- the site ----

def endpoints_of(all_runs):
    """One for each path; cases that share a path have to agree."""
    found = {}
    for run in all_runs:
        endpoint = cases.endpoint(run)
        if found.setdefault(endpoint.path, endpoint) != endpoint:
            raise cases.Unknown("%s: another case wants another endpoint at %s" % (run.case["name"], endpoint.path))
    return {path: ("case%d" % (i + 1), endpoint) for i, (path, endpoint) in enumerate(found.items())}


def write_senders(site, all_cases):
    """A sender for each token; returns the sections and the senders' names."""
    names, text = {None: "opennotificaties"}, ""
    for case in all_cases:
        token = case.get("assume", {}).get("token")
        if token in names:
            continue
        names[token] = "token%d" % len(names)
        in_query = any(cases.token_in_query(other) and other["assume"]["token"] == token for other in all_cases)
        with open("%s/secrets/%s" % (site.dir, names[token]), "w") as f:
            f.write("Bearer %s\n" % token)
        text += "[sender %s]\nauthorization = file:secrets/%s\nquery_token = %s\n\n" % (
            names[token], names[token], "yes" if in_query else "no")
    return text, names


def write_endpoint(name, endpoint, sender):
    text = "[endpoint %s]\npath = %s\naccepts = cloudevents\nsenders = %s\nprofile = %s\nbatch = %d\nanswer = %s\npayload = %s\n" % (
        name, endpoint.path, sender, endpoint.profile, endpoint.batch, endpoint.answer,
        "required" if endpoint.strict else "optional")
    return text + ("origins = %s\n" % endpoint.origins if endpoint.origins else "") + "\n"


def configure(site, all_cases, endpoints):
    sections, senders = write_senders(site, all_cases)
    for name, endpoint in endpoints.values():
        sections += write_endpoint(name, endpoint, senders[endpoint.token])
    site.configure(handlers=site.handler("proef", events="**") + sections)


# ---- asking ----

def ask(client, run, secret):
    """The answer, or why there is none."""
    case = run.case
    headers = list(case["headers"])
    if "token" not in case.get("assume", {}) and case["method"] != "OPTIONS":
        headers.append(("Authorization", secret))
    try:
        return client.send(case["method"], cases.target(run), headers, cases.body(case))
    except (OSError, http.client.HTTPException) as e:
        client.close()
        return "no answer: %r" % e


def pairs(text):
    """JSON whose objects `attributes` and the whole keep their order."""
    return json.loads(text, object_pairs_hook=list)


def recorded(site, after):
    """The events with a number above this one, by endpoint, in order; and the last number."""
    listed = site.postvak("events", "--all", "--json", status=None)  # another status when there are none
    numbers = sorted(json.loads(line)["number"] for line in listed.splitlines())
    numbers = [number for number in numbers if number > after]

    def show(number):
        return (pairs(site.postvak("events", "show", str(number), "--json", "--data")),
                site.postvak("events", "show", str(number), "--raw", text=False))

    found = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for shown, raw in pool.map(show, numbers):
            found[dict(shown)["endpoint"]].append((shown, raw))
    return found, max(numbers, default=after)


def judge_events(run, got, shown):
    """Takes the events of this run from the front of those that its endpoint recorded."""
    accepted = not isinstance(got, str) and got.status // 100 == 2
    wanted = cases.events(run.case) if accepted and cases.verdict(run).accepted else []
    if len(shown) < len(wanted):
        return ["%d events were recorded where %d are expected" % (len(shown), len(wanted))]
    faults = []
    for event in wanted:
        one, raw = shown.pop(0)
        faults += judge.event(event, one, raw) + judge.expected_attributes(run.case, one)
    return faults


def answer_faults(run, got):
    if isinstance(got, str):
        return [got]
    wrong = judge.answer(run, got)
    return wrong + ["body %r" % got.body.decode(errors="replace")[:300]] if wrong and got.body else wrong


def all_faults(answers, names, found, log):
    """What was not as expected, by case. names: of the endpoint of each run; found: the events of each endpoint."""
    faults = collections.defaultdict(list)
    for (run, got), name in zip(answers, names):
        where = "" if run.strict else "payload = optional: "
        wrong = answer_faults(run, got) + judge_events(run, got, found[name])
        faults[run.case["name"]] += [where + text for text in wrong]
        faults[run.case["name"]] += ["the log says %s" % text for text in cases.private(run.case) if text in log]
    for (run, _), name in zip(answers, names):
        if found[name]:
            faults[run.case["name"]].append("%d events were recorded that should not be" % len(found.pop(name)))
    return {name: wrong for name, wrong in faults.items() if wrong}


def through(server, site, all_runs, endpoints, secret, after):
    """Runs all through one server; the names of the cases that were not as expected, and the last event's number."""
    client = site.client()
    begin = os.path.getsize(site.log)
    answers = [(run, ask(client, run, secret)) for run in all_runs]
    client.close()
    found, last = recorded(site, after)
    names = [endpoints[cases.endpoint(run).path][0] for run in all_runs]
    faults = all_faults(answers, names, found, site.log_text(begin))
    for name, wrong in faults.items():
        print("%s %s: %s" % (server, name, "; ".join(wrong)))
    return set(faults), last


def conform(scratch, all_cases):
    """How many cases were as expected through both servers."""
    import postvak_site
    all_runs = [run for case in all_cases for run in cases.runs(case)]
    endpoints = endpoints_of(all_runs)
    group = postvak_site.for_www_data(scratch)
    site, apache = postvak_site.Site(scratch), None
    if not os.path.exists(postvak_site.nginx_path()):
        raise postvak_site.Skipped("nginx is not installed")
    try:
        configure(site, all_cases, endpoints)
        postvak_site.share(site, group)
        site.start(nginx=False)
        apache = postvak_site.apache_proxy(site, "/")
        ports = {"apache": site.port}
        site.start_nginx()
        ports["nginx"] = site.port
        bad, last = {}, 0
        for server in ("nginx", "apache"):
            site.port = ports[server]
            bad[server], last = through(server, site, all_runs, endpoints, postvak_site.SECRET, last)
    finally:
        if apache:
            os.killpg(apache.pid, signal.SIGKILL)
            apache.wait()
        site.close()
    for server in bad:
        print("%s: %d of %d" % (server, len(all_cases) - len(bad[server]), len(all_cases)))
    return len(all_cases) - len(set.union(*bad.values()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    chosen_build.choose(args.build)
    if not os.path.exists(CASES):
        print("skipped: there is no %s" % CASES)
        return 0
    import postvak_site
    all_cases = [case for case in cases.load(CASES) if not args.patterns or any(p in case["name"] for p in args.patterns)]
    scratch = tempfile.mkdtemp(prefix="conformance-")
    try:
        good = conform(scratch, all_cases)
    except postvak_site.Skipped as e:
        shutil.rmtree(scratch, ignore_errors=True)
        print("skipped: %s" % e)
        return 0
    if good == len(all_cases):
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        print("see %s" % scratch)
    print("cases %d as-expected %d" % (len(all_cases), good))
    return 0 if good == len(all_cases) else 1


if __name__ == "__main__":
    sys.exit(main())
