# SPDX-License-Identifier: EUPL-1.2
"""A whole Postvak site in a scratch directory: configuration, `postvak serve`, nginx in front, a
client that speaks HTTP to it, and eyes on what the handlers wrote. Stories wait for states; the
only clock is the bound after which a wait is given up."""
import base64
import collections
import contextlib
import datetime
import fcntl
import glob
import grp
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

BUILD = os.environ.get("POSTVAK_BUILD", "")
PREFIX = os.path.join(BUILD, "inst")
RECEIVER = PREFIX + "/libexec/postvak/postvak.fcgi"
SLOW = 4 if "fsanitize" in os.environ.get("POSTVAK_CFLAGS", "") else 1
BOUND = 60 * SLOW  # seconds after which a state that did not come is a failure
SECRET = "Token eerste-geheim-4f0c"
SECOND = "Bearer tweede-geheim-77aa"

Answer = collections.namedtuple("Answer", "status headers body")


class Failed(Exception):
    """What a story throws when something is not as it should be."""


class Skipped(Exception):
    """What a story throws when the machine cannot show it."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what) or "not as it should be")


def equal(got, wanted, *what):
    if got != wanted:
        raise Failed("%s: got %r, wanted %r" % (" ".join(map(str, what)), got, wanted))


def wait(what, condition, bound=None):
    """Waits until condition() is truthy and returns it."""
    end = time.monotonic() + (bound or BOUND)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("waited in vain for: %s" % (what,))
        time.sleep(0.01)


def with_spare(site):
    """Once there is a spare file, the journal goes on in it: what is in the first one can go as soon as that is collected."""
    wait("the journal's spare file", lambda: os.path.exists(site.dir + "/state/journal.spare"))
    return site


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def now_text(offset=0):
    return (datetime.datetime.utcnow() + datetime.timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


_serial = [0]
_serial_lock = threading.Lock()


def notification(zaak=1, actie="create", **more):
    """A notification as Open Notificaties forwards it; each one differs from all others."""
    with _serial_lock:
        _serial[0] += 1
        serial = _serial[0]
    zaak_url = "https://zaken.voorbeeld.nl/zaken/api/v1/zaken/%s" % zaak
    body = {
        "actie": actie,
        "kanaal": "zaken",
        "source": "zaken.voorbeeld.nl",
        "resource": "status",
        "kenmerken": {
            "zaaktype": "https://zaken.voorbeeld.nl/catalogi/api/v1/zaaktypen/7",
            "bronorganisatie": "000000000",
            "volgnummer": str(serial),
            "vertrouwelijkheidaanduiding": "openbaar",
        },
        "hoofdObject": zaak_url,
        "resourceUrl": "https://zaken.voorbeeld.nl/zaken/api/v1/statussen/%d" % serial,
        "aanmaakdatum": now_text(),
    }
    body.update(more)
    return {k: v for k, v in body.items() if v is not None}


PROBE = {
    "kanaal": "test", "hoofdObject": "http://some.hoofdobject.nl/", "resource": "some_resource",
    "resourceUrl": "http://some.resource.nl/", "actie": "create",
    "aanmaakdatum": "2019-01-01T12:00:00Z", "kenmerken": {},
}


# A line of the test handler. A process that is killed leaves the last one cut off where a page of the file ends, as
# SIGKILL ends a write(2) between two pages; what another process appends follows on that, and is a whole line.
LINE = re.compile(r"(start|end) (\S+) (\S+) (\S+) (\d+) (\d+) (\S+)\n")


def pack(body):
    return body if isinstance(body, (bytes, bytearray)) else json.dumps(body).encode()


class Client:
    """One kept-alive HTTP connection."""

    def __init__(self, port, bound=None):
        self.port, self.bound, self.http = port, bound or BOUND, None

    def post(self, body, authorization=SECRET, path="/nrc", headers=None, method="POST", content_type="application/json"):
        all_headers = {}
        if content_type is not None:
            all_headers["Content-Type"] = content_type
        if authorization is not None:
            all_headers["Authorization"] = authorization
        all_headers.update(headers or {})
        self.open().request(method, path, None if body is None else pack(body), all_headers)
        return self.answer()

    def send(self, method, target, headers, body):
        """Nothing but what is given: headers is a list of pairs, in which a name may be repeated."""
        connection = self.open()
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.encode())
        if body or method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return self.answer()

    def open(self):
        if self.http is None:
            self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.bound)
        return self.http

    def answer(self):
        response = self.http.getresponse()
        text = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, text)

    def close(self):
        if self.http:
            self.http.close()
            self.http = None


class Site:
    def __init__(self, scratch, handlers=None, settings="", endpoint="", sender="", keepalive=64, body_max_nginx="8m"):
        self.dir = scratch
        self.keepalive, self.body_max_nginx = keepalive, body_max_nginx
        os.makedirs(self.dir + "/secrets", exist_ok=True)
        os.makedirs(self.dir + "/failpoints", exist_ok=True)
        self.conf = self.dir + "/postvak.conf"
        self.lines = self.dir + "/handled.txt"
        self.log = self.dir + "/serve.log"
        self.serve = self.nginx = None
        self.port = None
        self.write_secret(SECRET, SECOND)
        self.configure(handlers, settings, endpoint, sender)

    # ---- configuration ----

    def write_secret(self, *values):
        path = self.dir + "/secrets/on"
        with open(path, "w") as f:
            f.write("".join(v + "\n" for v in values))
        os.chmod(path, 0o600)

    def configure(self, handlers=None, settings="", endpoint="", sender=""):
        if handlers is None:
            handlers = self.handler("proef")
        group = grp.getgrgid(os.getegid()).gr_name
        with open(self.conf, "w") as f:
            f.write("""[postvak]
state_dir = %s/state
run_dir = %s/run
group = %s
log = debug
%s

[endpoint nrc]
path = /nrc
accepts = nrc
senders = opennotificaties
%s

[sender opennotificaties]
authorization = file:secrets/on
%s

%s
""" % (self.dir, self.dir, group, settings if "disk_reserve" in settings else "disk_reserve = 1M\n" + settings, endpoint, sender, handlers))

    def handler(self, name, more="", plugin=None, events="nl.overheid.**", retry="5 1s 1 1s", lines=None):
        """A [handler] section for the test handler, which writes what it does to self.lines, or to lines."""
        plugin = plugin or BUILD + "/tests/handlers/.libs/testhandler.so"
        text = "[handler %s]\nplugin = %s\nevents = %s\nretry = %s\nfrom = beginning\n" % (name, plugin, events, retry)
        if plugin.endswith("testhandler.so"):
            text += "option.path = %s\n" % (lines or self.lines)
        return text + more + "\n"

    # ---- running ----

    def environment(self):
        return {"PATH": os.environ["PATH"], "POSTVAK_FAILPOINTS": self.dir + "/failpoints",
                "ASAN_OPTIONS": "detect_leaks=0", "HOME": self.dir}

    def start(self, nginx=True, ready=True):
        self.mark = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        log = open(self.log, "ab")
        self.serve = subprocess.Popen([PREFIX + "/bin/postvak", "-c", self.conf, "serve"], stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log, env=self.environment(), start_new_session=True)
        log.close()
        if ready:
            wait("postvak serve to be ready", lambda: self.logged(" ready: ", self.mark) or self.died())
            check(self.serve.poll() is None, "postvak serve ended:", self.log_text()[-2000:])
        if nginx and self.nginx is None:
            self.start_nginx()
        return self

    def died(self):
        return self.serve.poll() is not None

    def start_nginx(self, upstream=None):
        for _ in range(20):
            self.port = free_port()
            self.write_nginx(upstream)
            self.nginx = subprocess.Popen([nginx_path(), "-p", self.dir, "-c", self.dir + "/nginx.conf"],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            with contextlib.suppress(Failed):
                wait("nginx to listen", self.nginx_listens, 10)
                return
            self.nginx = None
        raise Failed("nginx does not start: " + open(self.dir + "/nginx-error.log").read())

    def nginx_listens(self):
        if self.nginx.poll() is not None:
            raise Failed("nginx ended")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def write_nginx(self, upstream=None):
        user = "user root;" if os.geteuid() == 0 else ""
        keep = "keepalive %d;" % self.keepalive if self.keepalive else ""
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write("""
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx-error.log; %(user)s
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log %(dir)s/nginx-access.log; client_body_temp_path %(dir)s/tmp-body; fastcgi_temp_path %(dir)s/tmp-fastcgi;
  proxy_temp_path %(dir)s/tmp-proxy; uwsgi_temp_path %(dir)s/tmp-uwsgi; scgi_temp_path %(dir)s/tmp-scgi;
  client_max_body_size %(max)s; client_body_buffer_size 64k; keepalive_requests 1000000; keepalive_timeout 300s;
  upstream postvak { server %(upstream)s; %(keep)s }
  server {
    listen 127.0.0.1:%(port)d backlog=4096;
    location / {
      fastcgi_pass postvak; fastcgi_keep_conn %(keep_conn)s; fastcgi_read_timeout 120s;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param QUERY_STRING $query_string; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name; fastcgi_param SERVER_PROTOCOL $server_protocol;
    }
  }
}
""" % dict(dir=self.dir, user=user, max=self.body_max_nginx, upstream=upstream or "unix:%s/run/receiver.sock" % self.dir,
           keep=keep, port=self.port, keep_conn="on" if self.keepalive else "off"))

    def stop(self, sig=signal.SIGTERM):
        """Stops serving gracefully; the exit status."""
        if self.serve is None:
            return None
        if self.serve.poll() is None:
            self.serve.send_signal(sig)
        try:
            status = self.serve.wait(BOUND)
        except subprocess.TimeoutExpired:
            raise Failed("postvak serve does not stop:\n" + self.log_text()[-3000:])
        self.serve = None
        return status

    def reload(self):
        """SIGHUP, and waits until that generation serves (or was refused)."""
        at = os.path.getsize(self.log)
        self.serve.send_signal(signal.SIGHUP)
        wait("the reload to end", lambda: self.logged(" ready: ", at) or self.logged("goes on", at))

    def close(self):
        for process in (self.nginx, self.serve):
            if process and process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.nginx = self.serve = None
        # Children are sessions of the boss; those that outlived a kill -9 leave by themselves on EOF.
        with contextlib.suppress(Failed):
            wait("children to leave", lambda: not self.pids(""), 20)
        for pid in self.pids(""):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # ---- looking ----

    def log_text(self, start=0):
        with open(self.log, "rb") as f:
            f.seek(start)
            return f.read().decode(errors="replace")

    def logged(self, text, start=0):
        return text in self.log_text(start)

    def pids(self, program):
        """The processes of this site's boss (and of their children), by program name."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                exe = os.readlink("/proc/%s/exe" % entry)
                if not exe.startswith(PREFIX) or program not in os.path.basename(exe):
                    continue
                if self.is_ours(entry) and open("/proc/%s/stat" % entry).read().split()[2] != "Z":
                    found.append(int(entry))
        return found

    def is_ours(self, pid):
        """By its environment, of which children have the place of the failpoints; or, in a build without those, by its files."""
        with open("/proc/%s/environ" % pid, "rb") as f:
            if (self.dir + "/").encode() in f.read():
                return True
        files = "/proc/%s/fd" % pid
        return any(os.readlink("%s/%s" % (files, fd)).startswith(self.dir + "/") for fd in os.listdir(files))

    def handled(self, lines=None):
        """What the test handler wrote: tuples of start KEY HOOFDOBJECT VOLGNUMMER PID TIME ATTEMPT and
        end KEY HOOFDOBJECT VOLGNUMMER PID TIME OUTCOME."""
        try:
            with open(lines or self.lines) as f:
                return LINE.findall(f.read())
        except FileNotFoundError:
            return []

    def ended(self, lines=None):
        """Those that ended with PV_DONE."""
        return [line for line in self.handled(lines) if line[0] == "end" and line[6] == "done"]

    # ---- asking ----

    def client(self):
        return Client(self.port)

    def post(self, body, **more):
        client = self.client()
        try:
            return client.post(body, **more)
        finally:
            client.close()

    def accept(self, body, **more):
        answer = self.post(body, **more)
        equal(answer.status, 204, "the answer", answer.body)
        return answer

    def postvak(self, *args, status=0, stdin=None, text=True, conf=True):
        """Runs the command; its standard output (checked exit status)."""
        command = [PREFIX + "/bin/postvak"] + (["-c", self.conf] if conf else []) + list(args)
        done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(), timeout=BOUND, universal_newlines=text)
        if status is not None:
            equal(done.returncode, status, " ".join(args), done.stdout, done.stderr)
        self.stderr = done.stderr
        return done.stdout

    def status(self):
        return json.loads(self.postvak("status", "--json", status=None))

    def fail_at(self, name, action="kill"):
        open("%s/failpoints/%s.%s" % (self.dir, name, action), "w").close()

    def fail_pending(self):
        return os.listdir(self.dir + "/failpoints")


def receiver_on_descriptor_0(site, name="eigen"):
    """A receiver as a web server or spawn-fcgi starts it; the process and its socket."""
    path = "%s/%s.sock" % (site.dir, name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    with listening, open(site.dir + "/receiver.log", "ab") as log:
        return subprocess.Popen([RECEIVER], stdin=listening, env=dict(site.environment(), POSTVAK_CONF=site.conf), stderr=log), path


@contextlib.contextmanager
def dispatcher_stopped(site):
    """With SIGSTOP, at a moment when it holds nothing that others wait for."""
    def locked(path):
        with open(path, "r+b") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True

    def signalled(sig):
        for pid in pids:
            os.kill(pid, sig)

    def stopped():
        signalled(signal.SIGSTOP)
        wait("it to stand still", lambda: all(open("/proc/%d/stat" % pid).read().rsplit(")")[1].split()[0] == "T" for pid in pids))
        if any(locked(path) for kind in ("lock", "turnstile") for path in glob.glob("%s/state/[!d]*.%s" % (site.dir, kind)) +
               glob.glob("%s/state/desk.%s" % (site.dir, kind))):
            signalled(signal.SIGCONT)
            return False
        return True

    pids = wait("a dispatcher", lambda: site.pids("postvak-dispatch"))
    wait("it to hold nothing", stopped)
    try:
        yield
    finally:
        signalled(signal.SIGCONT)


def apache(site, lines):
    """Apache as Debian installs it, with these lines in its configuration. Sets the site's port; the process."""
    modules = "/usr/lib/apache2/modules"
    apache2 = shutil.which("apache2") or "/usr/sbin/apache2"
    if not os.path.exists(apache2):
        raise Skipped("apache2 is not installed")
    port = free_port()
    user = "User www-data\nGroup www-data"
    wanted = ["mpm_event", "authz_core", "proxy", "proxy_fcgi", "fcgid", "cgid", "alias", "env", "unixd", "ssl"]
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


def apache_proxy(site, location):
    """Apache with mod_proxy_fcgi in front of the receivers' socket."""
    os.chmod(site.dir + "/run", 0o775)
    return apache(site, """
<Location %s>
  SetHandler "proxy:unix:%s/run/receiver.sock|fcgi://postvak"
  CGIPassAuth On
  Require all granted
</Location>
<Proxy "fcgi://postvak" enablereuse=on max=10>
</Proxy>""" % (location, site.dir))


def for_www_data(scratch):
    """Apache's children must reach the scratch directory; their group."""
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
    """Gives a site that was not started yet to the web server's group."""
    with open(site.conf) as f:
        text = f.read()
    with open(site.conf, "w") as f:
        f.write(re.sub(r"(?m)^group = .*$", "group = " + group, text))
    shutil.chown(site.dir + "/secrets", group=group)
    for name in os.listdir(site.dir + "/secrets"):
        shutil.chown(site.dir + "/secrets/" + name, group=group)
        os.chmod(site.dir + "/secrets/" + name, 0o640)


def nginx_path():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def curl(*args):
    return subprocess.run(["curl", "-sS", "--max-time", str(BOUND)] + list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def in_parallel(n, work):
    """Runs work(i) for 0 <= i < n, each in a thread of its own; raises what the first failing one raised."""
    errors = []

    def run(i):
        try:
            work(i)
        except Exception as e:  # noqa: the story fails with it
            errors.append(e)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(BOUND * 10)
    if errors:
        raise errors[0]
    check(not any(t.is_alive() for t in threads), "a client does not end")


class Figures:
    """What a story counts, printed as its last line: of all handlers that have files of their own, if
    there are several. dead are those that the story found dead, and shown as such."""

    def __init__(self, site, files=None):
        self.site, self.sent, self.acknowledged, self.files, self.dead = site, 0, [], files or [site.lines], set()
        self.lock = threading.Lock()

    def add(self, body, answer):
        with self.lock:
            self.sent += 1
            if 200 <= answer.status < 300:
                self.acknowledged.append(body["kenmerken"]["volgnummer"])

    def failed(self):
        with self.lock:
            self.sent += 1

    def settle(self):
        wanted = set(self.acknowledged) - self.dead
        for path in self.files:
            wait("every acknowledged event to be handled", lambda: wanted <= {line[3] for line in self.site.ended(path)}, BOUND * 3)
        self.report()

    def report(self):
        """Lost: acknowledged and never handled. Disordered: per object, first completions out of the
        order of acknowledgement by one sender that waited for each answer, or two of one object at once."""
        handled = duplicates = disordered = 0
        lost = []
        for path in self.files:
            done = collections.Counter(line[3] for line in self.site.ended(path))
            handled += len(done)
            duplicates += sum(done.values()) - len(done)
            disordered += disorder(self.site.handled(path))
            lost += [n for n in self.acknowledged if n not in done and n not in self.dead]
        print("figures sent=%d acknowledged=%d handled=%d duplicates=%d lost=%d disordered=%d" % (
            self.sent, len(self.acknowledged), handled, duplicates, len(lost), disordered))
        equal(len(lost), 0, "lost", lost[:10])
        equal(disordered, 0, "disordered")


def disorder(lines):
    """How many events of an object ended for the first time after a later one of that object, or ran
    beside another one of it, or beside themselves. Numbers of one object are sent in rising order by one
    client each. Who ends after another one of the object has started was running all the while; a start
    without an end belongs to a runner that was killed."""
    last, running, seen, wrong = {}, {}, set(), 0
    for line in lines:
        what, key, zaak, number, pid = line[:5]
        other = running.get(zaak)
        if what == "start":
            if other and other[0] != number and other[1] == pid:
                wrong += 1
            running[zaak] = (number, pid)
        elif what == "end":
            if other == (number, pid):
                del running[zaak]
            else:
                wrong += 1
            if line[6] != "done" or number in seen:
                continue
            seen.add(number)
            if int(number) < last.get(zaak, 0):
                wrong += 1
            last[zaak] = int(number)
    return wrong
