"""Ways to files and devices that were not granted, and to leave something in those that were."""

from tests.engines.isolation.escapes.attempt import Attempt

ATTEMPTS = [
    Attempt("the host's users", "out = b'root:' in text('/etc/passwd')", quick=True),
    Attempt("a secret elsewhere", "out = text(world['secret']) == b'secret'", quick=True),
    Attempt("a secret by way of the root of another process", "out = text(f\"/proc/{world['pid']}/root{world['secret']}\") == b'secret'"),
    Attempt("a secret by way of the first process", "out = text('/proc/1/root' + world['secret']) == b'secret'", "nobody", "the first process may be one that nobody may look into"),
    Attempt("a secret by the working directory of another", "out = text(f\"/proc/{world['pid']}/cwd/../secret\") == b'secret'"),
    Attempt("a secret through a link left in a granted folder", """
os.symlink(world["secret"], world["out"] + "/link"); out = text(world["out"] + "/link") == b"secret"
"""),
    Attempt("a secret through a hard link", """
os.link(world["secret"], world["out"] + "/hard"); out = text(world["out"] + "/hard") == b"secret"
"""),
    Attempt("a secret by ..", "out = text(world['out'] + '/..' * 30 + world['secret']) == b'secret'"),
    Attempt("a file by its handle", "out = looked_at(304, 265, -100, 0, 0)", "root", quick=True),
    Attempt("the handle of a file", "out = looked_at(303, 264, -100, b'/', 0, 0, 0)"),
    Attempt("a new root by chroot", "out = looked_at(161, 51, 1)"),
    Attempt("a new root by pivot_root", "out = looked_at(155, 41, 1, 1)", "root"),
    Attempt("a mount", "out = looked_at(165, 40, 0, 1, 0, 0, 0)", quick=True),
    Attempt("the end of a mount", "out = looked_at(166, 39, 1, 0)"),
    Attempt("a tree of mounts", "out = looked_at(428, 428, -1, b'', 0)", quick=True),
    Attempt("a tree moved", "out = looked_at(429, 429, -1, b'', -1, b'', 0xff0000)", "root"),
    Attempt("a file system opened", "out = looked_at(430, 430, 1, 0)", "root"),
    Attempt("a mount's attributes", "out = looked_at(442, 442, -1, b'', 0, 0, 0)"),
    Attempt("settings of the kernel", "out = os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY) >= 0", "root", quick=True),
    Attempt("the magic key", "if OUTSIDE and not os.path.exists('/proc/sysrq-trigger'): raise Absent\nout = os.open('/proc/sysrq-trigger', os.O_WRONLY) >= 0", "root"),
    Attempt("a device of its own", "os.mknod(world['out'] + '/null', 0o20666, os.makedev(1, 3)); out = True", "root", quick=True),
    Attempt("the kernel's log", "out = os.open('/dev/kmsg', os.O_RDONLY) >= 0", "root"),
    Attempt("a terminal", "out = os.open('/dev/ptmx', os.O_RDWR) >= 0"),
    Attempt("a file written into the system", "out = os.open('/usr/assay-escape', os.O_CREAT | os.O_WRONLY) >= 0; os.unlink('/usr/assay-escape')", "root", quick=True),
    Attempt("a granted file written that is only to be read", "out = os.open(world['read'] + '/file', os.O_WRONLY) >= 0", partial=True, quick=True),
    Attempt("a file made beside what is only to be read", "out = os.open(world['read'] + '/new', os.O_CREAT | os.O_WRONLY) >= 0; os.unlink(world['read'] + '/new')"),
    Attempt("a file with its owner's powers left behind", """
path = world["out"] + "/powers"; os.close(os.open(path, os.O_CREAT | os.O_WRONLY)); os.chmod(path, 0o4755); out = os.stat(path).st_mode & 0o4000
""", quick=True),
    Attempt("the same by the mode of a new file", """
os.umask(0); path = world["out"] + "/powers-new"; os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755)); out = os.stat(path).st_mode & 0o4000
"""),
    Attempt("the same by a descriptor", """
handle = os.open(world["out"] + "/powers-fd", os.O_CREAT | os.O_WRONLY); os.fchmod(handle, 0o6755); out = os.fstat(handle).st_mode & 0o6000
"""),
    Attempt("a control group of the host", "out = any(os.access(f'/sys/fs/cgroup/{n}', os.W_OK) for n in os.listdir('/sys/fs/cgroup'))", "root"),
    Attempt("a file shared in memory", "out = text(world['shm']) == b'shared'", quick=True),
    Attempt("a descriptor that whoever started it had open", """
for name in os.listdir("/proc/self/fd"):
    try:
        out = out or os.readlink(f"/proc/self/fd/{name}") == world["secret"]
    except OSError:
        pass
""", "nobody", "outside it is not given on either, as every program closes what it opens"),
]  # fmt: skip
