"""Ways to reach something over a socket of any kind."""

from tests.engines.isolation.escapes.attempt import Attempt

NONE = "there is no such service here, and none may be asked"
ATTEMPTS = [
    Attempt("loopback over TCP", "out = connected(2, ('127.0.0.1', world['tcp']))", quick=True),
    Attempt("loopback by another of its addresses", "out = connected(2, ('127.9.9.9', world['any']))"),
    Attempt("loopback as 0.0.0.0", "out = connected(2, ('0.0.0.0', world['tcp']))"),
    Attempt("loopback over IPv6", "out = connected(10, ('::1', world['tcp6']))"),
    Attempt("loopback as a mapped address", "out = connected(10, ('::ffff:127.0.0.1', world['tcp']))"),
    Attempt("loopback over UDP", """
s = socket.socket(2, 2); s.settimeout(2); s.sendto(b"ping", ("127.0.0.1", world["udp"])); out = s.recv(10) == b"pong"
""", quick=True),
    Attempt("metadata address of machines", "out = connected(2, ('169.254.169.254', 80))", "nobody", NONE, quick=True),
    Attempt("metadata address of containers", "out = connected(2, ('169.254.170.2', 80))", "nobody", NONE, quick=True),
    Attempt("an address of the world", "out = connected(2, ('8.8.8.8', 53))", "nobody", NONE),
    Attempt("an abstract socket", "out = connected(1, '\\0' + world['abstract'])", quick=True),
    Attempt("an abstract datagram socket", """
s = socket.socket(1, 2); s.bind("\\0reply" + str(os.getpid())); s.settimeout(2)
s.sendto(b"ping", "\\0" + world["abstract"] + "-dgram"); out = s.recv(10) == b"pong"
"""),
    Attempt("a socket with a path", "out = connected(1, world['path'])", quick=True),
    Attempt("a socket with a path by way of /proc", "out = connected(1, f\"/proc/{world['pid']}/root{world['path']}\")"),
    Attempt("a pair's datagram to a path", """
a, b = socket.socketpair(1, 2); a.sendto(b"ping", world["path"] + "-dgram"); out = True
"""),
    Attempt("a raw socket", "out = made(2, 3, 1)", "root"),
    Attempt("a packet socket", "out = made(17, 3, 0x300)", "root", quick=True),
    Attempt("the routing tables over netlink", "out = made(16, 3, 0)"),
    Attempt("the kernel's events over netlink", "out = made(16, 3, 15)"),
    Attempt("the audit log over netlink", "out = made(16, 3, 9)"),
    Attempt("a socket to the hypervisor", "out = made(40, 1)", quick=True),
    Attempt("the kernel's ciphers as a socket", "out = made(38, 5)"),
    Attempt("Bluetooth", "out = made(31, 3, 1)"),
    Attempt("keys of IPsec", "out = made(15, 3, 2)", "root"),
    Attempt("a socket of XDP", "out = made(44, 3)", "root"),
    Attempt("an interface of its own to the host", "out = os.open('/dev/net/tun', os.O_RDWR) >= 0", "root"),
    Attempt("a name of the host's network", "out = bool(socket.getaddrinfo('localhost', 80)) and connected(2, ('localhost', world['tcp']))"),
]  # fmt: skip
