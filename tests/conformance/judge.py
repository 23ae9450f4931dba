# SPDX-License-Identifier: EUPL-1.2
"""Compares what came with what a case asks for. Each function returns the faults it found, as texts."""
import json
import re

import cases

# What every answer has by the Dutch API design rules, and something of its value
SECURE = {"cache-control": "no-store", "content-security-policy": "frame-ancestors 'none'", "strict-transport-security": "max-age=",
          "x-content-type-options": "nosniff", "x-frame-options": "DENY"}
ALLOWED = ("webhook-allowed-origin", "webhook-allowed-rate")


def answer(run, got):
    wants = cases.verdict(run)
    case = run.case
    faults = status(wants, got.status)
    for name, value in case.get("expect_headers", {}).items():
        faults += header(name, value, got.headers.get(name.lower()))
    forbidden = {name.lower() for name in case.get("forbid_headers", [])}
    if case["method"] == "OPTIONS" and not wants.accepted:
        forbidden.update(ALLOWED)
    faults += ["it has %s: %s" % (name, got.headers[name]) for name in sorted(forbidden & set(got.headers))]
    faults += ["%s is %r" % (name, got.headers.get(name)) for name, part in SECURE.items() if part not in got.headers.get(name, "")]
    if got.status == 405:
        faults += header("Allow", "<contains POST>", got.headers.get("allow"))
    if got.status >= 400:
        faults += problem(got)
    return faults


def status(wants, got):
    if 300 <= got < 400:
        return ["status %d, and a web hook never redirects" % got]
    kind = 2 if wants.accepted else 4
    if got in wants.statuses if wants.statuses else got // 100 == kind:
        return []
    wanted = "/".join(map(str, sorted(wants.statuses))) or "%dxx" % kind
    return ["status %d where %s is expected" % (got, wanted)]


def header(name, wanted, got):
    """wanted: a text, a list of texts of which one will do, <contains TEXT> or <positive int or *>."""
    part = re.fullmatch(r"<contains (.*)>", wanted) if isinstance(wanted, str) else None
    if isinstance(wanted, list):
        good = got in wanted
    elif part:
        good = got is not None and part.group(1).lower() in re.split(r"[\s,]+", got.lower())
    elif wanted == "<positive int or *>":
        good = got is not None and re.fullmatch(r"[1-9][0-9]*|\*", got)
    elif wanted.startswith("<"):
        return ["nobody here understands %s: %s" % (name, wanted)]
    else:
        good = got == wanted
    return [] if good else ["%s is %r where %s is expected" % (name, got, wanted)]


def problem(got):
    """A body as RFC 9457 and the Dutch API design rules have it, that names each fault."""
    media_type = got.headers.get("content-type")
    if media_type != "application/problem+json":
        return ["an error of type %s" % media_type]
    try:
        body = json.loads(got.body)
    except ValueError:
        return ["an error that is no JSON: %r" % got.body[:200]]
    faults = ["an error without %s" % name for name in ("title", "detail") if not isinstance(body.get(name), str) or not body[name]]
    if body.get("status") != got.status:
        faults.append("the error says status %r, the answer %d" % (body.get("status"), got.status))
    if got.status == 400:
        faults += named_errors(body.get("errors"))
    return faults


def named_errors(errors):
    if not isinstance(errors, list) or not errors:
        return ["a 400 without a list of errors"]
    return ["an error that says not where or why: %r" % (error,) for error in errors
            if not isinstance(error, dict) or len({"pointer", "header", "parameter"} & set(error)) != 1
            or not error.get("code") or not error.get("detail")]


def event(wanted, shown, raw):
    """shown: of `postvak events show --json --data`, its objects as pairs; raw: what --raw wrote."""
    top = dict(shown)
    got = top["attributes"]
    faults = []
    if got != wanted.attributes:
        faults.append("attributes %r where %r is expected" % (got, wanted.attributes))
    for name in ("id", "source", "type", "subject", "time", "datacontenttype"):
        if top[name] != dict(got).get(name):
            faults.append("%s is shown as %r" % (name, top[name]))
    if (top["data"] is None) != (wanted.data is None):
        faults.append("data %s" % ("is missing" if top["data"] is None else "where there is none"))
    if raw != (wanted.data or b""):
        faults.append("data %r where %r is expected" % (raw, wanted.data))
    return faults


def expected_attributes(case, shown):
    got = dict(dict(shown)["attributes"])
    return ["%s is %r where %r is expected" % (name, got.get(name), value)
            for name, value in case.get("expect_attributes", {}).items() if got.get(name) != value]
