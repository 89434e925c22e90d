#!/usr/bin/env python3
"""initramfs.py OUT INIT FILE...: an initramfs of one program, /init, and files in /, as a newc archive."""
import os
import sys


def entry(name: str, mode: int, data: bytes, inode: int, rdev=(0, 0)) -> bytes:
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
    record = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    record += b"\0" * (-len(record) % 4) + data
    return record + b"\0" * (-len(record) % 4)


def main() -> None:
    out, init, *files = sys.argv[1:]
    records = [entry("dev", 0o40755, b"", 1), entry("dev/console", 0o20600, b"", 2, (5, 1))]
    for inode, (name, mode, path) in enumerate(
        [("init", 0o100755, init)] + [(os.path.basename(path), 0o100644, path) for path in files], start=3
    ):
        with open(path, "rb") as file:
            records.append(entry(name, mode, file.read(), inode))
    records.append(entry("TRAILER!!!", 0, b"", 0))
    with open(out, "wb") as file:
        file.write(b"".join(records))


main()
