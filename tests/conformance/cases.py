# SPDX-License-Identifier: EUPL-1.2
"""What a case of the cases' file asks for: the endpoint it runs on, the request, the answer, and the
events that are recorded. Nothing here knows a case by its name."""
import base64
import collections
import json
import re
import urllib.parse
from json.decoder import scanstring

BATCH_MAX = 1000
ASSUMPTIONS = {"allowed_origins", "token", "answer"}
EXPECTATIONS = {"expect", "expect_attributes", "expect_data_base64", "expect_headers", "forbid_headers",
                "binding_expect", "strict_expect", "webhook_expect"}
PROFILES = {None: "cncf", "cncf": "cncf", "nlgov": "nlgov"}

# strict: as web hooks have it (Postvak's default); else as the HTTP binding alone has it
Run = collections.namedtuple("Run", "case strict")
# statuses: empty when any of the kind will do
Verdict = collections.namedtuple("Verdict", "accepted statuses")
Endpoint = collections.namedtuple("Endpoint", "path profile batch origins token answer strict")
# attributes: in the order in which they are kept, which is the sender's; data: None where the event has none
Event = collections.namedtuple("Event", "attributes data")


class Unknown(Exception):
    """A case that asks for something that nobody here understands."""


def load(path):
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)
    for case in cases:
        asked = {key for key in case if re.search(r"expect|forbid", key)} - EXPECTATIONS | set(case.get("assume", {})) - ASSUMPTIONS
        if asked or case.get("profile") not in PROFILES:
            raise Unknown("%s: nobody here understands %s" % (case["name"], ", ".join(asked) or "its profile"))
    return cases


def runs(case):
    """Once as a web hook; where the HTTP binding alone has it otherwise, and the method is not why, once more as that."""
    differs = "webhook_expect" in case or "binding_expect" in case
    return [Run(case, True)] + ([Run(case, False)] if differs and case["method"] == "POST" else [])


def verdict(run):
    case = run.case
    expect = case.get("webhook_expect" if run.strict else "binding_expect", case["expect"])
    plain, aside = re.match(r"([^(]*)\(?([^)]*)", case["status_hint"]).groups()
    if expect == case["expect"]:
        hint = plain
    else:
        hint = aside if "webhook" in aside and run.strict else ""
    statuses = {int(text) for text in re.findall(r"\b[1-5]\d\d\b", hint)}
    if expect == "accept":
        return Verdict(True, {s for s in statuses if s < 300})
    return Verdict(False, statuses)


# ---- the request ----

def target(run):
    given = run.case.get("target", "/cases/" + urllib.parse.quote(run.case["name"]))
    return given if run.strict else "/binding" + given


def token_in_query(case):
    return "access_token" in urllib.parse.parse_qs(urllib.parse.urlsplit(case.get("target", "")).query)


def endpoint(run):
    case = run.case
    assume = case.get("assume", {})
    wants = verdict(run)
    return Endpoint(path=urllib.parse.urlsplit(target(run)).path, profile=PROFILES[case.get("profile")],
                    batch=BATCH_MAX if "batch-enabled" in case.get("tags", []) else 0,
                    origins=" ".join(assume.get("allowed_origins", [])), token=assume.get("token"),
                    answer="204" if wants.accepted and wants.statuses == {204} and case["method"] == "POST" else "auto",
                    strict=run.strict)


def body(case):
    if case.get("body_base64") is not None:
        return base64.b64decode(case["body_base64"])
    return (case.get("body") or "").encode()


def header(case, name):
    return next((value for key, value in case["headers"] if key.lower() == name), None)


# ---- what is recorded ----

def members(text, at=0):
    """The members of the JSON object that starts at text[at], in order: (name, value, how the value is spelled)."""
    found = []
    decoder = json.JSONDecoder()
    at = blank(text, blank(text, at) + 1)
    while text[at] != "}":
        name, at = scanstring(text, at + 1, True)
        at = blank(text, blank(text, at) + 1)
        value, end = decoder.raw_decode(text, at)
        found.append((name, value, text[at:end]))
        at = blank(text, end)
        if text[at] == ",":
            at = blank(text, at + 1)
    return found


def elements(text):
    """Where each object of a JSON array starts."""
    decoder = json.JSONDecoder()
    at = blank(text, blank(text, 0) + 1)
    while text[at] != "]":
        yield at
        at = blank(text, decoder.raw_decode(text, at)[1])
        if text[at] == ",":
            at = blank(text, at + 1)


def blank(text, at):
    while text[at] in " \t\r\n":
        at += 1
    return at


def is_json(media_type):
    subtype = media_type.split(";")[0].strip().lower().partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def structured_event(text, at=0):
    attributes, payload = [], {}
    for name, value, spelled in members(text, at):
        if name in ("data", "data_base64"):
            payload[name] = (value, spelled)
        elif value is not None:
            attributes.append((name, value if isinstance(value, str) else spelled))
    if payload.get("data_base64", (None,))[0] is not None:
        return Event(attributes, base64.b64decode(payload["data_base64"][0], validate=True))
    if "data" not in payload:
        return Event(attributes, None)
    value, spelled = payload["data"]
    media_type = dict(attributes).get("datacontenttype")
    if media_type is None:
        attributes.append(("datacontenttype", "application/json"))
    elif not is_json(media_type):
        return Event(attributes, value.encode())
    return Event(attributes, spelled.encode())


def header_value(text):
    """Undoes quoted strings, then percent-encoding."""
    text = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda m: re.sub(r"\\(.)", r"\1", m.group(1)), text)
    return urllib.parse.unquote(text, errors="strict")


def binary_event(case):
    attributes = [(key[3:].lower(), header_value(value)) for key, value in case["headers"] if key.lower().startswith("ce-")]
    media_type = header(case, "content-type")
    if media_type is not None:
        attributes.append(("datacontenttype", media_type))
    return Event(attributes, body(case) or None)


def events(case):
    """The events that an accepted case leaves in the log."""
    if case["method"] != "POST":
        return []
    text = body(case).decode()
    if case["mode"] == "batch":
        found = [structured_event(text, at) for at in elements(text)]
    else:
        found = [structured_event(text) if case["mode"] == "structured" else binary_event(case)]
    if "expect_data_base64" in case:
        found = [event._replace(data=base64.b64decode(case["expect_data_base64"])) for event in found]
    return found


def private(case):
    """What may not be in the log: subjects, references to data, tokens, and queries of callbacks; short ones may stand there by chance."""
    texts = [case.get("assume", {}).get("token"), header(case, "webhook-request-callback")]
    for event in events(case) if verdict(Run(case, True)).accepted else []:
        texts += [value for name, value in event.attributes if name in ("subject", "dataref")]
    return [text.partition("?")[2] or text for text in texts if text and len(text) > 8]
