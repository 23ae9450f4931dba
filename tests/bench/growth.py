# SPDX-License-Identifier: EUPL-1.2
"""Tables of growth: growth.py OUT ROUNDS SECONDS TABLE..., on the programs in POSTVAK_BUILD. Started by growth.sh."""
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench_site  # noqa: E402
from bench_site import NULL  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


class Row:
    """A value of what grows, the site that it is measured on, and what the load generator is told."""

    def __init__(self, name, site, *options):
        self.name, self.site, self.options, self.rounds = name, site, options, []

    def measure(self, seconds):
        """One round: intake for so long, and the time until all of it is settled; with the dispatcher's processor time."""
        dispatcher = bench_site.processes(self.site)["postvak-dispatch"]
        cpu, begin = bench_site.cpu_us(dispatcher), time.monotonic()
        done = bench_site.load(self.site, "--seconds", seconds, *self.options)
        bench_site.settle(self.site)
        events = done["status_2xx"]
        self.rounds.append((done["rate"], done["p50"], done["p99"], events / (time.monotonic() - begin),
                            (bench_site.cpu_us(dispatcher) - cpu) / max(events, 1), done["requests"] - events))

    def figures(self):
        return [statistics.median(column) for column in zip(*self.rounds)]


@contextlib.contextmanager
def serving(scratch, sites):
    """Sites that all run at once, by name: handlers of each."""
    made = {name: bench_site.make("%s/%s" % (scratch, name), handlers, keepalive=1000) for name, handlers in sites.items()}
    try:
        for site in made.values():
            site.start()
        yield made
    finally:
        for site in made.values():
            site.close()


def in_turns(rows, rounds, seconds):
    """Each round in another order, lest one always comes behind the same other one."""
    for _ in range(rounds):
        for row in rows:
            time.sleep(0.3)  # each begins at rest
            row.measure(seconds)
        rows = rows[1:] + rows[:1]


def table(what, rows, extra=None):
    """extra: a heading, and what stands below it for a row's name and figures."""
    first = rows[0].figures()[0]
    out = ["| %s | events/s | of the first | p50 ms | p99 ms | settled/s | dispatcher us/event | not taken |%s" % (what, " %s |" % extra[0] if extra else ""),
           "|---|---|---|---|---|---|---|---|" + ("---|" if extra else "")]
    for row in rows:
        rate, p50, p99, settled, cpu, errors = row.figures()
        out.append("| %s | %d | %.2f | %.2f | %.2f | %d | %.1f | %d |%s" % (
            row.name, rate, rate / first, p50, p99, settled, cpu, errors, " %s |" % extra[1](row.name, rate) if extra else ""))
    return out


def connections(scratch, rounds, seconds):
    with serving(scratch, {"one": NULL % ("null", "nl.overheid.**", 1)}) as sites:
        rows = [Row(n, sites["one"], "--connections", n) for n in (1, 4, 16, 64, 256, 1000)]
        in_turns(rows, rounds, seconds)
        return table("connections", rows)


def bodies(scratch, rounds, seconds):
    with serving(scratch, {"one": NULL % ("null", "nl.overheid.**", 1)}) as sites:
        rows = [Row(n, sites["one"], "--size", n) for n in (512, 4096, 65536, 1048576)]
        in_turns(rows, rounds, seconds)
        return table("bytes of body", rows, ("MB/s", lambda size, rate: "%.1f" % (size * rate / 1e6)))


def own_patterns(n):
    """The first handler takes all that is sent, the others something else each."""
    return NULL % ("all", "nl.overheid.**", 1) + "".join(NULL % ("other%d" % i, "nl.gemeente%d.**" % i, 1) for i in range(1, n))


def handlers(scratch, rounds, seconds):
    counts = (1, 5, 10, 50)
    with serving(scratch, {str(n): own_patterns(n) for n in counts}) as sites:
        rows = [Row(n, sites[str(n)]) for n in counts]
        in_turns(rows, rounds, seconds)
        return table("handlers", rows)


def runners(scratch, rounds, seconds):
    counts = (1, 2, 4, 8, 16)
    with serving(scratch, {str(n): NULL % ("null", "nl.overheid.**", n) for n in counts}) as sites:
        rows = [Row(n, sites[str(n)]) for n in counts]
        in_turns(rows, rounds, seconds)
        return table("runners", rows)


def identities(scratch, rounds, seconds):
    """By the bench of their own, which keeps stores that are full."""
    text = subprocess.run(["sh", HERE + "/identities.sh", str(rounds), str(seconds)], stdout=subprocess.PIPE, check=True,
                          universal_newlines=True, env=dict(os.environ, BATCHES="")).stdout
    rows = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in text.splitlines() if " intake=" in line and line.startswith("identities=")]
    out = ["| identities | events/s | of the first | p50 ms | p99 ms | start ms | dispatcher MiB |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        out.append("| %s | %s | %.2f | %s | %s | %s | %.1f |" % (
            row["identities"], row["intake"], float(row["intake"]) / float(rows[0]["intake"]), row["p50_ms"], row["p99_ms"], row["start_ms"],
            float(row["dispatcher_most_kb"]) / 1024))
    return out


TABLES = {"connections": connections, "bodies": bodies, "handlers": handlers, "runners": runners, "identities": identities}


def main(out, rounds, seconds, names):
    for name in names or TABLES:
        with tempfile.TemporaryDirectory(dir=os.environ["POSTVAK_BUILD"]) as scratch:
            lines = ["## %s" % name, ""] + TABLES[name](scratch, rounds, seconds) + [""]
        print("\n".join(lines), flush=True)
        with open("%s/growth-%s.part" % (out, name), "w") as f:
            f.write("\n".join(lines) + "\n")
    parts = ["%s/growth-%s.part" % (out, name) for name in TABLES]
    with open(out + "/growth.md", "w") as f:
        for part in parts:
            if os.path.exists(part):
                with open(part) as text:
                    f.write(text.read())


if __name__ == "__main__":
    wrong = [name for name in sys.argv[4:] if name not in TABLES]
    if wrong:
        sys.exit("there is no table %s; there are: %s" % (wrong[0], " ".join(TABLES)))
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
