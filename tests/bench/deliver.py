# SPDX-License-Identifier: EUPL-1.2
"""The client of deliver.sh: sends notifications at a steady rate, waits until the handler (tests/handlers/testhandler.c,
option.path) has ended them all, and prints `start P50 P99 MAX`, in milliseconds from the answer to the start of the
handler, and the figures. Objects stay on one connection each, so that their order is known.
Usage: deliver.py PORT LINES RATE SECONDS ROUND"""
import collections
import json
import os
import selectors
import socket
import sys
import time

CONNECTIONS = 32
OBJECTS = 4  # of each connection
PATIENCE = 60  # seconds until what is not handled is lost


def request(number, key):
    body = json.dumps({
        "actie": "create", "kanaal": "zaken", "source": "zaken.voorbeeld.nl", "resource": "status",
        "kenmerken": {"volgnummer": key},
        "hoofdObject": "https://zaken.voorbeeld.nl/zaken/%d" % (number % (CONNECTIONS * OBJECTS)),
        "resourceUrl": "https://zaken.voorbeeld.nl/statussen/" + key,
        "aanmaakdatum": "2026-05-01T12:00:00.123Z"}).encode()
    return ("POST /nrc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: %s\r\n"
            "Content-Length: %d\r\n\r\n" % (os.environ["BENCH_AUTHORIZATION"], len(body))).encode() + body


class Line:
    """A connection with one request under way; the others wait their turn."""
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.queue, self.busy, self.answer = collections.deque(), None, b""

    def push(self):
        if self.busy is None and self.queue:
            self.busy, data = self.queue.popleft()
            self.socket.sendall(data)

    def pull(self, now):
        """The key that was answered and whether it was a 2xx, or None."""
        got = self.socket.recv(65536)
        if not got:
            raise SystemExit("the server closed a connection")
        self.answer += got
        if b"\r\n\r\n" not in self.answer:
            return None
        key, taken = self.busy, self.answer.split(b" ", 2)[1].startswith(b"2")
        if not taken:
            raise SystemExit("not taken: %r" % self.answer)
        self.busy, self.answer = None, b""
        return key, now


def send(port, rate, seconds, prefix):
    """Keys in the order sent, by object; and the time of each answer in microseconds of the monotonic clock."""
    lines = [Line(port) for _ in range(CONNECTIONS)]
    order, answered = collections.defaultdict(list), {}
    selector = selectors.DefaultSelector()
    for line in lines:
        selector.register(line.socket, selectors.EVENT_READ, line)
    begin, number, total = time.monotonic(), 0, rate * seconds
    while len(answered) < total:
        due = begin + number / rate
        for event, _ in selector.select(max(0, due - time.monotonic()) if number < total else 1):
            got = event.data.pull(time.monotonic_ns() // 1000)
            if got:
                answered[got[0]] = got[1]
                event.data.push()
        while number < total and time.monotonic() >= begin + number / rate:
            key = "%s-%d" % (prefix, number)
            order[number % (CONNECTIONS * OBJECTS)].append(key)
            line = lines[number % CONNECTIONS]
            line.queue.append((key, request(number, key)))
            line.push()
            number += 1
    return order, answered


def handled(path, prefix, wanted):
    """Keys in the order of their starts, and the time of each first start."""
    end = time.monotonic() + PATIENCE
    while True:
        with open(path) as f:
            lines = [x.split() for x in f.read().splitlines() if x.startswith(("start ", "end "))]
        lines = [x for x in lines if x[3].startswith(prefix + "-")]
        if len({x[3] for x in lines if x[0] == "end"}) >= wanted or time.monotonic() > end:
            return [(x[3], int(x[5])) for x in lines if x[0] == "start"]
        time.sleep(0.05)


def main():
    port, path, rate, seconds, prefix = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    order, answered = send(port, rate, seconds, prefix)
    starts = handled(path, prefix, len(answered))
    first = {}
    for key, at in starts:
        first.setdefault(key, at)
    # Before the client had read its answer counts as at once.
    waits = sorted(max(0, first[key] - at) / 1000 for key, at in answered.items() if key in first)
    disordered = 0
    for keys in order.values():
        times = [first[key] for key in keys if key in first]
        disordered += sum(a > b for a, b in zip(times, times[1:]))
    print("start %.2f %.2f %.2f" % (waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1]))
    print("figures sent=%d acknowledged=%d handled=%d duplicates=%d lost=%d disordered=%d" % (
        sum(map(len, order.values())), len(answered), len(first), len(starts) - len(first), len(answered) - len(first), disordered))


main()
