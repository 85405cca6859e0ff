"""An OCI image's file system, unpacked without a daemon, as the root of a job; kept by the digest of its manifest.

Layers are applied in order, with their whiteouts. What a layer says is hostile: every path is resolved within the new root by
the kernel (openat2, RESOLVE_IN_ROOT), so that no name, link or hard link leads out; devices, pipes and sockets are left out;
set-user-ID, set-group-ID, owners and extended attributes (with them file capabilities) are dropped; each blob is held to its
digest and each layer to the image's own list of what is in them. https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

from assay.engines.rootfs.unpacking import Unpacked, unpack

__all__ = ["Unpacked", "unpack"]
