import Foundation

/// An executor group as xxl-job stores it in `xxl_job_group`.
struct XXLJobGroup: Hashable, Sendable {
    let id: Int
    let appName: String
    /// What people call it.
    let title: String
    /// Empty when executors register themselves.
    let manualAddresses: [String]
    /// Whether executors of the group show a token of their own (since 3.5).
    let hasToken: Bool

    /// Reads a row.
    ///
    /// - Throws: `DumpError` when a column that every version has is missing or makes no sense.
    init(_ row: DumpRow) throws(DumpError) {
        id = try row.number("id") ?? 0
        appName = (try row.text("app_name") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        // It was `title` up to 3.4.2.
        let isNamed = row.has("name") || row.has("title")
        let title = isNamed ? try row.text("name", "title") ?? "" : ""
        self.title = title.trimmingCharacters(in: .whitespacesAndNewlines)
        let isManual = try row.number("address_type") == 1
        manualAddresses = isManual ? (try row.text("address_list") ?? "").listed : []
        hasToken = row.has("access_token") ? try row.text("access_token")?.isEmpty == false : false
    }
}

/// A job as xxl-job stores it in `xxl_job_info`, in the words of its columns.
struct XXLJob: Hashable, Sendable {
    let id: Int
    let group: Int
    let name: String
    let author: String
    let alarmMails: [String]
    let scheduleType: String
    let scheduleConf: String
    let misfire: String
    let route: String
    let handler: String
    let params: String
    let overlap: String
    let timeoutSeconds: Int
    let retries: Int
    let glueType: String
    let glueSource: String
    let children: [Int]
    let isRunning: Bool

    /// Reads a row of 2.3.0 or later; `name` was `job_desc` up to 3.4.2.
    ///
    /// - Throws: `DumpError` when a column that all these versions have is missing or makes no sense.
    init(_ row: DumpRow) throws(DumpError) {
        guard row.has("schedule_type") else {
            let reason = "xxl_job_info has no column schedule_type: the dump is of a version before 2.3.0"
            throw DumpError(row.line, reason)
        }
        id = try row.number("id") ?? 0
        group = try row.number("job_group") ?? 0
        name = try row.text("name", "job_desc") ?? ""
        author = try row.text("author") ?? ""
        alarmMails = (try row.text("alarm_email") ?? "").listed
        scheduleType = try row.text("schedule_type") ?? "NONE"
        scheduleConf = (try row.text("schedule_conf") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        misfire = try row.text("misfire_strategy") ?? "DO_NOTHING"
        route = try row.text("executor_route_strategy") ?? ""
        handler = (try row.text("executor_handler") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        params = try row.text("executor_param") ?? ""
        overlap = try row.text("executor_block_strategy") ?? ""
        timeoutSeconds = try row.number("executor_timeout") ?? 0
        retries = try row.number("executor_fail_retry_count") ?? 0
        glueType = try row.text("glue_type") ?? "BEAN"
        glueSource = try row.text("glue_source") ?? ""
        children = (try row.text("child_jobid") ?? "").listed.compactMap(Int.init)
        isRunning = try row.number("trigger_status") == 1
    }
}

/// What a dump of an xxl-job database says about groups and jobs.
struct XXLJobDump: Hashable, Sendable {
    private(set) var groups: [Int: XXLJobGroup] = [:]
    /// In the order of the dump.
    private(set) var jobs: [XXLJob] = []

    /// Reads a whole dump; of its other tables nothing is kept.
    ///
    /// - Parameter read: gives the next piece of the file, and an empty one at its end.
    /// - Throws: `DumpError` naming the line that makes no sense, or when there is no job in the dump.
    init(read: @escaping () throws(DumpError) -> [UInt8]) throws(DumpError) {
        var rows = DumpReader(tables: ["xxl_job_group", "xxl_job_info"], read: read)
        while let row = try rows.next() {
            if row.table == "xxl_job_group" {
                let group = try XXLJobGroup(row)
                groups[group.id] = group
            } else {
                jobs.append(try XXLJob(row))
            }
        }
        guard !jobs.isEmpty else { throw DumpError(0, "no row of xxl_job_info is in the dump") }
    }
}

extension String {
    /// The elements of a list with commas, without blanks around them.
    fileprivate var listed: [String] {
        split(separator: ",").map { String($0).trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
    }
}
