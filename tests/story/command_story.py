# SPDX-License-Identifier: EUPL-1.2
"""The command, while it serves and while it does not."""
import json
import os
import re
import subprocess

from hosting_story import cgi
from postvak_site import PREFIX, SECRET, Site, Skipped, check, equal, notification, pack, wait


def story_commands_work_while_nothing_serves(scratch):
    site = Site(scratch)
    until = scratch + "/kapot"
    open(until, "w").close()
    site.configure(site.handler("proef", "option.until = %s\n" % until, retry="1 1s 1 1s"))
    site.start()
    for i in range(3):
        site.accept(notification(i))
    wait("all to be dead", lambda: site.status()["handlers"][0]["dead"] == 3)
    equal(site.stop(), 0)
    check("dead" in site.postvak("events"))
    check(site.postvak("status", status=None))
    site.postvak("retry", "1")
    site.postvak("discard", "2")
    os.unlink(until)
    site.postvak("drain")
    equal(len(site.ended()), 1)
    states = {e["number"]: e["state"] for e in map(json.loads, site.postvak("events", "--all", "--json").splitlines())}
    equal(states, {1: "done", 2: "done", 3: "dead"})
    check("discarded" in site.postvak("events", "show", "2"))
    site.postvak("retry", "--handler", "proef", "--state", "dead")
    site.postvak("rewind", "proef", "--to", "beginning")
    site.postvak("drain")
    wait("the rest", lambda: {h[3] for h in site.ended()} and len(site.ended()) >= 2)


def story_filters_of_events(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    site.accept(notification(kanaal="documenten", resource="enkelvoudiginformatieobject"))
    site.accept(notification(actie="dead"))
    wait("all to be settled", lambda: site.status()["handlers"][0]["lag"] == 0)

    def numbers(*args):
        return sorted(json.loads(line)["number"] for line in site.postvak("events", "--json", *args, status=None).splitlines())

    equal(numbers(), [1, 2, 3])
    equal(numbers("--type", "nl.overheid.documenten.**"), [2])
    equal(numbers("--state", "dead"), [3])
    equal(numbers("--state", "done"), [1, 2])
    equal(numbers("--sender", "opennotificaties"), [1, 2, 3])
    equal(numbers("--handler", "proef", "--state", "dead"), [3])
    equal(numbers("--since", "1h"), [1, 2, 3])
    equal(numbers("--until", "1h"), [])
    equal(numbers("-n", "1"), [3])
    for wrong in (("--state", "raar"), ("--raw",), ("--body",), ("--rejected", "--type", "nl.**"), ("show", "1", "-n", "1"),
                  ("show", "1", "--raw", "--json"), ("-n", "0")):
        site.postvak("events", *wrong, status=2)
    site.postvak("events", "show", "99", status=3)


def story_what_was_refused_is_shown_with_its_headers(scratch):
    site = Site(scratch)
    with open(site.conf) as f:
        text = f.read()
    with open(site.conf, "w") as f:
        f.write(text.replace("accepts = nrc", "accepts = both"))
    site.start()
    answer = site.post(b"21,5", content_type="text/plain", headers={
        "ce-specversion": "1.0", "ce-id": "meting 7", "ce-type": "nl.voorbeeld.meting", "ce-time": "gisteren",
        "X-Other": "anders", "Cookie": "koekje"})
    equal(answer.status, 400)
    check("(and 1 more)" in json.loads(answer.body)["detail"], answer.body)
    wait("the refused body to be kept", lambda: site.postvak("events", "--rejected", status=None))
    shown = site.postvak("events", "show", "1", "--rejected")
    check("ce-time: " in shown and "; ce-source: " in shown and " more)" not in shown, shown)
    for line in ("content-type: text/plain", "ce-id: meting 7", "ce-time: gisteren"):
        check("\n%s\n" % line in shown, shown)
    check(shown.endswith("\n\n21,5\n\n"), shown)
    for secret in (SECRET, "koekje", "anders"):
        check(secret not in shown, shown)
    equal(json.loads(site.postvak("events", "--rejected", "--body", "--json"))["headers"], {
        "content-type": "text/plain", "ce-specversion": "1.0", "ce-id": "meting 7", "ce-type": "nl.voorbeeld.meting",
        "ce-time": "gisteren"})
    check("ce-id" not in site.postvak("events", "--rejected"), "headers are not in the list")
    out = cgi(site, b"x", CONTENT_TYPE="text/plain", HTTP_CE_ID="8")
    check(out.startswith(b"Status: 400"), out)
    kept = json.loads(site.postvak("events", "show", "2", "--rejected", "--json"))
    equal((kept["headers"], kept["body"]), ({"content-type": "text/plain", "ce-id": "8"}, "x"))


def story_send_is_what_a_developer_uses(scratch):
    site = Site(scratch).start()
    path = scratch + "/melding.json"
    with open(path, "wb") as f:
        f.write(pack(notification()))
    url = "http://127.0.0.1:%d/nrc" % site.port
    check("204" in site.postvak("send", "--url", url, "--authorization", SECRET, path, conf=False))
    check("204" in site.postvak("send", "--url", url, "--authorization", SECRET, "-", conf=False,
                                stdin=json.dumps(notification())))
    out = site.postvak("send", "--url", url, "--authorization", SECRET, "-", conf=False, stdin="{}", status=3)
    check("400" in out and "hoofdObject" in out, out)
    site.postvak("send", "--url", "http://127.0.0.1:1/nrc", "--authorization", SECRET, path, conf=False, status=1)
    site.postvak("send", path, conf=False, status=2)
    wait("both to be handled", lambda: len(site.ended()) == 2)


def story_send_makes_cloudevents_in_every_mode(scratch):
    site = Site(scratch, endpoint="batch = 3")
    with open(site.conf) as f:
        text = f.read()
    with open(site.conf, "w") as f:
        f.write(text.replace("accepts = nrc", "accepts = both"))
    site.start()
    url = "http://127.0.0.1:%d/nrc" % site.port
    common = ("--type", "nl.overheid.proef.a", "--source", "urn:nld:oin:00000001234567890000:systeem:proef",
              "--subject", "Ærø 100% \"x\"", "--attribute", "partitionkey=7", "--attribute", "waar:=true", "--attribute", "getal:=5")

    def send(*args, status=0, stdin=None):
        return site.postvak("send", "--url", url, "--authorization", SECRET, *args, conf=False, status=status, stdin=stdin)

    def newest(n=1):
        numbers = [json.loads(line)["number"] for line in site.postvak("events", "-n", str(n), "--json").splitlines()]
        return [json.loads(site.postvak("events", "show", str(i), "--json")) for i in numbers]

    def data(event):
        return site.postvak("events", "show", str(event["number"]), "--raw", text=False)

    kept = ("type", "source", "subject", "datacontenttype", "lane", "wire")
    for given, media, raw in (('{"a": 1.50}', "application/json", b'{"a": 1.50}'), ("tekst é", "text/plain", "tekst é".encode()),
                              ('"5"', "application/json", b'"5"')):
        seen = []
        for mode in ("structured", "binary", "batch"):
            check("202" in send(*common, "--mode", mode, "--data", given))
            event = newest()[0]
            equal((event["datacontenttype"], data(event)), (media, raw), mode)
            equal({k: event["attributes"][k] for k in ("partitionkey", "waar", "getal")}, {"partitionkey": "7", "waar": "true", "getal": "5"})
            equal(event["subject"], "Ærø 100% \"x\"")
            seen.append({k: event[k] for k in kept})
        check(seen[0] == seen[1] == seen[2], seen)
    with open(scratch + "/bytes", "wb") as f:
        f.write(bytes(range(256)))
    for mode in ("structured", "binary"):
        send(*common, "--mode", mode, "--data", "@" + scratch + "/bytes")
        equal(data(newest()[0]), bytes(range(256)), mode)
    send(*common, "--mode", "batch", "--count", "3", "-", stdin="[1]")
    equal(len({event["id"] for event in newest(3)}), 3)
    send("--example", "--mode", "structured", "--repeat", "2")
    equal(len({event["subject"] for event in newest(2)}), 2)
    send(*common, "--repeat", "2")
    equal(len({event["id"] for event in newest(2)}), 1)
    check("413" in send(*common, "--mode", "batch", "--count", "4", status=3))
    out = send(*common, "--time", "gisteren", "--id", "", status=3)
    check("#/id: " in out and "#/time: " in out, out)
    out = send(*common, "--time", "gisteren", "--id", "", "--mode", "binary", "--data", "1", status=3)
    check("  ce-id: " in out and "  ce-time: " in out, out)


def story_help_fits_a_terminal(scratch):
    site = Site(scratch)
    names = [line.split()[0] for line in site.postvak("help", conf=False).splitlines() if line.startswith("  ")]
    for name in [None] + names:
        for line in site.postvak("help", *([name] if name else []), conf=False).splitlines():
            check(len(line) <= 80 or line.startswith("usage:"), line)


def story_conf_shows_what_is_in_force_and_no_secret(scratch):
    site = Site(scratch)
    out = site.postvak("conf")
    for text in ("read_timeout", "20s", "file:secrets/on", site.conf + ":"):
        check(text in out, text, "is not in", out)
    check("geheim" not in out)
    json.loads(site.postvak("conf", "--json"))
    check("fine" in site.postvak("check"))


def story_check_says_each_problem_once_and_where_it_is(scratch):
    site = Site(scratch)
    with open(scratch + "/secrets/kort", "w") as f:
        os.chmod(f.name, 0o600)
        f.write("geheim\n")
    wrong = {
        "signature = rfc9421\nsignature.keys = file:secrets/nergens.pem": "signature.keys: cannot open",
        "signature = github\nsignature.secret = file:secrets/nergens": "signature.secret: the secret file",
        "signature = slack": "signature needs signature.secret",
        "signature = jws\nsignature.keys = issuer:nergens": "there is no section [issuer nergens]",
        "zgw = file:secrets/kort": "is not CLIENT_ID:SECRET",
        "signature = standard-webhooks\nsignature.secret = file:secrets/kort": "neither whsec_",
        "signature = template\nsignature.secret = file:secrets/kort\nsignature.header = X\nsignature.text = {body}{x}": "there is no {x}",
    }
    site.configure("".join("[sender s%d]\n%s\n" % (i, text) for i, text in enumerate(wrong)))
    site.postvak("check", status=2)
    said = site.stderr.splitlines()
    equal(len(said), len(wrong), "problems", site.stderr)
    for text in wrong.values():
        equal(len([line for line in said if text in line]), 1, text, site.stderr)


def story_check_by_root_sees_what_the_service_may_read(scratch):
    if os.geteuid() != 0:
        raise Skipped("this is not root")
    site = Site(scratch)
    site.configure("")
    os.chmod(scratch, 0o755)
    os.mkdir(scratch + "/state")
    check("fine" in site.postvak("check"))
    os.chown(scratch + "/state", 65534, 65534)
    site.postvak("check", status=2)
    check("secrets/on: Permission denied" in site.stderr, site.stderr)
    os.chown(scratch + "/secrets/on", 65534, 65534)
    check("fine" in site.postvak("check"))


def story_wrong_use_is_status_2(scratch):
    site = Site(scratch)
    for args in (["bestaat-niet"], ["events", "--raar"], ["retry"], ["rewind"], ["events", "show"], ["events", "show", "x"]):
        site.postvak(*args, status=2)
        check(site.stderr, args)
    site.postvak("-c", "/nergens/postvak.conf", "check", conf=False, status=2)
    check("/nergens/postvak.conf" in site.stderr)
    for command in ("serve", "check", "conf", "status", "events", "retry", "discard", "rewind", "drain", "send", "sign", "token", "version"):
        check(command in site.postvak("help", conf=False))
        check(site.postvak("help", command, conf=False))
    check("0.1.0" in site.postvak("version", conf=False))


def story_status_is_json_for_programs(scratch):
    site = Site(scratch).start()
    site.accept(notification())
    wait("it to be handled", lambda: site.ended())
    status = wait("no lag", lambda: site.status()["handlers"][0]["lag"] == 0 and site.status())
    equal(status["counters"]["accepted"], 1)
    equal(status["handlers"][0]["handler"], "proef")
    equal(status["serving"], True)
    equal(site.stop(), 0)
    equal(site.status()["serving"], False)


def story_status_names_a_handler_that_does_not_start(scratch):
    site = Site(scratch)
    site.configure(site.handler("proef", "option.fail = yes\n"))
    site.start()
    wait("the failure to be told", lambda: "told to fail by option.fail" in site.postvak("status", "--check", status=None))
    site.postvak("status", "--check", status=3)
    equal(site.status()["handlers"][0]["failed"], "told to fail by option.fail")
    site.configure(site.handler("proef"))
    site.reload()
    wait("the failure to be over", lambda: site.status()["handlers"][0]["failed"] is None)
    site.postvak("status", "--check")
    site.stop()
    check("postvak serve does not run" in site.postvak("status", "--check", status=3))


def story_a_second_serve_on_the_same_store_says_what_it_waits_for(scratch):
    site = Site(scratch).start()
    other = scratch + "/other.conf"
    with open(site.conf) as f:
        text = f.read()
    with open(other, "w") as f:
        f.write(re.sub(r"(?m)^run_dir *=.*$", "run_dir = %s/other-run" % scratch, text))
    log = scratch + "/other.log"
    with open(log, "wb") as out:
        second = subprocess.Popen([PREFIX + "/bin/postvak", "-c", other, "serve"], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=out, env=site.environment())
    wait("it to say so", lambda: "waiting for another dispatcher" in open(log).read())
    second.terminate()
    equal(second.wait(30), 0)
    site.accept(notification())
    wait("the first to go on", lambda: len(site.ended()) == 1)
