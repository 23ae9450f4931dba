# SPDX-License-Identifier: EUPL-1.2
"""TLS client certificates as nginx and Apache pass them on: names that are a credential, and what is not believed."""
import contextlib
import os
import pwd

from fcgi import Wire, request
from postvak_site import Skipped, check, equal, wait
from trust_site import NOBODY, Certificates, Event, Line, TrustSite, accepted, refused

OIN = "00000001823288444000"
SUBJECT = "/C=NL/O=Gemeente Súdwest-Fryslân/serialNumber=%s/CN=afzender.voorbeeld.nl" % OIN
FORGED = [("SSL-Client-Verify", "SUCCESS"), ("SSL-Client-S-DN", "serialNumber=%s,O=Gemeente Súdwest-Fryslân" % OIN),
          ("X-SSL-Client-Verify", "SUCCESS"),
          ("SSL_CLIENT_VERIFY", "SUCCESS"), ("SSL-Client-SAN-DNS-0", "afzender.voorbeeld.nl"), ("X-Client-Verify", "SUCCESS")]


def escaped(pem):
    with open(pem) as f:
        return f.read().replace("\n", "%0A").replace("+", "%2B").replace(" ", "%20")


def start(scratch):
    site = TrustSite(scratch, "failures = 0")
    site.tls = Certificates(scratch)
    site.add("oin", "tls_subject = serialNumber=%s, O=Gemeente Súdwest-Fryslân" % OIN)
    site.add("names", "tls_names = DNS:anders.voorbeeld.nl DNS:afzender.voorbeeld.nl")
    site.add("either", "tls_subject = serialNumber=1 | serialNumber=%s" % OIN)
    site.add("both", "tls_subject = serialNumber=%s\nauthorization = %s" % (OIN, site.secret("both", "Token beide-nodig-5512")))
    return site


def contexts(tls):
    right = tls.context("right", SUBJECT, "DNS:afzender.voorbeeld.nl,DNS:www.voorbeeld.nl")
    wrong = {
        "another number": tls.context("number", SUBJECT.replace(OIN, "00000001823288444001"), "DNS:elders.voorbeeld.nl"),
        "a number in its name": tls.context("comma", "/O=Gemeente Súdwest-Fryslân/CN=x, serialNumber=" + OIN, "DNS:elders.voorbeeld.nl"),
        "a number behind a plus": tls.context("plus", "/O=Gemeente Súdwest-Fryslân/CN=x+serialNumber\\=" + OIN,
                                              "DNS:elders.voorbeeld.nl"),
        "a name that begins alike": tls.context("longer", SUBJECT.replace(OIN, OIN + "0"), "DNS:afzender.voorbeeld.nl.elders.nl"),
    }
    return right, wrong


def forging(headers, body):
    return headers + FORGED, body


def story_client_certificates_through_nginx_and_apache(scratch):
    site = start(scratch)
    fronts = site.open()
    right, wrong = contexts(site.tls)
    anybody = site.tls.context()
    taken = []
    for front in fronts:
        line = Line(front, right)
        for name in ("oin", "names", "either"):
            event = Event(name)
            for _ in range(2):
                accepted(line.deliver(name, NOBODY, event), name, front.name)
            taken.append(name)
        equal(refused(line.deliver("both", NOBODY), "both", front.name)[0], 401)
        accepted(line.deliver("both", lambda ask: {"Authorization": "Token beide-nodig-5512"}), "both", front.name)
        line.close()
        for what, context in wrong.items():
            line = Line(front, context)
            for name in ("oin", "names", "either"):
                equal(refused(line.deliver(name, NOBODY, alter=forging), name, front.name, what)[0], 403)
            line.close()
        for what, context in (("no certificate", anybody), ("no TLS", None)):
            line = Line(front, context)
            for name in ("oin", "names", "either"):
                equal(refused(line.deliver(name, NOBODY, alter=forging), name, front.name, what)[0], 401)
            refused(line.deliver("both", lambda ask: {"Authorization": "Token beide-nodig-5512"}, alter=forging), "both", front.name,
                    what)
            line.close()
    rows = site.settled()
    equal(sorted(r["sender"] for r in rows), sorted(taken * 2 + ["both"] * len(fronts)))
    site.keeps_silent()


@contextlib.contextmanager
def as_user(name):
    """What connects within it does so as that user, without any other group."""
    entry, groups = pwd.getpwnam(name), os.getgroups()
    os.setgroups([])
    os.setegid(entry.pw_gid)
    os.seteuid(entry.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def story_only_the_web_server_is_believed_about_certificates(scratch):
    if os.geteuid() != 0:
        raise Skipped("needs root, to connect as other users")
    site = start(scratch)
    site.open()
    pem = site.tls.issue("right", SUBJECT, "DNS:afzender.voorbeeld.nl")[0]
    os.chmod(scratch + "/run", 0o777)  # the mistake that is to have no consequence
    os.chmod(scratch + "/run/receiver.sock", 0o777)
    for user, believed in (("www-data", True), ("nobody", False), ("root", True)):
        with as_user(user):
            wire = Wire(scratch + "/run/receiver.sock")
        for verify in ("SUCCESS", "FAILED:self-signed certificate", "NONE", None, "success", "SUCCESS "):
            wanted = (202,) if believed and verify == "SUCCESS" else (401, 403) if believed else (401,)
            event = Event("oin")
            ce = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in event.headers.items() if k != "Content-Type"}
            wire.send(request(event.body, REQUEST_URI="/oin", SCRIPT_NAME="/oin", HTTP_AUTHORIZATION=None, SSL_CLIENT_VERIFY=verify,
                              SSL_CLIENT_CERT=escaped(pem), SSL_CLIENT_S_DN="serialNumber=%s,O=x" % OIN, **ce))
            status = wire.answer()[0]
            check(status in wanted, user, verify, status)
        wire.close()
    wait("two events", lambda: len(site.ended()) == 2)
