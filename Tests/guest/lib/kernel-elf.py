#!/usr/bin/env python3
"""kernel-elf.py VMLINUZ VMLINUX: takes the ELF kernel out of a compressed x86 boot image.

QEMU starts an ELF kernel directly (PVH), so that no emulated CPU has to decompress it. The layout of the
header is that of the Linux x86 boot protocol: setup_sects at 0x1f1, payload_offset and payload_length at
0x248.
"""
import gzip
import lzma
import struct
import subprocess
import sys


def unpack(payload: bytes) -> bytes:
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return gzip.decompress(payload)
    for magic, tool, tail in ((b"\x28\xb5\x2f\xfd", "zstd", 4), (b"\x02\x21\x4c\x18", "lz4", 4)):
        if payload.startswith(magic):
            # the length that the build appends is not part of the stream
            return subprocess.run([tool, "-dqc"], input=payload[:-tail], stdout=subprocess.PIPE).stdout
    sys.exit(f"kernel-elf: unknown compression {payload[:6].hex()}")


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (setup_sectors + 1) * 512 + offset
    kernel = unpack(image[begin : begin + length])
    if not kernel.startswith(b"\x7fELF"):
        sys.exit(f"kernel-elf: {sys.argv[1]} holds no ELF kernel")
    with open(sys.argv[2], "wb") as file:
        file.write(kernel)


main()
