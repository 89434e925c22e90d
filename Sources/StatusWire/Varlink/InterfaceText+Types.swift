// The types of `org.ublkd`.
extension InterfaceText {
    static var types: String {
        """
        type Device (
        \(deviceFields)
        )

        # A Device, and beside it what only administrators may see.
        type DeviceDetail (
        \(deviceFields),
          path: ?string,
          # The effective configuration, key to value.
          options: [string]string,
          geometry: ?Geometry,
          modes: ?Modes,
          memory: ?Memory,
          directIO: bool,
          warnings: []string,
          detailMessage: string,
          # The owner mark in the kernel, hexadecimal.
          cookie: string,
          flags: []string
        )

        # Counters run from the start of the device.
        type Queue (
          index: int,
          tid: ?int,
          # serving recovering stalled slow failed
          state: string,
          inflight: int,
          reads: int,
          writes: int,
          readBytes: int,
          writeBytes: int,
          errors: int,
          recoveries: int,
          lastError: ?string,
          lastProgressAt: ?string
        )

        type LastRecovery (
          # exit:N signal:N stall thread-ended backend operator upgrade unknown
          cause: string,
          # queue worker
          scope: string,
          startedAt: string,
          downtimeSeconds: ?float,
          steps: ?RecoverySteps
        )

        # When each step was reached, CLOCK_MONOTONIC.
        type RecoverySteps (
          detected: ?float,
          startSent: ?float,
          startAccepted: ?float,
          endSent: ?float,
          attachSent: ?float,
          fetched: ?float,
          live: ?float,
          firstIO: ?float
        )

        type Geometry (
          queues: int,
          queueDepth: int,
          blockSize: int,
          physicalBlockSize: int,
          maxIO: int,
          # Of 512 bytes.
          sectors: int
        )

        type Modes (
          # copy zero-copy batch
          io: string,
          # reissue fail-inflight fail-io none
          recovery: string,
          readOnly: bool,
          discard: bool
        )

        type Memory (residentBytes: int, lockedBytes: int)

        type Kernel (
          release: string,
          features: string,
          # classic middle modern
          family: string
        )

        type Agents (running: int, writtenOff: int)

        type ForeignDevice (
          id: int,
          node: ?string,
          # foreign orphan
          owner: string,
          kernelState: ?string,
          serverPid: ?int,
          size: ?int,
          queues: ?int,
          message: string
        )

        type Problem (
          # error warning
          severity: string,
          file: string,
          # From 1; 0: the file as a whole.
          line: int,
          # In Unicode scalars from 1; 0: the file as a whole.
          column: int,
          length: int,
          message: string,
          excerpt: ?string,
          # Of the first scalar of excerpt.
          excerptColumn: ?int,
          hint: ?string
        )

        # Who keeps a device in use.
        type Holder (
          # mount swap process device unknown
          kind: string,
          name: ?string,
          pid: ?int,
          path: ?string
        )

        type DeviceOutcome (
          name: string,
          # done unchanged accepted busy refused failed
          outcome: string,
          state: string,
          message: ?string,
          holders: ?[]Holder
        )

        type PlannedChange (
          name: string,
          # add remove live worker recreate
          class: string,
          # start register stop apply hand-over recreate none
          action: string,
          reason: string,
          holders: ?[]Holder
        )

        type Event (
          # From 1 in each life of ublkd; of a gap that of the last event missing.
          seq: int,
          time: string,
          # Absent: of ublkd itself.
          device: ?string,
          # gap begun added adopted starting live recovering recovered degraded failed held stopping stopped
          # pending-removal removed reload config-invalid
          kind: string,
          message: string,
          # As in LastRecovery, with scope and downtimeSeconds; of recovering and recovered.
          cause: ?string,
          scope: ?string,
          downtimeSeconds: ?float,
          # Of a gap; absent: not known, they are of another life of ublkd.
          lost: ?int
        )

        type ReloadOutcome (
          name: string,
          # add remove live worker recreate
          class: string,
          # start register stop apply hand-over recreate none
          action: string,
          # done accepted pending refused failed
          outcome: string,
          reason: string,
          holders: ?[]Holder
        )


        """
    }

    private static var deviceFields: String {
        """
          name: string,
          # N of /dev/ublkbN.
          id: ?int,
          node: ?string,
          # absent starting live recovering degraded failed held stopping stopped pending-removal
          state: string,
          # none backing-missing backing-changed backing-error crash-loop poison unkillable recovery-blocked
          # kernel-unrecoverable id-taken no-worker-user control-wedged reload-pending operator
          reason: string,
          message: string,
          since: string,
          nextAttempt: ?string,
          # DEAD LIVE QUIESCED FAIL_IO
          kernelState: ?string,
          workerPid: ?int,
          target: string,
          size: ?int,
          recoveries: int,
          lastRecovery: ?LastRecovery,
          queues: []Queue,
          # ours foreign orphan
          owner: string
        """
    }
}
