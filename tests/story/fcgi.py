# SPDX-License-Identifier: EUPL-1.2
"""Just enough FastCGI to be a web server that misbehaves: raw records over the receiver's socket."""
import socket
import struct

from postvak_site import BOUND, SECRET, pack


def record(kind, content=b"", request=1):
    return struct.pack(">BBHHBB", 1, kind, request, len(content), 0, 0) + content


def pairs(params):
    out = b""
    for name, value in params:
        name, value = name.encode(), value.encode()
        for part in (name, value):
            out += struct.pack(">B", len(part)) if len(part) < 128 else struct.pack(">I", len(part) | 0x80000000)
        out += name + value
    return out


def begin(keep=True):
    return record(1, struct.pack(">HB5x", 1, 1 if keep else 0))


def params_for(body, **more):
    params = dict(REQUEST_METHOD="POST", REQUEST_URI="/nrc", QUERY_STRING="", CONTENT_TYPE="application/json",
                  CONTENT_LENGTH=str(len(body)), HTTP_AUTHORIZATION=SECRET, REMOTE_ADDR="127.0.0.1", SCRIPT_NAME="/nrc")
    params.update(more)
    return [(k, v) for k, v in params.items() if v is not None]


def request(body, keep=True, extra=(), **more):
    body = pack(body)
    return (begin(keep) + record(4, pairs(params_for(body, **more) + list(extra))) + record(4) +
            b"".join(record(5, body[i:i + 32768]) for i in range(0, len(body), 32768)) + record(5))


class Wire:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)  # blocks while the queue of the listening socket is full
        self.sock.settimeout(BOUND)
        self.buffer = b""

    def send(self, data):
        self.sock.sendall(data)

    def take(self, n):
        while len(self.buffer) < n:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.buffer += more
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def answer(self):
        """(status, whole text), or None when the connection was closed first."""
        out = b""
        while True:
            head = self.take(8)
            if head is None:
                return None
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
            content = self.take(length + padding)[:length]
            if kind == 6:
                out += content
            elif kind == 3:
                for line in out.split(b"\r\n"):
                    if line.lower().startswith(b"status:"):
                        return int(line.split()[1]), out
                return 200, out

    def closed(self):
        """Waits until the other side closes; False if it says something first."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()
