internal import BlockABI

extension AgentRequest {
    public var record: [UInt8] {
        var w = RecordWriter(kind: work.kind)
        w.put(token)
        w.put(deadline)
        switch work {
        case .addDevice(let info):
            w.put(info.id)
            w.put(info.queues)
            w.put(info.queueDepth)
            w.put(info.maxIO)
            w.put(info.flags.rawValue)
            w.put(info.cookie)
        case .setParameters(let device, let parameters):
            w.put(device)
            w.put(raw: parameters)
        case .startDevice(let device, let pid), .endUserRecovery(let device, let pid):
            w.put(device)
            w.put(pid)
        case .stopDevice(let device), .tryStopDevice(let device), .deleteDevice(let device): w.put(device)
        case .stopUnclaimedDevice(let device, let node):
            w.put(device)
            w.put(node)
        case .startUserRecovery(let device, let retry):
            w.put(device)
            w.put(retry)
        case .filler(let device, let queues, let depth):
            w.put(device)
            w.put(queues)
            w.put(depth)
        case .writeAttribute(let path, let value):
            w.put(path)
            w.put(value)
        case .openAttribute(let path, let writable):
            w.put(path)
            w.put(writable)
        case .setNodeAccess(let path, let uid, let gid, let mode):
            w.put(path)
            w.put(uid)
            w.put(gid)
            w.put(mode)
        case .compareBackend(let path, let identity):
            w.put(path)
            w.put(identity)
        case .growBackend(let path, let identity, let size, let mayGrow):
            w.put(path)
            w.put(identity)
            w.put(size)
            w.put(mayGrow)
        case .openBackend(let path, let identity, let size, let readOnly, let directIO):
            w.put(path)
            w.put(identity)
            w.put(size)
            w.put(readOnly)
            w.put(directIO)
        case .quiesceDevice(let device, let milliseconds):
            w.put(device)
            w.put(milliseconds)
        case .updateSize(let device, let sectors):
            w.put(device)
            w.put(sectors)
        case .syncFileSystem(let path): w.put(path)
        case .cancel(let other): w.put(other)
        }
        return w.bytes
    }

    public init(record: [UInt8]) throws(RecordError) {
        var r = try RecordReader(record)
        token = try r.take()
        deadline = try r.take()
        switch r.kind {
        case 1:
            work = .addDevice(
                DeviceInfo(
                    id: try r.take(), queues: try r.take(), queueDepth: try r.take(), maxIO: try r.take(),
                    flags: DeviceFlags(rawValue: try r.take()), cookie: try r.take()))
        case 2: work = .setParameters(device: try r.take(), parameters: try r.takeRaw())
        case 3: work = .startDevice(device: try r.take(), serverPID: try r.take())
        case 4: work = .stopDevice(device: try r.take())
        case 5: work = .deleteDevice(device: try r.take())
        case 6: work = .startUserRecovery(device: try r.take(), retryMicroseconds: try r.take())
        case 7: work = .endUserRecovery(device: try r.take(), serverPID: try r.take())
        case 8: work = .filler(device: try r.take(), queues: try r.take(), queueDepth: try r.take())
        case 9: work = .writeAttribute(path: try r.takeString(), value: try r.takeString())
        case 10:
            work = .setNodeAccess(
                path: try r.takeString(), uid: try r.take(), gid: try r.take(), mode: try r.take())
        case 11: work = .cancel(token: try r.take())
        case 12: work = .tryStopDevice(device: try r.take())
        case 13: work = .compareBackend(path: try r.takeString(), try r.takeIdentity())
        case 14:
            work = .growBackend(
                path: try r.takeString(), try r.takeIdentity(), size: try r.take(), mayGrow: try r.takeBool())
        case 15: work = .quiesceDevice(device: try r.take(), milliseconds: try r.take())
        case 16: work = .updateSize(device: try r.take(), sectors: try r.take())
        case 17:
            work = .openBackend(
                path: try r.takeString(), try r.takeIdentity(), size: try r.take(),
                readOnly: try r.takeBool(), directIO: try r.takeBool())
        case 18: work = .stopUnclaimedDevice(device: try r.take(), node: try r.takeString())
        case 19: work = .syncFileSystem(path: try r.takeString())
        case 20: work = .openAttribute(path: try r.takeString(), writable: try r.takeBool())
        default: throw RecordError()
        }
    }
}

extension AgentWork {
    fileprivate var kind: UInt16 {
        switch self {
        case .addDevice: 1
        case .setParameters: 2
        case .startDevice: 3
        case .stopDevice: 4
        case .deleteDevice: 5
        case .startUserRecovery: 6
        case .endUserRecovery: 7
        case .filler: 8
        case .writeAttribute: 9
        case .setNodeAccess: 10
        case .cancel: 11
        case .tryStopDevice: 12
        case .compareBackend: 13
        case .growBackend: 14
        case .quiesceDevice: 15
        case .updateSize: 16
        case .openBackend: 17
        case .stopUnclaimedDevice: 18
        case .syncFileSystem: 19
        case .openAttribute: 20
        }
    }
}

extension AgentReply {
    public var record: [UInt8] {
        switch self {
        case .hello(let version, let pid):
            var w = RecordWriter(kind: 1)
            w.put(version)
            w.put(pid)
            return w.bytes
        case .submitted(let token):
            var w = RecordWriter(kind: 2)
            w.put(token)
            return w.bytes
        case .done(let token, let result, let payload, let at):
            var w = RecordWriter(kind: 3)
            w.put(token)
            w.put(result)
            w.put(raw: payload)
            w.put(at)
            return w.bytes
        }
    }

    public init(record: [UInt8]) throws(RecordError) {
        var r = try RecordReader(record)
        switch r.kind {
        case 1: self = .hello(protocolVersion: try r.take(), pid: try r.take())
        case 2: self = .submitted(token: try r.take())
        case 3:
            self = .done(
                token: try r.take(), result: try r.take(), payload: try r.takeRaw(),
                atNanoseconds: try r.take())
        default: throw RecordError()
        }
    }
}
