/// One device as its administrators may see it. In JSON the fields of the summary and these stand side
/// by side in one object.
public struct DeviceDetail: Sendable, Equatable {
    public var summary: DeviceSummary
    /// The backend's path, for targets that have one.
    public var path: String?
    /// Effective configuration: key to value, as the file would spell it, defaults included.
    public var options: [String: String]
    /// nil while the device does not exist.
    public var geometry: DeviceGeometry?
    public var modes: DeviceModes?
    /// nil without a worker.
    public var memory: WorkerMemory?
    /// Whether the backend is open for direct I/O now.
    public var directIO: Bool
    /// What was granted differently from what was asked, in sentences.
    public var warnings: [String]
    /// The summary's message with paths and causes.
    public var detailMessage: String
    /// The owner mark in the kernel, hexadecimal; empty while the device does not exist.
    public var cookie: String
    /// Names of the device's feature flags in the kernel.
    public var flags: [String]

    public init(
        summary: DeviceSummary, path: String? = nil, options: [String: String] = [:],
        geometry: DeviceGeometry? = nil, modes: DeviceModes? = nil, memory: WorkerMemory? = nil,
        directIO: Bool = false, warnings: [String] = [], detailMessage: String = "", cookie: String = "",
        flags: [String] = []
    ) {
        self.summary = summary
        self.path = path
        self.options = options
        self.geometry = geometry
        self.modes = modes
        self.memory = memory
        self.directIO = directIO
        self.warnings = warnings
        self.detailMessage = detailMessage
        self.cookie = cookie
        self.flags = flags
    }
}

extension DeviceDetail: Codable {
    private enum CodingKeys: String, CodingKey {
        case path, options, geometry, modes, memory, directIO, warnings, detailMessage, cookie, flags
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            summary: try DeviceSummary(from: decoder),
            path: try fields.decodeIfPresent(String.self, forKey: .path),
            options: try fields.decode([String: String].self, forKey: .options),
            geometry: try fields.decodeIfPresent(DeviceGeometry.self, forKey: .geometry),
            modes: try fields.decodeIfPresent(DeviceModes.self, forKey: .modes),
            memory: try fields.decodeIfPresent(WorkerMemory.self, forKey: .memory),
            directIO: try fields.decode(Bool.self, forKey: .directIO),
            warnings: try fields.decode([String].self, forKey: .warnings),
            detailMessage: try fields.decode(String.self, forKey: .detailMessage),
            cookie: try fields.decode(String.self, forKey: .cookie),
            flags: try fields.decode([String].self, forKey: .flags))
    }

    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(path, forKey: .path)
        try fields.encode(options, forKey: .options)
        try fields.encodeIfPresent(geometry, forKey: .geometry)
        try fields.encodeIfPresent(modes, forKey: .modes)
        try fields.encodeIfPresent(memory, forKey: .memory)
        try fields.encode(directIO, forKey: .directIO)
        try fields.encode(warnings, forKey: .warnings)
        try fields.encode(detailMessage, forKey: .detailMessage)
        try fields.encode(cookie, forKey: .cookie)
        try fields.encode(flags, forKey: .flags)
    }
}
