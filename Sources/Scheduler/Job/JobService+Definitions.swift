import Groundwork

extension JobService {
    /// What applying a definition came to.
    package enum Application: Hashable, Sendable {
        case created(Job)
        case updated(Job)
        case unchanged(Job)
    }

    /// Brings the jobs in line with `definitions`: adds what is missing and updates what was applied from
    /// another text.
    ///
    /// An unchanged definition changes nothing, so what an operator edited stays until the definition
    /// changes. A job that an operator disabled stays disabled; a definition switches its job only when its
    /// own switch changed.
    ///
    /// - Throws: `SchedulerError` for the first definition that cannot be applied; those before it are.
    package func apply(_ definitions: [JobDefinition]) async throws(SchedulerError) -> [Application] {
        var applied: [Application] = []
        for definition in definitions { applied.append(try await apply(definition)) }
        return applied
    }

    /// Applies a definition, also while other processes do, which may have started at the same moment.
    private func apply(_ definition: JobDefinition) async throws(SchedulerError) -> Application {
        try await lookingAgain { () async throws(SchedulerError) in try await applyOnce(definition) }
    }

    private func applyOnce(_ definition: JobDefinition) async throws(SchedulerError) -> Application {
        let filter = JobFilter(group: definition.spec.group, name: definition.spec.name)
        let fingerprint = definition.fingerprint
        guard let job = try await list(filter, limit: 1).elements.first else {
            let created = try await create(
                definition.spec,
                isEnabled: definition.isEnabled,
                definition: fingerprint
            )
            return .created(created)
        }
        guard job.definition != fingerprint else { return .unchanged(job) }
        let was = JobDefinition.wasEnabled(job.definition) ?? true
        // All at once: of a change that is known as applied nothing may be missing.
        let updated = try await update(
            job.id,
            version: job.version,
            to: definition.spec,
            isEnabled: was == definition.isEnabled ? nil : definition.isEnabled,
            definition: fingerprint
        )
        return .updated(updated)
    }
}
