#!/usr/bin/env python3
"""vm.py snapshot | run | shell: starts guests for Tests/guest/guest, which knows where the parts are.

Exit status of run: the command's own; 124 it did not end in time; 125 the guest died by itself, twice; 126
the machine could not be made. A guest that dies is started again once, and so is a boot for which the emulator alone is
to blame (NoProcess, owes_timer): that is said, and noted in the file that UBLKD_GUEST_DEATHS names.
"""
import argparse
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lives import Lives
from machine import DISK_BYTES, GuestDied, GuestStuck, Machine, make_overlay

# Seconds, on a machine of pace 1
BOOT_LIMIT = 180.0
RESTORE_LIMIT = 90.0
# Until the first process of a boot has said that it runs
KERNEL_LIMIT = 60.0
# What the kernel says of a CPU whose timer interrupt never came. No program of the guest has a part in that.
LOST_TIMER = re.compile(rb"rcu_\w+ kthread timer wakeup didn't happen")
# What support/init.c says first of all
PROCESS_1 = b"guest init: process 1 runs"


def note(text):
    print(f"guest: {text}", file=sys.stderr, flush=True)


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def count_death(options):
    if deaths := os.environ.get("UBLKD_GUEST_DEATHS"):
        with open(deaths, "a", encoding="utf-8") as file:
            file.write(f"{options.name}\n")


class RunFolder:
    """The files of one running machine. A lock says that it is in use: what a killed run left is swept."""

    def __init__(self, cache):
        for old in glob.glob(f"{cache}/run-*"):
            try:
                fd = os.open(f"{old}/lock", os.O_RDWR)
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)
                os.close(fd)
            except OSError:
                continue
        while True:
            self.path = tempfile.mkdtemp(prefix="run-", dir=cache)
            self.lock = os.open(f"{self.path}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            # Another run may have taken it for a dead one's before it was locked
            if os.fstat(self.lock).st_nlink:
                break
            os.close(self.lock)

    def sparse(self, name):
        path = f"{self.path}/{name}"
        with open(path, "wb") as file:
            file.truncate(DISK_BYTES)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def machine(options, folder, root, log, inbox=None):
    return Machine(options.emulator, options.kernel, options.initramfs, options.flavour, options.clock, root,
                   inbox or options.inbox, folder.sparse("out"), log)


def prepared(options):
    """What a guest does before it is saved: the driver is there, nothing is left to settle."""
    lines = ["blockdev --flushbufs /dev/vdb", "modprobe ublk_drv", "udevadm settle --timeout=30",
             "test -c /dev/ublk-control", "echo 7 >/proc/sys/kernel/printk"]
    if options.flavour == "systemd":
        lines.insert(0, "systemctl is-system-running --wait || { systemctl --failed --no-legend; exit 1; }")
    return " && ".join(lines)


def snapshot(options):
    folder = RunFolder(options.cache)
    disk = f"{options.out}/disk"
    make_overlay(options.emulator, options.root, "raw", disk)
    guest = machine(options, folder, disk, options.out)
    try:
        began = time.monotonic()
        guest.start()
        guest.wait_ready(BOOT_LIMIT * options.pace)
        print(f"booted in {time.monotonic() - began:.1f} s", flush=True)
        status = guest.ask(prepared(options), 120 * options.pace, show)
        if status:
            print(f"the guest is not as it should be (status {status})")
            return 1
        guest.save(f"{options.out}/ram")
        print(f"saved after {time.monotonic() - began:.1f} s", flush=True)
        return 0
    except (GuestDied, GuestStuck) as problem:
        print(f"no boot: {problem or 'no answer'}")
        with open(f"{options.out}/console.log", "rb") as log:
            show(b"\n".join(log.read().splitlines()[-40:]) + b"\n")
        return 1
    finally:
        guest.stop()
        folder.remove()


def restored(options, folder, log):
    """A guest that runs on from the snapshot, with the files of `inbox` unpacked in /t."""
    disk = f"{folder.path}/disk"
    make_overlay(options.emulator, f"{options.snapshot}/disk", "qcow2", disk)
    guest = machine(options, folder, disk, log)
    guest.start(incoming=f"{options.snapshot}/ram")
    # The clock stands at the time of the snapshot; the random numbers must not repeat.
    hello = (f"date -s @{time.time():.3f} >/dev/null; echo {os.urandom(32).hex()} >/dev/urandom; "
             "mkdir -p /t/out && blockdev --flushbufs /dev/vdb && tar -xf /dev/vdb -C /t")
    try:
        status = guest.ask(hello, RESTORE_LIMIT * options.pace, show)
    except GuestStuck:
        # nothing of a case is in it yet
        note("; ".join(guest.positions()))
        guest.explain()
        guest.stop()
        raise GuestDied("restored, it never answered") from None
    except BaseException:
        guest.stop()
        raise
    if status:
        guest.stop()
        raise RuntimeError(f"the guest could not unpack its files (status {status})")
    return guest


def booted(options, folder, log):
    """A guest that boots from the disk that another one left: all it needs is there, nothing is unpacked."""
    try:
        guest, what = up(options, folder, log), "it was long in coming"
    except GuestStuck as stuck:
        guest, what = None, f"{stuck}"
        if not isinstance(stuck, NoProcess) and not owes_timer(log):
            raise
    if guest and not owes_timer(log):
        return guest
    if guest:
        guest.stop()
    note(f"{what}: THE EMULATOR OWES THE GUEST A TIMER OR ITS BOOT; it is booted again once, and this is counted")
    count_death(options)
    return up(options, folder, f"{log}-again")


class NoProcess(GuestStuck):
    """A boot that hung before its first process. The disk was not even looked at, so nothing that a case did has a part."""


def owes_timer(log):
    """A CPU of this boot waited for a timer interrupt until something else woke it: what is late in it means nothing."""
    with open(f"{log}/console.log", "rb") as console:
        return LOST_TIMER.search(console.read()) is not None


def up(options, folder, log):
    """A guest that was booted so far that nothing is left to start. GuestStuck: it did not get there; what it waited for
    was shown."""
    os.makedirs(log, exist_ok=True)
    guest = machine(options, folder, f"{folder.path}/disk", log, inbox=folder.sparse("nothing"))
    guest.start()
    limit = BOOT_LIMIT * options.pace
    # A unit that failed is the case's business; one that never starts is told
    wait = (f"timeout {limit * 0.9:.0f} systemctl is-system-running --wait >/dev/null; "
            "[ $? -ne 124 ] || { systemctl --no-pager list-jobs; exit 124; }; ") if options.flavour == "systemd" else ""
    at = "no boot"
    try:
        wait_process_1(guest, KERNEL_LIMIT * options.pace)
        guest.wait_ready(limit)
        at = "booted, but not ready"
        status = guest.ask(f"{wait}modprobe ublk_drv && udevadm settle --timeout={30 * options.pace:.0f} && "
                           "echo 7 >/proc/sys/kernel/printk", limit, show)
        if status == 124:
            raise GuestStuck()
        if status:
            raise RuntimeError(f"the guest did not come up again as it should (status {status})")
        return guest
    except NoProcess:
        guest.stop()
        show_console(log)
        raise
    except GuestStuck:
        guest.explain()
        guest.stop()
        show_console(log)
        raise GuestStuck(f"{at} after {limit:.0f} s") from None
    except BaseException:
        guest.stop()
        raise


def wait_process_1(guest, limit):
    try:
        guest.wait_said(PROCESS_1, limit)
    except GuestStuck:
        # Such a kernel cannot be asked: where its CPUs are is all that there is to know
        note("no process 1; " + "; ".join(guest.positions()))
        raise NoProcess(f"no process 1 after {limit:.0f} s") from None


def bring_back(guest, options, folder):
    """Unpacks what the guest left in /t/out."""
    if not options.out:
        return
    if guest.ask("[ -z \"$(ls -A /t/out)\" ] || { tar -cf /dev/vdc -C /t/out . && sync /dev/vdc; }", 60 * options.pace) == 0:
        os.makedirs(options.out, exist_ok=True)
        with open(f"{folder.path}/out", "rb") as disk:
            if any(disk.read(512)):
                subprocess.run(["tar", "-xf", f"{folder.path}/out", "-C", options.out, "--no-same-owner"],
                               check=False, stdin=subprocess.DEVNULL)


def attempt(options, number):
    folder = RunFolder(options.cache)
    log = options.log or f"{options.cache}/last-log"
    if number > 1:
        log = f"{log}/again"
    os.makedirs(log, exist_ok=True)
    lives = None
    try:
        lives = Lives(restored(options, folder, log), lambda boot: booted(options, folder, f"{log}/boot-{boot}"), note,
                      options.pace)
        status = lives.run(options.command, options.timeout, show)
        bring_back(lives.guest, options, folder)
        return status
    except GuestStuck as problem:
        note(f"{problem}" if f"{problem}" else f"no end within {options.timeout:.0f} s: killed")
        # One that never came up was shown then
        if lives and lives.guest.runs:
            lives.guest.explain()
            show_console(lives.guest.log)
        return 124
    except GuestDied:
        show_console(lives.guest.log if lives else log)
        raise
    finally:
        if lives:
            lives.guest.stop()
        folder.remove()


def show_console(log):
    try:
        with open(f"{log}/console.log", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    note(f"the end of {log}/console.log:")
    for line in lines[-60:]:
        print("  | " + line.decode(errors="replace").rstrip(), file=sys.stderr, flush=True)


def run(options):
    for number in (1, 2):
        try:
            return attempt(options, number)
        except GuestDied as death:
            if number == 1 and not options.once:
                note(f"THE GUEST DIED BY ITSELF ({death}); it is started again once, and this is counted")
                count_death(options)
            else:
                note(f"the guest died by itself ({death})")
                return 125
        except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
            note(str(problem))
            return 126
    return 125


def shell(options):
    """A line at a time, for a developer. Each line is a shell of its own, the guest stays the same."""
    folder = RunFolder(options.cache)
    guest = restored(options, folder, folder.path)
    try:
        while True:
            print("guest> ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line or line.strip() in ("exit", "quit"):
                return 0
            status = guest.ask(f"cd /t\n{line}", options.timeout, show)
            print("", file=sys.stderr)
            if status:
                note(f"status {status}")
    except (GuestDied, GuestStuck) as problem:
        note(f"gone: {problem or 'no answer'}")
        show_console(folder.path)
        return 125
    finally:
        guest.stop()
        folder.remove()


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("snapshot", "run", "shell"))
    for name in ("cache", "emulator", "kernel", "initramfs", "flavour", "clock", "inbox"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--root", help="snapshot: the image to begin with")
    parser.add_argument("--snapshot", help="run: where it lies")
    parser.add_argument("--out", help="snapshot: where it goes; run: where /t/out of the guest goes")
    parser.add_argument("--log", help="where the console log goes and stays")
    parser.add_argument("--name", default="run")
    parser.add_argument("--timeout", type=float, default=120.0)
    parser.add_argument("--pace", type=float, default=1.0, help="how many times as long a hang takes to be one")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--command", default="true")
    return parser.parse_args()


def main():
    options = parse()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    sys.exit({"snapshot": snapshot, "run": run, "shell": shell}[options.mode](options))


main()
