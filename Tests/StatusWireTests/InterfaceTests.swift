import Foundation
import StatusWire
import Testing

@Suite("The interface text against the Swift types")
struct InterfaceTests {
    private let ublkd: InterfaceParser
    private let service: InterfaceParser

    init() throws {
        ublkd = try InterfaceParser(InterfaceText.ublkd.definition)
        service = try InterfaceParser(InterfaceText.service.definition)
    }

    @Test("Every method is defined, and no other")
    func methods() {
        #expect(ublkd.name == "org.ublkd" && service.name == "org.varlink.service")
        let defined =
            ublkd.calls.keys.map { "org.ublkd." + $0 }
            + service.calls.keys.map { "org.varlink.service." + $0 }
        #expect(Set(defined) == Set(Method.allCases.map(\.rawValue)))
    }

    @Test("Every error is defined with its parameters, and no other")
    func errors() throws {
        var seen: Set<String> = []
        for error in ReplyTests.allErrors {
            let interface = error.name.hasPrefix("org.ublkd.") ? ublkd : service
            let short = try #require(error.name.split(separator: ".").last.map(String.init))
            let fields = try #require(interface.errors[short], "\(error.name) is not in the text")
            let sent = try object(error.encoded())
            try check(try #require(sent["parameters"]), against: fields, at: error.name)
            seen.insert(error.name)
        }
        let defined =
            ublkd.errors.keys.map { "org.ublkd." + $0 }
            + service.errors.keys.map { "org.varlink.service." + $0 }
        #expect(seen == Set(defined))
    }

    @Test("Every call sends what is defined", arguments: DispatcherTests.requests)
    func calls(request: Request) throws {
        let sent = try object(request.encoded())
        let short = try #require(request.method.rawValue.split(separator: ".").last.map(String.init))
        try check(
            try #require(sent["parameters"]), against: try #require(ublkd.calls[short]), at: short)
    }

    @Test("Every reply holds what is defined, with all optional fields and with none")
    func replies() throws {
        let bareHost = HostStatus(
            version: "1", pid: 1, startedAt: Samples.moment, instance: "x", configState: .current,
            kernel: KernelSummary(release: "7", features: "0x1", family: "modern"), counts: [:],
            foreignDevices: [ForeignDevice(id: 1)])
        let bareOutcome = DeviceOutcome(name: "a", outcome: .done, state: .live)
        let bareReload = ReloadOutcome(name: "a", changeClass: .add, action: .start, outcome: .done)
        let barePlan = PlannedChange(name: "a", changeClass: .add, action: .start)
        let bareEvent = EventRecord(seq: 1, time: Samples.moment, kind: .begun, message: "")
        let bareCleanup = CleanupReply(device: ForeignDevice(id: 1), removed: false, message: "")
        let bareSteps = LastRecovery(
            cause: .stall, scope: .worker, startedAt: Samples.moment, steps: RecoverySteps())
        var recovering = Samples.bareDevice
        recovering.lastRecovery = bareSteps

        let all: [(String, Response)] = [
            ("Status", .status(Samples.host)), ("Status", .status(bareHost)),
            ("List", .list([Samples.device, Samples.bareDevice, recovering])),
            ("Show", .show(Samples.detail)), ("Show", .show(DeviceDetail(summary: Samples.bareDevice))),
            ("Reload", .reload([Samples.reloadOutcome, bareReload])),
            ("Start", .start([Samples.outcome, bareOutcome])), ("Stop", .stop([Samples.outcome])),
            ("Recover", .recover([bareOutcome])), ("Restart", .restart([Samples.outcome])),
            ("Upgrade", .upgrade([Samples.outcome, bareOutcome])),
            ("Plan", .plan([Samples.plannedChange, barePlan])),
            ("Subscribe", .events([Samples.event, bareEvent, Samples.gap])), ("Subscribe", .events([])),
            ("Cleanup", .cleanup(Samples.cleanup)), ("Cleanup", .cleanup(bareCleanup)),
        ]
        for (name, response) in all {
            let sent = try object(response.encoded(for: .admin))
            try check(
                try #require(sent["parameters"]), against: try #require(ublkd.replies[name]), at: name)
        }
        #expect(Set(all.map(\.0)) == Set(ublkd.replies.keys))
    }

    @Test("A filled sample leaves out no defined field")
    func complete() throws {
        var seen: [String: Set<String>] = [:]
        for response in [
            Response.status(Samples.host), .show(Samples.detail), .list([Samples.device]),
            .reload([Samples.reloadOutcome]), .start([Samples.outcome]), .plan([Samples.plannedChange]),
            .events([Samples.event, Samples.gap]),
        ] {
            let sent = try object(response.encoded(for: .admin))
            let name = try #require(response.name)
            collect(try #require(sent["parameters"]), as: try #require(ublkd.replies[name]), name, &seen)
        }
        for (type, fields) in ublkd.types {
            #expect(seen[type] == Set(fields.keys), "\(type)")
        }
    }

    @Test("Every word of a fixed set stands in a comment")
    func words() {
        let comments = Set(ublkd.comments.split(separator: " ").map(String.init))
        let words =
            DeviceState.allCases.map(\.rawValue) + DeviceReason.allCases.map(\.rawValue)
            + QueueState.allCases.map(\.rawValue) + KernelState.allCases.map(\.rawValue)
            + DeviceOwner.allCases.map(\.rawValue) + RecoveryScope.allCases.map(\.rawValue)
            + HostStatus.ConfigState.allCases.map(\.rawValue) + Holder.Kind.allCases.map(\.rawValue)
            + DeviceOutcome.Outcome.allCases.map(\.rawValue) + ReloadOutcome.Class.allCases.map(\.rawValue)
            + ReloadOutcome.Action.allCases.map(\.rawValue) + ReloadOutcome.Outcome.allCases.map(\.rawValue)
            + Problem.Severity.allCases.map(\.rawValue) + EventRecord.Kind.allCases.map(\.rawValue)
        #expect(words.filter { !comments.contains($0) } == [])
    }

    // MARK: - JSON against a definition

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(bytes.dropLast()))
        return try #require(value as? [String: Any])
    }

    private func check(_ value: Any, against fields: InterfaceParser.Fields, at place: String) throws {
        let object = try #require(value as? [String: Any], "\(place) is no object")
        #expect(
            Set(object.keys).subtracting(fields.keys).isEmpty, "\(place) sends fields that are not defined")
        for (name, kind) in fields {
            let place = "\(place).\(name)"
            if case .optional(let inner) = kind {
                if let value = object[name] { try check(value, is: inner, at: place) }
            } else {
                try check(try #require(object[name], "\(place) is missing"), is: kind, at: place)
            }
        }
    }

    private func check(_ value: Any, is kind: InterfaceParser.Kind, at place: String) throws {
        switch kind {
        case .bool: #expect(value is Bool, "\(place)")
        case .int:
            let number = try #require(value as? NSNumber, "\(place)")
            #expect(number.doubleValue == number.doubleValue.rounded(), "\(place)")
        case .float: #expect(value is NSNumber, "\(place)")
        case .string: #expect(value is String, "\(place)")
        case .object: break
        case .named(let name):
            try check(value, against: try #require(ublkd.types[name], "type \(name)"), at: place)
        case .array(let inner):
            for item in try #require(value as? [Any], "\(place)") { try check(item, is: inner, at: place) }
        case .map(let inner):
            for (key, item) in try #require(value as? [String: Any], "\(place)") {
                try check(item, is: inner, at: "\(place)[\(key)]")
            }
        case .optional(let inner): try check(value, is: inner, at: place)
        }
    }

    private func collect(
        _ value: Any, as fields: InterfaceParser.Fields, _ type: String, _ seen: inout [String: Set<String>]
    ) {
        guard let object = value as? [String: Any] else { return }
        seen[type, default: []].formUnion(object.keys)
        for (name, kind) in fields {
            var inner = kind
            if case .optional(let wrapped) = inner { inner = wrapped }
            var items = object[name].map { [$0] } ?? []
            if case .array(let element) = inner {
                inner = element
                items = items.flatMap { $0 as? [Any] ?? [] }
            }
            guard case .named(let named) = inner, let definition = ublkd.types[named] else { continue }
            for item in items { collect(item, as: definition, named, &seen) }
        }
    }
}

extension Response {
    fileprivate var name: String? {
        switch self {
        case .status: "Status"
        case .list: "List"
        case .show: "Show"
        case .reload: "Reload"
        case .start: "Start"
        case .stop: "Stop"
        case .recover: "Recover"
        case .restart: "Restart"
        case .upgrade: "Upgrade"
        case .plan: "Plan"
        case .events: "Subscribe"
        case .cleanup: "Cleanup"
        }
    }
}
