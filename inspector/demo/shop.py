#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small shop that leaks in three ways worth finding.

1. A cache that never evicts: every visitor's Session stays in
   ``_sessions``, by token, for ever.
2. A cycle with a closure: each Report's callback closes over the Report.
   The service has switched the collector off "to avoid pauses", so nobody
   frees them although nothing refers to them any more.
3. A listener list: each Basket subscribes to price changes and never
   unsubscribes, so the bus holds the bound method, and that the basket.

Usage: shop.py [--rate N] [--seconds S]
It prints "ready" once it serves, and ends by itself when its parent does.
"""

import argparse
import gc
import os
import sys
import time

_sessions = {}


class User:
    def __init__(self, number):
        self.name = "user-%d" % number
        self.mail = "user-%d@example.com" % number


class Session:
    def __init__(self, token, user):
        self.token = token
        self.user = user
        self.visited = ["/", "/item/%d" % (len(token) % 7)]
        self.settings = {"theme": "dark", "lang": "en"}


class Report:
    def __init__(self, title):
        self.title = title
        self.lines = ["%s, line %d" % (title, i) for i in range(3)]

        def on_done():
            return self.title

        self.on_done = on_done


class Basket:
    __slots__ = ("user", "items", "total")

    def __init__(self, user):
        self.user = user
        self.items = []
        self.total = 0.0

    def price_changed(self, item, price):
        self.items = [(i, price if i == item else p) for i, p in self.items]


class PriceBus:
    def __init__(self):
        self.listeners = []

    def subscribe(self, callback):
        self.listeners.append(callback)


bus = PriceBus()


def login(number):
    token = "%08x-%d" % (hash(number) & 0xFFFFFFFF, number)
    session = _sessions[token] = Session(token, User(number))
    return session


def make_report(number):
    return Report("report %d" % number).on_done()


def fill_basket(session, number):
    basket = Basket(session.user)
    basket.items.append((number % 100, 9.99))
    bus.subscribe(basket.price_changed)
    return basket


def handle_request(number):
    session = login(number)
    make_report(number)
    if number % 2 == 0:
        fill_basket(session, number)


def serve(rate, seconds):
    parent = os.getppid()
    end = time.monotonic() + seconds if seconds else None
    number = 0
    for number in range(2000):
        handle_request(number)
    print("ready", flush=True)
    step = 0.02
    while end is None or time.monotonic() < end:
        for _ in range(max(1, int(rate * step))):
            number += 1
            handle_request(number)
        if os.getppid() != parent:
            return
        time.sleep(step)


def main():
    parser = argparse.ArgumentParser(description="a shop that leaks")
    parser.add_argument("--rate", type=int, default=200,
                        help="requests a second (default 200)")
    parser.add_argument("--seconds", type=float, default=0,
                        help="stop by itself after so long (default: never)")
    options = parser.parse_args()
    gc.disable()
    try:
        serve(options.rate, options.seconds)
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
