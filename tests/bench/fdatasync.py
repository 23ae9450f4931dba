# SPDX-License-Identifier: EUPL-1.2
"""What one synchronisation of the disk costs by itself, where the store is: a page is appended and fdatasync waited for,
two seconds long. Prints milliseconds, p50=N p99=N. Usage: fdatasync.py DIR"""
import os
import sys
import time

path = sys.argv[1] + "/fdatasync"
page, times = b"x" * 4096, []
fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
end = time.monotonic() + 2
while time.monotonic() < end:
    begin = time.monotonic()
    os.write(fd, page)
    os.fdatasync(fd)
    times.append((time.monotonic() - begin) * 1000)
os.unlink(path)
times.sort()
print("p50=%.3f p99=%.3f" % (times[len(times) // 2], times[len(times) * 99 // 100]))
