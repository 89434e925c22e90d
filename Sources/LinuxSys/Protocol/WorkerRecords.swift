internal import BlockABI

extension WorkerRequest {
    public var record: [UInt8] {
        switch self {
        case .configure(let spec):
            var w = RecordWriter(kind: 1)
            w.put(ChildProtocol.version)
            spec.write(to: &w)
            return w.bytes
        case .attach(let device, let fetchNow, let affinity):
            var w = RecordWriter(kind: 2)
            w.put(device)
            w.put(fetchNow)
            w.put(cpuLists: affinity)
            return w.bytes
        case .fetch:
            return RecordWriter(kind: 3).bytes
        case .probe(let number):
            var w = RecordWriter(kind: 4)
            w.put(number)
            return w.bytes
        case .recoverQueue(let queue):
            var w = RecordWriter(kind: 5)
            w.put(queue)
            return w.bytes
        case .giveUpQueue(let queue, let errno):
            var w = RecordWriter(kind: 6)
            w.put(queue)
            w.put(errno.rawValue)
            return w.bytes
        case .limitRequests(let milliseconds):
            var w = RecordWriter(kind: 7)
            w.put(milliseconds)
            return w.bytes
        case .admit: return RecordWriter(kind: 8).bytes
        }
    }

    public init(record: [UInt8]) throws(RecordError) {
        var r = try RecordReader(record)
        switch r.kind {
        case 1:
            guard try r.take(UInt32.self) == ChildProtocol.version else { throw RecordError() }
            self = .configure(try WorkerSpec(from: &r))
        case 2:
            self = .attach(device: try r.take(), fetchNow: try r.takeBool(), affinity: try r.takeCPULists())
        case 3: self = .fetch
        case 4: self = .probe(try r.take())
        case 5: self = .recoverQueue(try r.take())
        case 6: self = .giveUpQueue(try r.take(), Errno(try r.take(Int32.self)))
        case 7: self = .limitRequests(try r.take())
        case 8: self = .admit
        default: throw RecordError()
        }
    }
}

extension WorkerReply {
    public var record: [UInt8] {
        switch self {
        case .hello(let version, let pid, let build):
            var w = RecordWriter(kind: 1)
            w.put(version)
            w.put(pid)
            w.put(build)
            return w.bytes
        case .prepared(let facts):
            var w = RecordWriter(kind: 2)
            facts.write(to: &w)
            return w.bytes
        case .attached: return RecordWriter(kind: 3).bytes
        case .serving: return RecordWriter(kind: 4).bytes
        case .failed(let stage, let errno, let what):
            var w = RecordWriter(kind: 5)
            w.put(stage.rawValue)
            w.put(errno.rawValue)
            w.put(what)
            return w.bytes
        case .ended: return RecordWriter(kind: 6).bytes
        case .queueNeedsBackend(let queue, let errno): return Self.record(7, queue, errno)
        case .queueNotRecovered(let queue, let errno): return Self.record(9, queue, errno)
        case .queueRecovered(let queue):
            var w = RecordWriter(kind: 8)
            w.put(queue)
            return w.bytes
        case .ready: return RecordWriter(kind: 10).bytes
        }
    }

    private static func record(_ kind: UInt16, _ queue: UInt16, _ errno: Errno) -> [UInt8] {
        var w = RecordWriter(kind: kind)
        w.put(queue)
        w.put(errno.rawValue)
        return w.bytes
    }

    public init(record: [UInt8]) throws(RecordError) {
        var r = try RecordReader(record)
        switch r.kind {
        case 1: self = .hello(protocolVersion: try r.take(), pid: try r.take(), build: try r.takeString())
        case 2: self = .prepared(try BackendFacts(from: &r))
        case 3: self = .attached
        case 4: self = .serving
        case 5:
            guard let stage = WorkerStage(rawValue: try r.take()) else { throw RecordError() }
            self = .failed(stage: stage, errno: Errno(try r.take(Int32.self)), what: try r.takeString())
        case 6: self = .ended
        case 7: self = .queueNeedsBackend(try r.take(), Errno(try r.take(Int32.self)))
        case 8: self = .queueRecovered(try r.take())
        case 9: self = .queueNotRecovered(try r.take(), Errno(try r.take(Int32.self)))
        case 10: self = .ready
        default: throw RecordError()
        }
    }
}

extension WorkerSpec {
    fileprivate func write(to w: inout RecordWriter) {
        w.put(name)
        if let faults {
            // Stands before the target that it is over.
            w.put(UInt8(5))
            w.put(faults.delay)
            w.put(faults.errorShare)
            w.put(faults.hangEvery)
        }
        switch target {
        case .null(let size):
            w.put(UInt8(1))
            w.put(size)
        case .memory(let size):
            w.put(UInt8(2))
            w.put(size)
        case .file(let file):
            w.put(UInt8(3))
            w.put(file.path)
            w.put(file.size != nil)
            w.put(file.size ?? 0)
            w.put(file.create)
            w.put(file.directIO)
            w.put(file.expected)
        case .failing(let size):
            w.put(UInt8(4))
            w.put(size)
        }
        w.put(readOnly)
        w.put(discard)
        w.put(queues)
        w.put(queueDepth)
        w.put(maxIO)
        w.put(lockMemory)
        w.put(cpuLists: cpus)
        w.put(uid)
        w.put(gid)
        w.put(requestLimit)
        w.put(opensOnOrder)
        w.put(diskBlock)
    }

    fileprivate init(from r: inout RecordReader) throws(RecordError) {
        name = try r.takeString()
        var kind = try r.take(UInt8.self)
        if kind == 5 {
            faults = InjectedFaults(
                delay: try r.take(), errorShare: try r.take(), hangEvery: try r.take())
            kind = try r.take()
        }
        switch kind {
        case 1: target = .null(size: try r.take())
        case 2: target = .memory(size: try r.take())
        case 3:
            let path = try r.takeString()
            let sized = try r.takeBool()
            let size = try r.take(UInt64.self)
            target = .file(
                FileTarget(
                    path: path, size: sized ? size : nil, create: try r.takeBool(),
                    directIO: try r.takeBool(), expected: try r.takeIdentity()))
        case 4: target = .failing(size: try r.take())
        default: throw RecordError()
        }
        readOnly = try r.takeBool()
        discard = try r.takeBool()
        queues = try r.take()
        queueDepth = try r.take()
        maxIO = try r.take()
        lockMemory = try r.takeBool()
        cpus = try r.takeCPULists()
        uid = try r.take()
        gid = try r.take()
        requestLimit = try r.take()
        opensOnOrder = try r.takeBool()
        diskBlock = try r.take()
    }
}

extension BackendFacts {
    func write(to w: inout RecordWriter) {
        w.put(size)
        w.put(logicalBlock)
        w.put(physicalBlock)
        w.put(optimalIO)
        w.put(identity)
        for flag in [directIO, canDiscard, canWriteZeroes, volatileCache, rotational, readOnly] {
            w.put(flag)
        }
        w.put(discardGranularity)
        w.put(warnings)
    }

    init(from r: inout RecordReader) throws(RecordError) {
        self.init(
            size: try r.take(), logicalBlock: try r.take(), physicalBlock: try r.take(),
            optimalIO: try r.take(), identity: try r.takeIdentity())
        directIO = try r.takeBool()
        canDiscard = try r.takeBool()
        canWriteZeroes = try r.takeBool()
        volatileCache = try r.takeBool()
        rotational = try r.takeBool()
        readOnly = try r.takeBool()
        discardGranularity = try r.take()
        warnings = try r.takeStrings()
    }
}

extension RecordWriter {
    mutating func put(_ identity: BackendIdentity) {
        let (kind, a, b): (UInt8, UInt64, UInt64) =
            switch identity {
            case .none: (0, 0, 0)
            case .memory(let inode): (1, inode, 0)
            case .file(let device, let inode): (2, device, inode)
            case .blockDevice(let number): (3, number, 0)
            }
        put(kind)
        put(a)
        put(b)
    }

    fileprivate mutating func put(cpuLists: [[Int32]]) {
        put(UInt32(truncatingIfNeeded: cpuLists.count))
        for list in cpuLists {
            put(UInt32(truncatingIfNeeded: list.count))
            for cpu in list { put(cpu) }
        }
    }
}

extension RecordReader {
    mutating func takeIdentity() throws(RecordError) -> BackendIdentity {
        let (kind, a, b) = (try take(UInt8.self), try take(UInt64.self), try take(UInt64.self))
        switch kind {
        case 0: return .none
        case 1: return .memory(inode: a)
        case 2: return .file(device: a, inode: b)
        case 3: return .blockDevice(number: a)
        default: throw RecordError()
        }
    }

    fileprivate mutating func takeCPULists() throws(RecordError) -> [[Int32]] {
        var lists: [[Int32]] = []
        for _ in 0..<(try take(UInt32.self)) {
            var list: [Int32] = []
            for _ in 0..<(try take(UInt32.self)) { list.append(try take()) }
            lists.append(list)
        }
        return lists
    }
}
