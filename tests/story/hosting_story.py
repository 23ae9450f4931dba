# SPDX-License-Identifier: EUPL-1.2
"""The other ways to be hosted: a listening socket on fd 0, Apache mod_fcgid, mod_proxy_fcgi, plain CGI."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess

from postvak_site import (BOUND, RECEIVER, SECRET, Failed, Figures, Site, Skipped, check, equal, free_port, notification, pack,
                          receiver_on_descriptor_0, wait)


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
    for _ in range(3):
        out = cgi(site, pack(notification()))
        check(out.startswith(b"Status: 204"), out)
    check(cgi(site, b"{").startswith(b"Status: 400"))
    check(cgi(site, b"{}", HTTP_AUTHORIZATION="x").startswith(b"Status: 403"))
    body = pack(notification())
    check(cgi(site, body, CONTENT_LENGTH=str(len(body) + 5)).startswith(b"Status: 400"))
    site.postvak("drain")
    equal(len(site.ended()), 3)
    site.postvak("drain")
    equal(len(site.ended()), 3)


def apache(site, lines):
    modules = "/usr/lib/apache2/modules"
    apache2 = shutil.which("apache2") or "/usr/sbin/apache2"
    if not os.path.exists(apache2):
        raise Skipped("apache2 is not installed")
    port = free_port()
    user = "User www-data\nGroup www-data"
    wanted = ["mpm_event", "authz_core", "proxy", "proxy_fcgi", "fcgid", "cgid", "alias", "env", "unixd"]
    loads = "\n".join("LoadModule %s_module %s/mod_%s.so" % (m, modules, m) for m in wanted if os.path.exists("%s/mod_%s.so" % (modules, m)))
    conf = site.dir + "/apache.conf"
    with open(conf, "w") as f:
        f.write("ServerRoot %s\nServerName localhost\nPidFile %s/apache.pid\nErrorLog %s/apache.log\nListen 127.0.0.1:%d\n%s\n%s\n"
                "DefaultRuntimeDir %s\nDocumentRoot %s\n%s\n" % (site.dir, site.dir, site.dir, port, loads, user, site.dir, site.dir, lines))
    process = subprocess.Popen([apache2, "-f", conf, "-DFOREGROUND"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)

    def listens():
        if process.poll() is not None:
            raise Failed("apache ended: " + open(site.dir + "/apache.log").read()[-2000:])
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True

    wait("apache to listen", listens)
    site.port = port
    return process


def for_www_data(scratch):
    """Apache's children must reach the scratch directory."""
    import grp
    import pwd
    if os.geteuid() != 0:
        raise Skipped("needs root, to start Apache as Debian does")
    try:
        group = grp.getgrnam("www-data").gr_name
        pwd.getpwnam("www-data")
    except KeyError:
        raise Skipped("there is no user www-data")
    path = os.path.abspath(scratch)
    while path != "/":
        mode = os.stat(path).st_mode
        if not mode & 0o001:
            if path.startswith("/root") or path == "/root":
                raise Skipped("%s is closed to www-data" % path)
            os.chmod(path, mode | 0o011)
        path = os.path.dirname(path)
    return group


def share(site, group):
    with open(site.conf) as f:
        text = f.read()
    import re
    with open(site.conf, "w") as f:
        f.write(re.sub(r"(?m)^group = .*$", "group = " + group, text))
    shutil.chown(site.dir + "/secrets/on", group=group)
    shutil.chown(site.dir + "/secrets", group=group)
    os.chmod(site.dir + "/secrets/on", 0o640)


def story_apache_mod_proxy_fcgi(scratch):
    group = for_www_data(scratch)
    site = Site(scratch)
    share(site, group)
    site.start(nginx=False)
    os.chmod(scratch + "/run", 0o775)
    process = apache(site, """
<Location /nrc>
  SetHandler "proxy:unix:%s/run/receiver.sock|fcgi://postvak"
  CGIPassAuth On
  Require all granted
</Location>
<Proxy "fcgi://postvak" enablereuse=on max=10>
</Proxy>""" % scratch)
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


def story_apache_mod_fcgid(scratch):
    group = for_www_data(scratch)
    site = Site(scratch, settings="receivers = 0")
    share(site, group)
    site.start(nginx=False)
    for name in os.listdir(scratch + "/state"):
        shutil.chown(scratch + "/state/" + name, group=group)
    shutil.chown(scratch + "/state", group=group)
    os.chmod(scratch + "/state", 0o2770)
    shutil.chown(scratch + "/run", group=group)
    os.chmod(scratch + "/run", 0o2770)
    process = apache(site, """
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
</Directory>""" % (RECEIVER, site.conf, scratch, scratch, os.path.dirname(RECEIVER)))
    try:
        figures = Figures(site)
        for _ in range(20):
            body = notification()
            figures.add(body, site.accept(body))
        figures.settle()
        equal(site.post(b"{").status, 400)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
