import StatusWire
import Testing

@Suite("Replies, written and read")
struct ReplyTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func read<Parameters: Decodable & Sendable>(
        _ response: Response, _ type: Parameters.Type
    ) throws -> Parameters {
        try Reply(message: response.encoded(for: .admin).dropLast(), as: type).parameters
    }

    @Test("Every reply arrives as it was sent")
    func roundTrip() throws {
        #expect(try read(.status(Samples.host), HostStatus.self) == Samples.host)
        let devices = [Samples.device, Samples.bareDevice]
        #expect(try read(.list(devices), ListReply.self).devices == devices)
        #expect(try read(.show(Samples.detail), ShowReply.self).device == Samples.detail)
        let bare = DeviceDetail(summary: Samples.bareDevice)
        #expect(try read(.show(bare), ShowReply.self).device == bare)
        #expect(
            try read(.reload([Samples.reloadOutcome]), ReloadReply.self).outcomes == [Samples.reloadOutcome])
        for response in [
            Response.start, Response.stop, Response.recover, Response.restart, Response.upgrade,
        ] {
            #expect(
                try read(response([Samples.outcome]), OutcomesReply.self).outcomes == [Samples.outcome])
        }
        #expect(
            try read(.plan([Samples.plannedChange]), PlanReply.self).changes == [Samples.plannedChange])
        let events = [Samples.gap, Samples.event]
        #expect(try read(.events(events), EventsReply.self).events == events)
        #expect(try read(.cleanup(Samples.cleanup), CleanupReply.self) == Samples.cleanup)
    }

    static let allErrors: [WireError] = [
        .noSuchDevice(name: "x"), .busy(name: "x", holders: [Holder(kind: .swap)]),
        .configInvalid(problems: [Samples.problem]), .refused(name: nil, reason: "why"),
        .refused(name: "x", reason: "why"), .timeout(name: nil), .timeout(name: "x"),
        .failed(name: nil, message: "what"), .failed(name: "x", message: "what"),
        .interfaceNotFound(interface: "a.b"), .methodNotFound(method: "a.b.C"),
        .methodNotImplemented(method: "a.b.C"), .invalidParameter(parameter: "p"), .permissionDenied,
        .expectedMore,
    ]

    @Test("Every error arrives as it was sent", arguments: allErrors)
    func errors(error: WireError) throws {
        let bytes = error.encoded()
        #expect(bytes.last == 0 && !bytes.dropLast().contains(0))
        do throws(ReplyFault) {
            _ = try Reply(message: Array(bytes.dropLast()), as: ListReply.self)
            Issue.record("read as an answer")
        } catch {
            guard case .refused(let received) = error else {
                Issue.record("unreadable: \(error)")
                return
            }
            #expect(received == (Self.allErrors.first { text($0.encoded()) == text(bytes) }))
        }
    }

    @Test("Errors of others need no parameters")
    func foreignErrors() {
        for (message, wanted) in [
            (#"{"error":"org.varlink.service.PermissionDenied"}"#, WireError.permissionDenied),
            (#"{"error":"org.varlink.service.ExpectedMore"}"#, .expectedMore),
            (#"{"error":"org.new.Thing","parameters":{"a":1}}"#, .unknown(name: "org.new.Thing")),
        ] {
            #expect {
                try Reply(message: Array(message.utf8), as: ListReply.self)
            } throws: { fault in
                guard case .refused(wanted)? = fault as? ReplyFault else { return false }
                return true
            }
        }
    }

    @Test("What is no reply is unreadable", arguments: ["", "{}", "[]", #"{"parameters":{"devices":1}}"#])
    func unreadable(message: String) {
        #expect {
            try Reply(message: Array(message.utf8), as: ListReply.self)
        } throws: { fault in
            guard case .unreadable? = fault as? ReplyFault else { return false }
            return true
        }
    }

    @Test("continues stands only in replies that more follow")
    func continues() throws {
        let last = Response.list([]).encoded(for: .everybody)
        #expect(text(last) == "{\"parameters\":{\"devices\":[]}}\0")
        let more = Response.list([]).encoded(for: .everybody, continues: true)
        #expect(try Reply(message: more.dropLast(), as: ListReply.self).continues)
    }

    @Test("Everybody's status has no path and no line of a file")
    func redaction() throws {
        let bytes = Response.status(Samples.host).encoded(for: .everybody)
        #expect(!text(bytes).contains("/etc/") && !text(bytes).contains("sise"))
        let host = try Reply(message: bytes.dropLast(), as: HostStatus.self).parameters
        #expect(host.configProblemCount == 1 && host.configFile == nil && host.configState == .lastGood)
    }

    @Test("A number that JSON cannot hold becomes an error, not silence")
    func notANumber() {
        var device = Samples.device
        device.lastRecovery?.downtimeSeconds = .nan
        #expect(text(Response.list([device]).encoded(for: .admin)).contains("org.ublkd.Failed"))
    }

    @Test("An event as a script sees it")
    func goldenEvent() {
        let sent = text(Response.events([Samples.event]).encoded(for: .admin, continues: true).dropLast())
        #expect(
            sent == #"{"continues":true,"parameters":{"events":[{"cause":"signal:9","device":"data","#
                + #""downtimeSeconds":0.052,"kind":"recovered","message":"recovered after signal:9","#
                + #""scope":"worker","seq":12,"time":"2026-08-01T12:34:56.789Z"}]}}"#)
    }

    @Test("A list as a script sees it")
    func golden() {
        let sent = text(Response.list([Samples.bareDevice]).encoded(for: .everybody).dropLast())
        #expect(
            sent == #"{"parameters":{"devices":[{"message":"","name":"new","owner":"ours","queues":[],"#
                + #""reason":"none","recoveries":0,"since":"2026-08-01T12:34:56.789Z","state":"absent","#
                + #""target":"null"}]}}"#)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func asArray() -> [UInt8] { Array(self) }
}

extension Reply {
    fileprivate init(message: ArraySlice<UInt8>, as type: Parameters.Type) throws(ReplyFault) {
        try self.init(message: message.asArray(), as: type)
    }
}
