import StatusWire
import Testing

@testable import ublkctl

@Suite("Tables and texts, to the letter")
struct OutputTests {
    private static let devices: [DeviceSummary] = {
        var data = Fixtures.device(
            "data", id: 0, recoveries: 4,
            queues: [
                QueueSummary(index: 0, state: .serving), QueueSummary(index: 1, state: .recovering),
            ])
        data.lastRecovery = LastRecovery(
            cause: .signal(9), scope: .worker, startedAt: Fixtures.start, downtimeSeconds: 0.0521)
        data.state = .degraded
        var logs = Fixtures.device("a-name-that-goes-on-for-long", id: 12, .recovering)
        logs.lastRecovery = LastRecovery(cause: .stall, scope: .worker, startedAt: Fixtures.now)
        logs.size = 1_610_612_736
        var broken = Fixtures.device(
            "broken", .failed, reason: .backingMissing, message: "the backing file is missing; create it")
        broken.size = nil
        return [logs, broken, data]
    }()

    private static let foreign = ForeignDevice(
        id: 9, owner: .foreign, kernelState: .live, serverPid: 99, size: 4096, queues: 1)

    private func status(width: Int?) -> String {
        StatusText.rendered(
            Self.devices, foreign: [Self.foreign], host: Fixtures.host, now: Fixtures.now, width: width)
    }

    @Test("The table of status at 200 columns, and without a width")
    func wide() {
        Golden.expect(status(width: 200), as: "status-200.txt")
        #expect(status(width: nil) == status(width: 200))
    }

    @Test("The table of status at 80 columns: every line fits, and no id, state or pid is cut")
    func narrow() {
        let text = status(width: 80)
        Golden.expect(text, as: "status-80.txt")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("What does not fit at all runs over instead of losing anything that matters")
    func tiny() {
        let text = status(width: 20)
        #expect(text.contains("recovering") && text.contains("ublkb12") && text.contains("4242"))
    }

    @Test("No device at all: the titles")
    func empty() {
        let text = StatusText.rendered([], host: Fixtures.host, now: Fixtures.now)
        #expect(text == "NAME  DEVICE  STATE  TARGET  SIZE  QUEUES  PID  RECOVERIES  LAST-RECOVERY\n")
    }

    @Test("A broken configuration is told below the table")
    func brokenConfiguration() {
        var host = Fixtures.host
        host.configState = .lastGood
        host.configProblemCount = 5
        let text = StatusText.rendered([], host: host, now: Fixtures.now)
        #expect(
            text.hasSuffix(
                "\n\nconfiguration: 5 problems, the last good one is in force; 'ublkctl check' shows what is "
                    + "wrong\n"))
    }

    @Test("show, to the letter")
    func show() {
        var summary = Fixtures.device(
            "data", id: 0, recoveries: 4,
            queues: [
                QueueSummary(
                    index: 0, tid: 4243, state: .serving, inflight: 3, reads: 10, writes: 20,
                    readBytes: 40_960, writeBytes: 81_920, errors: 1, recoveries: 2,
                    lastError: "EIO on a write", lastProgressAt: Fixtures.now),
                QueueSummary(index: 1, state: .slow),
            ])
        summary.lastRecovery = LastRecovery(
            cause: .signal(9), scope: .worker, startedAt: Fixtures.start, downtimeSeconds: 0.052,
            steps: RecoverySteps(
                detected: 10, startSent: 10.0011, startAccepted: 10.04, endSent: 10.0402, attachSent: 10.0403,
                fetched: 10.05, live: 10.0521))
        let detail = DeviceDetail(
            summary: summary, path: "/srv/data.img", options: ["queues": "2", "path": "/srv/data.img"],
            geometry: DeviceGeometry(
                queues: 2, queueDepth: 128, blockSize: 512, physicalBlockSize: 4096, maxIO: 524_288,
                sectors: 2_097_152),
            modes: DeviceModes(io: "copy", recovery: "reissue", readOnly: false, discard: true),
            memory: WorkerMemory(residentBytes: 6 << 20, lockedBytes: 5 << 20), directIO: true,
            warnings: ["queues: 8 asked for, the host has 2 CPUs"], detailMessage: "",
            cookie: "0x75626c6b", flags: ["USER_RECOVERY", "CMD_IOCTL_ENCODE"])
        #expect(
            ShowText.rendered(detail, now: Fixtures.now) == """
                name:          data
                device:        /dev/ublkb0
                state:         live for 3m, since 2026-08-01T12:34:56.000Z
                kernel state:  LIVE
                worker:        pid 4242, 6MiB resident, 5MiB locked
                target:        file
                path:          /srv/data.img
                size:          1GiB (1073741824 bytes)
                queues:        2 of depth 128
                block size:    512 logical, 4096 physical, requests up to 512KiB
                modes:         I/O copy, recovery reissue, direct, discard
                recoveries:    4
                last recovery: signal:9, of the worker, 52ms down, 2026-08-01T12:34:56.000Z (3m ago)
                its steps:     detected, start sent +1.1ms, start accepted +40.0ms, end sent +40.2ms, attach sent +40.3ms, fetched +50.0ms, live +52.1ms
                warning:       queues: 8 asked for, the host has 2 CPUs
                owner:         ours, mark 0x75626c6b
                flags:         USER_RECOVERY CMD_IOCTL_ENCODE

                options in force:
                  path = /srv/data.img
                  queues = 2

                QUEUE   TID  STATE    INFLIGHT  READS  WRITES   READ  WRITTEN  ERRORS  RECOVERIES  LAST-PROGRESS
                    0  4243  serving         3     10      20  40KiB    80KiB       1           2  0ms ago
                    1     -  slow            0      0       0     0B       0B       0           0  -
                queue 0: last error: EIO on a write

                """)
    }

    @Test("Others' control characters do not reach the terminal")
    func control() {
        let device = Fixtures.device("data", .failed, message: "a\u{1B}[2Jb\nc\u{202E}d")
        let text = StatusText.rendered([device], host: Fixtures.host, now: Fixtures.now)
        #expect(text.contains("data: failed: a?[2Jb?c?d\n"))
    }

    @Test(
        "Sizes",
        arguments: [
            (0, "0B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (1 << 30, "1GiB"),
            ((1 << 30) - 1, "1023.9MiB"), (1 << 40, "1TiB"), (UInt64.max, "15.9EiB"),
        ] as [(UInt64, String)])
    func sizes(bytes: UInt64, text: String) {
        #expect(sizeText(bytes) == text)
    }

    @Test(
        "Lengths of time",
        arguments: [
            (0, "0ms"), (0.0521, "52ms"), (0.9996, "1s"), (1.25, "1.2s"), (9.96, "9.9s"), (12, "12s"),
            (119, "119s"), (180, "3m"), (7199, "119m"), (7200, "2h"), (172_800, "2d"), (-1, "0ms"),
            (.infinity, "11574074d"),
        ] as [(Double, String)])
    func spans(seconds: Double, text: String) {
        #expect(spanText(seconds: seconds) == text)
    }

    @Test(
        "--timeout",
        arguments: [
            ("30s", 30_000), ("250ms", 250), ("5min", 300_000), ("1h", 3_600_000), ("30", 30_000),
            ("1.5s", 1500),
            ("0", 0), ("", nil), ("s", nil), ("-1s", nil), ("1x", nil), ("1 s", nil), (".5s", nil),
            ("1.s", nil),
            ("1.2.3s", nil), ("99999h", nil), ("inf", nil), ("1e9", nil),
        ] as [(String, Int64?)])
    func timeouts(text: String, milliseconds: Int64?) {
        #expect(TimeSpan(text: text)?.milliseconds == milliseconds)
        if let milliseconds {
            let span = TimeSpan(milliseconds: milliseconds)
            #expect(TimeSpan(text: span.description) == span)
        }
    }
}
