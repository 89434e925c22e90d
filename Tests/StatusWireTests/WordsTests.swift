import StatusWire
import Testing

/// Scripts match these words: each stands here a second time, so that none changes by accident.
@Suite("The words of the contract")
struct WordsTests {
    private func words<Word: CaseIterable & RawRepresentable>(_ type: Word.Type) -> String
    where Word.RawValue == String {
        Word.allCases.map(\.rawValue).joined(separator: " ")
    }

    @Test("States, reasons, queues, kernel, owners")
    func sets() {
        #expect(
            words(DeviceState.self)
                == "absent starting live recovering degraded failed held stopping stopped pending-removal")
        #expect(
            words(DeviceReason.self)
                == "none backing-missing backing-changed backing-error crash-loop poison unkillable "
                + "recovery-blocked kernel-unrecoverable id-taken no-worker-user control-wedged reload-pending "
                + "operator")
        #expect(words(QueueState.self) == "serving recovering stalled slow failed")
        #expect(words(KernelState.self) == "DEAD LIVE QUIESCED FAIL_IO")
        #expect(words(DeviceOwner.self) == "ours foreign orphan")
        #expect(words(RecoveryScope.self) == "queue worker")
        #expect(words(HostStatus.ConfigState.self) == "current last-good invalid")
        #expect(words(ReloadOutcome.Class.self) == "add remove live worker recreate")
    }

    @Test(
        "Causes of a recovery",
        arguments: [
            (.exit(3), "exit:3"), (.signal(9), "signal:9"), (.stall, "stall"), (.threadEnded, "thread-ended"),
            (.backend, "backend"),
            (.operator, "operator"), (.upgrade, "upgrade"), (.unknown, "unknown"),
        ] as [(RecoveryCause, String)])
    func causes(cause: RecoveryCause, text: String) {
        #expect(cause.rawValue == text)
        #expect(RecoveryCause(rawValue: text) == cause)
    }

    @Test(
        "What is no cause",
        arguments: ["", "exit", "exit:", "exit:x", "signal:9:1", "Stall", "exit:99999999999"])
    func noCause(text: String) {
        #expect(RecoveryCause(rawValue: text) == nil)
    }
}
