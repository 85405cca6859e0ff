"""Parts of the kernel that a job has no need of, and powers that it might get back."""

from tests.engines.isolation.escapes.attempt import Attempt

ATTEMPTS = [
    Attempt("io_uring", "out = looked_at(425, 425, 1, 0)", quick=True),
    Attempt("io_uring entered", "out = looked_at(426, 426, -1, 0, 0, 0, 0, 0)"),
    Attempt("a program for the kernel", "out = looked_at(321, 280, 0, 0, 0)", "root", quick=True),
    Attempt("page faults handled", "out = looked_at(323, 282, 0x7fffffff)", quick=True),
    Attempt("performance counters", "out = looked_at(298, 241, 0, 0, -1, -1, 0)", quick=True),
    Attempt("a key added", "out = looked_at(248, 217, 0, 0, 0, 0, 0)", quick=True),
    Attempt("a key asked for", "out = looked_at(249, 218, 0, 0, 0, 0)"),
    Attempt("the keyring", "out = looked_at(250, 219, 0, -3, 0, 0, 0)", quick=True),
    Attempt("a new user namespace", "out = looked_at(272, 97, 0x10000000)", quick=True),
    Attempt("a new mount namespace", "out = looked_at(272, 97, 0x00020000)", "root"),
    Attempt("a new network namespace", "out = looked_at(272, 97, 0x40000000)", "root"),
    Attempt("a new time namespace", "out = looked_at(272, 97, 0x80)", "root"),
    Attempt("a process in a new user namespace", """
found = call(56 if X86 else 220, 0x10000000 | 17, 0, 0, 0, 0)
if found == 0: os._exit(0)
out = found > 0
""", quick=True),
    Attempt("the same by clone3", "out = looked_at(435, 435, 0, 0)"),
    Attempt("another personality", "out = looked_at(135, 92, 0x0040000)"),
    Attempt("a descriptor table of the processor", "out = looked_at(154, None, 0, 0, 0)"),
    Attempt("another kernel", "out = looked_at(246, 104, 0, 1 << 20, 0, 0x7fffffff)", "root"),
    Attempt("a module", "out = looked_at(175, 105, 0, 0, 0)", "root", quick=True),
    Attempt("a module from a file", "out = looked_at(313, 273, -1, 0, 0)", "root"),
    Attempt("the kernel's messages", "out = looked_at(103, 116, 10, 0, 0)", "root"),
    Attempt("accounting", "out = looked_at(163, 89, 1)", "root"),
    Attempt("swap", "out = looked_at(167, 224, 1, 0)", "root"),
    Attempt("quotas", "out = looked_at(179, 60, -1, 0, 0, 0)"),
    Attempt("ports of the processor", "out = looked_at(172, None, 0)", "root"),
    Attempt("the clock", "out = looked_at(164, 170, 0, 0)", "root", quick=True),
    Attempt("the clock by its number", "out = looked_at(227, 112, 0, 0)", "root"),
    Attempt("a restart", "out = looked_at(169, 142, 0, 0, 0, 0)", "root", quick=True),
    Attempt("the name of the machine", "out = looked_at(170, 161, 0, -1)", "root"),
    Attempt("watching every file", "out = looked_at(300, 262, 0x40000000, 0)", "root"),
    Attempt("memory that no limit sees", "out = call(319 if X86 else 279, b'x', 0) >= 0", quick=True),
    Attempt("memory that the kernel does not see", "out = looked_at(447, 447, 0x7fffffff)"),
    Attempt("a call that is newer than the filter", "out = looked_at(463, 463, -1, 0, 0, 0, 0, 0)"),
    Attempt("a call by the numbers of x32", """
if not X86: raise Absent
try:
    call(0x40000000 + 39); out = True
except OSError as error:
    if OUTSIDE and error.errno == errno.ENOSYS: raise Absent
""", "anyone"),
    Attempt("a call by the numbers of 32 bits", """
if not X86: raise Absent
page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\x53\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\x5b\\xc3")  # push rbx; mov eax, getpid; int 0x80; pop rbx; ret
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
found = run()
if OUTSIDE and found == -38: raise Absent
out = found > 0
""", quick=True),
    Attempt("another user", "out = any(_ for _ in [os.setuid(os.getuid() + 1) is None])", "root"),
    Attempt("another group", "os.setgroups([7]); out = True", "root"),
    Attempt("powers taken back", """
held = ctypes.create_string_buffer(struct.pack("6I", 1 << 21, 1 << 21, 0, 0, 0, 0))
call(126 if X86 else 91, ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0)), held)
out = True
""", "root", quick=True),
    Attempt("powers for what it executes", """
held = ctypes.create_string_buffer(24)
call(125 if X86 else 90, ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0)), held)
out = struct.unpack("6I", held.raw)[1] != 0
""", "root"),
    Attempt("new privileges by what it executes", "out = libc.prctl(39, 0, 0, 0, 0) == 0"),
    Attempt("a limit raised", """
powers = next(line for line in text("/proc/self/status").decode().splitlines() if line.startswith("CapEff"))
if OUTSIDE and not int(powers.split()[1], 16) >> 24 & 1: raise Absent  # a container's root without CAP_SYS_RESOURCE
hard = resource.getrlimit(resource.RLIMIT_MSGQUEUE)[1]
resource.setrlimit(resource.RLIMIT_MSGQUEUE, (hard, hard + 1)); out = True
""", "root"),
    Attempt("a core written", "resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096)); out = True"),
    Attempt("a time to run before others", """
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); out = True
""", "root"),
]  # fmt: skip
