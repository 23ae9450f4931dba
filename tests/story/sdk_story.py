# SPDX-License-Identifier: EUPL-1.2
"""The official JavaScript SDK of CloudEvents as a sender: the modes bring handlers equal events, and what
it sends in binary mode against the HTTP binding is refused with a reason that helps. It is looked for
where POSTVAK_NODE says that `npm install --prefix` put it (tests/run.sh does), else beside the build."""
import base64
import json
import os
import shutil
import subprocess

from postvak_site import BOUND, BUILD, Site, Skipped, check, equal, wait

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = (os.environ.get("POSTVAK_NODE") or os.path.dirname(BUILD) + "/node") + "/node_modules"
NODE_MIN = 16
MODES = ("structured", "batch", "binary")


def event(serial, datacontenttype, subject="zaak/1", **data):
    """What the sender is told: names and values of the attributes, and the data."""
    attributes = {"id": "e-%d" % serial, "source": "https://voorbeeld.nl/zaken", "type": "nl.voorbeeld.zaken.gewijzigd",
                  "time": "2026-11-21T09:45:00.120Z", "datacontenttype": datacontenttype, "subject": subject,
                  "dataschema": "https://voorbeeld.nl/schemas/zaak.json", "volgnummer": -2147483648, "proef": True,
                  "geheim": False, "dossier": "A-17 deel 2"}
    return dict(data, attributes=attributes)


# Numbers as JavaScript spells them: any that is read and written again as a double of fewer digits would differ.
NUMBERS = '{"bedrag":0.1,"groot":9007199254740991,"kleiner":-1e-7,"grens":1.7976931348623157e+308,"diep":[{"pi":3.141592653589793},null,[]],"naam":"Zoë €"}'
EVENTS = [
    event(1, "application/json", json=NUMBERS),
    event(2, "text/plain", text="Beste Zoë,\n\t\"€ 5\" \U0001f600"),
    event(3, "application/octet-stream", base64=base64.b64encode(bytes(range(256))).decode()),
    event(4, "application/vnd.voorbeeld+json; charset=utf-8", json="[1,2,{}]"),
]
UNICODE = event(5, "application/json", subject='Zoë 100% "№ 7" \U0001f600', json="{}")


def seen(given):
    """What a handler sees of it: attributes and data."""
    attributes = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given["attributes"].items()}
    if "base64" in given:
        data = base64.b64decode(given["base64"])
    else:
        data = given.get("json", given.get("text")).encode()
    return dict(attributes, specversion="1.0"), data


def sdk_site(scratch):
    if not shutil.which("node"):
        raise Skipped("there is no node")
    version = subprocess.check_output(["node", "--version"], universal_newlines=True).strip()
    if int(version[1:].split(".")[0]) < NODE_MIN:
        raise Skipped("the SDK does not run on node %s" % version)
    if not os.path.isdir(MODULES + "/cloudevents"):
        raise Skipped("the package cloudevents is not in %s" % MODULES)
    sections = ""
    for mode in MODES:  # a sender each: what two senders send are two events
        with open(scratch + "/secret-" + mode, "w") as f:
            f.write("Bearer van-%s\n" % mode)
        os.chmod(scratch + "/secret-" + mode, 0o600)
        sections += "[sender %s]\nauthorization = file:secret-%s\n" % (mode, mode)
        sections += "[endpoint %s]\npath = /%s\naccepts = cloudevents\nsenders = %s\nbatch = 10\n\n" % (mode, mode, mode)
    site = Site(scratch)
    site.configure(site.handler("proef", "option.dump = %s/dump.txt\n" % scratch, events="**") + sections)
    return site.start()


def send(site, mode, events, how=None):
    """Has the SDK send them; the answers."""
    command = ["node", HERE + "/sdk_sender.js", "http://127.0.0.1:%d/%s" % (site.port, mode), "Bearer van-" + mode, how or mode]
    done = subprocess.run(command, input=json.dumps(events), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=BOUND,
                          universal_newlines=True, env=dict(os.environ, NODE_PATH=MODULES))
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


def send_all(site, mode, events, how=None):
    answers = send(site, mode, events, how)
    equal(answers, [{"status": 0, "body": ""}] * (1 if mode == "batch" else len(events)), mode)


def dumped(site):
    """What handlers saw: {(sender, id): (attributes, data)}."""
    found = {}
    try:
        with open(site.dir + "/dump.txt") as f:
            lines = [line.split() for line in f if line.endswith("\n")]
    except FileNotFoundError:
        return found
    for sender, data, *attributes in lines:
        texts = [bytes.fromhex(text.rpartition("=")[2]).decode() for text in attributes]
        names = [text.partition("=")[0] for text in attributes]
        equal(len(set(names)), len(names), "names of attributes", names)
        key = sender, dict(zip(names, texts))["id"]
        check(key not in found, "twice:", key)
        found[key] = dict(zip(names, texts)), None if data == "-" else bytes.fromhex(data[1:])
    return found


def story_sdk_brings_handlers_equal_events_in_all_modes(scratch):
    site = sdk_site(scratch)
    for mode in MODES:
        send_all(site, mode, EVENTS)
    for mode in MODES:
        send_all(site, mode, [UNICODE], "encoded" if mode == "binary" else mode)
    wanted = {(mode, given["attributes"]["id"]): seen(given) for mode in MODES for given in EVENTS + [UNICODE]}
    wait("all to be handled", lambda: len(dumped(site)) >= len(wanted))
    got = dumped(site)
    for key in wanted:
        equal(got.get(key), wanted[key], *key)
    equal(set(got), set(wanted))


def story_sdk_events_that_are_not_encoded_are_refused_with_a_reason(scratch):
    site = sdk_site(scratch)
    percent = event(1, "text/plain", subject="100% zeker", text="x")
    latin = event(2, "text/plain", subject="Zoë", text="x")
    twice = event(3, "text/plain", text="x")
    twice["attributes"]["source"] = "urn:nld:gemeente-Bergen%20%28L%29.burgerzakensysteem"
    for answer, name in zip(send(site, "binary", [percent, latin, twice]), ("ce-subject", "ce-subject", "ce-source")):
        equal(answer.get("status"), 400, answer)
        errors = json.loads(answer["body"])["errors"]
        equal([error.get("header") for error in errors], [name], answer)
        check("percent" in errors[0]["detail"], "no word about percent-encoding in", errors[0])
    send_all(site, "structured", [percent, latin, twice])
    send_all(site, "binary", [percent, latin, twice], "encoded")
    wait("them to be handled", lambda: len(dumped(site)) >= 6)
    for given in (percent, latin, twice):
        key = given["attributes"]["id"]
        equal(dumped(site)["binary", key], seen(given), key)
        equal(dumped(site)["structured", key], seen(given), key)


def story_sdk_text_as_json_is_a_json_string_in_structured_mode_alone(scratch):
    """In binary mode the SDK sends a string as it is, whatever its media type; data are not looked into."""
    site = sdk_site(scratch)
    given = event(1, "application/json", text="zo maar tekst")
    send_all(site, "structured", [given])
    send_all(site, "binary", [given])
    wait("both to be handled", lambda: len(dumped(site)) >= 2)
    equal(dumped(site)["structured", "e-1"][1], b'"zo maar tekst"')
    equal(dumped(site)["binary", "e-1"][1], b"zo maar tekst")
