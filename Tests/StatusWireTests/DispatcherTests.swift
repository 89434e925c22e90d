import StatusWire
import Testing

@Suite("What the server makes of a message")
struct DispatcherTests {
    private let dispatcher = Dispatcher(service: ServiceInfo(version: "1.2.3"))

    private func dispatch(_ text: String, from access: Access = .admin) -> Dispatcher.Dispatch {
        dispatcher.dispatch(Array(text.utf8), from: access)
    }

    private func replyText(_ dispatch: Dispatcher.Dispatch) -> String? {
        guard case .reply(let bytes) = dispatch, bytes.last == 0 else { return nil }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    static let requests: [Request] = [
        .status, .list(name: nil), .list(name: "data"), .show(name: "data"), .reload(recreate: []),
        .reload(recreate: ["data", "logs"]), .start(names: ["data"]), .stop(names: ["data"], force: false),
        .stop(names: ["a", "b"], force: true), .recover(name: "data", queues: []),
        .recover(name: "data", queues: [0, 3]), .restart(names: ["a", "b"]),
        .upgrade(names: [], force: false), .upgrade(names: ["a", "b"], force: true), .plan,
        .subscribe(since: nil), .subscribe(since: 0), .subscribe(since: 12),
        .cleanup(name: "3", dryRun: false), .cleanup(name: "data", dryRun: true),
    ]

    @Test("Each call of the client arrives as the same request", arguments: requests)
    func roundTrip(request: Request) throws {
        var decoder = FrameDecoder()
        decoder.append(request.encoded())
        let message = try #require(try decoder.next())
        let flags = CallFlags(more: request.method.needsMore)
        #expect(dispatcher.dispatch(message, from: .admin) == .request(request, flags: flags))
        #expect(decoder.pendingBytes == 0)
    }

    @Test("What only administrators may call is denied to others, before its parameters are looked at")
    func access() {
        for request in Self.requests {
            let message = Array(request.encoded().dropLast())
            let answer = dispatcher.dispatch(message, from: .everybody)
            if [.status, .list].contains(request.method) {
                #expect(answer == .request(request, flags: CallFlags()))
            } else {
                #expect(
                    replyText(answer) == #"{"error":"org.varlink.service.PermissionDenied","parameters":{}}"#)
            }
        }
        let wrong = dispatch(#"{"method":"org.ublkd.Stop","parameters":{"nmaes":1}}"#, from: .everybody)
        #expect(replyText(wrong)?.contains("PermissionDenied") == true)
    }

    @Test(
        "Wrong calls get the error that names what is wrong",
        arguments: [
            (#"{"method":"org.ublkd.Show"}"#, "InvalidParameter", #"{"parameter":"name"}"#),
            (#"{"method":"org.ublkd.Show","parameters":null}"#, "InvalidParameter", #"{"parameter":"name"}"#),
            (
                #"{"method":"org.ublkd.Show","parameters":{"name":1}}"#, "InvalidParameter",
                #"{"parameter":"name"}"#
            ),
            (
                #"{"method":"org.ublkd.Stop","parameters":{"names":["a"],"forse":true}}"#, "InvalidParameter",
                #"{"parameter":"forse"}"#
            ),
            (
                #"{"method":"org.ublkd.Recover","parameters":{"name":"a","queues":[1.5]}}"#,
                "InvalidParameter",
                #"{"parameter":"queues"}"#
            ),
            (
                #"{"method":"org.ublkd.Status","parameters":[1]}"#, "InvalidParameter",
                #"{"parameter":"parameters"}"#
            ),
            (#"{"method":"org.ublkd.List","upgrade":true}"#, "InvalidParameter", #"{"parameter":"upgrade"}"#),
            (
                #"{"method":"org.ublkd.Subscribe","more":true,"parameters":{"since":-1}}"#,
                "InvalidParameter", #"{"parameter":"since"}"#
            ),
            (#"{"method":"org.ublkd.Cleanup"}"#, "InvalidParameter", #"{"parameter":"name"}"#),
            (
                #"{"method":"org.ublkd.Plan","parameters":{"name":"a"}}"#, "InvalidParameter",
                #"{"parameter":"name"}"#
            ),
            (#"{"method":"org.ublkd.Subscribe"}"#, "ExpectedMore", "{}"),
            (#"{"method":"org.ublkd.Nope"}"#, "MethodNotFound", #"{"method":"org.ublkd.Nope"}"#),
            (
                #"{"method":"org.varlink.service.Nope"}"#, "MethodNotFound",
                #"{"method":"org.varlink.service.Nope"}"#
            ),
            (#"{"method":"org.other.Status"}"#, "InterfaceNotFound", #"{"interface":"org.other"}"#),
            (#"{"method":"Status"}"#, "InterfaceNotFound", #"{"interface":"Status"}"#),
            (
                #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"x"}}"#,
                "InterfaceNotFound", #"{"interface":"x"}"#
            ),
        ])
    func wrongCalls(text: String, error: String, parameters: String) {
        #expect(
            replyText(dispatch(text))
                == #"{"error":"org.varlink.service."# + error + #"","parameters":"# + parameters + "}")
    }

    @Test(
        "What is no call ends the connection",
        arguments: [
            "", "nonsense", "[]", "{}", "{\"method\":1}", "{\"method\":\"org.ublkd.Status\"", "\u{FEFF}",
            "{\"method\":\"org.ublkd.Status\",\"more\":\"yes\"}",
            "{\"method\":\"org.ublkd.Status\",\"parameters\":" + String(repeating: "[", count: 60_000),
        ])
    func noCall(text: String) {
        guard case .hangUp(let reason) = dispatch(text) else {
            Issue.record("not hung up on: \(text.prefix(40))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("Deep nesting is an answer or a hang-up, never a crash")
    func deep() {
        let deep = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        _ = dispatch(#"{"method":"org.ublkd.Show","parameters":{"name":"# + deep + "}}")
    }

    @Test("Calls with bytes changed, cut out and doubled are answered or hung up on, never more")
    func mutated() {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
        for round in 0..<3000 {
            var message = Array(Self.requests[round % Self.requests.count].encoded().dropLast())
            for _ in 0...random(4) where !message.isEmpty {
                let place = random(message.count)
                switch random(3) {
                case 0: message[place] = UInt8(random(256))
                case 1: message.removeSubrange(place..<min(message.count, place + 1 + random(8)))
                default: message.insert(contentsOf: message[place...].prefix(random(16)), at: place)
                }
            }
            if case .reply(let bytes) = dispatcher.dispatch(message, from: .everybody) {
                #expect(bytes.last == 0 && bytes.count > 1 && !bytes.dropLast().contains(0))
            }
        }
    }

    @Test("A caller who wants no reply gets none, but his request is carried out")
    func oneway() {
        #expect(dispatch(#"{"method":"org.ublkd.Nope","oneway":true}"#) == .ignore)
        #expect(dispatch(#"{"method":"org.ublkd.Show","oneway":true}"#, from: .everybody) == .ignore)
        #expect(
            dispatch(#"{"method":"org.ublkd.Status","oneway":true}"#)
                == .request(.status, flags: CallFlags(oneway: true)))
        #expect(
            dispatch(#"{"method":"org.ublkd.List","more":true}"#)
                == .request(.list(name: nil), flags: CallFlags(more: true)))
    }

    @Test("A subscription that could not be answered is none")
    func subscribeOneway() throws {
        let text = #"{"method":"org.ublkd.Subscribe","more":true,"oneway":true}"#
        #expect(dispatch(text) == .ignore)
        let sent = Request.cleanup(name: "3", dryRun: false).encoded(oneway: true).dropLast()
        #expect(
            dispatcher.dispatch(Array(sent), from: .admin)
                == .request(.cleanup(name: "3", dryRun: false), flags: CallFlags(oneway: true)))
    }

    @Test("The service describes itself to everybody")
    func introspection() throws {
        let info = try #require(
            replyText(dispatch(#"{"method":"org.varlink.service.GetInfo"}"#, from: .everybody)))
        let answer = try Reply(message: Array(info.utf8), as: ServiceInfo.self).parameters
        #expect(answer.product == "ublkd" && answer.version == "1.2.3")
        #expect(answer.interfaces == ["org.varlink.service", "org.ublkd"])

        for name in answer.interfaces {
            let call =
                #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":""#
                + name + #""}}"#
            let text = try #require(replyText(dispatch(call, from: .everybody)))
            let description = try Reply(message: Array(text.utf8), as: InterfaceDescription.self)
            #expect(description.parameters.description.contains("interface \(name)\n"))
        }
    }
}
