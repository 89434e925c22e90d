internal import CUblk

extension StatusHeader {
    init(reading header: UnsafePointer<cu_status_header>) {
        let page = PageReader(base: UnsafeRawPointer(header))
        generation = page.load(\cu_status_header.generation)
        workerPID = page.load(\cu_status_header.worker_pid)
        fetchedAt = page.load(\cu_status_header.fetched_ns)
        firstIOAt = page.load(\cu_status_header.first_io_ns)
    }
}

extension QueueStatus {
    init(reading block: UnsafePointer<cu_queue_status>) {
        let page = PageReader(base: UnsafeRawPointer(block))
        index = page.load(\cu_queue_status.index)
        state = QueueState(rawValue: page.load(\cu_queue_status.state))
        threadID = page.load(\cu_queue_status.tid)
        inflight = page.load(\cu_queue_status.inflight)
        reads = page.load(\cu_queue_status.reads)
        writes = page.load(\cu_queue_status.writes)
        flushes = page.load(\cu_queue_status.flushes)
        others = page.load(\cu_queue_status.others)
        readBytes = page.load(\cu_queue_status.read_bytes)
        writeBytes = page.load(\cu_queue_status.write_bytes)
        errors = page.load(\cu_queue_status.errors)
        recoveries = page.load(\cu_queue_status.recoveries)
        lastProgressAt = page.load(\cu_queue_status.last_progress_ns)
        fetchedAt = page.load(\cu_queue_status.fetched_ns)
        firstIOAt = page.load(\cu_queue_status.first_io_ns)
        probeAsked = page.load(\cu_queue_status.probe_asked)
        probeAnswered = page.load(\cu_queue_status.probe_answered)
        failures = Self.failures(of: errors, in: page)
    }

    /// The records that the ring of failures holds after `total` of them, oldest first.
    private static func failures(of total: UInt64, in page: PageReader) -> [FailedRequest] {
        let room = UInt64(CU_ERROR_RECORDS)
        let kept = min(total, room)
        let table = MemoryLayout<cu_queue_status>.offset(of: \.error) ?? 0
        return (total - kept..<total).map { number in
            let record = PageReader(
                base: page.base + table + Int(number % room) * MemoryLayout<cu_error_record>.stride)
            return FailedRequest(
                at: record.load(\cu_error_record.at_ns), sector: record.load(\cu_error_record.sector),
                operation: record.load(\cu_error_record.op), result: record.load(\cu_error_record.result),
                tag: record.load(\cu_error_record.tag), sectors: record.load(\cu_error_record.sectors))
        }
    }
}

/// Reads single words that another process may be writing.
private struct PageReader {
    let base: UnsafeRawPointer

    func load<Root>(_ field: KeyPath<Root, UInt64>) -> UInt64 { cu_load64(address(field)) }
    func load<Root>(_ field: KeyPath<Root, UInt32>) -> UInt32 { cu_load32(address(field)) }
    func load<Root>(_ field: KeyPath<Root, Int32>) -> Int32 { cu_load_i32(address(field)) }

    private func address<Root, T>(_ field: KeyPath<Root, T>) -> UnsafePointer<T> {
        (base + (MemoryLayout<Root>.offset(of: field) ?? 0)).assumingMemoryBound(to: T.self)
    }
}
