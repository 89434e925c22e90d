import Glibc

/// Seconds of CPU that the calling thread spends in `body`. Unlike the clock on the wall, they do not depend on the tests
/// that run beside it.
public func cpuSeconds(of body: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let began = now()
    body()
    return now() - began
}
