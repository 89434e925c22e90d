/// One call as it came in: its envelope, and its parameters as far as they could be read.
struct IncomingCall: Decodable {
    enum Content {
        case request(Request)
        case getInfo
        case getInterfaceDescription(interface: String)
        case refused(WireError)
    }

    let methodName: String
    let flags: CallFlags
    let content: Content

    private enum Key: String, CodingKey {
        case method, parameters, more, oneway, upgrade
    }

    init(from decoder: any Decoder) throws {
        let call = try decoder.container(keyedBy: Key.self)
        methodName = try call.decode(String.self, forKey: .method)
        flags = CallFlags(
            more: try call.decodeIfPresent(Bool.self, forKey: .more) ?? false,
            oneway: try call.decodeIfPresent(Bool.self, forKey: .oneway) ?? false,
            upgrade: try call.decodeIfPresent(Bool.self, forKey: .upgrade) ?? false)

        guard let method = Method(rawValue: methodName) else {
            content = .refused(Self.unknownMethod(methodName))
            return
        }
        guard !flags.upgrade else {
            content = .refused(.invalidParameter(parameter: "upgrade"))
            return
        }
        let parameters: ParameterReader
        do {
            if call.contains(.parameters), try !call.decodeNil(forKey: .parameters) {
                parameters = ParameterReader(
                    try call.nestedContainer(keyedBy: ParameterReader.Key.self, forKey: .parameters))
            } else {
                parameters = ParameterReader(nil)
            }
        } catch {
            content = .refused(.invalidParameter(parameter: "parameters"))
            return
        }
        content = Self.content(of: method, parameters)
    }

    private static func unknownMethod(_ name: String) -> WireError {
        let interface = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        let known = InterfaceText.all.contains { $0.name == interface }
        return known ? .methodNotFound(method: name) : .interfaceNotFound(interface: interface)
    }

    private static func content(of method: Method, _ parameters: ParameterReader) -> Content {
        do throws(WireError) {
            var reader = parameters
            let content: Content =
                switch method {
                case .getInfo: .getInfo
                case .getInterfaceDescription:
                    .getInterfaceDescription(interface: try reader.required("interface", String.self))
                case .status: .request(.status)
                case .list: .request(.list(name: try reader.optional("name", String.self)))
                case .show: .request(.show(name: try reader.required("name", String.self)))
                case .reload:
                    .request(.reload(recreate: try reader.optional("recreate", [String].self) ?? []))
                case .start: .request(.start(names: try reader.required("names", [String].self)))
                case .stop:
                    .request(
                        .stop(
                            names: try reader.required("names", [String].self),
                            force: try reader.optional("force", Bool.self) ?? false))
                case .recover:
                    .request(
                        .recover(
                            name: try reader.required("name", String.self),
                            queues: try reader.optional("queues", [Int].self) ?? []))
                case .restart: .request(.restart(names: try reader.required("names", [String].self)))
                case .upgrade:
                    .request(
                        .upgrade(
                            names: try reader.optional("names", [String].self) ?? [],
                            force: try reader.optional("force", Bool.self) ?? false))
                case .plan: .request(.plan)
                case .subscribe:
                    .request(.subscribe(since: try reader.optional("since", UInt64.self)))
                case .cleanup:
                    .request(
                        .cleanup(
                            name: try reader.required("name", String.self),
                            dryRun: try reader.optional("dryRun", Bool.self) ?? false))
                }
            try reader.finish()
            return content
        } catch {
            return .refused(error)
        }
    }
}

/// Reads parameters by name and remembers which it was asked for, so that a misspelt one is an error
/// and not silently without effect.
struct ParameterReader {
    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let fields: KeyedDecodingContainer<Key>?
    private var asked: Set<String> = []

    init(_ fields: KeyedDecodingContainer<Key>?) { self.fields = fields }

    mutating func optional<Value: Decodable>(
        _ name: String, _ type: Value.Type
    ) throws(WireError) -> Value? {
        asked.insert(name)
        do {
            return try fields?.decodeIfPresent(type, forKey: Key(stringValue: name))
        } catch {
            throw .invalidParameter(parameter: name)
        }
    }

    mutating func required<Value: Decodable>(
        _ name: String, _ type: Value.Type
    ) throws(WireError) -> Value {
        guard let value = try optional(name, type) else { throw .invalidParameter(parameter: name) }
        return value
    }

    /// - Throws: `invalidParameter` with the first name, in alphabetical order, that nobody asked for.
    func finish() throws(WireError) {
        let unknown = (fields?.allKeys ?? []).map(\.stringValue).filter { !asked.contains($0) }
        if let name = unknown.min() { throw .invalidParameter(parameter: name) }
    }
}
