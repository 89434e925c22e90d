/// A Varlink interface in its own definition language, for `GetInterfaceDescription`.
public struct InterfaceText: Sendable, Equatable {
    public let name: String
    public let definition: String

    public static var all: [InterfaceText] { [service, ublkd] }

    /// The general interface of every Varlink service, as far as ours goes.
    public static var service: InterfaceText {
        InterfaceText(
            name: "org.varlink.service",
            definition: """
                # What every Varlink service answers.
                interface org.varlink.service

                # Who answers here, and which interfaces it has.
                method GetInfo() -> (
                  vendor: string,
                  product: string,
                  version: string,
                  url: string,
                  interfaces: []string
                )

                # The definition of one interface.
                method GetInterfaceDescription(interface: string) -> (description: string)

                error InterfaceNotFound (interface: string)
                error MethodNotFound (method: string)
                error MethodNotImplemented (method: string)
                error InvalidParameter (parameter: string)
                error PermissionDenied ()
                # The method has several replies: call it with "more".
                error ExpectedMore ()

                """)
    }
}
