#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Runs the stories: every function story_* of every file *_story.py here, each in a process and a
scratch directory of its own, two at a time. Usage: run.py --build DIR [--out DIR] [PATTERN...]
The scratch directories are made in /tmp, since the path of a socket may not be long; those of stories
that failed are kept.
DIR is a build made with --enable-failpoints and --prefix=DIR/inst, installed, with `make
story-handlers` done. A pattern picks the stories whose name contains it."""
import argparse
import concurrent.futures
import glob
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import chosen_build

HERE = os.path.dirname(os.path.abspath(__file__))


def stories():
    found = []
    for path in sorted(glob.glob(HERE + "/*_story.py")):
        module = os.path.basename(path)[:-3]
        with open(path) as f:
            for line in f:
                if line.startswith("def story_"):
                    found.append((module, line[4:line.index("(")]))
    return found


def run_one(module, name, scratch):
    """In the process of one story."""
    sys.path.insert(0, HERE)
    import postvak_site as site
    story = getattr(importlib.import_module(module), name)
    sites = []
    original = site.Site.__init__

    def remembered(self, *args, **kwargs):
        sites.append(self)
        original(self, *args, **kwargs)

    site.Site.__init__ = remembered
    try:
        story(scratch)
        return 0
    except site.Skipped as e:
        print("skipped: %s" % e)
        return 77
    finally:
        for s in sites:
            s.close()


def kill_all(scratch):
    """Servers that a story left behind: they have its directory in their arguments."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                if scratch.encode() in f.read():
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
        except OSError:
            pass


def start_one(args, module, name):
    scratch = tempfile.mkdtemp(prefix="story-", dir=args.out)
    begin = time.monotonic()
    with open(scratch + "/story.log", "wb") as log:
        process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), "--build", args.build, "--out", args.out,
                                    "--one", module, name, scratch], stdout=log, stderr=log, start_new_session=True)
        try:
            status = process.wait(args.limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            kill_all(scratch)
            status = "does not end within %d s" % args.limit
    with open(scratch + "/story.log", errors="replace") as f:
        text = f.read()
    return name, status, time.monotonic() - begin, text, scratch


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in what a shell runs in the background
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--keep", action="store_true", help="keep the scratch directories of stories that passed")
    parser.add_argument("--one", nargs=3)
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    args.build = chosen_build.choose(args.build)
    args.out = os.path.abspath(args.out or tempfile.gettempdir())
    os.makedirs(args.out, exist_ok=True)
    if args.one:
        sys.exit(run_one(*args.one))
    chosen = [s for s in stories() if not args.patterns or any(p in s[1] for p in args.patterns)]
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in concurrent.futures.as_completed([pool.submit(start_one, args, *s) for s in chosen]):
            name, status, seconds, text, scratch = future.result()
            if status == 0:
                passed += 1
                print("ok      %s (%.1f s)" % (name[6:], seconds))
                for line in text.splitlines():
                    if line.startswith("figures "):
                        print("        " + line)
                if not args.keep:
                    shutil.rmtree(scratch, ignore_errors=True)
            elif status == 77:
                skipped += 1
                print("skipped %s: %s" % (name[6:], text.strip().splitlines()[-1]))
            else:
                failed += 1
                print("FAILED  %s (%s), see %s:\n%s" % (name[6:], status, scratch, text[-3000:]))
            sys.stdout.flush()
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
