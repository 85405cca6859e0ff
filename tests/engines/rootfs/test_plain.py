import gzip
import hashlib
import io

from assay.engines.rootfs.plain import CHUNK, Plain


def read(packed):
    plain = Plain(io.BytesIO(packed), "sha256")
    parts = list(iter(lambda: plain.read(10_240), b""))
    assert max(map(len, parts)) <= 10_240
    return b"".join(parts), plain


def test_many_members_of_gzip_in_one_chunk_are_all_read():
    parts = [bytes([n]) * 5_000 for n in range(50)]
    whole, plain = read(b"".join(map(gzip.compress, parts)) + b"\0" * 512)
    assert whole == b"".join(parts)
    assert plain.finish()[1] == "sha256:" + hashlib.sha256(whole).hexdigest()


def test_a_later_member_of_gzip_that_unpacks_to_much_is_unpacked_a_chunk_at_a_time():
    plain = Plain(io.BytesIO(gzip.compress(b"a") + gzip.compress(bytes(20 * CHUNK))), "sha256")
    assert plain.read(1) == b"a"
    while plain.read(100):
        assert len(plain._held) <= CHUNK
    assert plain.bytes == 20 * CHUNK + 1
