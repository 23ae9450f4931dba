# SPDX-License-Identifier: EUPL-1.2
"""What run.sh measured, as tables (bench.md), as JSON (bench.json), as a chart (bench.svg) and beside the targets of the
project. It judges nothing. Usage: report.py [--quick] RESULTS DIRECTORY"""
import collections
import json
import os
import statistics
import sys

import chart
from chart import number

LABELS = {
    "nginx": "nginx alone, `return 204`", "threaded": "threaded libfcgi program, answers 204",
    "event": "event-driven libfcgi program, answers 204", "nrc": "Postvak, NRC notifications",
    "structured": "Postvak, CloudEvents structured", "binary": "Postvak, CloudEvents binary",
    "batch": "Postvak, CloudEvents, batches of 20", "hs256": "Postvak, NRC, HS256 token", "rs256": "Postvak, NRC, RS256 token",
    "apache-proxy_fcgi": "Postvak, NRC, Apache mod_proxy_fcgi", "apache-fcgid": "Postvak, NRC, Apache mod_fcgid",
    "apache-cgid": "Postvak, NRC, plain CGI under Apache",
}
ONE = ("threaded-one", "nrc-one")  # at one connection
MIB = 1024


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def pairs(words):
    return {k: float(v) for k, v in (w.split("=", 1) for w in words if "=" in w)}


class Run:
    def __init__(self, path):
        self.bursts = collections.defaultdict(dict)  # name -> round -> values
        self.seen = {}  # (before or after, round, name) -> process -> values
        self.rest, self.lines = collections.defaultdict(list), collections.defaultdict(list)
        with open(path) as f:
            for line in f:
                self.take(line.split())

    def take(self, words):
        kind = words[0]
        if kind == "burst":
            self.bursts[words[2]][int(words[1])] = pairs(words[3:])
        elif kind in ("before", "after"):
            names = self.seen.setdefault((kind, int(words[1]), words[2]), {})
            names[words[3]] = dict(zip(("cpu", "ended", "rss", "pss", "n"), map(float, words[4:])))
        elif kind == "rest":
            self.rest[words[2]].append(float(words[5]) / MIB)
        else:
            self.lines[kind].append(words[1:])

    def median(self, name, value):
        return statistics.median(v[value] for v in self.bursts[name].values())

    def ratio(self, name, other, value="rate"):
        """The ratios within the rounds: what changes slowly on the machine falls out."""
        a, b = self.bursts.get(name, {}), self.bursts.get(other, {})
        values = [a[r][value] / b[r][value] for r in a if r in b and b[r][value]]
        return spread(values) if values else None

    def processor(self, round_, name, values):
        """Seconds per 10,000 events, by process; of children that ended within it as `children of`. What is left of the
        whole machine is the kernel's, of whatever else runs, and of plain CGI, whose processes nobody waits for."""
        before = self.seen.get(("before", round_, name), {})
        after = self.seen.get(("after", round_, name), {})
        used = {"load": values["cpu"]}
        for process, now in after.items():
            then = before.get(process, {"cpu": 0, "ended": 0})
            used[process] = max(0, now["cpu"] - then["cpu"])
            if now["ended"] - then["ended"] > 0.01:
                used["children of " + process] = now["ended"] - then["ended"]
        if "machine" in used:
            used["rest of the machine"] = max(0, 2 * used["machine"] - sum(used.values()))
            del used["machine"]
        return {k: v / values["events"] * 10000 for k, v in used.items()} if values["events"] else {}

    def by_process(self, name):
        cpu, pss, rss = (collections.defaultdict(list) for _ in range(3))
        for round_, values in self.bursts[name].items():
            for process, seconds in self.processor(round_, name, values).items():
                cpu[process].append(seconds)
            for process, now in self.seen.get(("after", round_, name), {}).items():
                if process == "machine":
                    continue
                pss[process].append(now["pss"] / MIB)
                rss[process].append(now["rss"] / MIB)
        rounds = len(self.bursts[name])
        return ({k: statistics.median(v + [0] * (rounds - len(v))) for k, v in cpu.items()},
                {k: statistics.median(v) for k, v in pss.items()}, {k: max(v) for k, v in rss.items()})

    def sums(self, name):
        """Of all its processes: seconds per 10,000 events, and MiB, as spreads over the rounds."""
        cpu = [sum(self.processor(r, name, values).values()) for r, values in self.bursts[name].items()]
        pss = [sum(now["pss"] for now in self.seen.get(("after", r, name), {}).values()) / MIB for r in self.bursts[name]]
        return spread(cpu), spread(pss)

    def contender(self, name):
        rounds = list(self.bursts[name].values())
        cpu, pss, rss = self.by_process(name)
        out = {"name": name, "label": self.label(name)}
        for value in ("rate", "events_rate", "p50", "p99", "backlog"):
            out[value] = spread([r[value] for r in rounds])
        out["failed"] = sum(r["requests"] - r["status_2xx"] + r["connection_errors"] + r["unanswered"] for r in rounds)
        out["cpu_s_per_10000_events"], out["memory_mib"], out["largest_process_mib"] = cpu, pss, rss
        out["cpu_s_per_10000_events_sum"], out["memory_mib_sum"] = self.sums(name)
        if name not in ONE:
            out["of_threaded"] = self.ratio(name, "threaded")
        stored = [int(x[2]) for x in self.lines["stored"] if x[1] == name and x[2].isdigit()]
        if stored:
            out["stored"] = stored
        return out

    def label(self, name):
        return LABELS.get(name.replace("-one", "")) or next((" ".join(x[1:]) for x in self.lines["peer"] if x[0] == name), name)

    def fdatasync(self):
        return [pairs(x[1:])["p50"] for x in self.lines["fdatasync"]]

    def sustained(self):
        """The highest rate that was kept up, and its values."""
        held = [x for x in self.lines["sustained"] if x[2] == "yes"]
        if not held:
            return None
        best = max(held, key=lambda x: float(x[1]))
        values = pairs(best[3:])
        values["cpu_s_per_10000_events"] = self.processor(int(best[0]), "sustained", values)
        return values


# ---- targets ----

def peers(run, *names):
    got = [run.median(name, "rate") for name in names if name in run.bursts]
    return run.median("nrc", "rate") / max(got) if got and "nrc" in run.bursts else None


def targets(run):
    """(name, what is wanted, what was got)"""
    def middle(*what):
        ratio = run.ratio(*what)
        return ratio["median"] if ratio else None

    yield "nrc/threaded", ">=1.20", middle("nrc", "threaded")
    yield "nrc/event", ">=0.60", middle("nrc", "event")
    yield "p99 nrc/threaded", "<=1.00", middle("nrc", "threaded", "p99")
    yield "structured/nrc", ">=0.90", middle("structured", "nrc")
    yield "events batch/structured", ">=4.00", middle("batch", "structured", "events_rate")
    yield "nrc/rs256", "<=2.00", middle("nrc", "rs256")
    yield "nrc/best peer on PostgreSQL", ">=8.00", peers(run, "php-postgresql", "node-postgresql")
    for name in ("php-sqlite", "node-sqlite"):
        yield "nrc/" + name, ">=14.00", peers(run, name)
    yield "nrc/best Django", ">=35.00", peers(run, "drf-postgresql", "drf-sqlite")
    if run.fdatasync() and all(name in run.bursts for name in ONE):
        more = run.median("nrc-one", "p50") - run.median("threaded-one", "p50")
        yield "ms more at one connection, of one fdatasync", "<=1.00", more / statistics.median(run.fdatasync())
    held = run.sustained()
    if held:
        yield "sustained/threaded", ">=0.50", held["events_rate"] / run.median("threaded", "rate")
    if run.rest:
        yield "MiB at rest, largest role", "<=12.00", max(max(v) for v in run.rest.values())
        yield "MiB under load, largest role", "<=24.00", max(loaded(run).values(), default=None)
    if run.lines["start"]:
        yield "ms from start to first answer", "<100", statistics.median(int(x[1]) / 1000 for x in run.lines["start"])
    for what, ms in run.lines["oneshot"]:
        if what == "postvak.fcgi":
            yield "ms of processor, one event as CGI", "<15.00", float(ms)


def loaded(run):
    """The most that each role had behind any burst."""
    most = {}
    for name in run.bursts:
        for role, mib in run.by_process(name)[2].items():
            if role.startswith("postvak"):
                most[role] = max(most.get(role, 0), mib)
    return most


# ---- tables ----

def ranged(s):
    return "%s (%s–%s)" % (number(s["median"]), number(s["min"]), number(s["max"]))


def listed(by_process):
    return ", ".join("%s %.2f" % x for x in sorted(by_process.items(), key=lambda x: -x[1]) if x[1] >= 0.005) or "0"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|---:" * (len(head) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def markdown(out, run):
    burst = [c for c in out["contenders"] if c["name"] not in ONE]
    yield "# %s" % out["title"]
    yield ""
    yield ("Medians of %d rounds of %g s in which the contenders took turns, in brackets the lowest and the highest round; "
           "%d kept-alive connections; %s; %s." % (out["rounds"], out["seconds"], out["connections"], out["machine"], out["date"]))
    yield ""
    if burst:
        yield from bursts(burst)
    yield from more(out, run)
    yield from table(("target", "wanted", "got"), ((t["name"], t["wanted"], "%.2f" % t["got"]) for t in out["targets"]))


def bursts(burst):
    yield from table(("contender", "requests/s", "events/s", "p50 ms", "p99 ms", "of the threaded one", "backlog after", "failed"), (
        (c["label"], ranged(c["rate"]), number(c["events_rate"]["median"]), ranged(c["p50"]), ranged(c["p99"]),
         ranged(c["of_threaded"]) if c["of_threaded"] else "", "%.0f" % c["backlog"]["median"] if c["label"].startswith("Postvak") else "",
         "%d" % c["failed"]) for c in burst))
    yield ("Processor seconds per 10,000 events of the whole machine, the load generator's and the kernel's included, and memory in "
           "MiB (shared pages counted once), by process; the sums with the lowest and the highest round. What handlers have not had "
           "yet, the backlog, is in neither.")
    yield ""
    yield from table(("contender", "processor", "sum", "memory", "sum"), (
        (c["label"], listed(c["cpu_s_per_10000_events"]), ranged(c["cpu_s_per_10000_events_sum"]),
         listed(c["memory_mib"]), ranged(c["memory_mib_sum"])) for c in burst))


def more(out, run):
    one = [c for c in out["contenders"] if c["name"] in ONE]
    if one or run.fdatasync():
        yield "At one connection:"
        yield ""
        yield from table(("contender", "p50 ms", "p99 ms"), [(c["label"], ranged(c["p50"]), ranged(c["p99"])) for c in one] + [
            ("one page appended and fdatasync, by itself", ranged(spread(run.fdatasync())), "") for _ in run.fdatasync()[:1]])
    held = out["sustained"]
    if held:
        yield ("Sustained, NRC, settled by a handler that does nothing, with no backlog growing: %s events/s, p50 %.2f ms, "
               "p99 %.2f ms; processor seconds per 10,000 events: %s." % (
                   number(held["events_rate"]), held["p50"], held["p99"], listed(held["cpu_s_per_10000_events"])))
        yield ""
    if run.rest:
        most = loaded(run)
        yield from table(("role", "resident MiB at rest", "most, behind a burst"), (
            (role, "%.1f" % max(run.rest[role]), "%.1f" % most[role] if role in most else "") for role in sorted(run.rest)))
    shots = dict(run.lines["oneshot"])
    if shots:
        yield "One event as plain CGI, without a web server: %s ms of processor, of which starting any program takes %s." % (
            shots["postvak.fcgi"], shots["true"])
    if "nginx" in run.bursts:
        yield "Load generator: %.1f us of processor a request at its ceiling (nginx alone, %s requests/s)." % ceiling(run)
    yield ""


def ceiling(run):
    rounds = run.bursts["nginx"].values()
    return statistics.median(r["cpu"] / r["requests"] * 1e6 for r in rounds), number(run.median("nginx", "rate"))


def machine(run):
    model = "unknown processor"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    return "%d processors (%s), %s, %s" % (os.cpu_count(), model, " ".join(run.lines["versions"][0]), " ".join(run.lines["disk"][0]))


def gather(run):
    rounds, seconds, connections, date = run.lines["run"][0]
    threads, keep = run.lines["threaded"][0]
    LABELS["threaded"] = "threaded libfcgi program, answers 204 (%s threads, keep-alive %s)" % (threads, keep)
    return {
        "title": "Postvak beside programs that do nothing" + (" and what people use instead" if run.lines["peer"] else ""),
        "date": date, "machine": machine(run), "rounds": int(rounds), "seconds": float(seconds), "connections": int(connections),
        "contenders": [run.contender(name) for name in run.bursts],
        "fdatasync_ms": run.fdatasync(), "sustained": run.sustained(),
        "memory_at_rest_mib": {k: max(v) for k, v in run.rest.items()},
        "start_ms": [int(x[1]) / 1000 for x in run.lines["start"]],
        "targets": [{"name": n, "wanted": w, "got": g} for n, w, g in targets(run) if g is not None],
    }


def main():
    quick = "--quick" in sys.argv
    path, directory = sys.argv[-2:]
    run = Run(path)
    out = gather(run)
    name = directory + "/quick" if quick else directory + "/bench"
    with open(name + ".json", "w") as f:
        json.dump(out, f, indent=1, ensure_ascii=False)
        f.write("\n")
    with open(name + ".md", "w") as f:
        f.write("\n".join(markdown(out, run)))
    drawn = not quick and any("of_threaded" in c for c in out["contenders"])
    if drawn:
        with open(name + ".svg", "w") as f:
            f.write(chart.svg(out))
    elif os.path.exists(name + ".svg"):
        os.unlink(name + ".svg")  # of another run
    if not quick:
        for t in out["targets"]:
            print("target %s wanted %s got %.2f" % (t["name"], t["wanted"], t["got"]))
    print("written: " + " ".join(name + end for end in ((".md", ".json", ".svg") if drawn else (".md", ".json"))))
    if quick:
        print("ratios threaded=%.2f event=%.2f p99=%.2f" % tuple(
            run.ratio(*x)["median"] for x in (("nrc", "threaded"), ("nrc", "event"), ("nrc", "threaded", "p99"))))


main()
