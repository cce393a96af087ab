package import Groundwork

extension JobService {
    /// The versions of a job, the newest first, those older than `after`; also of a job that is gone.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - after: the number of the last version that was read; nil begins with the newest.
    ///   - limit: how many are read, from 1 to 500.
    /// - Returns: the versions; none when there never was such a job.
    /// - Throws: `SchedulerError.store` when the store cannot be read.
    package func versions(
        of id: JobID,
        after: Int64? = nil,
        limit: Int = 50
    ) async throws(SchedulerError) -> Page<JobVersion, Int64> {
        try await storing { () async throws(StoreError) in
            try await history.versions(of: id, after: after, limit: min(max(1, limit), 500))
        }
    }

    /// What a job was under one version.
    ///
    /// - Parameters:
    ///   - number: the job's version.
    ///   - id: the job, which may be gone.
    /// - Returns: the version.
    /// - Throws: `SchedulerError.notFound` when it is not in the history.
    package func version(_ number: Int64, of id: JobID) async throws(SchedulerError) -> JobVersion {
        let version = try await storing { () async throws(StoreError) in
            try await history.version(number, of: id)
        }
        guard let version else { throw .notFound("version \(number) of job \(id)") }
        return version
    }
}
