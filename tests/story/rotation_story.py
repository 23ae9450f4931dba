# SPDX-License-Identifier: EUPL-1.2
"""Secrets and keys that change while senders go on: not one request is refused, and the old ones are refused once they
are gone."""
import signers
from postvak_site import equal
from trust_site import Line, Stream, TrustSite, refused, streams

OLD, NEW = "geheim-van-voor-de-wissel-a1", "geheim-van-na-de-wissel-b2"
WH_OLD, WH_NEW = signers.whsec(b"oud-oud-oud-oud-oud-oud-oud-oud-"), signers.whsec(b"nieuw-nieuw-nieuw-nieuw-nieuw-ni")


class Change:
    """settings(old, new) writes the files for what is to be known and answers with the sender's settings."""

    def __init__(self, name, settings, old, new):
        self.name, self.settings, self.old, self.new = name, settings, old, new


def lines(site, name, key, old, new):
    return lambda first, second: key % site.secret(name, *([old] if first else []) + ([new] if second else []))


def key_set(site, name, setting, kind):
    def settings(first, second):
        return setting % site.file(name + ".json", site.keys.set(*([(kind, 0)] if first else []) + ([(kind, 1)] if second else [])))

    return settings


def from_one_to_another(site):
    """From an API key to signatures: both for a while."""
    def settings(first, second):
        return "require = any\n" + ("api_key = %s\n" % site.secret("change", OLD) if first else "") + (
            "signature = github\nsignature.secret = %s\n" % site.secret("change.github", NEW) if second else "")

    return settings


def changes(site):
    keys, jws = site.keys, "signature = jws\nsignature.header = x-jws-signature\nsignature.keys = %s"
    return [
        Change("static", lines(site, "static", "authorization = %s", OLD, NEW), signers.authorization(OLD), signers.authorization(NEW)),
        Change("basic", lines(site, "basic", "basic = %s", "u:" + OLD, "v:" + NEW), signers.basic("u:" + OLD), signers.basic("v:" + NEW)),
        Change("github", lines(site, "github", "signature = github\nsignature.secret = %s", OLD, NEW), signers.github(OLD),
               signers.github(NEW)),
        Change("standard", lines(site, "standard", "signature = standard-webhooks\nsignature.secret = %s", WH_OLD, WH_NEW),
               signers.standard(WH_OLD), signers.standard(WH_NEW)),
        Change("zgw", lines(site, "zgw", "zgw = %s", "on:" + OLD, "on:" + NEW), signers.zgw("on:" + OLD), signers.zgw("on:" + NEW)),
        Change("keys", key_set(site, "keys", jws, "p256"), signers.detached(keys, "p256", 0, "ES256"),
               signers.detached(keys, "p256", 1, "ES256")),
        Change("any", from_one_to_another(site), signers.api_key(OLD), signers.github(NEW)),
    ]


def configure(site, rows, first, second):
    del site.sections[:]
    for row in rows:
        site.add(row.name, row.settings(first, second))


def story_secrets_change_and_no_request_is_refused(scratch):
    site = TrustSite(scratch, "failures = 0")
    rows = changes(site)
    configure(site, rows, True, False)
    fronts = site.open()
    with streams([Stream(front, row.name, row.old) for row in rows for front in fronts]) as clients:
        sign_new = [row.new for row in rows for _ in fronts]
        for client in clients:
            client.more()
        configure(site, rows, True, True)
        site.write()
        site.reload_fully()
        for client, new in zip(clients, sign_new):
            client.more()
            client.sign = new
            client.more()
        configure(site, rows, False, True)
        site.write()
        site.reload_fully()
        for client in clients:
            client.more()
        sent = [id for client in clients for id in client.end()]
    for front in fronts:
        for row in rows:
            refused(Line(front).deliver(row.name, row.old), row.name, "the old one")
    site.settled()
    equal(set(sent) - set(site.data()), set(), "lost")
    equal(len(site.events()), len(sent), "recorded")
    print("figures sent=%d refused=0 lost=0" % len(sent))
