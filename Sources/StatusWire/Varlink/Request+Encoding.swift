extension Request {
    /// The call as a client sends it, with its closing NUL.
    public func encoded() -> [UInt8] {
        let call = OutgoingCall(request: self)
        // Strings, integers and flags: there is nothing in a call that JSON cannot hold.
        let text = (try? JSONText.bytes(of: call)) ?? []
        return text + [0]
    }
}

private struct OutgoingCall: Encodable {
    let request: Request

    private enum Key: String, CodingKey {
        case method, parameters
    }

    private enum Parameter: String, CodingKey {
        case name, names, recreate, force, queues
    }

    func encode(to encoder: any Encoder) throws {
        var call = encoder.container(keyedBy: Key.self)
        try call.encode(request.method.rawValue, forKey: .method)
        var parameters = call.nestedContainer(keyedBy: Parameter.self, forKey: .parameters)
        switch request {
        case .status:
            break
        case .list(let name):
            try parameters.encodeIfPresent(name, forKey: .name)
        case .show(let name):
            try parameters.encode(name, forKey: .name)
        case .reload(let recreate):
            if !recreate.isEmpty { try parameters.encode(recreate, forKey: .recreate) }
        case .start(let names):
            try parameters.encode(names, forKey: .names)
        case .stop(let names, let force):
            try parameters.encode(names, forKey: .names)
            if force { try parameters.encode(force, forKey: .force) }
        case .recover(let name, let queues):
            try parameters.encode(name, forKey: .name)
            if !queues.isEmpty { try parameters.encode(queues, forKey: .queues) }
        }
    }
}
