#if UBLKD_TEST_POINTS
    public import CUblk
#endif

/// Places where a test can kill or stall the process that comes by (CUblk/test_points.h). Nothing is left of
/// them in a build without UBLKD_TEST_POINTS; none lies on the path of a request.
public enum TestPoint {
    @inlinable @inline(__always)
    public static func pass(_ name: @autoclosure () -> String) {
        #if UBLKD_TEST_POINTS
            cu_test_point(name())
        #endif
    }
}
