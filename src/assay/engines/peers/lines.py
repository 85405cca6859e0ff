"""A line between two ports: IP packets one after another, each behind its length, over TCP or TLS, never blocking."""

from __future__ import annotations

import os
import socket
import ssl

TYPE_CHECKING = False  # typing itself is not imported where a job's start would wait for it
if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.engines.authority import Papers

FULL = 4 << 20  # bytes that wait to be sent, from which on nothing more is taken
_READ = 1 << 18
_LONGEST = 65_535


class Line:
    """One line. wants: whether it has something to send."""

    def __init__(self, held: socket.socket, peer: int) -> None:
        self.held, self.peer = held, peer
        self.out = bytearray()
        self._in = bytearray()
        self.ended = False
        held.setblocking(False)

    def put(self, packet: bytes) -> None:
        """Take a packet to be sent."""
        self.out += len(packet).to_bytes(4, "big") + packet

    def flush(self) -> None:
        """Send what can be sent without waiting."""
        try:
            while self.out:
                sent = self.held.send(memoryview(self.out)[:_READ])
                del self.out[:sent]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:
            self.ended = True

    def packets(self) -> Iterator[bytes]:
        """Give the packets that have arrived, each as soon as it is whole.

        A peer that sends faster than they are handed on is left at a few megabytes: the other lines have their turn, and
        what waits here belongs to no job whose memory is bounded.
        """
        taken, secret = 0, isinstance(self.held, ssl.SSLSocket)
        while not self.ended:
            try:
                part = self.held.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError:
                part = b""
            if not part:
                self.ended = True
                return
            self._in += part
            taken += len(part)
            yield from self._whole()
            left = (
                self.held.pending() if isinstance(self.held, ssl.SSLSocket) else 0
            )  # no selector tells of it
            if not left and (taken >= FULL or (len(part) < _READ and not secret)):
                return

    def _whole(self) -> Iterator[bytes]:
        at = 0
        while len(self._in) - at >= 4:
            length = int.from_bytes(self._in[at : at + 4], "big")
            if length > _LONGEST:
                self.ended = True
                break
            if len(self._in) - at - 4 < length:
                break
            yield bytes(self._in[at + 4 : at + 4 + length])
            at += 4 + length
        del self._in[:at]


def sealed(held: socket.socket, papers: Papers, peer: str, *, server: bool) -> ssl.SSLSocket:
    """Return a line in TLS 1.3 with a peer that shows a certificate of the job's authority for just that name.

    ssl.SSLError where it shows none, or another's: nothing is sent to it then.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = not server
    context.load_verify_locations(cadata=papers.authority)
    _load(context, papers)
    made = context.wrap_socket(held, server_side=server, server_hostname=None if server else peer)
    if (made.getpeercert() or {}).get("subjectAltName") != (("DNS", peer),):
        made.close()
        raise ssl.SSLError(f"the peer is not {peer}")
    return made


def _load(context: ssl.SSLContext, papers: Papers) -> None:
    """Load key and certificate, which OpenSSL takes from a file only: one that lies in memory and has no name."""
    handle = os.memfd_create("papers", os.MFD_CLOEXEC)
    try:
        os.write(handle, (papers.key + papers.certificate).encode())
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
