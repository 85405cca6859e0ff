"""Ways to other processes: their memory, their signals, what they share, their limits, their namespaces."""

from tests.engines.isolation.escapes.attempt import Attempt

ATTEMPTS = [
    Attempt("a signal to another process", "os.kill(world['pid'], 0); out = True", quick=True),
    Attempt("a signal to a thread of another", "out = looked_at(234, 131, world['pid'], world['pid'], 0) and (call(234 if X86 else 131, world['pid'], world['pid'], 0) == 0)"),
    Attempt("a descriptor of another process", "out = os.pidfd_open(world['pid']) >= 0", partial=False),
    Attempt("a descriptor out of another process", "out = looked_at(438, 438, -1, 0, 0)"),
    Attempt("another process traced", "out = looked_at(101, 117, 0x4206, world['pid'], 0, 0)", quick=True),
    Attempt("itself traced", "out = call(101 if X86 else 117, 0, 0, 0, 0) == 0"),
    Attempt("the memory of another read", "out = looked_at(310, 270, world['pid'], 0, 0, 0, 0, 0)", quick=True),
    Attempt("the memory of another written", "out = looked_at(311, 271, world['pid'], 0, 0, 0, 0, 0)"),
    Attempt("the memory of another as a file", "out = os.open(f\"/proc/{world['pid']}/mem\", os.O_RDWR) >= 0"),
    Attempt("the environment of another", "out = b'CANARY=' in text(f\"/proc/{world['pid']}/environ\")", quick=True),
    Attempt("the command line of another", "out = b'canary' in text(f\"/proc/{world['pid']}/cmdline\")"),
    Attempt("another process slowed", "os.setpriority(os.PRIO_PROCESS, world['pid'], 19); out = True"),
    Attempt("another's limits", "out = resource.prlimit(world['pid'], resource.RLIMIT_CORE) is not None", quick=True),
    Attempt("another's processors", "os.sched_setaffinity(world['pid'], os.sched_getaffinity(world['pid'])); out = True"),
    Attempt("two processes compared", "out = looked_at(312, 272, os.getpid(), os.getpid(), 0, 0, 0)"),
    Attempt("another's network namespace", "out = looked_at(308, 268, os.open(f\"/proc/{world['pid']}/ns/net\", os.O_RDONLY), 0)", "root"),
    Attempt("a namespace by a wrong descriptor", "out = looked_at(308, 268, -1, 0)"),
    Attempt("shared memory of System V", "out = call(30 if X86 else 196, world['sysv_shm'], 0, 0o10000) != -1", quick=True),
    Attempt("a queue of System V", "b = ctypes.create_string_buffer(200); out = call(71 if X86 else 187, world['sysv_queue'], 2, b) == 0"),
    Attempt("semaphores of System V", "out = call(66 if X86 else 191, world['sysv_sem'], 0, 12, 0) >= 0"),
    Attempt("a keystroke for the terminal", """
try:
    fcntl.ioctl(0, 0x5412, b"x"); out = True
except OSError as error:
    out = error.errno != errno.EPERM
""", quick=True),
    Attempt("the queue of another's terminal", """
try:
    fcntl.ioctl(0, 0x541C, b"\\x03"); out = True
except OSError as error:
    out = error.errno not in (errno.EPERM,)
"""),
    Attempt("another's reads and writes put off", "out = call(251 if X86 else 30, 1, world['pid'], 0) == 0"),
    Attempt("memory of another given advice", "out = looked_at(440, 440, -1, 0, 0, 0, 0)"),
    Attempt("pages of another moved", "out = looked_at(279, 239, world['pid'], 0, 0, 0, 0, 0)"),
]  # fmt: skip
