import Testing

@testable import ublkd

/// Every byte of `whole` cut off, and every bit of it turned.
func damages(of whole: [UInt8]) -> [[UInt8]] {
    let cut = (0..<whole.count).map { Array(whole[..<$0]) }
    let turned = whole.indices.flatMap { at in
        (0..<8).map { bit in
            var copy = whole
            copy[at] ^= 1 << UInt8(bit)
            return copy
        }
    }
    return cut + turned
}

@Suite("A sealed text") struct SealedTextTests {
    private static let texts = [
        "", "\n", "{\"a\":1}", "# a comment\n[device.data]\nx = 1\n", String(repeating: "é", count: 300),
    ]

    @Test(arguments: texts) func comesBackWhole(text: String) {
        let body = Array(text.utf8)
        #expect(SealedText.unseal(SealedText.seal(body, kind: "test"), kind: "test") == body)
    }

    @Test(arguments: texts) func isToldFromEveryDamagedOne(text: String) {
        for damaged in damages(of: SealedText.seal(Array(text.utf8), kind: "test")) {
            #expect(SealedText.unseal(damaged, kind: "test") == nil)
        }
    }

    @Test func isToldFromAnotherKindAndFromALongerOne() {
        let sealed = SealedText.seal([1, 2, 3], kind: "test")
        #expect(SealedText.unseal(sealed, kind: "tes") == nil)
        #expect(SealedText.unseal(sealed + [4], kind: "test") == nil)
        #expect(SealedText.unseal([1, 2, 3], kind: "test") == nil)
    }
}
