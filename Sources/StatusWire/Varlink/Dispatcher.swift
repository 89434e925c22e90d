/// The server's side of the protocol without its sockets: a message in, what to do with it out.
///
/// The dispatcher answers `org.varlink.service` itself and turns away what is malformed or not permitted;
/// what remains is a `Request` for the supervisor.
public struct Dispatcher: Sendable {
    public enum Dispatch: Sendable, Equatable {
        /// To be carried out, then answered by `Response.encoded` or `WireError.encoded`, unless
        /// `flags.oneway`.
        case request(Request, flags: CallFlags)
        /// To be sent as it is.
        case reply([UInt8])
        /// Nothing to do: an error of a caller who wants no reply.
        case ignore
        /// No Varlink: the connection is to be closed. The text is for the log.
        case hangUp(String)
    }

    private let service: ServiceInfo

    public init(service: ServiceInfo) { self.service = service }

    /// - Parameters:
    ///   - message: one message without its NUL, as `FrameDecoder` cuts it.
    ///   - access: what the sender may do.
    public func dispatch(_ message: [UInt8], from access: Access) -> Dispatch {
        let call: IncomingCall
        do {
            call = try JSONText.value(IncomingCall.self, from: message)
        } catch {
            return .hangUp("a message that is no Varlink call (\(message.count) bytes)")
        }

        let answer: [UInt8]
        // Permission first: who may not call a method is not told about its parameters either.
        if let method = Method(rawValue: call.methodName), method.accessRequired > access {
            answer = WireError.permissionDenied.encoded()
        } else {
            switch call.content {
            case .request(let request) where request.method.needsMore && !call.flags.takesSeveral:
                answer = WireError.expectedMore.encoded()
            case .request(let request): return .request(request, flags: call.flags)
            case .refused(let error): answer = error.encoded()
            case .getInfo: answer = encodedReply(service)
            case .getInterfaceDescription(let name):
                if let text = InterfaceText.all.first(where: { $0.name == name }) {
                    answer = encodedReply(InterfaceDescription(description: text.definition))
                } else {
                    answer = WireError.interfaceNotFound(interface: name).encoded()
                }
            }
        }
        return call.flags.oneway ? .ignore : .reply(answer)
    }
}
