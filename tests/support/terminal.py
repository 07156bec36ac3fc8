"""A command line on a terminal, for tests of what people see and are asked."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


def run_on_terminal(command, env, cwd, columns=0, reply=lambda question: None, seconds=120):
    """Exit code, what was shown, the questions that were answered. `columns` 0: as wide as it comes. `reply`: what a person types
    at a question that waits, None where nobody answers it."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    ran = subprocess.Popen(["sh", "-c", command], env=env, cwd=cwd, stdin=far, stdout=far, stderr=far, start_new_session=True)
    os.close(far)
    seen, asked, until = b"", [], time.monotonic() + seconds
    while time.monotonic() < until:
        if select.select([near], [], [], 0.3)[0]:
            try:
                piece = os.read(near, 65536)
            except OSError:  # nobody writes any more
                break
            if not piece:
                break
            seen += piece
        elif seen.endswith(b": "):
            question = seen.decode().splitlines()[-1]
            typed = reply(question)
            if typed is not None:
                asked.append(question)
                os.write(near, typed.encode() + b"\n")
                seen += b"\n"
    os.close(near)
    return ran.wait(timeout=60), seen.decode().replace("\r\n", "\n"), asked
