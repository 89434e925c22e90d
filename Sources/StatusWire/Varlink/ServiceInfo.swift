/// The reply to `org.varlink.service.GetInfo`.
public struct ServiceInfo: Codable, Sendable, Equatable {
    public var vendor: String
    public var product: String
    public var version: String
    public var url: String
    public var interfaces: [String]

    public init(vendor: String = "ublkd", product: String = "ublkd", version: String, url: String = "") {
        self.vendor = vendor
        self.product = product
        self.version = version
        self.url = url
        self.interfaces = InterfaceText.all.map(\.name)
    }
}

/// The reply to `org.varlink.service.GetInterfaceDescription`.
public struct InterfaceDescription: Codable, Sendable, Equatable {
    public var description: String
    public init(description: String) { self.description = description }
}
