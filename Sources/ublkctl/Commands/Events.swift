internal import ArgumentParser
internal import StatusWire

struct Events: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what happened, newest last.",
        discussion: """
            One line an event: its number, the time in UTC, the device ('-': ublkd itself), the kind and a \
            sentence. ublkd keeps the last 1024 events of its life; numbers begin with 1 when it begins. \
            Where events are missing, because they are not kept any more or because ublkd was restarted since \
            number SEQ, the first line has the kind 'gap'.

            With --follow the command goes on with every new event until it is interrupted; it ends with \
            status 3 when ublkd ends, and with 124 after --timeout, if that is given. With --json each \
            batch of events is one object on a line of its own; its member is "events".

            Examples:
              ublkctl events --since 120
              ublkctl events --follow --json | jq -c .events[]
            """)

    @Flag(help: "Go on with what happens from now on.")
    var follow = false

    @Option(help: ArgumentHelp("Only what came after this number.", valueName: "seq"))
    var since: UInt64 = 0

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let request = Request.subscribe(since: since)
        guard follow else {
            let events = try session.call(request, as: EventsReply.self, verb: "events").events
            session.hangUp()
            return Report(text: EventText.rendered(events), members: ["events": events])
        }
        let console = session.console
        try session.follow(request, as: EventsReply.self, verb: "events") { reply in
            guard !reply.events.isEmpty else { return true }
            Report(text: EventText.rendered(reply.events), members: ["events": reply.events])
                .write(to: console, common)
            return !console.outputFailed
        }
        return Report(isSaid: true)
    }
}
