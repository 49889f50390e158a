"""Ctrl+C works in every test, also where the tests are run in the background: a shell has them ignore it there."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
