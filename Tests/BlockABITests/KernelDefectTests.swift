import BlockABI
import Testing

struct KernelDefectTests {
    @Test(arguments: ["6.18.5", "6.18.5+deb13-cloud-amd64", "6.18.5-200.fc43.x86_64", "6.18.5-rt1"])
    func theOneThatIsProvenBad(release: String) throws {
        let defect = try #require(KernelDefect(release: release))
        #expect(defect.message.contains("Linux \(release) "))
        #expect(defect.message.contains("boot"))
    }

    /// What was not seen to fail is used.
    @Test(arguments: [
        "6.18.4", "6.18.6", "6.18.9+deb13-cloud-amd64", "6.18.15", "6.18.50", "6.18", "6.18-rc5", "6.1.18.5",
        "5.18.5", "16.18.5", "7.3.4+deb13-cloud-amd64", "6.12.95+deb12-cloud-amd64", "", "unknown", "..",
        "v6.18.5",
    ])
    func others(release: String) { #expect(KernelDefect(release: release) == nil) }
}
