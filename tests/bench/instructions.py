# SPDX-License-Identifier: EUPL-1.2
"""Instructions of one intake and of one delivery, counted by callgrind on the programs as they are: a receiver that
speaks FastCGI with us, and a dispatcher with a runner that empties the log behind it. Each is counted with FEW and with
MANY events; the difference divided by the difference leaves out what starting costs. Requests come in rounds, one on
each connection, and the next round when all are answered: so a commit is shared as under load, and about as often in
each run. Started by instructions.sh: instructions.py BUILD SCRATCH RECORD [--record]"""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + "/tests/story")
import fcgi  # noqa: E402

FEW, MANY, CONNECTIONS = 800, 3200, 16
CEILING = 1.15
SECRET = "Token instructies-0123456789"
CONF = """[postvak]
state_dir = state
run_dir = run
group = %s
disk_reserve = 1M
log = warn
[endpoint nrc]
path = /nrc
accepts = nrc
senders = bench
[endpoint events]
path = /events
accepts = cloudevents
senders = bench
[sender bench]
authorization = file:secret
[handler null]
plugin = null
events = nl.overheid.**
from = beginning
memory = 64G
"""
NRC = ('{"actie": "create", "kanaal": "zaken", "source": "zaken.voorbeeld.nl", "resource": "status", '
       '"kenmerken": {"zaaktype": "https://catalogi.voorbeeld.nl/api/v1/zaaktypen/5aa5c1f0-77aa-4b1e-8a2e-2f4b9f3f7d11", '
       '"bronorganisatie": "002564440", "vertrouwelijkheidaanduiding": "openbaar", "volgnummer": "%(n)06d"}, '
       '"hoofdObject": "https://zaken.voorbeeld.nl/zaken/api/v1/zaken/d7a22-%(n)06d", '
       '"resourceUrl": "https://zaken.voorbeeld.nl/zaken/api/v1/statussen/721c9-%(n)06d", '
       '"aanmaakdatum": "2026-05-01T12:00:00.123Z"}')
STRUCTURED = ('{"specversion":"1.0","id":"f3dce042-cd6e-4977-844d-05be8d%(n)06d",'
              '"type":"nl.overheid.zaken.zaakstatus-gewijzigd","source":"urn:nld:oin:00000001823288444000:systeem:zaaksysteem",'
              '"subject":"b2f1a0de-7c1c-4b0e-a1ef-0c7d0d%(n)06d","time":"2026-05-01T12:00:00.123Z",'
              '"datacontenttype":"application/json","sequence":"%(n)06d","sequencetype":"integer",'
              '"data":{"zaak":"https://zaken.example.nl/api/v1/zaken/b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e","status":"afgerond",'
              '"volgnummer":7,"toelichting":"de aanvraag is afgerond en de beschikking is verzonden aan de aanvrager(s)",'
              '"kenmerken":["vergunning","bouw", "kap"]}}')
WIRES = {  # target, content type, body, status
    "nrc": ("/nrc", "application/json", NRC, 204),
    "structured": ("/events", "application/cloudevents+json", STRUCTURED, 202),
}


class Site:
    def __init__(self, build, path):
        self.dir, self.prefix = path, build + "/inst"
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        group = subprocess.check_output(["id", "-gn"], universal_newlines=True).strip()
        with open(path + "/postvak.conf", "w") as f:
            f.write(CONF % group)
        with open(os.open(path + "/secret", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(SECRET + "\n")

    def counted(self, name, program, *args, **more):
        """A program under callgrind. One thread runs at a time, in turns: whoever came first."""
        valgrind = ["valgrind", "-q", "--tool=callgrind", "--trace-children=yes", "--fair-sched=try",
                    "--callgrind-out-file=%s/%s.%%p" % (self.dir, name)]
        env = {"PATH": os.environ["PATH"], "POSTVAK_CONF": self.dir + "/postvak.conf"}
        return subprocess.Popen(valgrind + ["%s/libexec/postvak/%s" % (self.prefix, program)] + list(args), env=env, **more)

    def count(self, name):
        total = 0
        for path in glob.glob("%s/%s.*" % (self.dir, name)):
            with open(path) as f:
                total += int(re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M).group(1))
        return total

    def status(self):
        return json.loads(subprocess.run([self.prefix + "/bin/postvak", "-c", self.dir + "/postvak.conf", "status", "--json"],
                                         stdout=subprocess.PIPE, check=False).stdout)


def request(wire, n):
    target, kind, body, _ = WIRES[wire]
    return fcgi.request((body % {"n": n}).encode(), REQUEST_URI=target, SCRIPT_NAME=target, CONTENT_TYPE=kind,
                        HTTP_AUTHORIZATION=SECRET)


def send(path, wire, n):
    lines = [fcgi.Wire(path) for _ in range(CONNECTIONS)]
    for first in range(0, n, CONNECTIONS):
        for i, line in enumerate(lines):
            line.send(request(wire, first + i))
        for line in lines:
            answer = line.answer()
            if not answer or answer[0] != WIRES[wire][3]:
                sys.exit("the receiver answered %r" % (answer,))
    for line in lines:
        line.close()


def intake(site, wire, n):
    """Instructions of a receiver that takes n events in."""
    path = site.dir + "/socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(CONNECTIONS)
        receiver = site.counted("intake", "postvak.fcgi", stdin=listening)
        try:
            send(path, wire, n)
        finally:
            receiver.send_signal(signal.SIGTERM)
            receiver.wait()
    return site.count("intake")


def delivery(site, n):
    """Instructions of a dispatcher and its runner that deliver the n events of the log."""
    site.counted("delivery", "postvak-dispatch", "--drain").wait()
    done = site.status()["counters"]["done"]
    if done != n:
        sys.exit("%d events were delivered, not %d" % (done, n))
    return site.count("delivery")


def measure(build, scratch):
    sites = {n: {wire: Site(build, "%s/%s-%d" % (scratch, wire, n)) for wire in WIRES} for n in (FEW, MANY)}
    totals = {n: {} for n in sites}
    for n, of in sites.items():
        for wire, site in of.items():
            totals[n]["intake_" + wire] = intake(site, wire, n)
        totals[n]["delivery"] = delivery(of["nrc"], n)
    shared = MANY / sites[MANY]["nrc"].status()["counters"]["commits"]
    print("%d notifications over %d connections, %.1f to a commit" % (MANY, CONNECTIONS, shared))
    return {name: round((totals[MANY][name] - totals[FEW][name]) / (MANY - FEW)) for name in totals[FEW]}


def said(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, check=False)
    return done.stdout.strip()


def surroundings(build):
    """What else decides the numbers: the compiler, the libraries, and what valgrind lets them see of the processor."""
    with open(build + "/obj/Makefile") as f:
        compiler = re.search(r"^CC = (.*)", f.read(), re.M).group(1).split()
    with open("/proc/cpuinfo") as f:
        flags = f.read().split()
    found = {name: said("pkg-config", "--modversion", name) for name in ("sqlite3", "libcrypto")}
    return dict(found, compiler=said(*compiler + ["--version"]).split("\n")[0], libc=said("getconf", "GNU_LIBC_VERSION"),
                valgrind=said("valgrind", "--version"), avx2="yes" if "avx2" in flags else "no")


def write(path, counts, around):
    with open(path, "w") as f:
        f.write("# Written by `sh tests/bench/instructions.sh --record`: what was counted, and with what.\n")
        f.writelines("%s = %s\n" % pair for pair in list(counts.items()) + sorted(around.items()))


def read(path):
    with open(path) as f:
        return dict(line.rstrip("\n").split(" = ", 1) for line in f if not line.startswith("#"))


def judge(counts, recorded):
    """The names of those that are above their ceiling."""
    above = []
    print("%-18s %9s %9s %9s" % ("instructions of", "counted", "recorded", "ceiling"))
    for name, n in counts.items():
        ceiling = int(int(recorded[name]) * CEILING)
        print("%-18s %9d %9s %9d%s" % (name, n, recorded[name], ceiling, "  too many" if n > ceiling else ""))
        if n > ceiling:
            above.append(name)
    return above


def main(build, scratch, path, *rest):
    counts, around = measure(build, scratch), surroundings(build)
    if "--record" in rest:
        write(path, counts, around)
    recorded = read(path)
    above = judge(counts, recorded)
    other = ["%s is %s, was %s" % (k, around[k], recorded.get(k)) for k in sorted(around) if around[k] != recorded.get(k)]
    if above and not other:
        print("Too many instructions: %s. Find what made them more (callgrind_annotate %s/*/intake.* or delivery.*), or, if that\n"
              "is worth it, record them with `sh tests/bench/instructions.sh --record` and say why in the commit." %
              (", ".join(above), scratch))
        return 1
    if other:
        print("Recorded elsewhere, so nothing is judged: " + "; ".join(other))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
