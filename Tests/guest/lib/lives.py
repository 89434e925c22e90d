"""The lives of one guest: a case may power its machine off, reboot or reset it, and goes on after the next boot."""
import re
import time

from machine import GuestDied, GuestStuck

# How a case ends that is to go on (`leave` in case.sh), and what the emulator then says of the end.
WAYS = {101: ("poweroff", "guest-shutdown"), 102: ("reboot", "guest-reset"), 103: ("reset", None), 104: ("crash", "guest-reset")}
OFF_LIMIT = 90.0 # on a machine of pace 1
COMPLAINTS = re.compile(rb"WARNING: |BUG: |Oops|general protection|blocked for more than|soft lockup|Kernel panic")


class Lives:
    def __init__(self, guest, boot_again, note, pace):
        """boot_again(NUMBER) starts the next machine from the same disk."""
        self.guest, self.boot_again, self.note = guest, boot_again, note
        self.off_limit = OFF_LIMIT * pace

    def run(self, command, timeout, output):
        """Runs the command in every life. It is told BOOT, OFF_SECONDS (how long the end before took) and SPENT."""
        began = time.monotonic()
        boot, off = 1, 0.0
        while True:
            spent = time.monotonic() - began
            told = f"export BOOT={boot} OFF_SECONDS={off:.1f} SPENT={spent:.0f}; cd /t && "
            status = self.guest.ask(told + command, timeout - spent, output)
            if status not in WAYS:
                return status
            off = self._leave(*WAYS[status])
            boot += 1
            self.guest = self.boot_again(boot)

    def _leave(self, way, reason):
        if way == "reset":
            self.guest.stop()
            self.note("reset")
            return 0.0
        began = time.monotonic()
        self.guest.tell("echo b >/proc/sysrq-trigger" if way == "crash" else f"systemctl --no-block {way}")
        try:
            how = self.guest.wait_end(self.off_limit)
        except GuestStuck:
            raise GuestStuck(f"{way} did not end within {self.off_limit:.0f} s") from None
        seconds = time.monotonic() - began
        with open(f"{self.guest.log}/console.log", "rb") as file:
            complaints = [line for line in file.read().splitlines() if COMPLAINTS.search(line)]
        if how != reason or complaints:
            raise GuestDied(f"{way} ended as {how} {complaints[:3]}")
        self.note(f"{way}: off after {seconds:.1f} s")
        return seconds
