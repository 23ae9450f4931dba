# SPDX-License-Identifier: EUPL-1.2
"""The other ways to be hosted: a listening socket on fd 0, Apache mod_fcgid, mod_proxy_fcgi, plain CGI."""
import json
import os
import shutil
import signal
import subprocess
import threading

from postvak_site import (BOUND, RECEIVER, SECRET, Figures, Site, apache, apache_proxy, check, equal, for_www_data, notification, pack,
                          receiver_on_descriptor_0, share, wait)


def story_a_listening_socket_on_descriptor_0(scratch):
    site = Site(scratch, settings="receivers = 0").start(nginx=False)
    receiver, path = receiver_on_descriptor_0(site)
    try:
        site.start_nginx("unix:" + path)
        figures = Figures(site)
        client = site.client()
        for _ in range(20):
            body = notification()
            figures.add(body, client.post(body))
        figures.settle()
        receiver.send_signal(signal.SIGTERM)
        equal(receiver.wait(BOUND), 0, "the exit status after SIGTERM")
    finally:
        if receiver.poll() is None:
            receiver.kill()


def story_a_receiver_of_an_older_generation_leaves(scratch):
    site = Site(scratch, settings="receivers = 0").start(nginx=False)
    receiver, path = receiver_on_descriptor_0(site)
    try:
        site.start_nginx("unix:" + path)
        site.accept(notification())
        site.reload()
        wait("the receiver to leave", lambda: receiver.poll() is not None)
        equal(receiver.returncode, 0)
    finally:
        if receiver.poll() is None:
            receiver.kill()


def cgi(site, body, **more):
    env = dict(site.environment(), POSTVAK_CONF=site.conf, GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD="POST", REQUEST_URI="/nrc",
               SCRIPT_NAME="/nrc", QUERY_STRING="", CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(body)),
               HTTP_AUTHORIZATION=SECRET, REMOTE_ADDR="127.0.0.1", SERVER_PROTOCOL="HTTP/1.1")
    env.update(more)
    done = subprocess.run([RECEIVER], input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=BOUND)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def story_plain_cgi_and_cron(scratch):
    site = Site(scratch)
    numbers = []

    def take(n):
        for _ in range(n):
            body = notification()
            numbers.append(body["kenmerken"]["volgnummer"])
            out = cgi(site, pack(body))
            check(out.startswith(b"Status: 204"), out)

    take(3)
    check(cgi(site, b"{").startswith(b"Status: 400"))
    check(cgi(site, b"{}", HTTP_AUTHORIZATION="x").startswith(b"Status: 403"))
    body = pack(notification())
    check(cgi(site, body, CONTENT_LENGTH=str(len(body) + 5)).startswith(b"Status: 400"))
    site.postvak("drain")
    equal([line[3] for line in site.ended()], numbers)
    take(2)
    shown = [json.loads(line) for line in site.postvak("events", "--json", "-n", "3").splitlines()]
    equal([(e["number"], e["state"]) for e in shown], [(5, "new"), (4, "new"), (3, "done")], "before they were sorted")
    equal(len(site.ended()), 3)
    site.postvak("drain")
    equal([line[3] for line in site.ended()], numbers)
    site.postvak("drain")
    equal(len(site.ended()), 5)


def story_apache_mod_proxy_fcgi(scratch):
    group = for_www_data(scratch)
    site = Site(scratch)
    share(site, group)
    site.start(nginx=False)
    process = apache_proxy(site, "/nrc")
    try:
        figures = Figures(site)
        for _ in range(20):
            body = notification()
            figures.add(body, site.accept(body))
        large = notification(kenmerken={"volgnummer": "900001", "x": "y" * 900, **{"z%d" % i: "y" * 900 for i in range(100)}})
        figures.add(large, site.accept(large))
        figures.settle()
        equal(site.post(notification(), authorization=None).status, 401)
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def under_mod_fcgid(scratch, settings="", lines=""):
    """A site whose receivers Apache starts; and Apache."""
    group = for_www_data(scratch)
    site = Site(scratch, settings="receivers = 0\n" + settings)
    share(site, group)
    site.start(nginx=False)
    for name in os.listdir(scratch + "/state"):
        shutil.chown(scratch + "/state/" + name, group=group)
    shutil.chown(scratch + "/state", group=group)
    os.chmod(scratch + "/state", 0o2770)
    shutil.chown(scratch + "/run", group=group)
    os.chmod(scratch + "/run", 0o2770)
    return site, apache(site, """
ScriptAlias /nrc %s
FcgidInitialEnv POSTVAK_CONF %s
FcgidIPCDir %s/fcgid
FcgidProcessTableFile %s/fcgid_shm
FcgidMaxRequestLen 8388608
<Directory %s>
  SetHandler fcgid-script
  Options +ExecCGI
  CGIPassAuth On
  Require all granted
</Directory>
%s""" % (RECEIVER, site.conf, scratch, scratch, os.path.dirname(RECEIVER), lines))


def story_apache_mod_fcgid(scratch):
    site, process = under_mod_fcgid(scratch)
    try:
        figures = Figures(site)
        for _ in range(20):
            body = notification()
            figures.add(body, site.accept(body))
        figures.settle()
        equal(site.post(b"{").status, 400)
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def story_failures_do_not_hold_up_the_few_receivers_of_mod_fcgid(scratch):
    site, process = under_mod_fcgid(scratch, "failures = 1", "FcgidMaxProcessesPerClass 2")
    ended, answers = threading.Event(), []

    def fail():
        while not ended.is_set():
            answers.append(site.post(b"{}", authorization="Token fout").status)

    attackers = [threading.Thread(target=fail, daemon=True) for _ in range(6)]
    try:
        site.accept(notification())
        for attacker in attackers:
            attacker.start()
        wait("failures to be turned away", lambda: 429 in answers)
        for _ in range(10):
            site.accept(notification())
        check(set(answers) <= {403, 429}, set(answers))
    finally:
        ended.set()
        for attacker in attackers:
            attacker.join(BOUND)
        os.killpg(process.pid, signal.SIGKILL)
