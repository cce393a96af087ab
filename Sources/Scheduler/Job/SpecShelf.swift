package import Groundwork
import Synchronization

/// The specs of jobs that were read before.
///
/// A job is planned again and again, and nothing of its row costs as much to read as its spec. A version of a job has one
/// spec for ever, so what lies here is never wrong.
package final class SpecShelf: Sendable {
    private let specs = Mutex<[JobID: (version: Int64, spec: JobSpec)]>([:])

    /// The most specs that are kept; one more clears the shelf.
    private static let limit = 20_000

    package init() {}

    /// The spec of a job at a version, read only where it does not lie here.
    ///
    /// - Parameters:
    ///   - job: whose spec it is.
    ///   - version: the job's version in the row that is read.
    ///   - read: reads the spec.
    /// - Returns: the spec.
    /// - Throws: what `read` throws.
    package func spec(
        of job: JobID,
        version: Int64,
        orElse read: () throws -> JobSpec
    ) rethrows -> JobSpec {
        let kept = specs.withLock { $0[job] }
        if let kept, kept.version == version { return kept.spec }
        let spec = try read()
        specs.withLock { specs in
            if specs.count >= Self.limit { specs = [:] }
            specs[job] = (version, spec)
        }
        return spec
    }
}
