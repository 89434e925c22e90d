/// The version of the whole product: ublkd, its workers and ublkctl are released together.
public enum ProductVersion {
    public static var text: String { "0.1.0" }
}
