"""Bills of materials, out and in: CycloneDX and SPDX, a file a form."""
