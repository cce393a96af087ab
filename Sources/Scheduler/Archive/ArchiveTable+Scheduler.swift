package import Groundwork

extension ArchiveTable {
    /// The records of groups, whose tokens are sealed: they do not travel as they are.
    package static let executorGroups = "executor_groups"

    /// What travels of the scheduler's tables: executors register anew, and terms begin anew.
    package static let scheduler = [
        ArchiveTable(
            "jobs",
            key: [.number("id")],
            [
                .text("app"), .text("name"), .text("spec"), .text("summary"), .text("handler"),
                .text("schedule_kind"), .flag("enabled"), .number("created_at"), .number("started_at"),
                .number("last_at"), .number("next_at"), .number("version"), .text("definition"),
            ]
        ),
        ArchiveTable(
            "job_history",
            key: [.number("job"), .number("version")],
            [
                .text("spec"), .flag("enabled"), .number("started_at"), .text("definition"),
                .number("since_at"), .number("first_at"), .number("until_at"), .number("next_at"),
            ]
        ),
        ArchiveTable(
            "runs",
            key: [.number("id")],
            [
                .number("job"), .number("planned_at"), .number("shard_index"), .number("shard_total"),
                .number("attempt"), .number("parent"), .text("trigger_kind"), .text("app"), .text("handler"),
                .text("params"), .text("overlap"), .text("route"), .number("timeout_ms"), .text("retry"),
                .number("follow_up_ms"), .text("state"), .number("due_at"), .number("sends"),
                .text("address"),
                .text("instance"), .number("dispatched_at"), .number("started_at"),
                .number("unreached_since"), .number("kill_requested_at"), .number("ended_at"),
                .text("reason"), .text("message"), .number("version"), .number("token"),
                .number("has_sequel"), .text("target"), .text("hash_key"),
            ]
        ),
        ArchiveTable(
            executorGroups,
            key: [.number("id")],
            [
                .text("app"), .text("title"), .text("addresses"), .bytes("token"), .number("created_at"),
                .number("version"),
            ]
        ),
        ArchiveTable(
            "users",
            key: [.number("id")],
            [
                .text("name"), .text("display_name"), .text("role"), .text("groups"), .text("language"),
                .flag("disabled"), .number("generation"), .number("version"), .text("password"),
                .number("created_at"),
            ]
        ),
        ArchiveTable(
            "api_keys",
            key: [.number("id")],
            [
                .number("user_id"), .text("name"), .text("hash"), .flag("read_only"), .number("created_at"),
                .number("expires_at"),
            ]
        ),
        ArchiveTable(
            "audit",
            key: [.number("id")],
            [
                .number("at"), .text("actor"), .number("user_id"), .text("way"), .text("address"),
                .text("act"), .text("kind"), .text("subject"), .text("name"), .text("was"), .text("is_now"),
            ]
        ),
        ArchiveTable("forgotten_runs", key: [.number("job")], [.number("kept_since")]),
        ArchiveTable("sequels", key: [.number("run")], []),
        ArchiveTable("alarms", key: [.number("job")], [.text("state")]),
        ArchiveTable("notices", key: [.number("id")], [.number("job"), .number("due_at"), .text("body")]),
        ArchiveTable(
            "run_days",
            key: [.number("day"), .number("job"), .text("app"), .text("outcome")],
            [.number("present"), .number("removed")]
        ),
    ]
}
