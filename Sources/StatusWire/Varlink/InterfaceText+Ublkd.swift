extension InterfaceText {
    /// The interface of ublkd. Words that hold a hyphen are no enum members in Varlink's language, so
    /// every word of a fixed set is a string here, and its set stands beside it.
    public static var ublkd: InterfaceText {
        InterfaceText(name: "org.ublkd", definition: methods + types + errors)
    }

    private static var methods: String {
        """
        # The supervisor of ublk block devices. Times are RFC 3339 in UTC, sizes are bytes, durations seconds.
        # Status and List answer every local user; the rest root and the members of group ublkd.
        interface org.ublkd

        # ublkd itself, its host and what it counts. configFile and configProblems: administrators only.
        method Status() -> (
          version: string,
          pid: int,
          startedAt: string,
          instance: string,
          configFile: ?string,
          # current last-good invalid
          configState: string,
          configProblems: []Problem,
          configProblemCount: int,
          kernel: Kernel,
          # Devices in each state.
          counts: [string]int,
          spareWorkers: int,
          agents: Agents,
          foreignDevices: []ForeignDevice,
          message: string
        )

        # One device, or all in name order.
        method List(name: ?string) -> (devices: []Device)

        # Everything of one device.
        method Show(name: string) -> (device: DeviceDetail)

        # Reads the configuration again and applies the differences; recreate: devices that may be made anew.
        method Reload(recreate: ?[]string) -> (outcomes: []ReloadOutcome)

        method Start(names: []string) -> (outcomes: []DeviceOutcome)

        # Refuses a device in use, unless force.
        method Stop(names: []string, force: ?bool) -> (outcomes: []DeviceOutcome)

        # The whole worker, or these queues in place.
        method Recover(name: string, queues: ?[]int) -> (outcomes: []DeviceOutcome)

        # Stops and starts; refuses a device in use. Answered when the start is accepted.
        method Restart(names: []string) -> (outcomes: []DeviceOutcome)

        # Hands each device over to a fresh worker of the installed program, one after the other; I/O waits and does
        # not fail. Without names: all devices. A recovery mode that lets I/O fail is refused, unless force. Stops
        # at the first that fails: the rest is refused. Answered when each has come to its end.
        method Upgrade(names: ?[]string, force: ?bool) -> (outcomes: []DeviceOutcome)

        # What Reload would do, without doing it.
        method Plan() -> (changes: []PlannedChange)

        # Needs "more". The first reply comes at once, with what is kept of the events after number since (0: all;
        # without it: none); each further one with what happened. What is not kept any more is told by a first
        # event of kind gap. Who reads too slowly is hung up on.
        method Subscribe(since: ?int) -> (events: []Event)

        # Removes an orphan: a device with the mark of this instance that no configuration names. By its number,
        # its node, or the name that it had. dryRun: says what would be done.
        method Cleanup(name: string, dryRun: ?bool) -> (device: ForeignDevice, removed: bool, message: string)


        """
    }

    private static var errors: String {
        """
        error NoSuchDevice (name: string)
        error Busy (name: string, holders: []Holder)
        error ConfigInvalid (problems: []Problem)
        # Not begun.
        error Refused (name: ?string, reason: string)
        error Timeout (name: ?string)
        # Begun, and it failed.
        error Failed (name: ?string, message: string)

        """
    }
}
