"""What stops a command from outside: Slurm and service managers send SIGTERM, a terminal SIGHUP.

Both end a process without a word by default, and without the clean-up that an interrupt from the
keyboard gets. Here they are handled as that interrupt is, and remembered, so that the last line
says what came and the exit status is the shell's own for it (128 + the signal's number).
"""

from __future__ import annotations

import os
import signal
from types import FrameType

_received: list[signal.Signals] = []


def stop_cleanly() -> None:
    """Turn SIGTERM and SIGHUP into an interrupt, where nobody has decided otherwise."""
    owner = os.getpid()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a forked worker ends as it would without us
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        _received.append(signal.Signals(number))
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP, and it stays so
            signal.signal(number, interrupt)


def received() -> signal.Signals | None:
    """Return the signal that stopped this process; None for an interrupt from the keyboard."""
    return _received[0] if _received else None
