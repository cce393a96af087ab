package import Groundwork

extension JobService {
    /// The versions of a job, the newest first, those older than `after`, each with what it changed; also of a job that is gone.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - after: the number of the last version that was read; nil begins with the newest.
    ///   - limit: how many are read, from 1 to 500.
    /// - Returns: the versions.
    /// - Throws: `SchedulerError.notFound` when there never was such a job; `.store` when the store cannot be read.
    package func versions(
        of id: JobID,
        after: Int64? = nil,
        limit: Int = 50
    ) async throws(SchedulerError) -> Page<VersionStep, Int64> {
        let limit = min(max(1, limit), 500)
        // One more tells what the last of them changed.
        let found = try await storing { () async throws(StoreError) in
            try await history.versions(of: id, after: after, limit: limit + 1).elements
        }
        guard after != nil || !found.isEmpty else { throw .notFound("job \(id)") }
        let steps = found.enumerated()
            .map { place, version in
                VersionStep(version, since: found.indices.contains(place + 1) ? found[place + 1] : nil)
            }
        return Page(steps, limit: limit, key: \.version.number)
    }

    /// What a job was under one version.
    ///
    /// - Parameters:
    ///   - number: the job's version.
    ///   - id: the job, which may be gone.
    /// - Returns: the version.
    /// - Throws: `SchedulerError.notFound` when it is not in the history; `.store` when the store cannot be read.
    package func version(_ number: Int64, of id: JobID) async throws(SchedulerError) -> JobVersion {
        let version = try await storing { () async throws(StoreError) in
            try await history.version(number, of: id)
        }
        guard let version else { throw .notFound("version \(number) of job \(id)") }
        return version
    }

    /// Makes of a job what it was under an earlier version, as a new version that is checked as any change; whether its schedule is
    /// on stays as it is.
    ///
    /// - Parameters:
    ///   - number: the earlier version.
    ///   - id: the job.
    ///   - version: the job's version that was looked at.
    /// - Returns: the job as it is now.
    /// - Throws: `SchedulerError.notFound` when there is no such job or version; `.conflict` when the job was changed since, or another
    ///   has the name that it had; `.invalid` when the earlier version would not be accepted today.
    package func restore(
        _ number: Int64,
        of id: JobID,
        version: Int64
    ) async throws(SchedulerError) -> Job {
        try await update(id, version: version, to: self.version(number, of: id).spec)
    }
}
