"""Secrets that open nothing, put together when the tests run, so that no scanner takes the tests for a leak."""

import base64
import json
import random
import string
import struct
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
LETTERS = string.ascii_letters


class Maker:
    """Draws secrets; the same for the same seed."""

    def __init__(self, seed=0):
        self.random = random.Random(seed)

    def some(self, alphabet, size):
        return "".join(self.random.choice(alphabet) for _ in range(size))

    def base62(self, size):
        return self.some(BASE62, size)

    def hex(self, size):
        return self.some("0123456789abcdef", size)

    def aws_id(self, account=123456789012, kind="AKIA"):
        """By the published scheme: the account, seven bits up, in the first six of ten bytes, in base 32."""
        number = (account << 7) | (1 << 47) | self.random.getrandbits(7)
        raw = number.to_bytes(6, "big") + self.random.randbytes(4)
        return kind + base64.b32encode(raw).decode()

    def aws_secret(self):
        return self.some(BASE62 + "/+", 40)

    def crc(self, prefix):
        body = self.base62(30)
        number, tail = zlib.crc32(body.encode()), ""
        for _ in range(6):
            number, digit = divmod(number, 62)
            tail = BASE62[digit] + tail
        return prefix + body + tail

    def github(self, kind="p"):
        return self.crc(f"gh{kind}_")

    def npm(self):
        return self.crc("npm_")

    def pypi(self, index="pypi.org"):
        raw = b"\x02\x01" + bytes([len(index)]) + index.encode() + b"\x02\x24" + self.random.randbytes(110)
        return "pypi-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def huggingface(self):
        return "hf" + "_" + self.some(LETTERS, 34)

    def jwt(self, **claims):
        def part(raw):
            return base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")

        signed = base64.urlsafe_b64encode(self.random.randbytes(32)).decode().rstrip("=")
        return ".".join((part({"alg": "HS256", "typ": "JWT"}), part(claims or {"sub": "7"}), signed))

    def azure(self):
        return base64.b64encode(self.random.randbytes(64)).decode()

    def slack(self):
        return (
            "xox"
            + "b-"
            + self.some(string.digits, 12)
            + "-"
            + self.some(string.digits, 12)
            + "-"
            + self.base62(24)
        )

    def openssh(self, cipher=b"none"):
        def text(raw):
            return struct.pack(">I", len(raw)) + raw

        raw = b"openssh-key-v1\0" + text(cipher) + text(b"none") + text(b"") + self.random.randbytes(200)
        return self.pem("OPENSSH PRIVATE KEY", raw)

    def pkcs8(self):
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def pem(self, kind, raw):
        text = base64.b64encode(raw).decode()
        lines = [text[i : i + 64] for i in range(0, len(text), 64)]
        return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
