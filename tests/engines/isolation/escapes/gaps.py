"""Ways past what a wall may leave out: numbers wider than the kernel looks at, attributes of files, doors beside doors."""

from tests.engines.isolation.escapes.attempt import Attempt

ATTEMPTS = [
    Attempt("a keystroke by a number wider than the kernel reads", """
try:
    call(16 if X86 else 29, 0, 0x1_0000_5412, ctypes.create_string_buffer(b"x")); out = True
except OSError as error:
    out = error.errno != errno.EPERM
""", quick=True),
    Attempt("netlink by a family wider than the kernel reads", "out = call(41 if X86 else 198, 0x1_0000_0010, 3, 0) >= 0", quick=True),
    Attempt("the hypervisor by a family wider than the kernel reads", """
try:
    out = call(41 if X86 else 198, 0x1_0000_0028, 1, 0) >= 0
except OSError as error:
    if OUTSIDE and error.errno == errno.EAFNOSUPPORT: raise Absent
    raise
"""),
    Attempt("a trace by a number wider than the kernel reads", "out = looked_at(101, 117, 0x4206, 0x1_0000_0000 | world['pid'], 0, 0)"),
    Attempt("its owner's powers by a mode wider than the kernel reads", """
path = world["out"] + "/wide"; os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
call(268 if X86 else 53, -100, path.encode(), 0x1_0001_0000 | 0o4755); out = os.stat(path).st_mode & 0o4000
"""),
    Attempt("its owner's powers by the newer call", """
path = world["out"] + "/newer"; os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
try:
    call(452, -100, path.encode(), 0o4755, 0)
except OSError as error:
    if OUTSIDE and error.errno == errno.ENOSYS: raise Absent
    raise
out = os.stat(path).st_mode & 0o4000
"""),
    Attempt("its owner's powers by the way a file is opened", """
how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o4755, 0))
os.umask(0); path = world["out"] + "/way"; os.close(call(437, -100, path.encode(), how, 24)); out = os.stat(path).st_mode & 0o4000
"""),
    Attempt("a file cut short that is only to be read", "os.truncate(world['read'] + '/file', 1); out = True", quick=True),
    Attempt("a file cut short as it is opened to read", "os.open(world['read'] + '/file', os.O_RDONLY | os.O_TRUNC); out = True"),
    Attempt("the mode of a file that is only to be read", "path = world['read'] + '/file'; was = os.stat(path).st_ctime_ns; os.chmod(path, 0o644); out = os.stat(path).st_ctime_ns != was"),
    Attempt("the times of a file that is only to be read", "path = world['read'] + '/file'; was = os.stat(path).st_ctime_ns; os.utime(path, (1, 1)); out = os.stat(path).st_ctime_ns != was"),
    Attempt("the owner of a file that is only to be read", "path = world['read'] + '/file'; was = os.stat(path).st_ctime_ns; os.chown(path, os.getuid(), os.getgid()); out = os.stat(path).st_ctime_ns != was"),
    Attempt("an attribute of a file that is only to be read", """
try:
    os.setxattr(world["read"] + "/file", "user.assay", b"x"); out = True
except OSError as error:
    if OUTSIDE and error.errno == errno.ENOTSUP: raise Absent
    raise
"""),
    Attempt("a flag of a file that is only to be read", """
handle = os.open(world["read"] + "/file", os.O_RDONLY)
try:
    held = bytearray(8); fcntl.ioctl(handle, 0x80086601, held); fcntl.ioctl(handle, 0x40086602, bytes(held)); out = True
except OSError as error:
    if OUTSIDE and error.errno in (errno.ENOTTY, errno.EOPNOTSUPP): raise Absent
    raise
"""),
    Attempt("the mode of the program that runs it", "was = os.stat('/proc/self/exe'); os.chmod('/proc/self/exe', was.st_mode & 0o777); out = os.stat('/proc/self/exe').st_ctime_ns != was.st_ctime_ns", "root", quick=True),
    Attempt("the program that runs it, opened to be written", "out = os.open('/proc/self/exe', os.O_WRONLY) >= 0", "nobody", "the kernel keeps a running program from being written (ETXTBSY)"),
    Attempt("who is ended last when memory is short", "handle = os.open('/proc/self/oom_score_adj', os.O_WRONLY); os.write(handle, b'-500'); out = True", "nobody", "a container's root may not have CAP_SYS_RESOURCE"),
    Attempt("the memory of the kernel", "out = len(os.read(os.open('/proc/kcore', os.O_RDONLY), 64)) > 0", "nobody", "many kernels have none, or keep it from root"),
    Attempt("the memory of the machine", "out = os.open('/dev/mem', os.O_RDONLY) >= 0", "nobody", "there may be no such device here"),
    Attempt("page faults by their device", "out = os.open('/dev/userfaultfd', os.O_RDWR) >= 0", "nobody", "there may be no such device here"),
    Attempt("a file system of its own by FUSE", "out = os.open('/dev/fuse', os.O_RDWR) >= 0", "nobody", "there may be no such device here"),
    Attempt("a disk of its own", "out = os.open('/dev/loop-control', os.O_RDWR) >= 0", "nobody", "there may be no such device here"),
    Attempt("a handler of programs", "out = os.open('/proc/sys/fs/binfmt_misc/register', os.O_WRONLY) >= 0", "nobody", "it may not be mounted here"),
    Attempt("a helper that the kernel starts", "out = os.open('/sys/kernel/uevent_helper', os.O_WRONLY) >= 0", "nobody", "many kernels have none"),
    Attempt("a signal by a descriptor's owner", """
r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETOWN, world["pid"]); out = fcntl.fcntl(r, fcntl.F_GETOWN) == world["pid"]
""", partial=False),
    Attempt("a queue of POSIX", "out = call(240 if X86 else 180, world['posix_queue'].encode(), os.O_RDONLY | os.O_NONBLOCK, 0, 0) >= 0"),
    Attempt("rings registered", "out = looked_at(427, 427, -1, 0, 0, 0)"),
    Attempt("a file system's context", "out = looked_at(433, 433, -100, b'/', 0)", "root"),
    Attempt("a mount made of a context", "out = looked_at(432, 432, -1, 0, 0)", "root"),
    Attempt("a way to run before others by attributes", """
held = ctypes.create_string_buffer(struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 1 << 20, 1 << 21, 1 << 21))
call(314 if X86 else 274, 0, held, 0); out = True
""", "nobody", "a container's root may not have CAP_SYS_NICE"),
]  # fmt: skip
