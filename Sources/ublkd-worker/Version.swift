/// Version of the program, as `hello` and `--version` tell it.
enum Version {
    static var text: String { "0.1.0" }
}
