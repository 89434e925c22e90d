import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    /// Which configuration files are read, in which order, and which are refused.
    @Suite struct ConfigurationFilesTests {
        private let scratch = Scratch()

        private func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
            let path = scratch.file(name)
            let fd = try Fd.open(path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            #expect(Glibc.write(fd.raw, text, text.utf8.count) == text.utf8.count)
            #expect(chmod(path, mode) == 0)
        }

        private func read() -> ConfigurationFiles { ConfigurationFiles(main: scratch.file("ublkd.toml")) }

        private func problems() -> [String] {
            read().problems.map { "\($0.path.dropFirst(scratch.path.utf8.count + 1)) \($0.message)" }
        }

        @Test func theMainFileThenDropInsInNameOrder() throws {
            mkdir(scratch.file("devices.d"), 0o755)
            try write("ublkd.toml", "a = 1\n")
            for name in ["b.toml", "10.toml", "2.toml", ".hidden.toml", "x.toml~", "README", "B.toml"] {
                try write("devices.d/\(name)", name)
            }
            let files = read()
            #expect(files.problems.isEmpty)
            #expect(
                files.files.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                    "a = 1\n", "10.toml", "2.toml", "B.toml", "b.toml",
                ])
            #expect(files.files[1].path == scratch.file("devices.d/10.toml"))
        }

        @Test func noDropInsAreNoProblem() throws {
            try write("ublkd.toml", "")
            #expect(read().problems.isEmpty && read().files.count == 1)
        }

        @Test func allProblemsAtOnce() throws {
            mkdir(scratch.file("devices.d"), 0o755)
            mkdir(scratch.file("devices.d/dir.toml"), 0o755)
            #expect(mkfifo(scratch.file("devices.d/fifo.toml"), 0o644) == 0)
            try write("devices.d/good.toml", "")
            try write("devices.d/group.toml", "", mode: 0o664)
            try write("devices.d/world.toml", "", mode: 0o646)
            #expect(symlink("nowhere", scratch.file("devices.d/zlink.toml")) == 0)
            #expect(
                problems() == [
                    "ublkd.toml cannot be opened: ENOENT (no such file or directory)",
                    "devices.d/dir.toml is not a regular file", "devices.d/fifo.toml is not a regular file",
                    "devices.d/group.toml can be written by the group \(getegid()): not used",
                    "devices.d/world.toml can be written by everybody: not used",
                    "devices.d/zlink.toml cannot be opened: ENOENT (no such file or directory)",
                ])
            #expect(read().files.map(\.path) == [scratch.file("devices.d/good.toml")])
        }

        @Test func aDirectoryThatOthersMayWriteIsRefused() throws {
            mkdir(scratch.file("devices.d"), 0o755)
            try write("ublkd.toml", "")
            try write("devices.d/a.toml", "")
            #expect(chmod(scratch.file("devices.d"), 0o777) == 0)
            #expect(
                problems() == [
                    "devices.d/a.toml is in the directory \(scratch.file("devices.d")), which can be written by "
                        + "everybody: not used"
                ])
            #expect(chmod(scratch.file("devices.d"), 0o1777) == 0)
            #expect(problems().isEmpty)
        }

        /// A link is as good as the place it leads to.
        @Test func linksAreFollowedToTheirDirectory() throws {
            mkdir(scratch.file("open"), 0o755)
            try write("open/real.toml", "a = 1")
            #expect(symlink("open/real.toml", scratch.file("ublkd.toml")) == 0)
            #expect(read().files.count == 1)
            #expect(chmod(scratch.file("open"), 0o777) == 0)
            #expect(problems().count == 1)
        }

        @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
        func aFileOfAnotherUserIsRefused() throws {
            try write("ublkd.toml", "")
            #expect(chown(scratch.file("ublkd.toml"), 1234, 0) == 0)
            #expect(problems() == ["ublkd.toml can be written by user 1234, who owns it: not used"])
            #expect(ConfigurationFiles(main: scratch.file("ublkd.toml"), trusted: 1234).problems.isEmpty)
        }

        @Test func aFileOfMoreThanAMebibyteIsRefused() throws {
            try write("ublkd.toml", String(repeating: "#", count: ConfigurationFiles.sizeLimit))
            #expect(read().files.first?.bytes.count == ConfigurationFiles.sizeLimit)
            try write("ublkd.toml", String(repeating: "#", count: ConfigurationFiles.sizeLimit + 1))
            #expect(problems() == ["ublkd.toml is larger than 1 MiB"])
        }

        @Test func noDescriptorStaysOpen() throws {
            try write("ublkd.toml", "")
            #expect(!changesDescriptors { _ = read() })
        }
    }
}
