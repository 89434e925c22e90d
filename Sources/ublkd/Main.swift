import LinuxSys

@main
enum Main {
    // Nonisolated work begins in `Ublkd.run`: closures made in `main` would belong to the main actor.
    static func main() { Host.exit(Ublkd.run(CommandLine.arguments)) }
}
