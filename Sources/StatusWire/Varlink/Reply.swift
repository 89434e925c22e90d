/// What a client reads: the parameters of one reply, and whether more of them follow.
public struct Reply<Parameters: Decodable & Sendable>: Sendable {
    public let parameters: Parameters
    public let continues: Bool

    /// Reads one message, without its NUL.
    ///
    /// - Throws: `.refused` with the error the server sent, `.unreadable` for what is no reply to this call.
    public init(message: [UInt8], as type: Parameters.Type) throws(ReplyFault) {
        let reply: IncomingReply<Parameters>
        do {
            reply = try JSONText.value(IncomingReply<Parameters>.self, from: message)
        } catch {
            throw .unreadable("\(error)")
        }
        switch reply {
        case .answer(let parameters, let continues):
            self.parameters = parameters
            self.continues = continues
        case .error(let error):
            throw .refused(error)
        }
    }
}

/// Why a message is no answer.
public enum ReplyFault: Error, Sendable {
    /// The server answered with an error.
    case refused(WireError)
    /// The message is not a reply of the expected form; the text says where.
    case unreadable(String)
}

private enum IncomingReply<Parameters: Decodable>: Decodable {
    case answer(Parameters, continues: Bool)
    case error(WireError)

    private enum Key: String, CodingKey {
        case parameters, continues, error
    }

    init(from decoder: any Decoder) throws {
        let reply = try decoder.container(keyedBy: Key.self)
        if reply.contains(.error), try !reply.decodeNil(forKey: .error) {
            self = .error(try WireError(from: decoder))
            return
        }
        let parameters = try reply.decode(Parameters.self, forKey: .parameters)
        let continues = try reply.decodeIfPresent(Bool.self, forKey: .continues) ?? false
        self = .answer(parameters, continues: continues)
    }
}
