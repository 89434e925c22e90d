internal import FoundationEssentials
internal import StatusWire

/// The one top object of `--json`: `version` and the members of the answer, in sorted order, on one line.
struct JSONDocument: Encodable {
    /// Raised only if a member's meaning ever had to change; members are added without it.
    static var version: Int { 1 }

    let members: [String: any Encodable]

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What came as JSON can be written as JSON; the fall-back is for a defect of our own.
        guard let data = try? encoder.encode(self) else {
            return
                #"{"error":{"code":"failed","exit":1,"message":"the answer cannot be written as JSON"},"version":1}"#
        }
        return String(decoding: data, as: UTF8.self)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(Self.version, forKey: Key(stringValue: "version"))
        for (name, value) in members {
            try encode(value, as: name, in: &object)
        }
    }

    private func encode(
        _ value: some Encodable, as name: String, in object: inout KeyedEncodingContainer<Key>
    ) throws {
        try object.encode(value, forKey: Key(stringValue: name))
    }
}

/// A failure in JSON.
struct FailureDocument: Encodable {
    let code: String
    let exit: Int32
    let message: String
    let name: String?
    let holders: [Holder]?
    let problems: [Problem]?

    init(_ failure: Failure, exitStatus: Int32) {
        code = failure.kind.rawValue
        exit = exitStatus
        message = failure.message
        name = failure.device
        holders = failure.holders.isEmpty ? nil : failure.holders
        problems = failure.problems.isEmpty ? nil : failure.problems
    }
}
