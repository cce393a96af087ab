import ArgumentParser

/// What names a job on the command line: its number, its name, or `group/name`.
struct JobReference: ExpressibleByArgument, Sendable {
    let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The job, and the answer that told of it.
    ///
    /// - Throws: `CommandError` when no job is called so, or several are.
    func find(_ api: APIClient) async throws -> (job: JobAnswer, answer: APIAnswer) {
        let id: Int64
        if let number = Int64(text) { id = number } else { id = try await named(api).id }
        let answer = try await api.get("/api/v1/jobs/\(id)")
        return (try answer.decoded(), answer)
    }

    /// The job's number; one that is a number already may belong to a job that is gone.
    ///
    /// - Throws: `CommandError` when no job is called so, or several are.
    func number(_ api: APIClient) async throws -> String {
        if let number = Int64(text) { return String(number) }
        return String(try await find(api).job.id)
    }

    private func named(_ api: APIClient) async throws -> JobAnswer {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        var found = try await Self.jobs(api, name: text, group: nil)
        if found.isEmpty, parts.count == 2 {
            found = try await Self.jobs(api, name: parts[1], group: parts[0])
        }
        guard let first = found.first else {
            throw CommandError(.refused, "there is no job \(text.printable); see kpush jobs list")
        }
        guard found.count == 1 else {
            let all = found.map { "\($0.group)/\($0.name)" }.joined(separator: ", ")
            throw CommandError(.refused, "several jobs are called \(text): \(all); say which")
        }
        return first
    }

    /// The jobs that are called `name`.
    static func jobs(_ api: APIClient, name: String, group: String?) async throws -> [JobAnswer] {
        let answer = try await api.get("/api/v1/jobs", [("name", name), ("group", group), ("limit", "500")])
        return try answer.decoded(APIPage<JobAnswer>.self).items
    }
}

extension JobAnswer {
    /// Every job, the oldest first.
    ///
    /// - Throws: `APIError` when the server does not tell.
    static func all(_ api: APIClient) async throws(APIError) -> [JobAnswer] {
        var jobs: [JobAnswer] = []
        var before: String?
        repeat {
            let answer = try await api.get("/api/v1/jobs", [("before", before), ("limit", "500")])
            let page: APIPage<JobAnswer> = try answer.decoded()
            jobs += page.items
            before = page.next?.text
        } while before != nil
        return jobs.reversed()
    }
}
