"""Models that misbehave: what each does, and what the one diagnostic must say. Each is a class ``Net``; line numbers
count from the first line of ``source`` as line 4."""

from __future__ import annotations

from dataclasses import dataclass

BODY = "    def __init__(self):\n        super().__init__()\n        self.conv = nn.Conv2d(3, 4, 3)\n"


@dataclass(frozen=True)
class Hostile:
    name: str
    source: str
    kind: str
    says: str
    line: int | None = None


def _forward(*lines: str) -> str:
    """A model whose ``forward``, from line 8 on, holds these lines."""
    body = "".join(f"        {line}\n" for line in lines)
    return f"class Net(nn.Module):\n{BODY}    def forward(self, x):\n{body}        return self.conv(x)\n"


HOSTILE = (
    Hostile("exits", _forward("import sys", "sys.exit(3)"), "exit", "calls sys.exit(3)", 10),
    Hostile("exits on import", "import sys\nsys.exit('no arguments')\n", "exit", "sys.exit(no arguments)", 5),
    Hostile("leaves", _forward("import os", "os._exit(0)"), "exit", "ends its process (status 0)"),
    Hostile("segfaults", _forward("import ctypes", "ctypes.string_at(0)"), "crash", "SIGSEGV", 10),
    Hostile("aborts", _forward("import os", "os.abort()"), "crash", "SIGABRT", 10),
    Hostile("loops for ever", _forward("while True:", "    pass"), "time", "does not end within", None),
    Hostile("sleeps on import", "import time\ntime.sleep(1000)\n", "time", "does not end within", 5),
    Hostile("reads input", _forward("input('size? ')"), "raises", "EOFError", 9),
    Hostile("reads arguments", "import sys\nSIZE = int(sys.argv[1])\n", "raises", "IndexError", 5),
    Hostile(
        "parses arguments",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', required=True)\na = p.parse_args()\n",
        "exit", "sys.exit(2)", 7,
    ),
    Hostile(
        "loads missing weights",
        f"class Net(nn.Module):\n{BODY}        self.load_state_dict(torch.load('weights.pth'))\n",
        "raises", "FileNotFoundError", 8,
    ),
    Hostile("needs a graphics card", _forward("x = x.cuda()"), "raises", "without graphics cards", 9),
    Hostile("takes memory", _forward("big = bytearray(3 << 30)"), "memory", "memory", 9),
    Hostile("takes memory in torch", _forward("big = torch.zeros(1 << 29, device='cpu')"), "memory", "memory", 9),
    Hostile("recurses", _forward("self.forward(x)"), "raises", "RecursionError", 9),
    Hostile("does not exist", "other = 1\n", "raises", "no attribute 'Net'"),
    Hostile("is no model", "def Net():\n    return 3\n", "raises", "gives int, which is no nn.Module"),
    Hostile("wants arguments", "class Net(nn.Module):\n    def __init__(self, width): ...\n", "raises", "width"),
    Hostile("is no Python", "class Net(nn.Module:\n", "raises", "SyntaxError", 4),
    Hostile("misses a library", "import surely_not_installed\n", "raises", "surely_not_installed", 4),
    Hostile(
        "kills its parent", _forward("import os, signal", "os.kill(os.getppid(), signal.SIGKILL)", "while True: pass"),
        "crash", "ends the process that runs it",
    ),
)  # fmt: skip

HARMLESS = {
    "prints": _forward("print('x' * 100)", "import sys, os", "sys.stderr.write('noise')", "os.write(1, b'{}\\n')"),
    "prints a lot": _forward("for _ in range(2000): print('x' * 1000)"),
    "closes descriptors": _forward("import os", "os.closerange(0, 100)"),
    "forks a child that stays": _forward("import os, time", "if os.fork() == 0:", "    time.sleep(1000)"),
    "forks a child that goes on": _forward("import os", "os.fork()"),
    "leaves a daemon": _forward(
        "import os, time",
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork() == 0: time.sleep(1000)",
        "    os._exit(0)",
    ),
    "starts a process": _forward("import subprocess", "subprocess.Popen(['sleep', '1000'], start_new_session=True)"),
    "starts a thread": _forward("import threading, time", "threading.Thread(target=time.sleep, args=(1000,)).start()"),
    "writes files": _forward("open('left.txt', 'w').write('x')"),
    "changes folder": _forward("import os", "os.chdir('/')"),
    "warns": _forward("import warnings", "warnings.warn('old', DeprecationWarning)"),
}
