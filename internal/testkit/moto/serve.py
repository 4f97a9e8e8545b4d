"""Serve moto with a clock that a test sets: serve.py CLOCK HOST PORT, where the file CLOCK holds the time in ISO 8601, UTC, no zone.

moto dates what it makes by its own clock, and offers no way to make an old key. Its modules take the clock from one function, which is
replaced here before any of them is loaded.
"""
import datetime
import sys

import moto.core.utils as utils

path, host, port = sys.argv[1:4]


def now():
    with open(path, encoding="ascii") as f:
        return datetime.datetime.fromisoformat(f.read())


utils.utcnow = now

from moto.server import main  # noqa: E402

main(["-H", host, "-p", port])
