"""One emulated machine: its command line, the sockets to it, and what can be asked of it.

Three socket pairs lead into the emulator: "ctl" (a virtio port: commands in, output back), "console" (the
serial line, also written to a log), "qmp" (the emulator's monitor). The end of the emulator is an end of
file on ctl, so nothing here waits for a dead guest.
"""
import base64
import json
import os
import secrets
import selectors
import socket
import subprocess
import time

# rep movsb is emulated byte by byte, and the kernel uses it for every 4 KiB copy where it is offered.
CPU = "max,la57=off,-erms,-fsrm,-fzrm,-fsrs,-fsrc"
CPUS = 2
MEMORY_MIB = 2048
# How the guest's clock goes. "host": as the host's, while both CPUs run as fast as the emulation can. "counted": by the
# instructions that the guest executes, four nanoseconds for each, both CPUs taking turns; while they rest, as the host's.
# Then what a guest takes for its work does not depend on the host, nor on what else that has to do.
CLOCKS = {
    "host": ["-accel", "tcg,thread=multi,tb-size=512"],
    "counted": ["-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=2,sleep=on"],
}
# Big enough for what a case takes in and gives back; both disks are sparse files.
DISK_BYTES = 1 << 30
# sysrq over the serial line is how a stuck guest is asked what it waits for. clearcpuid=cx16: the kernel
# does without cmpxchg16b, whose emulation has been wrong. split_lock and the LSMs only cost time.
COMMAND_LINE = (
    "console=ttyS0 quiet loglevel=4 panic=-1 sysrq_always_enabled clearcpuid=cx16 mitigations=off audit=0 "
    "apparmor=0 selinux=0 random.trust_cpu=on no_timer_check net.ifnames=0 rw"
)


class GuestDied(Exception):
    """The emulator ended by itself: panic, reboot, power off, or a failure of its own."""


class GuestStuck(Exception):
    """No answer in time."""


def emulator_environment(emulator: str) -> dict:
    libraries = [f"{emulator}/usr/lib/x86_64-linux-gnu", f"{emulator}/lib/x86_64-linux-gnu"]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(libraries),
        "QEMU_MODULE_DIR": f"{emulator}/usr/lib/x86_64-linux-gnu/qemu",
    }


def make_overlay(emulator: str, backing: str, backing_format: str, path: str) -> None:
    """A disk that begins as `backing` and keeps every change to itself."""
    subprocess.run(
        [f"{emulator}/usr/bin/qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", backing_format, path],
        env=emulator_environment(emulator), check=True, stdin=subprocess.DEVNULL,
    )


def begun(marker: bytes, data: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of `marker`."""
    return next((count for count in range(len(marker), 0, -1) if data.endswith(marker[:count])), 0)


class Machine:
    def __init__(self, emulator, kernel, initramfs, flavour, clock, root, inbox, outbox, log):
        """Paths: emulator and kernel are folders, root is qcow2, inbox and outbox raw, log a folder. clock: of CLOCKS."""
        self.clock = clock
        self.emulator, self.kernel, self.initramfs, self.flavour = emulator, kernel, initramfs, flavour
        self.root, self.inbox, self.outbox, self.log = root, inbox, outbox, log
        self.process = None
        self.said = b""
        self.pending = b""
        self.replies = []

    # -- life ---------------------------------------------------------------------------------------------

    def start(self, incoming=None):
        ours, theirs = {}, {}
        for name in ("ctl", "console", "qmp"):
            ours[name], theirs[name] = socket.socketpair()
            ours[name].setblocking(False)
        command = self._arguments({name: end.fileno() for name, end in theirs.items()})
        if incoming:
            command += ["-incoming", f"exec:cat {incoming}"]
        with open(f"{self.log}/emulator.log", "wb") as errors:
            # the emulator goes when this process goes, however that happens
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=emulator_environment(self.emulator), pass_fds=[end.fileno() for end in theirs.values()],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True,
            )
        for end in theirs.values():
            end.close()
        self.ctl, self.console, self.qmp = ours["ctl"], ours["console"], ours["qmp"]
        self.selector = selectors.DefaultSelector()
        for end in ours.values():
            self.selector.register(end, selectors.EVENT_READ)
        self._ask_monitor("qmp_capabilities", wait=False)

    def _arguments(self, fds):
        binary = f"{self.emulator}/usr/bin/qemu-system-x86_64"
        share = f"{self.emulator}/usr/share"
        arguments = [
            binary, "-L", f"{share}/qemu", "-L", f"{share}/seabios", "-M", "pc",
            *CLOCKS[self.clock], "-cpu", CPU, "-smp", str(CPUS), "-m", str(MEMORY_MIB),
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-chardev", f"socket,id=qmp,fd={fds['qmp']}", "-mon", "chardev=qmp,mode=control",
            "-chardev", f"socket,id=console,fd={fds['console']},logfile={self.log}/console.log,logappend=off",
            "-serial", "chardev:console",
            "-kernel", f"{self.kernel}/vmlinux", "-initrd", self.initramfs,
            "-append", f"{COMMAND_LINE} flavour={self.flavour}",
            # tells the guest's random number generator that it was restored
            "-device", "vmgenid,guid=auto",
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=ctl,fd={fds['ctl']}",
            "-device", "virtserialport,chardev=ctl,name=ctl",
        ]
        for name, path, form, extra in (
            ("root", self.root, "qcow2", ""),
            ("in", self.inbox, "raw", ",readonly=on"),
            ("out", self.outbox, "raw", ""),
        ):
            arguments += ["-drive", f"if=none,id={name},file={path},format={form},cache=unsafe{extra}",
                          "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        return arguments

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self._drain_console(0)

    # -- the loop -----------------------------------------------------------------------------------------

    def _pump(self, deadline):
        """Waits for one round of input. Commands' output is left in `pending`."""
        timeout = deadline - time.monotonic()
        if timeout <= 0:
            raise GuestStuck()
        for key, _ in self.selector.select(min(timeout, 5.0)):
            end = key.fileobj
            try:
                data = end.recv(1 << 16)
            except (BlockingIOError, InterruptedError):
                continue
            except ConnectionError:
                data = b""
            if not data:
                self.selector.unregister(end)
                if end is self.ctl:
                    self.process.wait()
                    raise GuestDied(f"the emulator ended with status {self.process.returncode}")
            elif end is self.ctl:
                self.pending += data
            elif end is self.qmp:
                self._take_replies(data)
            else:
                # no more than anybody waits for
                self.said = (self.said + data)[-4096:]

    def _take_replies(self, data):
        self._partial = getattr(self, "_partial", b"") + data
        *lines, self._partial = self._partial.split(b"\n")
        self.replies += [json.loads(line) for line in lines if line.strip()]

    def _ask_monitor(self, execute, wait=True, limit=60.0, **arguments):
        message = {"execute": execute}
        if arguments:
            message["arguments"] = arguments
        self.qmp.sendall(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + limit
        if not wait:
            return None
        self.replies = [r for r in self.replies if "return" not in r and "error" not in r]
        while True:
            for reply in self.replies:
                if "error" in reply:
                    raise RuntimeError(f"{execute}: {reply['error'].get('desc')}")
                if "return" in reply:
                    self.replies.remove(reply)
                    return reply["return"]
            self._pump(deadline)

    # -- what a guest is asked ------------------------------------------------------------------------------

    def wait_said(self, text, limit):
        """Until its console has said these bytes, since it was started or within the last 4 KiB."""
        deadline = time.monotonic() + limit
        while text not in self.said:
            self._pump(deadline)

    def wait_ready(self, limit):
        """Until the agent of a booting guest has said that it listens."""
        deadline = time.monotonic() + limit
        while b"@@ready" not in self.pending or not self.pending.endswith(b"\n"):
            self._pump(deadline)
        self.pending = b""

    def tell(self, command):
        """Sends a shell command. Returns what its answer will begin with."""
        token = secrets.token_hex(8)
        line = f"{token} {base64.b64encode(command.encode()).decode()}\n"
        self.ctl.setblocking(True)
        self.ctl.sendall(line.encode())
        self.ctl.setblocking(False)
        return f"\n@@{token} ".encode()

    def wait_end(self, limit):
        """Until the guest has ended the machine. Returns why, in the emulator's words: guest-shutdown, guest-reset."""
        deadline = time.monotonic() + limit
        try:
            while True:
                self._pump(deadline)
        except GuestDied:
            self._drain_console(0.2)
        events = [reply for reply in self.replies if reply.get("event") == "SHUTDOWN"]
        return events[-1]["data"]["reason"] if events else "by itself"

    def ask(self, command, limit, output=None):
        """Runs a shell command; `output` gets each piece of what it prints. Returns its exit status."""
        marker = self.tell(command)
        deadline = time.monotonic() + limit
        try:
            while True:
                at = self.pending.find(marker)
                if at >= 0 and (end := self.pending.find(b"\n", at + len(marker))) >= 0:
                    status = int(self.pending[at + len(marker):end])
                    self._deliver(at, output)
                    self.pending = self.pending[end - at + 1:]
                    return status
                if at < 0:
                    self._deliver(len(self.pending) - begun(marker, self.pending), output)
                self._pump(deadline)
        except (GuestDied, GuestStuck):
            self._deliver(len(self.pending), output)
            raise

    def _deliver(self, count, output):
        if count and output:
            output(self.pending[:count])
        self.pending = self.pending[count:]

    def save(self, path):
        """Writes the running machine to `path`. It was not stopped, so it runs on by itself when restored."""
        self._ask_monitor("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        self._ask_monitor("migrate", uri=f"exec:cat > {path}")
        deadline = time.monotonic() + 120
        while (status := self._ask_monitor("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled"):
                raise RuntimeError("the emulator could not save the machine")
            if time.monotonic() > deadline:
                raise GuestStuck()
            time.sleep(0.05)

    def positions(self):
        """Where its CPUs are, for one that tells nothing itself: a line each, from the emulator's view of their registers."""
        try:
            told = self._ask_monitor("human-monitor-command", limit=5.0, **{"command-line": "info registers -a"})
        except (GuestDied, GuestStuck, RuntimeError, OSError) as problem:
            return [f"no registers: {problem}"]
        return [line.strip() for line in told.splitlines() if line.startswith(("CPU#", "RIP=", "EIP=", "CR0="))]

    def explain(self):
        """Has a stuck guest write its CPUs (sysrq-l) and blocked tasks (sysrq-w) to the console log."""
        try:
            for key in b"lw":
                self._ask_monitor("chardev-send-break", limit=2.0, id="console")
                time.sleep(0.1)
                self.console.setblocking(True)
                self.console.sendall(bytes([key]))
                self.console.setblocking(False)
                self._drain_console(1.5)
        except (GuestDied, GuestStuck, RuntimeError, OSError):
            pass

    def _drain_console(self, seconds):
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._pump(deadline)
        except (GuestDied, GuestStuck):
            pass
