internal import StatusWire

/// One run of a command: its options, its deadline and its connection, made when first needed.
struct Session {
    let options: CommonOptions
    let console: Console
    let deadline: Deadline
    private var client: Client?

    init(options: CommonOptions, console: Console) {
        self.options = options
        self.console = console
        deadline = Deadline(after: options.limit)
    }

    /// Asks and waits for one answer.
    mutating func call<Answer: Decodable & Sendable>(
        _ request: Request, as type: Answer.Type, verb: String, forceHelps: Bool = false
    ) throws(Failure) -> Answer {
        let connection = try connection()
        do {
            return try connection.call(request, as: type, verb: verb, forceHelps: forceHelps)
        } catch {
            // A broken connection stays broken; the next call makes a new one.
            if error.kind == .notRunning { client = nil }
            throw error
        }
    }

    /// Asks and takes answers until `take` says false or ublkd ends; `--timeout` holds only where it was given.
    mutating func follow<Answer: Decodable & Sendable>(
        _ request: Request, as type: Answer.Type, verb: String, take: (Answer) -> Bool
    ) throws(Failure) {
        let connection = try connection()
        defer { hangUp() }
        guard take(try connection.call(request, as: type, verb: verb)) else { return }
        if options.timeout == nil { connection.waitWithoutEnd() }
        while take(try connection.nextAnswer(as: type, verb: verb)) {}
    }

    /// Asks without waiting for an answer.
    mutating func send(_ request: Request) throws(Failure) {
        try connection().send(request.encoded(oneway: true))
    }

    /// Ends the connection; the next call makes a new one.
    mutating func hangUp() { client = nil }

    private mutating func connection() throws(Failure) -> Client {
        if let client { return client }
        let made = try Client.connect(to: options.socket, until: deadline)
        client = made
        return made
    }

    /// Every device of this ublkd, foreign ones left out, in name order.
    mutating func devices(verb: String) throws(Failure) -> [DeviceSummary] {
        try call(.list(name: nil), as: ListReply.self, verb: verb).devices
            .filter { $0.owner != .foreign }
            .sorted { $0.name < $1.name }
    }

    /// The devices that the user's words name, each once, in his order; all of them when he named none.
    mutating func devices(named words: [String], verb: String) throws(Failure) -> [DeviceSummary] {
        let all = try devices(verb: verb)
        return words.isEmpty ? all : try DeviceWord.resolve(words, in: all)
    }

    /// Sleeps, but not past the deadline.
    func pause(milliseconds: Int32) { deadline.pause(milliseconds: milliseconds) }
}
