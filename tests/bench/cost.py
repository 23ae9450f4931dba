# SPDX-License-Identifier: EUPL-1.2
"""What Postvak costs besides time: on the programs in POSTVAK_BUILD. Started by cost.sh."""
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench_site  # noqa: E402
from issuer import Issuer  # noqa: E402
from postvak_site import RECEIVER, SECRET, Client, Failed, check, notification, pack, wait  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
STARTS, VISITS, SECONDS = 9, 21, 6
ROLES = {"boss": "postvak", "receiver": "postvak.fcgi", "dispatcher": "postvak-dispatch", "runner": "postvak-runner", "keys": "postvak-keys"}
TARGETS = {"start_ms": 100, "cgi_cpu_ms": 15, "rest_mib": 12, "load_mib": 24}


def trust_many(issuer):
    """As where issuers are public ones: their authority is one of all that the system knows."""
    if os.path.exists(BUNDLE):
        with open(issuer.ca, "a") as to, open(BUNDLE) as those:
            to.write(those.read())


def make_site(scratch, issuer):
    return bench_site.make(scratch, bench_site.NULL % ("null", "nl.overheid.**", 1) + issuer.section() +
                           "\n[sender clerk]\ntoken = %s\nclients = afzender\nmay_send = nl.overheid.**\n" % issuer.name, "clerk")


def answered(client):
    """Nobody listens before postvak serve does; nginx says 502 then."""
    answer = client.post(notification())
    check(answer.status in (204, 502), answer)
    return answer.status == 204


def start(site):
    """Milliseconds from the start of `postvak serve` to the first 204, through nginx."""
    client = Client(site.port)
    check(not answered(client))
    begin = time.perf_counter()
    site.start(nginx=False, ready=False)
    while not answered(client):
        check(not site.died(), "postvak serve ended")
        time.sleep(0.0005)
    took = (time.perf_counter() - begin) * 1e3
    client.close()
    return took


def visit(site):
    """Milliseconds of processor time of one CGI process, and of all that it starts and waits for."""
    body = pack(notification())
    env = {"PATH": os.environ["PATH"], "POSTVAK_CONF": site.conf, "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "REQUEST_URI": "/nrc",
           "SCRIPT_NAME": "/nrc", "QUERY_STRING": "", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
           "HTTP_AUTHORIZATION": SECRET, "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([RECEIVER], input=body, stdout=subprocess.PIPE, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    check(done.stdout.startswith(b"Status: 204"), done.stdout)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def resident(pid):
    """MiB: what it has now. status rounds by what each processor has not told yet, this does not."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return int(re.search(r"^Rss: +(\d+)", f.read(), re.M).group(1)) / 1024


def peak(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^VmHWM:\s+(\d+)", f.read(), re.M).group(1)) / 1024


def memory(site):
    """By role: MiB at rest, the most under load, and at rest after that; and what the load was."""
    programs = bench_site.processes(site)
    pids = {role: programs[program] for role, program in ROLES.items()}
    bench_site.settle(site)
    rest = {role: resident(pid) for role, pid in pids.items()}
    done = bench_site.load(site, "--seconds", SECONDS)
    bench_site.settle(site)
    return {role: (rest[role], peak(pid), resident(pid)) for role, pid in pids.items()}, done


def report(starts, first, visits, roles, load):
    print("| what | measured | at most |\n|---|---|---|")
    print("| start to first answer, median of %d | %.0f ms (%.0f to %.0f; %.0f with a new store) | %d ms |" % (
        len(starts), statistics.median(starts), min(starts), max(starts), first, TARGETS["start_ms"]))
    print("| CGI, one event, median of %d | %.1f ms of processor time (%.1f to %.1f) | %d ms |" % (
        len(visits), statistics.median(visits), min(visits), max(visits), TARGETS["cgi_cpu_ms"]))
    print("\n| resident memory | at rest | most under load | after it |\n|---|---|---|---|")
    for role, figures in roles.items():
        print("| %s | %.1f MiB | %.1f MiB | %.1f MiB |" % ((role,) + figures))
    print("| at most | %d MiB | %d MiB | |" % (TARGETS["rest_mib"], TARGETS["load_mib"]))
    print("\nthe load: %d events/s, p99 %.1f ms" % (load["rate"], load["p99"]))
    print("cost start_ms=%.1f cgi_cpu_ms=%.1f %s %s" % (
        statistics.median(starts), statistics.median(visits),
        " ".join("%s_rest_mib=%.1f" % (role, of[0]) for role, of in roles.items()),
        " ".join("%s_load_mib=%.1f" % (role, of[1]) for role, of in roles.items())))


def main():
    with tempfile.TemporaryDirectory(dir=os.environ["POSTVAK_BUILD"]) as scratch:
        issuer = Issuer(scratch)
        trust_many(issuer)
        site = make_site(scratch, issuer)
        try:
            site.start_nginx()
            starts = []
            for _ in range(STARTS + 1):
                site.stop()
                starts.append(start(site))
            wait("the issuer's keys", lambda: sum(issuer.asked.values()) >= 2)
            roles, load = memory(site)
            visits = [visit(site) for _ in range(VISITS)]
            report(starts[1:], starts[0], visits, roles, load)
        finally:
            site.close()
            issuer.stop()


if __name__ == "__main__":
    try:
        main()
    except Failed as e:
        sys.exit(str(e))
