internal import StatusWire

/// What a command has to say: a text and a JSON document of the same content, and what failed.
struct Report {
    /// For standard output, with its line ends.
    var text = ""
    /// Members beside `version`.
    var members: [String: any Encodable] = [:]
    var failures: [Failure] = []
    /// A device that was asked for is not as it should be, which the text tells already.
    var isUnwell = false
    /// Everything was written as it came.
    var isSaid = false
    /// Printed as it is, in place of text or JSON: a document of a format of its own.
    var verbatim: String?

    /// The failures' own status when they agree on one, else 1.
    var exitStatus: Int32 {
        let all = Set(failures.map(\.kind.exitStatus))
        guard let first = all.first else { return isUnwell ? Failure.Kind.failed.exitStatus : 0 }
        return all.count == 1 ? first : Failure.Kind.failed.exitStatus
    }

    func write(to console: Console, _ options: CommonOptions) {
        if isSaid && failures.isEmpty { return }
        if let verbatim {
            console.out(verbatim)
            return
        }
        if options.json {
            // Quiet or not: an error is worth its object.
            if !options.quiet || !failures.isEmpty { writeJSON(to: console) }
            return
        }
        if !options.quiet { console.out(text) }
        for failure in failures {
            for problem in failure.problems { console.err(problem.rendered + "\n") }
            console.err("ublkctl: \(printable(failure.message))\n")
        }
    }

    func writeJSON(to console: Console) {
        var members = members
        if let first = failures.first {
            members["error"] = FailureDocument(first, exitStatus: exitStatus)
            if failures.count > 1 {
                members["errors"] = failures.map { FailureDocument($0, exitStatus: $0.kind.exitStatus) }
            }
        }
        console.out(JSONDocument(members: members).text + "\n")
    }
}
