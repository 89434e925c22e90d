extension Request {
    /// The call as a client sends it, with its closing NUL. `oneway`: no reply is wanted.
    public func encoded(oneway: Bool = false) -> [UInt8] {
        let call = OutgoingCall(request: self, oneway: oneway)
        // Strings, integers and flags: there is nothing in a call that JSON cannot hold.
        let text = (try? JSONText.bytes(of: call)) ?? []
        return text + [0]
    }
}

private struct OutgoingCall: Encodable {
    let request: Request
    let oneway: Bool

    private enum Key: String, CodingKey {
        case method, parameters, more, oneway
    }

    private enum Parameter: String, CodingKey {
        case name, names, recreate, force, queues, since, dryRun
    }

    func encode(to encoder: any Encoder) throws {
        var call = encoder.container(keyedBy: Key.self)
        try call.encode(request.method.rawValue, forKey: .method)
        if request.method.needsMore { try call.encode(true, forKey: .more) }
        if oneway { try call.encode(true, forKey: .oneway) }
        var parameters = call.nestedContainer(keyedBy: Parameter.self, forKey: .parameters)
        switch request {
        case .status, .plan:
            break
        case .list(let name):
            try parameters.encodeIfPresent(name, forKey: .name)
        case .show(let name):
            try parameters.encode(name, forKey: .name)
        case .reload(let recreate):
            if !recreate.isEmpty { try parameters.encode(recreate, forKey: .recreate) }
        case .start(let names), .restart(let names):
            try parameters.encode(names, forKey: .names)
        case .stop(let names, let force):
            try parameters.encode(names, forKey: .names)
            if force { try parameters.encode(force, forKey: .force) }
        case .upgrade(let names, let force):
            if !names.isEmpty { try parameters.encode(names, forKey: .names) }
            if force { try parameters.encode(force, forKey: .force) }
        case .recover(let name, let queues):
            try parameters.encode(name, forKey: .name)
            if !queues.isEmpty { try parameters.encode(queues, forKey: .queues) }
        case .subscribe(let since):
            try parameters.encodeIfPresent(since, forKey: .since)
        case .cleanup(let name, let dryRun):
            try parameters.encode(name, forKey: .name)
            if dryRun { try parameters.encode(dryRun, forKey: .dryRun) }
        }
    }
}
