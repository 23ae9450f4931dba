# SPDX-License-Identifier: EUPL-1.2
"""Sites for the benches: as those of the stories, on a build without failpoints; and looks at their processes."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/story")
from postvak_site import SECRET, Site, wait  # noqa: E402

NULL = "[handler %s]\nplugin = null\nevents = %s\nrunners = %d\nfrom = beginning\n"
LOAD = os.environ.get("POSTVAK_BUILD", "") + "/obj/tests/bench/load"


def end(*_):
    """A bench that is ended ends its sites, once: timeout(1) signals a process and then its group."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(130)


signal.signal(signal.SIGTERM, end)


def make(scratch, handlers=NULL % ("null", "nl.overheid.**", 1), senders="", keepalive=64):
    """senders: names of more than the usual one, to be found in handlers."""
    os.makedirs(scratch, exist_ok=True)
    site = Site(scratch, handlers=handlers, keepalive=keepalive)
    with open(site.conf) as f:
        text = f.read()
    with open(site.conf, "w") as f:
        f.write(text.replace("senders = opennotificaties", "senders = opennotificaties " + senders).replace("log = debug", "log = info"))
    return site


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(child) for child in f.read().split()]


def processes(site):
    """By the name of the program, one of each."""
    boss = site.serve.pid
    pids = [boss] + [below for child in children(boss) for below in [child] + children(child)]
    return {os.path.basename(os.readlink("/proc/%d/exe" % pid)): pid for pid in pids}


def cpu_us(pid):
    """Processor time of all its threads."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            total += int(f.read().split()[0])
    return total / 1000


def caught_up(site):
    status = site.status()
    return status["log"]["sorted"] == status["log"]["last"] and all(handler["lag"] == 0 for handler in status["handlers"])


def settle(site):
    wait("the handlers to catch up", lambda: caught_up(site))


def load(site, *options):
    """What the load generator says, by name; what was not taken is none of its errors."""
    line = subprocess.run([LOAD, "--header", "Authorization: " + SECRET] + [str(option) for option in options] +
                          ["http://127.0.0.1:%d/nrc" % site.port], stdout=subprocess.PIPE, universal_newlines=True, check=False).stdout
    return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", line)}
